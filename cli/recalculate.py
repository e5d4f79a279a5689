"""`ansinh recalculate`: decided months on all that is known now; shown first, booked by a second identity."""

import asyncio
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.progress import Progress
from rich.table import Table

from cli.platform import AsJson, console, errors, here, not_up
from deploy.local import keys, tokens
from libs.common.kernel.errors import Refusal

REFUSED, NOT_DONE = 2, 1
_MAKER, _CHECKER = "ministry", "checker"
_TIMEOUT_SECONDS = 60.0
_LOOK_SECONDS = 0.5
#: Of what is shown in a table; --json has as many, and the door all of them.
_ROWS_MAX = 50

Month = Annotated[str | None, typer.Argument(help="YYYY-MM")]
Reason = Annotated[
    str,
    typer.Option(
        help="late_fact: biết muộn · learned late | correction: sửa sai · corrected | new_policy: văn bản mới"
        " · a new law"
    ),
]
Apply = Annotated[
    str | None,
    typer.Option(
        "--apply",
        metavar="REC_ID",
        help="Ghi sổ chênh lệch của lượt này, bằng danh tính thứ hai · book this one, as a second identity",
    ),
]
Hash = Annotated[
    str | None,
    typer.Option(
        "--content-hash", help="Chỉ ghi sổ khi đúng mã này · book only what has this hash (with --apply)"
    ),
]


def recalculate(
    from_month: Month = None,
    to_month: Month = None,
    person: Annotated[
        list[str] | None, typer.Option(help="Mã người, nhiều lần được · a person's id, repeatable")
    ] = None,
    province: Annotated[str | None, typer.Option(help="Mã tỉnh · a province's code")] = None,
    commune: Annotated[str | None, typer.Option(help="Mã xã · a commune's code")] = None,
    reason: Reason = "late_fact",
    apply: Apply = None,
    content_hash: Hash = None,
    as_json: AsJson = False,
) -> None:
    """Tính lại các tháng đã quyết định: FROM_MONTH đến TO_MONTH, chỉ xem, chưa ghi sổ · Recalculate decided
    months, dry: what was told to be paid against what the law grants on all that is known now. Then book it
    with --apply. Exit 1 where it was given up, 2 where it was refused."""
    if (apply is None) == (from_month is None):
        raise _usage("Cho tháng (và TO_MONTH), hoặc --apply REC_ID. · Give months, or --apply REC_ID.")
    asked = {
        "from_month": from_month,
        "to_month": to_month or from_month,
        "person_ids": person or None,
        "province_code": province,
        "commune_code": commune,
        "reason": reason,
    }
    try:
        found = asyncio.run(_apply(apply, content_hash) if apply else _dry_run(asked, as_json))
    except Refusal as refusal:
        errors.print(f"{refusal.code}: {refusal.message_vi}", markup=False)
        raise typer.Exit(REFUSED) from None
    except (FileNotFoundError, httpx.HTTPError) as error:
        raise not_up() from error
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        _print(found)
    raise typer.Exit(0 if found["state"] in ("ready", "applied") else NOT_DONE)


def _usage(said: str) -> typer.Exit:
    errors.print(said, markup=False)
    return typer.Exit(REFUSED)


async def _dry_run(asked: dict[str, Any], silent: bool) -> dict[str, Any]:
    async with await _client(_MAKER) as client:
        made = _good(await client.post("/v1/recalculations", json=asked))
        path = f"/v1/recalculations/{made['recalculation_id']}"
        with Progress(console=console, disable=silent) as shown:
            shown.add_task("Đang tính lại · Recalculating", total=None)
            while True:
                found = _good(await client.get(path))
                if found["state"] != "running":
                    return await _with_rows(client, found)
                await asyncio.sleep(_LOOK_SECONDS)


async def _apply(recalculation_id: str, content_hash: str | None) -> dict[str, Any]:
    async with await _client(_CHECKER) as client:
        path = f"/v1/recalculations/{recalculation_id}"
        read = _good(await client.get(path))
        body = {"content_hash": content_hash or read["content_hash"] or ""}
        _good(await client.post(f"{path}/application", json=body))
        return await _with_rows(client, _good(await client.get(path)))


async def _with_rows(client: httpx.AsyncClient, found: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/recalculations/{found['recalculation_id']}/differences"
    page = _good(await client.get(path, params={"limit": _ROWS_MAX}))
    rows = sorted(page["items"], key=lambda one: (one["person_id"], one["month"], one["programme"]))
    return {**found, "differences": rows, "more_differences": page["next_cursor"] is not None}


async def _client(who: str) -> httpx.AsyncClient:
    places = here()
    token = await tokens.token(places, keys.load(places.var), who)
    return httpx.AsyncClient(
        base_url=places.url("eligibility"),
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "vi"},
    )


def _good(answer: httpx.Response) -> dict[str, Any]:
    """What was answered; Refusal as the service said it."""
    found: dict[str, Any] = answer.json()
    if answer.is_error:
        raise Refusal(found["code"], found["detail"], found["detail"])
    return found


def _print(found: dict[str, Any]) -> None:
    console.print(
        f"{found['from_month']} – {found['to_month']}: {_count(found['people'])} người · people, "
        f"{_count(found['undetermined'])} chưa có luật · not covered, "
        f"{_count(found['elsewhere'])} có tháng ở nơi khác · with months elsewhere"
    )
    if found["differences"]:
        console.print(_rows(found))
        if found["more_differences"]:
            console.print(f"… {_ROWS_MAX} dòng đầu · the first {_ROWS_MAX} rows")
    console.print(_sums(found))
    if found["state"] == "ready":
        rec = found["recalculation_id"]
        console.print(f"Ghi sổ bằng danh tính thứ hai · Book it as a second identity:\n{_book(found, rec)}")
    else:
        console.print(f"{found['recalculation_id']}: {found['state']}")


def _book(found: dict[str, Any], rec: str) -> str:
    return f"  ansinh recalculate --apply {rec} --content-hash {found['content_hash']}"


def _rows(found: dict[str, Any]) -> Table:
    table = Table("Người · Person", "Chương trình", "Tháng · Month", "Cũ · Old", "Mới · New", "Chênh lệch")
    for column in table.columns[3:]:
        column.justify = "right"
    for one in found["differences"]:
        money = (_money(one[name]) for name in ("old_dong", "new_dong", "dong"))
        table.add_row(one["person_id"], one["programme"], one["month"], *money)
    return table


def _sums(found: dict[str, Any]) -> Table:
    table = Table(
        "Chương trình · Programme",
        "Người · People",
        "Truy lĩnh · Arrears",
        "Thu hồi · Recovery",
        "Cộng · Sum",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for one in found["programmes"]:
        arrears, recovery = one["arrears_dong"], one["recovery_dong"]
        sums = (_money(arrears), _money(-recovery), _money(arrears - recovery))
        table.add_row(one["programme"], _count(one["people"]), *sums)
    return table


def _count(figure: int) -> str:
    return f"{figure:,}".replace(",", ".")


def _money(dong: int) -> str:
    return f"{_count(dong)} đ".replace("-", "−")
