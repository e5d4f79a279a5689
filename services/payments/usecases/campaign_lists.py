"""Lists of a campaign: a file is kept, read through once, then taken part by part, its doubles split off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel import row_files as life
from libs.common.kernel.errors import Refusal
from libs.common.kernel.row_files import FilePart, FileRefused, RowProblem
from libs.common.kernel.units import Location
from services.payments.domain.campaign_rows import PART_ROWS, Frame, Named, Stated, read_row


@dataclass(frozen=True, slots=True)
class CampaignList:
    """A file and how far it is: `parts_taken` of its parts. `rows_total`: None until it was read through."""

    list_id: UUID
    campaign_id: UUID
    province_code: str
    status: str
    file_kind: str
    rows_total: int | None = None
    rows_taken: int = 0
    rows_refused: int = 0
    parts_taken: int = 0
    problem_code: str | None = None
    problem_at: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a list is read against."""

    groups: Collection[str]
    opens_on: date
    only_one_of: str | None


#: Rows ready to be written, made by the store: encrypted, with each payee's keyed hash. Their number first.
Prepared = list[tuple[Any, ...]]


class PrepareStated(Protocol):
    """Work for the processor alone, done in a thread."""

    def __call__(self, rows: Sequence[tuple[int, Stated]]) -> Prepared: ...


class ListWork(Protocol):
    """One transaction of taking lists."""

    async def claim(self) -> CampaignList | None:
        """The oldest unfinished list, held until the transaction ends."""

    async def target(self, found: CampaignList) -> Target: ...

    async def parts(self, found: CampaignList, rows_max: int) -> Iterator[FilePart]:
        """The file's rows from its beginning, which outlive the transaction. FileRefused as they are read."""

    async def refuse(self, found: CampaignList, refused: FileRefused) -> None: ...

    async def accept(self, found: CampaignList, rows_total: int) -> None: ...

    async def prepare_named(
        self, found: CampaignList, rows: Sequence[tuple[int, Named]], communes: Mapping[str, Location]
    ) -> tuple[Prepared, list[RowProblem]]:
        """People of the registry with the account that is usable now, and whom the province doesn't know."""

    async def add(self, found: CampaignList, target: Target, prepared: Prepared) -> list[RowProblem]:
        """Recipients in one statement, and the rows of those who had something already."""

    async def part_taken(
        self, found: CampaignList, part: FilePart, problems: Sequence[RowProblem], status: str
    ) -> None:
        """Progress, and the refused rows with what is wrong."""


class ListWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[ListWork]: ...


class Lists(Protocol):
    """What offices upload and see of lists, inside their territory."""

    async def open(
        self,
        campaign_id: UUID,
        upload: tuple[str, bytes],
        sub: str,
        territory: str | None,
        pieces: Callable[[], AsyncIterator[bytes]],
    ) -> CampaignList | None:
        """The list of that (kind, digest), stored; the one that is on its way or was taken whole. None: the
        campaign is not there or takes no list.
        """

    async def read(self, territory: str | None, list_id: UUID) -> CampaignList | None: ...

    async def page(
        self, territory: str | None, campaign_id: UUID, after: UUID | None, limit: int
    ) -> list[CampaignList]:
        """The latest first."""

    async def problems(
        self, territory: str | None, list_id: UUID, after: tuple[int, str, str], limit: int
    ) -> list[RowProblem]: ...

    async def refused_rows(
        self, list_id: UUID, territory: str | None, after: int, limit: int
    ) -> list[tuple[int, tuple[str, ...], list[RowProblem]]]: ...


