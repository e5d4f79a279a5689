"""Bodies of the HTTP door. Money is whole đồng; instructed = settled + returned + pending + unknown."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel.ids import show
from services.payments.domain import runs
from services.payments.usecases.reading import (
    Amounts,
    FileView,
    PaymentView,
    ReportView,
    RunView,
    UnpayableView,
)

RunProgramme = Literal[
    "monthly_allowance",
    "social_pension",
    "nurture_allowance",
    "care_allowance",
    "own_care_allowance",
    "merit_allowance",
]
CampaignProgramme = Literal[
    "funeral_support",
    "emergency_relief",
    "tet_gift",
    "longevity_gift",
    "covid_support",
    "merit_allowance",
    "in_kind",
]
Programme = RunProgramme | CampaignProgramme
By = Literal["province", "commune", "category", "channel"]
FileStatus = Literal["ready", "answered"]


class RunOrdered(BaseModel):
    """A run to be built: one province's list for months that follow one another."""

    model_config = ConfigDict(extra="forbid")

    province_code: Annotated[str, Field(pattern=r"^\d{2}$")]
    benefit_months: Annotated[
        list[Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]],
        Field(min_length=1, max_length=runs.MONTHS_MAX),
    ]
    programmes: Annotated[list[RunProgramme], Field(min_length=1, max_length=6)] | None = Field(
        default=None, description="Left out: all but merit_allowance, which needs a fund of its own."
    )
    fund_id: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="From what it is paid; the province's budget where none is named."
    )


class RunAccepted(BaseModel):
    run_id: str


class Approval(BaseModel):
    """`content_hash` as the checker saw it: what is approved is exactly that."""

    model_config = ConfigDict(extra="forbid")

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Withdrawal(BaseModel):
    """`reason`: why the list is not to be paid. No person's name."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Figures(BaseModel):
    """`standard_dong`: the sum, over lines, of each line's standard.

    `unknown_dong`: its agency said nothing in its term, and is asked.
    """

    instructions: int
    lines: int
    instructed_dong: int
    settled_dong: int
    returned_dong: int
    pending_dong: int
    unknown_dong: int
    standard_dong: int


def figures(amounts: Amounts) -> dict[str, int]:
    return {
        "instructions": amounts.instructions,
        "lines": amounts.lines,
        "instructed_dong": amounts.instructed,
        "settled_dong": amounts.settled,
        "returned_dong": amounts.returned,
        "pending_dong": amounts.pending,
        "unknown_dong": amounts.unknown,
        "standard_dong": amounts.standard,
    }


class ProgrammeFigures(Figures):
    """`people`: distinct beneficiaries of the programme."""

    programme: str
    people: int


class BuildingShown(BaseModel):
    """How far a list is built, in stretches of communes. `attempts`: how often the one that failed most was
    tried; `next_try_at`: when it is tried again; `error`: PostgreSQL's code of its last failure.
    """

    shards: int
    shards_built: int
    attempts: int
    next_try_at: datetime | None
    error: str | None


class RunShown(Figures):
    """`progress`: the share of the present stage that is done, 0 to 1. `problem`: why it stands still.
    `building`: null once it is built.

    `campaign_id`: whose list it pays, null where it pays what was decided. `unpayable`: entitled lines left
    out of the list, as nobody can be paid for them yet. `corrected_lines`, `corrected_dong`: of it, what
    pays months as they were recalculated; `withheld_dong`: what its months keep back for what was overpaid,
    beside what is instructed. `checked`: what is odd in it stands in its checks, as who is new, changed,
    stopped or paid late, and it may be approved.

    `list_before`: it is to be approved before that day; `returned_before`: its agencies are to have answered
    before that; null where the law names no day. `late`: which of both is past.
    """

    run_id: str
    fund_id: str
    campaign_id: str | None
    status: str
    province_code: str
    benefit_months: list[str]
    programmes: list[str]
    content_hash: str | None
    progress: float
    files: int
    files_written: int
    unpayable: int
    corrected_lines: int
    corrected_dong: int
    withheld_dong: int
    checked: bool
    problem: str | None
    opened_at: datetime
    building: BuildingShown | None
    list_before: date | None
    returned_before: date | None
    late: str | None
    by_programme: list[ProgrammeFigures]

    @classmethod
    def of(cls, view: RunView, today: date) -> "RunShown":
        run, by = view.run, view.deadlines
        return cls(
            run_id=show("run", run.run_id),
            fund_id=show("fun", run.fund_id),
            campaign_id=show("cmp", run.campaign_id) if run.campaign_id else None,
            status=run.status,
            province_code=run.province_code,
            benefit_months=[str(month) for month in run.period.months],
            programmes=list(run.programmes),
            content_hash=run.content_hash,
            progress=_progress(view),
            files=view.files,
            files_written=view.files_written,
            unpayable=view.unpayable,
            corrected_lines=view.corrected_lines,
            corrected_dong=view.corrected,
            withheld_dong=view.withheld,
            checked=view.checked,
            problem=view.problem,
            opened_at=view.opened_at,
            building=BuildingShown.model_validate(asdict(view.building)) if view.building else None,
            list_before=by.list_before if by else None,
            returned_before=by.returned_before if by else None,
            late=by.late(run.status, today) if by else None,
            by_programme=[
                ProgrammeFigures.model_validate(
                    {"programme": programme, "people": amounts.people, **figures(amounts)}
                )
                for programme, amounts in view.by_programme.items()
            ],
            **figures(view.whole),
        )


def _progress(view: RunView) -> float:
    match view.run.status:
        case runs.BUILDING:
            building = view.building
            return building.shards_built / building.shards if building and building.shards else 0.0
        case runs.APPROVED:
            return 0.0
        case runs.INSTRUCTING:
            return view.files_written / view.files if view.files else 0.0
        case runs.INSTRUCTED:
            whole = view.whole
            return (whole.settled + whole.returned) / whole.instructed if whole.instructed else 0.0
        case _:
            return 1.0


class RunsPage(BaseModel):
    items: list[RunShown]
    next_cursor: str | None


class UnpayableShown(BaseModel):
    """An entitled month without a way to pay it. `reason`: no_account, or the account's wrong field."""

    person_id: str
    programme: str
    benefit_month: str
    amount_dong: int
    reason: str
    commune_code: str

    @classmethod
    def of(cls, view: UnpayableView) -> "UnpayableShown":
        return cls(
            person_id=show("per", view.person_id),
            programme=view.programme,
            benefit_month=str(view.month),
            amount_dong=view.amount,
            reason=view.reason,
            commune_code=view.commune_code,
        )


