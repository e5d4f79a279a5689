"""`ansinh simulate`: what a draft of the law would cost and whom it would change anything for."""

import asyncio
import csv
import tempfile
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.table import Table

from cli.assess import UNREADABLE, folder_of
from deploy.local import keys, tokens
from deploy.local.places import Places
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.months import Month

SCENARIO, SERVICE = "scenario:", "service"
_POLL_SECONDS = 0.5
_TIMEOUT_SECONDS = 60.0
_LABELS = {
    "category": "Nhóm · Category",
    "province": "Tỉnh · Province",
    "age": "Tuổi · Age",
    "sex": "Giới tính · Sex",
}

Draft = Annotated[Path, typer.Option("--draft", help="Tệp YAML của dự thảo · the draft (docs/what-if).")]
Population = Annotated[
    str,
    typer.Option(
        "--population",
        help="scenario:TÊN,TÊN · NAME,NAME | TỆP.csv, TỆP.jsonl · FILE | service: dữ kiện của nền tảng"
        " đang chạy · the facts of the platform that is up.",
    ),
]
MonthOf = Annotated[str, typer.Option("--month", help="Tháng hưởng · benefit month, YYYY-MM.")]
Province = Annotated[
    str | None, typer.Option("--province", help="Chỉ tỉnh này · this province only, 2 digits.")
]
TakeUp = Annotated[
    str,
    typer.Option(
        "--take-up",
        help="full: như thể ai cũng nộp hồ sơ · as if everybody had applied | registered: như đã đăng ký · as"
        " registered.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]
Chart = Annotated[
    Path | None, typer.Option("--chart", help="Ghi biểu đồ SVG vào tệp này · write a chart here.")
]


def simulate(
    draft: Draft,
    month: MonthOf,
    population: Population = SERVICE,
    province: Province = None,
    take_up: TakeUp = "full",
    as_json: AsJson = False,
    chart: Chart = None,
) -> None:
    """Thử dự thảo trên một dân số · Try a draft on a population. Exit 1 where it can't be read."""
    if take_up not in ("full", "registered"):
        typer.echo("--take-up: full | registered", err=True)
        raise typer.Exit(UNREADABLE)
    try:
        text, wanted = draft.read_text(encoding="utf-8"), Month.parse(month)
        if population == SERVICE:
            found = asyncio.run(_of_service(text, wanted, province, take_up))
        else:
            found = _of_files(text, wanted, population, province, take_up)
        if chart is not None:
            chart.write_text(found["chart"], encoding="utf-8")
    except Refusal as refusal:
        _say_no(refusal)
        raise typer.Exit(UNREADABLE) from None
    except ValueError:
        typer.echo(
            "Tháng viết dạng 2027-01; tệp phải là UTF-8. · A month is 2027-01; files are UTF-8.", err=True
        )
        raise typer.Exit(UNREADABLE) from None
    except httpx.HTTPError:
        typer.echo("Không có nền tảng nào trả lời; hãy chạy: make up. · No platform answers.", err=True)
        raise typer.Exit(UNREADABLE) from None
    except OSError as error:
        typer.echo(f"Không đọc được · Can't read {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(UNREADABLE) from None
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        _print(found)


def _of_files(text: str, month: Month, population: str, province: str | None, take_up: str) -> dict[str, Any]:
    from services.eligibility.wiring import population_file, simulator

    asked = simulator(folder_of("ANSINH_POLICY_DIR"), folder_of("ANSINH_POLICY_OVERLAY"))
    if not population.startswith(SCENARIO):
        path = Path(population)
        whose = f"tệp {path.name}", f"the file {path.name}"
        return asked.answer(text, month, population_file(asked, path, month), province, take_up, whose)
    names = population.removeprefix(SCENARIO).split(",")
    whose = f"dân số giả lập {', '.join(names)}", f"the synthetic population {', '.join(names)}"
    with tempfile.TemporaryDirectory() as folder:
        files = [_scenario(name, Path(folder) / str(number)) for number, name in enumerate(names)]
        people = chain.from_iterable(population_file(asked, path, month, inside) for path, inside in files)
        return asked.answer(text, month, people, province, take_up, whose)


def _scenario(name: str, folder: Path) -> tuple[Path, frozenset[str]]:
    """The file of its people, and which of them live in facilities."""
    from scenarios import NAMES, generate

    if name not in NAMES:
        known = ", ".join(NAMES)
        raise Refusal(
            "population_invalid",
            f"Không có tình huống này; các tình huống: {known}.",
            f"There is no such scenario; there are: {known}.",
        )
    generate(name, folder)
    with (folder / "residents.csv").open(encoding="utf-8", newline="") as lines:
        return folder / "people.csv", frozenset(row["personal_id"] for row in csv.DictReader(lines))


async def _of_service(text: str, month: Month, province: str | None, take_up: str) -> dict[str, Any]:
    """Asks the platform on this machine, in the ministry's name, and waits for the answer."""
    places = Places.from_environment()
    token = await tokens.token(places, keys.load(places.var), "ministry")
    async with httpx.AsyncClient(
        base_url=places.url("eligibility"),
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "vi"},
    ) as client:
        body = {"draft": text, "months": [str(month)], "province": province, "take_up": take_up}
        asked = _good(await client.post("/v1/simulations", json=body))
        while True:
            found = _good(await client.get(f"/v1/simulations/{asked['simulation_id']}"))
            if found["status"] == "done":
                return {"title": found["title"], "draft_hash": found["draft_hash"], **found["results"][0]}
            if found["status"] == "failed":
                raise Refusal(
                    "outage", "Lượt thử không hoàn thành.", "The simulation did not come to an end."
                )
            await asyncio.sleep(_POLL_SECONDS)


def _good(answer: httpx.Response) -> dict[str, Any]:
    """What was answered; Refusal as the service said it."""
    found: dict[str, Any] = answer.json()
    if answer.is_success:
        return found
    errors = tuple(
        FieldError(one["path"], one["code"], one["message"], one["message"])
        for one in found.get("errors", ())
    )
    raise Refusal(found["code"], found["detail"], found["detail"], errors)


def _say_no(refusal: Refusal) -> None:
    typer.echo(f"{refusal.code}: {refusal.message_vi}\n{refusal.message_en}", err=True)
    for one in refusal.errors:
        typer.echo(f"  {one.path}: {one.message_vi} · {one.message_en}", err=True)


def _print(found: dict[str, Any]) -> None:
    from services.eligibility.wiring import row_names

    name = row_names()
    console = Console(highlight=False, width=None if Console().is_terminal else 132)
    basis, total = found["rests_on"], found["total"]
    console.print(f"[bold]{found['title']}[/]  {found['month']}", soft_wrap=True)
    console.print(
        f"Trên {_count(basis['people'])} người có dữ kiện, {basis['provinces']} tỉnh; không suy rộng. · Of"
        f" {_count(basis['people'])} people with facts, provinces: {basis['provinces']}; not extrapolated."
    )
    if basis["held"]:
        console.print(
            f"Đang tạm dừng hoặc đã thôi hưởng, theo cả hai luật · Suspended or stopped, under both laws: "
            f"{_count(basis['held'])}"
        )
    if basis["unreadable"]:
        why = ", ".join(f"{one['code']} {_count(one['people'])}" for one in basis["unreadable_reasons"])
        console.print(
            f"[yellow]![/] Ngoài số trên, {_count(basis['unreadable'])} người có dữ kiện không đọc được · "
            f"Besides, facts that can't be read: {why}"
        )
    if not found["applies"]:
        console.print("[yellow]![/] Tháng này dự thảo không khác luật. · In this month the draft is the law.")
    console.print(
        f"Chi thêm · More: {_money(total['change_dong'])} một tháng · a month, "
        f"{_money(total['change_year_dong'])} một năm · a year"
    )
    for dimension, label in _LABELS.items():
        table = Table(
            label,
            "Hưởng · Recipients",
            "+ Tăng",
            "− Giảm",
            "Mới hưởng · New",
            "Thôi · Ended",
            "Chi thêm · More",
        )
        for column in table.columns[1:]:
            column.justify = "right"
        for row in found[f"by_{dimension}"]:
            table.add_row(
                name(dimension, row["key"]),
                f"{_count(row['recipients_today'])} → {_count(row['recipients_draft'])}",
                *(
                    _count(row[name])
                    for name in ("winners", "losers", "newly_entitled", "no_longer_entitled")
                ),
                _money(row["change_dong"]),
            )
        console.print(table)


def _count(figure: int | None) -> str:
    return "–" if figure is None else f"{figure:,}".replace(",", ".")


def _money(dong: int | None) -> str:
    return "–" if dong is None else f"{_count(dong)} đ".replace("-", "−")
