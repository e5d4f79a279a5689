"""Commands that start, end and look at a platform on this machine."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import httpx
import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.local import issuer, keys, tokens
from deploy.local import status as local_status
from deploy.local.children import Say
from deploy.local.environment import APACHE, EMBEDDED, Choice
from deploy.local.failures import CannotStart
from deploy.local.keys import SERVICES
from deploy.local.places import Places

T = TypeVar("T")
#: Where output is no terminal there is no width to keep to; tables are then as wide as this.
_WIDTH_ELSEWHERE = 120
#: The invariants of a nation take their time.
_TIMEOUT_SECONDS = 300.0
console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)
errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDTH_ELSEWHERE)

Kafka = Annotated[str, typer.Option(help="embedded | apache (Java 17, Maven).", envvar="KAFKA")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


def up(
    kafka: Kafka = EMBEDDED,
    simulators: Annotated[
        bool, typer.Option(help="Ngân hàng, bưu điện giả lập · simulated partners.")
    ] = True,
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            max=8,
            help="Thêm chừng này tiến trình xét hưởng, và chi trả · so many more processes"
            " for determinations, and as many for payment runs and reports.",
        ),
    ] = 0,
) -> None:
    """Khởi động nền tảng và giữ nó chạy · Start the platform and keep it up (Ctrl-C ends it)."""
    from deploy.local import supervisor

    places, choice = here(), Choice(kafka=_kafka(kafka), simulators=simulators, workers=workers)
    console.print("Đang khởi động… · Starting…")

    async def stay() -> None:
        async with supervisor.running(places, choice, _say_on(errors)) as started:
            _print_addresses(places)
            await supervisor.while_alive(started, asyncio.Event().wait())

    _supervised(stay, interrupted=0)


def down(as_json: AsJson = False) -> None:
    """Dừng nền tảng đang chạy · End the platform that is up."""
    try:
        ended = local_status.down(here())
    except TimeoutError as error:
        errors.print(str(error))
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(orjson.dumps({"ended": ended}))
    else:
        console.print(
            "Đã dừng. · Ended." if ended else "Không có nền tảng nào đang chạy. · No platform is up."
        )


def status(as_json: AsJson = False) -> None:
    """Tình trạng từng phần · How each part is. Exit 1 when one is not well, or none is up."""
    places = here()
    pid = local_status.supervisor_pid(places)
    found = asyncio.run(local_status.status(places)) if pid else []
    well = bool(found) and all(child.healthy for child in found)
    if as_json:
        parts = [asdict(child) for child in found]
        typer.echo(orjson.dumps({"up": pid is not None, "well": well, "supervisor": pid, "parts": parts}))
    elif not found:
        state = (
            "Đang khởi động. · Starting." if pid else "Không có nền tảng nào đang chạy. · No platform is up."
        )
        console.print(state)
    else:
        table = Table("", "Phần · Part", "Địa chỉ · Address", "PID", "Khởi động lại · Restarts")
        for child in found:
            mark = "[green]✓[/]" if child.healthy else "[red]✗[/]"
            address = child.url or (f"127.0.0.1:{child.port}" if child.port else "")
            table.add_row(mark, child.name, address, str(child.pid or ""), str(child.restarts))
        console.print(table)
    raise typer.Exit(0 if well else 1)


def client(
    client_id: Annotated[str, typer.Argument(help="bank-<code>, ví dụ · such as bank-970405.")],
) -> None:
    """In mã và khoá OAuth của một đối tác trên máy này · Print a partner's OAuth client of this machine."""
    try:
        secret = issuer.client_secret(keys.load(here().var).issuer_secret, client_id)
    except FileNotFoundError as error:
        raise not_up() from error
    typer.echo(orjson.dumps({"client_id": client_id, "client_secret": secret}))


def token(
    who: Annotated[
        str,
        typer.Option(
            "--as",
            help="commune-officer | commune-chair | province-officer | maker | checker | auditor | ministry"
            " | operator | bank:<code>; maker.2 là người thứ hai · is a second person.",
        ),
    ],
    territory: Annotated[str | None, typer.Option(help="Mã tỉnh 2 chữ số · 2-digit province code.")] = None,
    as_json: AsJson = False,
) -> None:
    """In mã truy cập một giờ của nền tảng trên máy này · Print an access token of an hour."""
    places = here()
    try:
        made = asyncio.run(tokens.token(places, keys.load(places.var), who, territory))
    except (ValueError, CannotStart) as error:
        errors.print(str(error))
        raise typer.Exit(2) from error
    except (FileNotFoundError, httpx.HTTPError) as error:
        raise not_up() from error
    typer.echo(orjson.dumps({"access_token": made, "token_type": "Bearer"}) if as_json else made)


