"""`ansinh redetermine`: the newest month determined again, all of it or a slice, and how far that is."""

import asyncio
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.progress import Progress

from cli.platform import AsJson, console, errors, here, not_up
from deploy.local import keys, tokens

REFUSED, NOT_DONE = 2, 1
_TIMEOUT_SECONDS = 30.0
_LOOK_SECONDS = 0.5


def redetermine(
    month: Annotated[str, typer.Argument(help="Tháng xét gần nhất · the newest determined month, YYYY-MM")],
    province: Annotated[str | None, typer.Option(help="Mã tỉnh · a province's code")] = None,
    commune: Annotated[str | None, typer.Option(help="Mã xã · a commune's code")] = None,
    as_json: AsJson = False,
) -> None:
    """Xét lại hàng loạt, chỉ ghi những gì thay đổi · Determine again; only what changes is written."""
    scope = "commune" if commune else "province" if province else "nation"
    asked = {"month": month, "scope": scope, "scope_code": commune or province}
    try:
        found = asyncio.run(_ask(asked, as_json))
    except (FileNotFoundError, httpx.HTTPError) as error:
        raise not_up() from error
    if "code" in found:
        errors.print(f"{found['code']}: {found['detail']}", markup=False)
        raise typer.Exit(REFUSED)
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        console.print(
            f"{found['determined']:,} người đã xét · determined, {found['changed']:,} quyết định đổi · "
            f"decisions changed, {found['undetermined']:,} chưa có luật · not covered ({found['job_id']})"
        )
    raise typer.Exit(0 if found["state"] == "done" else NOT_DONE)


async def _ask(asked: dict[str, Any], silent: bool) -> dict[str, Any]:
    places = here()
    ministry = await tokens.token(places, keys.load(places.var), "ministry")
    url = f"{places.url('eligibility')}/v1/determinations"
    headers = {"Authorization": f"Bearer {ministry}"}
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False, headers=headers) as client:
        answer = await client.post(url, json=asked)
        if answer.is_error:
            refused: dict[str, Any] = answer.json()
            return refused
        job = f"{url}/jobs/{answer.json()['job_id']}"
        with Progress(console=console, disable=silent) as shown:
            bar = shown.add_task("Đang xét · Determining", total=None)
            while True:
                found: dict[str, Any] = (await client.get(job)).json()
                shown.update(bar, total=found["parts"], completed=found["parts_done"])
                if found["state"] != "running":
                    return found
                await asyncio.sleep(_LOOK_SECONDS)