class ReceiveList:
    """The same content for the same campaign twice is one list."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    async def __call__(
        self,
        campaign_id: UUID,
        upload: tuple[str, bytes],
        sub: str,
        territory: str | None,
        pieces: Callable[[], AsyncIterator[bytes]],
    ) -> CampaignList:
        """Refusal `campaign_state_wrong` for a campaign that takes no list (any more)."""
        opened = await self._lists.open(campaign_id, upload, sub, territory, pieces)
        if opened is None:
            raise Refusal(
                "campaign_state_wrong",
                "Chỉ nhận danh sách khi đợt hỗ trợ đã được duyệt và chưa đóng.",
                "Lists are taken while the campaign is approved and not closed.",
            )
        return opened


@dataclass(frozen=True, slots=True)
class _Read:
    """A part as far as it goes without the database."""

    part: FilePart
    prepared: Prepared
    named: list[tuple[int, Named]]
    problems: list[RowProblem]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file under way: part `number` is read, checked and encrypted while that before it is written."""

    list_id: UUID
    number: int
    parts: Iterator[FilePart]
    ahead: "asyncio.Task[_Read | None]"


class TakeLists:
    """The worker that takes lists. Each step is one transaction: killed anywhere, the next one goes on.

    What was made ahead lives in memory only, and is made again by whoever has not got it.
    """

    def __init__(
        self, works: ListWorks, communes: Callable[[date], Mapping[str, Location]], prepare: PrepareStated
    ) -> None:
        self._works = works
        self._communes = communes
        self._prepare = prepare
        self._reading: _Reading | None = None

    async def step(self) -> bool:
        """One part, or the first look at a file; False when nothing waits."""
        async with self._works() as work:
            found = await work.claim()
            if found is None:
                return False
            if found.status == life.QUEUED:
                await _inspect(work, found)
            else:
                await self._take_part(work, found)
        return True

    async def _take_part(self, work: ListWork, found: CampaignList) -> None:
        target = await work.target(found)
        frame = Frame(target.groups, found.province_code, self._communes(target.opens_on))
        reading, self._reading = await self._at(work, found, frame), None
        read = await reading.ahead
        assert read and found.rows_total is not None, "a running list has a part left"
        behind = self._ahead(found, found.parts_taken + 1, reading.parts, frame)
        prepared, unknown = await work.prepare_named(found, read.named, frame.communes)
        doubles = await work.add(found, target, [*read.prepared, *prepared])
        done = found.rows_taken + found.rows_refused + len(read.part.rows) == found.rows_total
        status = life.moved(found.status, life.DONE if done else life.RUNNING)
        await work.part_taken(found, read.part, [*read.problems, *unknown, *doubles], status)
        self._reading = behind

    async def _at(self, work: ListWork, found: CampaignList, frame: Frame) -> _Reading:
        """Where the list stands: as it was left here, else from the beginning of its file."""
        reading = self._reading
        if reading and (reading.list_id, reading.number) == (found.list_id, found.parts_taken):
            return reading
        parts = await work.parts(found, PART_ROWS)
        return self._ahead(found, found.parts_taken, islice(parts, found.parts_taken, None), frame)

    def _ahead(self, found: CampaignList, number: int, parts: Iterator[FilePart], frame: Frame) -> _Reading:
        def read() -> _Read | None:
            part = next(parts, None)
            return read_part(part, frame, self._prepare) if part else None

        return _Reading(found.list_id, number, parts, asyncio.create_task(asyncio.to_thread(read)))


def read_part(part: FilePart, frame: Frame, prepare: PrepareStated) -> _Read:
    """Its rows checked and, as far as they state somebody whole, ready to be written."""
    stated: list[tuple[int, Stated]] = []
    named: list[tuple[int, Named]] = []
    problems: list[RowProblem] = []
    for number, cells in part.rows:
        row = read_row(cells, frame)
        if isinstance(row, Stated):
            stated.append((number, row))
        elif isinstance(row, Named):
            named.append((number, row))
        else:
            problems.extend(RowProblem(number, column, code) for column, code in row)
    return _Read(part, prepare(stated), named, problems)


async def _inspect(work: ListWork, found: CampaignList) -> None:
    """A file is taken only if it is whole: one that breaks in its last line leaves nothing behind."""
    parts = await work.parts(found, PART_ROWS)
    try:
        rows = await asyncio.to_thread(lambda: sum(len(part.rows) for part in parts))
    except FileRefused as refused:
        life.moved(found.status, life.REFUSED)
        await work.refuse(found, refused)
        return
    life.moved(found.status, life.RUNNING)
    await work.accept(found, rows)