class UnpayablePage(BaseModel):
    items: list[UnpayableShown]
    next_cursor: str | None


class TotalShown(Figures):
    """A group of a run. `people`: distinct beneficiaries of each programme, summed."""

    key: str
    people: int


class TotalsPage(BaseModel):
    items: list[TotalShown]
    next_cursor: str | None


class PaymentShown(BaseModel):
    """An instruction with lines for the person; amount and months are that person's."""

    instruction_id: str
    run_id: str
    programme: str
    status: str
    amount_dong: int
    benefit_months: list[str]
    channel: str
    agency_code: str
    settled_on: date | None
    return_reason: str | None

    @classmethod
    def of(cls, view: PaymentView) -> "PaymentShown":
        return cls(
            instruction_id=show("pay", view.instruction_id),
            run_id=show("run", view.run_id),
            programme=view.programme,
            status=view.status,
            amount_dong=view.amount,
            benefit_months=[str(month) for month in view.months],
            channel=view.channel,
            agency_code=view.agency_code,
            settled_on=view.settled_on,
            return_reason=view.return_reason,
        )


class PaymentsPage(BaseModel):
    items: list[PaymentShown]
    next_cursor: None = None


class FileShown(BaseModel):
    """`sha256` of the content as downloaded; `pending`: payments that no report has told about.

    `asked_on`: since when their agency is asked about them (`/inquiry`), as it said nothing in its term.
    """

    payment_file_id: str
    run_id: str
    agency_code: str
    kind: str
    province_code: str
    commune_code: str | None
    instructions: int
    control_sum_dong: int
    pending: int
    status: str
    sha256: str
    created_at: datetime
    asked_on: date | None

    @classmethod
    def of(cls, view: FileView) -> "FileShown":
        return cls(
            payment_file_id=show("fil", view.file_id),
            run_id=show("run", view.run_id),
            agency_code=view.agency_code,
            kind=view.kind,
            province_code=view.province_code,
            commune_code=view.commune_code,
            instructions=view.payments,
            control_sum_dong=view.amount,
            pending=view.pending,
            status=view.status,
            sha256=view.sha256,
            created_at=view.created_at,
            asked_on=view.asked_on,
        )


class InquiredPayment(BaseModel):
    """By our reference, as the file names it."""

    payment_id: str
    amount_dong: int


class Inquiry(BaseModel):
    """Payments of a file of which nothing is known: paid, returned, or never seen? Any report answers it."""

    payment_file_id: str
    items: list[InquiredPayment]
    next_cursor: str | None


class FilesPage(BaseModel):
    items: list[FileShown]
    next_cursor: str | None


class ReportAccepted(BaseModel):
    report_id: str


class ReportProblem(BaseModel):
    """Why a whole report was refused."""

    code: str
    message_vi: str
    message_en: str


class ReportShown(BaseModel):
    """lines = settled + returned + suspended. A suspended line waits for a person; the file goes on."""

    report_id: str
    payment_file_id: str | None
    status: str
    kind: str | None
    lines: int
    settled: int
    returned: int
    suspended: int
    problem: ReportProblem | None
    received_at: datetime

    @classmethod
    def of(cls, view: ReportView) -> "ReportShown":
        problem = None
        if view.problem_vi and view.problem_en:
            problem = ReportProblem(
                code="report_unreadable", message_vi=view.problem_vi, message_en=view.problem_en
            )
        return cls(
            report_id=show("rep", view.report_id),
            payment_file_id=show("fil", view.file_id) if view.file_id else None,
            status=view.status,
            kind=view.kind,
            lines=view.lines,
            settled=view.settled,
            returned=view.returned,
            suspended=view.suspended,
            problem=problem,
            received_at=view.received_at,
        )
