"""Imports under faults: the worker killed, workbooks built to harm, two of the same at once."""

import asyncio
import io
import os
import signal
import sys
import zipfile
from collections import Counter

import pytest

from libs.common.kernel import row_files as life
from libs.common.kernel.errors import IllegalTransition
from libs.common.runtime.row_files import WORKBOOK_LIMITS
from tests.services.registry.world import OFFICER, Registry, csv_file, person, token, xlsx_file

_WORKER = """
import asyncio
from services.registry import wiring
from services.registry.settings import RegistrySettings

async def work():
    parts = wiring.parts(RegistrySettings.from_environment("registry"))
    await parts.database.open()
    while True:
        await parts.take_imports.step()

asyncio.run(work())
"""


async def _killed_when(registry: Registry, rows_read: int) -> None:
    """A worker process of its own, killed with SIGKILL as soon as that many rows are taken."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, env={**os.environ, **registry.environment}
    )
    try:
        for _ in range(6_000):
            if await registry.look.fetchval("select max(rows_read) from import_job") >= rows_read:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the worker took too long")
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_a_killed_import_goes_on_where_it_was(registry: Registry) -> None:
    rows = [person(number) for number in range(16_000)]
    rows[12_000] |= {"sex": "x"}
    import_id = (await registry.upload(csv_file(rows))).json()["import_id"]

    await _killed_when(registry, 5_000)
    await _killed_when(registry, 10_000)
    between = (await registry.get(f"/v1/imports/{import_id}")).json()
    assert between["status"] == "running"
    assert 10_000 <= between["rows_read"] < 16_000
    await registry.work()

    shown = (await registry.get(f"/v1/imports/{import_id}")).json()
    assert (shown["status"], shown["rows_taken"], shown["rows_refused"]) == ("done", 15_999, 1)
    told = Counter(event["person_id"] for event in await registry.events("PersonRecorded"))
    assert len(told) == 15_999
    assert set(told.values()) == {1}
    assert await registry.look.fetchval("select count(*) from import_part") == 0


async def test_a_worker_that_fails_inside_a_part_leaves_no_half_of_it(registry: Registry) -> None:
    await registry.upload(csv_file([person(number) for number in range(50)]))
    await registry.parts.take_imports.step()
    await registry.look.execute("alter table outbox rename to outbox_away")
    with pytest.raises(Exception, match="outbox"):
        await registry.parts.take_imports.step()
    assert await registry.look.fetchval("select count(*) from person") == 0

    await registry.look.execute("alter table outbox_away rename to outbox")
    await registry.work()
    assert await registry.look.fetchval("select count(*) from person") == 50


async def test_the_same_file_sent_ten_times_at_once_is_one_import(registry: Registry) -> None:
    content = csv_file([person(1), person(2)])
    answers = await asyncio.gather(*(registry.upload(content) for _ in range(10)))

    assert len({answer.json()["import_id"] for answer in answers}) == 1
    await registry.work()
    assert await registry.look.fetchval("select count(*) from person") == 2


async def test_two_workers_share_imports_and_never_a_row(registry: Registry) -> None:
    for start in (0, 1_000, 2_000):
        await registry.upload(csv_file([person(start + number) for number in range(1_000)]))
    await asyncio.gather(registry.work(), registry.work())
    await registry.work()

    assert await registry.look.fetchval("select count(*) from person") == 3_000
    assert len(await registry.events("PersonRecorded")) == 3_000


async def test_a_month_is_not_closed_over_a_file_under_way(registry: Registry) -> None:
    await registry.upload(csv_file([person(1)]))
    officer = token("ministry")
    early = await registry.client.post("/v1/month-closings", json={"month": "2023-12"}, headers=officer)
    await registry.work()
    later = await registry.client.post("/v1/month-closings", json={"month": "2023-12"}, headers=officer)

    assert (early.status_code, early.json()["code"]) == (409, "facts_not_settled")
    assert later.status_code == 200


def _workbook(sheet: str, strings: str = "<sst/>") -> bytes:
    """A workbook whose first sheet and shared strings are given as XML."""
    made = io.BytesIO(xlsx_file([person(1)]))
    target = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in source.namelist():
            replaced = {"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": strings}.get(name)
            packed.writestr(name, source.read(name) if replaced is None else replaced)
    return target.getvalue()


_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_END = "</sheetData></worksheet>"
_CELLS = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 50_000))
_HARMFUL = {
    "not a workbook": (b"PK\x03\x04" + b"nothing" * 100, "import_file_unreadable"),
    "an old .xls": (b"\xd0\xcf\x11\xe0" + bytes(512), "import_file_unreadable"),
    "cut in the middle": (xlsx_file([person(1)])[:2_000], "import_file_unreadable"),
    "a sheet that is no XML": (_workbook("<<<<"), "import_file_unreadable"),
    "a bomb of blanks": (
        _workbook(_SHEET + " " * (WORKBOOK_LIMITS.unpacked_bytes_max + 1) + _END),
        "import_file_too_large",
    ),
    "one cell in the last corner": (
        _workbook(_SHEET + '<row r="1"><c r="A1"/></row><row r="2"><c r="XFD2"/></row>' + _END),
        "import_file_too_large",
    ),
    "one row at the bottom": (
        _workbook(_SHEET + '<row r="1"><c r="A1"/></row><row r="1048576"><c r="A1048576"/></row>' + _END),
        "import_file_too_large",
    ),
    "one long text in every cell": (
        _workbook(_SHEET + _CELLS + _END, f"<sst><si><t>{'x' * 32_000}</t></si></sst>"),
        "import_file_too_large",
    ),
}


@pytest.mark.parametrize("name", _HARMFUL)
async def test_a_workbook_built_to_harm_is_refused(registry: Registry, name: str) -> None:
    content, code = _HARMFUL[name]
    shown = await registry.taken(content, "people.xlsx")

    assert (shown["status"], shown["problem"]["code"]) == ("refused", code)


async def test_a_file_over_the_limit_is_refused_before_it_is_stored(registry: Registry) -> None:
    big = b"PK" + bytes(registry.parts.doors.xlsx_bytes_max)
    answer = await registry.upload(big, "people.xlsx")

    assert (answer.status_code, answer.json()["code"]) == (413, "import_file_too_large")
    assert await registry.look.fetchval("select count(*) from import_job") == 0


async def test_an_upload_without_a_file_says_what_is_missing(registry: Registry) -> None:
    answer = await registry.client.post("/v1/imports", data={"file": "text"}, headers=token(OFFICER))

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "file")


def test_an_import_moves_only_along_its_graph() -> None:
    assert life.moved(life.QUEUED, life.RUNNING) == life.RUNNING
    for ended in (life.DONE, life.REFUSED):
        for to in (life.QUEUED, life.RUNNING, life.DONE, life.REFUSED):
            with pytest.raises(IllegalTransition):
                life.moved(ended, to)
