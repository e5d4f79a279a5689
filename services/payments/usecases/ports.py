"""What the use cases of payments need of the world; store/, clients/ and wiring.py provide it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Protocol
from uuid import UUID

from libs.common.kernel.months import Month
from services.payments.domain.funds import Fund
from services.payments.domain.matching import Matched, Sent, Suspended
from services.payments.domain.partner_lines import FileHeader, PaymentOrder, ReadReport
from services.payments.domain.records import Secret
from services.payments.domain.run_checks import Check
from services.payments.domain.runs import Order, Run, Shard


class RunWork(Protocol):
    """One transaction of a maker or checker, inside the caller's territory."""

    async def require_settled(self, months: Iterable[Month]) -> None:
        """Refusal `facts_not_settled` while a fact of these months may still come."""

    async def fund(self, fund_id: UUID) -> Fund | None: ...

    async def open(self, order: Order) -> UUID:
        """The run of that order: the one that is open, else a new one."""

    async def read(self, run_id: UUID) -> Run | None:
        """The run, locked until the transaction ends; None when there is none that the caller may see."""

    async def covered(self, run: Run, on: date) -> bool:
        """Whether the run's fund has enough for it, or may be overdrawn."""

    async def listed_by(self, campaign_id: UUID, sub: str) -> bool:
        """Whether they made a list of which anybody stands in the campaign."""

    async def checked(self, run_id: UUID) -> bool: ...

    async def checks(self, run_id: UUID) -> Sequence[Check]:
        """What was found in the run, by kind."""

    async def accept(self, run_id: UUID, kind: str, reason: str, sub: str, at: datetime) -> None: ...

    async def approve(self, run: Run, checker: str, approved_at: datetime, on: date) -> None:
        """What the list grants is owed from that day on."""

    async def withdraw(self, run: Run, sub: str, reason: str, at: datetime, on: date) -> None:
        """What it owed is owed no longer; its months fall due again once a worker has freed its lines."""


class RunWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[RunWork]: ...


class BuildWork(Protocol):
    """One transaction of building a list."""

    async def claim_unplanned(self) -> Run | None:
        """A run that is to be parted into shards; none while another one of its province is being built."""

    async def people_by_commune(self, run: Run) -> Sequence[tuple[str, int]]:
        """Communes in order, each with about how many people of it may be due."""

    async def plan(self, run: Run, shards: Sequence[Shard], at: datetime) -> None: ...

    async def claim_shard(self, at: datetime) -> tuple[Run, Shard] | None:
        """A shard that is to be built by then, and that no other worker holds; counted as tried."""

    async def build(self, run: Run, shard: Shard, at: datetime) -> None:
        """Its payments, lines, totals and planned files, and whom nobody can pay; nothing of a run that was
        withdrawn meanwhile, nor of a shard that another worker took. What the database refuses is told with
        the run."""

    async def claim_all_built(self) -> Run | None:
        """A run of which every shard is built."""

    async def freeze(self, run: Run, at: datetime) -> None:
        """The list is what its shards are, and its hash is told."""

    async def free_withdrawn(self, at: datetime) -> bool:
        """The lines of a withdrawn run hold their months no longer; False when there is none."""


class BuildWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[BuildWork]: ...


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to be written. `kind`: as in domain/files.py; `commune_code`: a post office's list only.

    `account_number`: of the run's fund, None: the province's one account.
    """

    file_id: UUID
    run_id: UUID
    kind: str
    agency_code: str
    province_code: str
    commune_code: str
    execute_on: date
    payments: int
    amount_dong: int
    account_number: str | None


@dataclass(frozen=True, slots=True)
class Payable:
    """A payment of a file before its payee's account is opened. `months`: ascending."""

    instruction_id: UUID
    programme: str
    amount_dong: int
    agency_code: str
    commune_code: str
    months: Sequence[Month]
    account: Secret


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file's bytes, compressed by gzip, and the SHA-256 of what is in them."""

    file_id: UUID
    content: bytes
    sha256: str


