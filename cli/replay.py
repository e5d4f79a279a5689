"""`ansinh replay`: a decision made again from what was known then, compared bit for bit."""

import asyncio
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.table import Table

from cli.platform import AsJson, console, errors, here, not_up
from deploy.local import keys, tokens

DIFFERS, NO_ANSWER = 1, 2
_TIMEOUT_SECONDS = 30.0


def replay(
    decision: Annotated[str, typer.Argument(help="Mã quyết định · a decision's id, dec_…")],
    as_json: AsJson = False,
) -> None:
    """Tính lại một quyết định từ dữ kiện và luật đã lưu · Make a decision again. Exit 1 where it differs."""
    try:
        answer = asyncio.run(_ask(decision))
    except (FileNotFoundError, httpx.HTTPError) as error:
        raise not_up() from error
    found = answer.json()
    if answer.is_error:
        errors.print(f"{found['code']}: {found['detail']}", markup=False)
        raise typer.Exit(NO_ANSWER)
    if as_json:
        typer.echo(orjson.dumps(found))
    else:
        _show(found)
    raise typer.Exit(0 if found["equal"] else DIFFERS)


async def _ask(decision: str) -> httpx.Response:
    places = here()
    auditor = await tokens.token(places, keys.load(places.var), "auditor")
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        return await client.post(
            f"{places.url('eligibility')}/v1/decisions/{decision}/replay",
            headers={"Authorization": f"Bearer {auditor}"},
        )


def _show(found: dict[str, Any]) -> None:
    if found["equal"]:
        console.print("[green]✓[/] Tính lại ra đúng như đã ghi. · Made again, it is equal bit for bit.")
    else:
        table = Table("Khác ở · Differs in", "Đã ghi · Recorded", "Tính lại · Replayed")
        for one in found["differences"]:
            table.add_row(one["what"], str(one["recorded"]), str(one["replayed"]))
        console.print(table)
    console.print(
        f"{found['determined_month']} · dữ kiện · facts v{found['facts_version']} · "
        f"luật · policy {found['policy_version']} ({found['policy_hash'][:12]}) · {found['input_hash'][:12]}"
    )