def verify(as_json: AsJson = False) -> None:
    """Kiểm tra các bất biến · Check the invariants. Exit 1 when one is broken."""
    from deploy.local import verify as verifying

    places = here()

    async def ask_all() -> list[verifying.Finding]:
        auditor = await tokens.token(places, keys.load(places.var), "auditor")
        headers = {"Authorization": f"Bearer {auditor}"}
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False, headers=headers) as client:

            async def ask(service: str, path: str) -> object:
                answer = await client.get(f"{places.url(service)}{path}")
                return answer.raise_for_status().json()

            findings, _ = await verifying.verify(ask)
        return findings

    try:
        findings = asyncio.run(ask_all())
    except (FileNotFoundError, httpx.HTTPError) as error:
        raise not_up() from error
    broken = sum(finding.violations for finding in findings)
    if as_json:
        items = [asdict(finding) for finding in findings]
        typer.echo(orjson.dumps({"violations": broken, "invariants": items}))
    else:
        table = Table("", "№", "Bất biến · Invariant", "Nơi · Where", "Vi phạm · Violations")
        for finding in findings:
            mark = "[red]✗[/]" if finding.violations else "[green]✓[/]"
            sample = f" {', '.join(finding.sample[:3])}" if finding.sample else ""
            row = (str(finding.number), finding.name, finding.where, f"{finding.violations}{sample}")
            table.add_row(mark, *row)
        console.print(table)
    raise typer.Exit(1 if broken else 0)


def demo(
    scenario: Annotated[str, typer.Argument(help="ninh-thuan-2019, hoa-binh-2019, …")] = "ninh-thuan-2019",
    kafka: Kafka = EMBEDDED,
    people: Annotated[int | None, typer.Option(help="Chỉ chừng này người · a smaller population.")] = None,
    seed: Annotated[int | None, typer.Option(help="Mầm ngẫu nhiên · seed of the population.")] = None,
    gifts: Annotated[int | None, typer.Option(help="Chỉ chừng này suất quà · so many gifts.")] = None,
    keep: Annotated[bool, typer.Option(help="Giữ dữ liệu lần trước · keep the last run's data.")] = False,
    as_json: AsJson = False,
) -> None:
    """Chạy trọn một tình huống · Run a scenario end to end: registered, decided, paid, reconciled, seen."""
    from deploy.local.demo import run
    from deploy.local.demo.options import Options

    places = here()
    options = Options(scenario, _kafka(kafka), people, seed, gifts, keep)
    screen = errors if as_json else console
    good = _supervised(lambda: run.demo(places, options, screen, _say_on(screen)), interrupted=130)
    summary = places.var / "demo" / "summary.json"
    if as_json and summary.exists():
        typer.echo(summary.read_bytes())
    raise typer.Exit(0 if good else 1)


def _supervised(make: Callable[[], Coroutine[Any, Any, T]], interrupted: int) -> T:
    from deploy.local import supervisor

    try:
        return supervisor.run(make)
    except CannotStart as error:
        errors.print(f"[red]✗[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        console.print("Đã dừng. · Ended.")
        raise typer.Exit(interrupted) from error


def here() -> Places:
    try:
        return Places.from_environment()
    except ValueError as error:
        errors.print(str(error))
        raise typer.Exit(2) from error


def _kafka(named: str) -> str:
    if named not in ("", EMBEDDED, APACHE):
        errors.print(f"KAFKA: {EMBEDDED} | {APACHE}")
        raise typer.Exit(2)
    return named or EMBEDDED


def _say_on(console: Console) -> Say:
    """Messages of the supervisor, on the console that may be showing progress bars."""

    def say(vietnamese: str, english: str) -> None:
        console.print(f"[yellow]![/] {escape(vietnamese)} · {escape(english)}", soft_wrap=True)

    return say


def _print_addresses(places: Places) -> None:
    doors = orjson.loads(places.addresses.read_bytes())["doors"]
    table = Table("Cửa · Door", "Địa chỉ · Address")
    table.add_row("GraphQL", doors["gateway"]["graphql"])
    for name in SERVICES:
        table.add_row(f"API {name}", doors[name]["docs"])
    table.add_row("OIDC", f"{places.url('issuer')}/.well-known/openid-configuration")
    for name in doors.keys() & {"postgres", "broker"}:
        table.add_row(name, f"127.0.0.1:{doors[name]['port']}")
    console.print(table)
    console.print("ansinh token --as auditor · ansinh status · ansinh down · Ctrl-C")


def not_up() -> typer.Exit:
    errors.print("Không có nền tảng nào trả lời; hãy chạy: make up. · No platform answers; run: make up.")
    return typer.Exit(2)