class InstructWork(Protocol):
    """One transaction of instructing approved runs."""

    async def claim_approved(self, on: date) -> Run | None:
        """A run to be booked; one whose fund was short is called again when that has enough."""

    async def content_hash(self, run_id: UUID) -> str:
        """The digest of the content as it is now."""

    async def stop(self, run_id: UUID, problem: str) -> None:
        """An approved run that must not be paid as it is."""

    async def covered(self, run: Run, on: date) -> bool:
        """Whether the run's fund has enough for it, or may be overdrawn."""

    async def book(self, run: Run, on: date) -> None:
        """The ledger's transactions of all its instructions; the run is being instructed from now on."""

    async def claim_files(self, payments_max: int) -> Sequence[PlannedFile]:
        """Files of a run to be written next: one, or several small ones."""

    async def payables(self, planned: Sequence[PlannedFile]) -> Mapping[UUID, Sequence[Payable]]:
        """Of each file its payments."""

    async def written(self, files: Sequence[WrittenFile], at: datetime) -> None: ...

    async def finish_written_run(self, at: datetime) -> bool:
        """A run whose files are all written is instructed; False when there is none."""


class InstructWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[InstructWork]: ...


class FileWriter(Protocol):
    """Writes one kind of file."""

    def __call__(self, target: BinaryIO, header: FileHeader, orders: Iterable[PaymentOrder]) -> None: ...


class ReportReader(Protocol):
    """Reads a report of any kind we know; Refusal `report_unreadable` for one that can't be taken."""

    def __call__(self, content: bytes) -> ReadReport: ...


@dataclass(frozen=True, slots=True)
class WaitingReport:
    """A report as it came in, and the file that it answers."""

    report_id: UUID
    file_id: UUID
    run_id: UUID
    agency_code: str
    province_code: str
    kind: str
    execute_on: date
    payments: int
    amount_dong: int
    content: bytes


class ReportWork(Protocol):
    """One transaction of taking a report."""

    async def call(self) -> UUID | None:
        """The next report that waits; the call is counted, so that one that can't be taken goes last."""

    async def claim(self, report_id: UUID) -> WaitingReport | None:
        """The report, held until the transaction ends; None when another worker has it, or one before it."""

    async def pass_over(self, report_id: UUID) -> None:
        """It was called, and could not be claimed: that does not count as an attempt at it."""

    async def sent(self, file_id: UUID) -> Mapping[UUID, Sent]:
        """The payments of the file."""

    async def refuse(self, report_id: UUID, message_vi: str, message_en: str) -> None: ...

    async def take(
        self,
        report: WaitingReport,
        kind: str,
        matched: Sequence[Matched],
        suspended: Sequence[Suspended],
        references: Mapping[int, str],
        on: date,
    ) -> None:
        """Instructions, ledger, totals and the report's lines; `references`: as written, by line number."""

    async def finish_answered_run(self, run_id: UUID, at: datetime) -> None:
        """The run is reconciled when nothing of it is pending."""


class ReportWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[ReportWork]: ...


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """`file_id`: None for a day's statement. `signature`: that came with the content, which is as it came."""

    report_id: UUID
    file_id: UUID | None
    content: bytes
    sha256: str
    signature: str | None


class ReportInbox(Protocol):
    """Reports as they are handed in."""

    async def store(
        self, report: ReceivedReport, territory: str | None, agency: str, sub: str
    ) -> UUID | None:
        """The id it is known by (the first one's, when the same content came before); None when the file
        is not that agency's, is of another territory, or was never handed over.
        """

    async def store_statement(
        self, report: ReceivedReport, territory: str | None, province_code: str, agency: str, sub: str
    ) -> UUID:
        """The id it is known by."""


class TellWork(Protocol):
    """One transaction of telling what changed."""

    async def tell(self, changes_max: int) -> bool:
        """The next changes get their places and their events; False when there are none."""


class TellWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[TellWork]: ...
