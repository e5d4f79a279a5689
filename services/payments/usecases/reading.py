"""What the doors show of runs, files, reports and payments; store/ provides it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from libs.common.kernel.months import Month
from services.payments.domain.month_calendar import Deadlines
from services.payments.domain.runs import Run


@dataclass(frozen=True, slots=True)
class Amounts:
    """Figures of a group of lines; money in đồng. `standard`: the sum of each line's standard."""

    instructions: int = 0
    lines: int = 0
    people: int = 0
    instructed: int = 0
    standard: int = 0
    settled: int = 0
    returned: int = 0
    unknown: int = 0

    @property
    def pending(self) -> int:
        return self.instructed - self.settled - self.returned - self.unknown

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.instructions + other.instructions,
            self.lines + other.lines,
            self.people + other.people,
            self.instructed + other.instructed,
            self.standard + other.standard,
            self.settled + other.settled,
            self.returned + other.returned,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True, slots=True)
class BuildingView:
    """How far a list is built. Of the shard that failed most often: how often, when it is tried again, and
    PostgreSQL's code of its last failure."""

    shards: int
    shards_built: int
    attempts: int
    next_try_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it stands. `files_written` of `files` are ready; `unpayable`: lines that can go to nobody.

    Of its lines, `corrected_lines` of `corrected` đồng pay months as they were recalculated; `withheld`: đồng
    that its months keep back for what was overpaid. `building`: None once it is built.
    """

    run: Run
    by_programme: Mapping[str, Amounts]
    files: int
    files_written: int
    unpayable: int
    corrected_lines: int
    corrected: int
    withheld: int
    checked: bool
    problem: str | None
    opened_at: datetime
    building: BuildingView | None
    deadlines: Deadlines | None

    @property
    def whole(self) -> Amounts:
        return sum(self.by_programme.values(), Amounts())


@dataclass(frozen=True, slots=True)
class UnpayableView:
    person_id: UUID
    programme: str
    month: Month
    amount: int
    reason: str
    commune_code: str


@dataclass(frozen=True, slots=True)
class PaymentView:
    """An instruction that holds lines for a person; `amount` and `months` are that person's."""

    instruction_id: UUID
    run_id: UUID
    programme: str
    status: str
    amount: int
    months: Sequence[Month]
    channel: str
    agency_code: str
    settled_on: date | None
    return_reason: str | None


@dataclass(frozen=True, slots=True)
class FileView:
    file_id: UUID
    run_id: UUID
    agency_code: str
    kind: str
    province_code: str
    commune_code: str | None
    payments: int
    amount: int
    pending: int
    status: str
    sha256: str
    created_at: datetime
    asked_on: date | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """`file_id`: None for a day's statement, whose figures are those of all its parts."""

    report_id: UUID
    file_id: UUID | None
    status: str
    kind: str | None
    lines: int
    settled: int
    returned: int
    suspended: int
    problem_vi: str | None
    problem_en: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SuspendedView:
    """A report's line that waits for a person."""

    report_id: UUID
    number: int
    reference: str
    outcome: str
    amount: int | None
    told_on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class DayTold:
    """What an agency told on a business day, in đồng: statement = settled + returned + suspense.

    `settled` and `returned`: matched. Of `suspense`: `duplicates` say what is booked already, `unresolved`
    wait for a person.
    """

    on: date
    lines: int
    statement: int
    settled: int
    returned: int
    suspense: int
    duplicates: int
    unresolved: int


@dataclass(frozen=True, slots=True)
class AgencyMoney:
    """A run's money at one agency, in đồng: instructed = settled + returned + pending + unknown.

    `held`: what the agency gave back of it without saying for whom.
    """

    agency_code: str
    instructed: int
    settled: int
    returned: int
    pending: int
    unknown: int
    held: int
    days: Sequence[DayTold]


@dataclass(frozen=True, slots=True)
class ReconciliationView:
    """How far a run's files are answered: counts by status, outcome and reason of suspense; the money."""

    files: Mapping[str, int]
    reports: Mapping[str, int]
    instructions: Mapping[str, int]
    return_reasons: Mapping[str, int]
    suspense: Mapping[str, int]
    suspended: Sequence[SuspendedView]
    agencies: Sequence[AgencyMoney]


#: A place in a list of runs, latest first.
RunPlace = tuple[datetime, UUID]
UnpayablePlace = tuple[UUID, str, Month]


@dataclass(frozen=True, slots=True)
class MissingRun:
    """A province with people to be paid in a month whose list nobody has ordered by its day."""

    month: Month
    province_code: str
    list_before: date


class Reads(Protocol):
    """Reads inside the caller's territory (None = the nation). Lists come in pages, after a place."""

    async def run(self, territory: str | None, run_id: UUID) -> RunView | None: ...

    async def runs(self, territory: str | None, after: RunPlace | None, limit: int) -> list[RunView]: ...

    async def open_runs(self, territory: str | None, after: UUID | None, limit: int) -> list[RunView]:
        """Runs of what was decided that are not over yet, in the order of ids."""

    async def missing_runs(self, territory: str | None, on: date) -> list[MissingRun]:
        """By month and province; two months and as many provinces as there are at most."""

    async def unpayable(
        self, territory: str | None, run_id: UUID, after: UnpayablePlace | None, limit: int
    ) -> list[UnpayableView]: ...

    async def totals(
        self, territory: str | None, run_id: UUID, by: str, programme: str | None
    ) -> dict[str, Amounts]:
        """Every group of the run, by key."""

    async def payments_of(self, territory: str | None, person_id: UUID) -> list[PaymentView]: ...

    async def reconciliation(
        self, territory: str | None, run_id: UUID, suspended_max: int
    ) -> ReconciliationView: ...

    async def files(
        self,
        territory: str | None,
        agency: str,
        run_id: UUID | None,
        status: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[FileView]:
        """Files of one agency that were handed over."""

    async def file_content(
        self, territory: str | None, agency: str, file_id: UUID
    ) -> tuple[FileView, bytes] | None:
        """One file of that agency, opened."""

    async def unknown(
        self, territory: str | None, agency: str, file_id: UUID, after: UUID | None, limit: int
    ) -> list[tuple[UUID, int]]:
        """Payments of a file of that agency of which nothing is known, with their amounts in đồng."""

    async def report(self, territory: str | None, agency: str, report_id: UUID) -> ReportView | None: ...
