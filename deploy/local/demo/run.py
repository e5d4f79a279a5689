"""A scenario, end to end: generated, registered, decided, paid, reconciled, seen, checked."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import orjson
from rich.console import Console
from rich.markup import escape

from deploy.local import keys, supervisor, verify
from deploy.local.children import Say
from deploy.local.demo import case, figures, giving, paying, report, stages
from deploy.local.demo.client import Away, Client, Refused
from deploy.local.demo.options import Options
from deploy.local.demo.population import generating
from deploy.local.demo.screen import Screen, Stage, Stuck
from deploy.local.demo.stages import Journey, Wrong
from deploy.local.environment import Choice
from deploy.local.failures import CannotStart
from deploy.local.places import Places
from deploy.local.status import supervisor_pid
from scenarios import NAMES, Manifest, business_date

Step = Callable[[Journey, Stage], Awaitable[None]]
_STEPS: tuple[tuple[str, str, str, Step], ...] = (
    ("facilities", "Ghi nhận cơ sở", "Facilities registered", stages.register_facilities),
    ("import", "Nhập người", "People imported", stages.import_people),
    ("admissions", "Tiếp nhận vào cơ sở", "Residents admitted", stages.admit_residents),
    ("close_facts", "Chốt dữ kiện tháng", "The month's facts closed", stages.close_facts),
    ("decide", "Xét hưởng", "Everybody decided", stages.decide),
    ("sign", "Chủ tịch xã ký", "New decisions signed", stages.sign),
    ("close_decisions", "Chốt quyết định", "Decisions closed", stages.close_decisions),
    ("build_run", "Lập danh sách chi trả", "Run built", paying.build_run),
    ("approve", "Duyệt", "Approved by a second person", paying.approve),
    ("instruct", "Gửi ngân hàng, bưu điện", "Partners instructed", paying.instruct),
    ("reconcile", "Đối soát", "Reconciled", paying.reconcile),
)
#: After the allowances, where a scenario has gifts.
_GIFT_STEPS: tuple[tuple[str, str, str, Step], ...] = (
    ("open_campaign", "Mở đợt tặng quà", "Campaign approved", giving.open_campaign),
    ("take_lists", "Nhận danh sách tặng quà", "Gift lists taken", giving.take_lists),
    ("build_gift_run", "Lập danh sách chi quà", "Gift run built", giving.build_run),
    ("approve_gifts", "Duyệt chi quà", "Gifts approved by a second person", giving.approve),
    ("instruct_gifts", "Gửi ngân hàng, bưu điện", "Partners instructed of gifts", giving.instruct),
    ("reconcile_gifts", "Đối soát quà", "Gifts reconciled", giving.reconcile),
)


async def demo(places: Places, options: Options, console: Console, say: Say) -> bool:
    """Run the scenario; True when nothing is off. Prints as it goes, writes summary.json at the end."""
    if options.scenario not in NAMES:
        raise CannotStart(
            f"Không có tình huống {options.scenario!r}. Có: {', '.join(NAMES)}.",
            f"There is no scenario {options.scenario!r}. There are: {', '.join(NAMES)}.",
        )
    folder = places.var / "demo"
    data = Places(places.var / "demo-data", places.port_base)
    started, screen = time.monotonic(), Screen(console)
    _require_down(data)
    day = business_date(options.scenario).isoformat()
    choice = Choice(options.kafka, workers=1, business_date=day)
    async with AsyncExitStack() as running:
        _clear_summary(folder)
        manifest_made = await running.enter_async_context(generating(options, folder / "population"))
        if not options.keep:
            shutil.rmtree(data.var, ignore_errors=True)
        async with screen.stage("start", "Khởi động nền tảng", "Platform started"):
            platform = await running.enter_async_context(supervisor.running(data, choice, say))
        manifest = await _generated(screen, manifest_made)
        client = Client(data, keys.load(data.var), manifest.province_code)
        journey = Journey(client, manifest, folder / "population")
        try:
            found, shown = await supervisor.while_alive(platform, drive(screen, journey))
        except (Away, Refused, Stuck, Wrong) as error:
            console.print(f"[red]✗[/] {escape(str(error))}")
            console.print(f"  {data.log}")
            return False
        finally:
            await client.close()
    seconds = {"total": round(time.monotonic() - started, 2), "stages": screen.seconds}
    gift_keys = [key for key, *_ in _GIFT_STEPS]
    seconds["gifts"] = round(sum(screen.seconds.get(key, 0.0) for key in gift_keys), 2)
    summary = figures.summary(manifest, found, seconds)
    (folder / "summary.json").write_bytes(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    report.show(console, manifest, found, shown)
    off = figures.problems(manifest, found)
    for line in off:
        console.print(f"[red]✗[/] {escape(line)}")
    if not off:
        console.print(f"[green]✓[/] {folder / 'summary.json'}  [dim]{seconds['total']} s[/]")
    return not off


def _clear_summary(folder: Path) -> None:
    """A run that fails must not leave the figures of the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").unlink(missing_ok=True)


async def _generated(screen: Screen, made: "asyncio.Task[Manifest]") -> Manifest:
    async with screen.stage("generate", "Sinh dân số giả lập", "Population generated") as stage:
        manifest = await made
        gifts = f", {manifest.gifts.recipients:,} suất quà · gifts" if manifest.gifts else ""
        stage.tell(f"{manifest.people:,} người · people{gifts}")
    return manifest


async def drive(screen: Screen, journey: Journey) -> tuple[figures.Figures, case.Case | None]:
    """All stages on a platform that runs: what came of them, and somebody's case."""
    steps = (*_STEPS, *_GIFT_STEPS) if journey.manifest.gifts else _STEPS
    for key, vietnamese, english, step in steps:
        async with screen.stage(key, vietnamese, english) as stage:
            await step(journey, stage)
    client = journey.client
    async with screen.stage("verify", "Kiểm tra bất biến", "Invariants checked") as stage:
        findings, counts = await verify.verify(partial(client.get, "auditor"))
        stage.tell(f"{sum(finding.violations for finding in findings)} vi phạm · violations")
    async with screen.stage("figures", "Đọc số liệu qua GraphQL", "Figures read from the gateway"):
        found = await figures.read(journey, counts, findings)
        largest = max(found.communes, key=lambda group: group.people, default=None)
        return found, await case.read(journey, largest.key) if largest else None


def _require_down(data: Places) -> None:
    pid = supervisor_pid(data)
    if pid is not None:
        raise CannotStart(
            f"Một lần chạy khác (tiến trình {pid}) đang dùng {data.var}. Hãy đợi, hoặc dừng nó.",
            f"Another run (process {pid}) is using {data.var}. Wait for it, or end it.",
        )
