"""What waits for an office, and who seems entitled and has no decision, over HTTP."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.common.kernel.clock import Clock
from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from services.eligibility.api.decisions import required_id
from services.eligibility.api.places import bad_cursor, cursor_of, parts_of
from services.eligibility.domain.case_law import CaseLaw
from services.eligibility.usecases.overview import Place, WorklistReads

MayRead = Annotated[Actor, requires("eligibility.decisions.read")]
Kind = Literal[
    "application",
    "suspension",
    "resumption",
    "stop",
    "move",
    "proposal",
    "notice",
    "unchanged",
    "problem",
    "suspension_runs_out",
    "band_change",
]
Programme = Literal[
    "monthly_allowance", "social_pension", "nurture_allowance", "care_allowance", "own_care_allowance"
]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=400)]
CommuneCode = Annotated[str | None, Query(pattern=r"^\d{3}(\d{2})?$")]
ProvinceCode = Annotated[str | None, Query(pattern=r"^\d{2}$")]
#: What an item's own id names, where it is not a case.
_PREFIX = {"proposal": "dec", "band_change": "per"}
#: What an item of coverage is placed by.
_KEYS = {
    "province": ("programme", "province_code"),
    "commune": ("programme", "province_code", "commune_code"),
}


#: By kind and problem: what somebody has to do who would not guess it.
_WHAT_TO_DO: dict[tuple[str, str | None], tuple[str, str]] = {
    ("unchanged", None): (
        "Đề nghị này không thay đổi gì: hãy ký hồ sơ rồi thông báo cho người đề nghị.",
        "This application changes nothing: sign the case, then tell who applied.",
    ),
    ("problem", "nothing_in_force"): (
        "Trợ cấp không còn tạm dừng hoặc không còn hiệu lực nên không có gì để thi hành: hãy thông báo để "
        "đóng hồ sơ.",
        "The benefit is suspended, or in force, no more, so there is nothing to carry out: notify, which "
        "closes the case.",
    ),
    ("problem", None): (
        "Chưa quyết định được theo dữ kiện hoặc luật hiện có: hãy sửa dữ kiện rồi ký lại hồ sơ; hoặc thông "
        "báo để đóng hồ sơ, khi đó không có gì thay đổi.",
        "It can't be decided by the facts or the law as they are: correct the facts and sign the case again; "
        "or notify, which closes it with nothing changed.",
    ),
}


class WorkItem(BaseModel):
    kind: Kind
    item_id: str = Field(description="The case; of a proposal the decision, of a band change the person.")
    person_id: str
    case_id: str | None
    programmes: list[str]
    due_on: date | None = Field(description="Null where the law names no term.")
    late: bool
    working_days_late: int | None = Field(description="0 in time; null where it can't be counted.")
    years: int | None = Field(description="Of a band change: the age that is reached.")
    problem: str | None = Field(description="Why a signed measure could not be carried out.")
    what_to_do_vi: str | None
    what_to_do_en: str | None
    commune_code: str
    province_code: str


class WorkCount(BaseModel):
    kind: Kind
    items: int
    late: int
    without_term: int


class WorklistPage(BaseModel):
    on: date = Field(description="The business date that lateness is counted to.")
    counts: list[WorkCount]
    items: list[WorkItem]
    next_cursor: str | None


class Covered(BaseModel):
    programme: Programme
    province_code: str
    commune_code: str | None = None
    entitled: int = Field(description="The denominator: decided, in process and without.")
    decided: int
    in_process: int = Field(description="Applied, and the proposal awaits a signature.")
    without: int = Field(description="Entitled by the facts; no decision and no application.")
    share_decided: float | None = Field(description="Of the entitled, 0 to 1.")


class CoveragePage(BaseModel):
    as_of: date | None = Field(description="The day of the oldest round; null before the first.")
    month: str | None = Field(description="The benefit month that the law was asked about.")
    complete: bool = Field(description="False while a round is under way.")
    items: list[Covered]
    next_cursor: str | None


class GapShown(BaseModel):
    person_id: str
    programme: Programme
    month: str
    amount_dong: int
    commune_code: str
    province_code: str


class GapsPage(BaseModel):
    items: list[GapShown]
    next_cursor: str | None


def router(reads: WorklistReads, law: CaseLaw, clock: Clock) -> APIRouter:
    made = APIRouter(tags=["worklist"])
    _worklist(made, reads, law, clock)
    _coverage(made, reads)
    return made


def _worklist(made: APIRouter, reads: WorklistReads, law: CaseLaw, clock: Clock) -> None:
    @made.get("/v1/worklist")
    async def worklist(
        actor: MayRead,
        kind: Kind | None = None,
        late: bool = False,
        due_before: date | None = None,
        province_code: ProvinceCode = None,
        commune_code: CommuneCode = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> WorklistPage:
        """What waits, by the day it is due; `late`: only what is overdue.

        Who sees the nation reads it quickest a province at a time: that is where work is done.
        """
        today = clock.business_date()
        before = min(due_before or date.max, today) if late else due_before
        found = await reads.page(
            actor.territory, kind, province_code, commune_code, before, _place(cursor), limit + 1
        )
        more = None
        if len(found) > limit:
            last = found[limit - 1]
            more = cursor_of(last["sort_day"].isoformat(), last["kind"], str(last["item_id"]))
        return WorklistPage(
            on=today,
            counts=[
                WorkCount.model_validate(each)
                for each in await reads.counts(actor.territory, province_code, commune_code, today)
            ],
            items=[_item(row, law, today) for row in found[:limit]],
            next_cursor=more,
        )


def _coverage(made: APIRouter, reads: WorklistReads) -> None:
    @made.get("/v1/coverage")
    async def coverage(
        actor: MayRead,
        by: Literal["province", "commune"] = "province",
        programme: Programme | None = None,
        province_code: ProvinceCode = None,
        cursor: Cursor = None,
        limit: Limit = 500,
    ) -> CoveragePage:
        """How many of those who seem entitled are decided, by place and programme."""
        key = _KEYS[by]
        after = parts_of(cursor, len(key)) if cursor else [""] * len(key)
        found = await reads.coverage(actor.territory, by, programme, province_code, after, limit + 1)
        told = await reads.as_of()
        return CoveragePage(
            as_of=told["as_of"] if told else None,
            month=str(Month.of(told["month"])) if told else None,
            complete=bool(told and told["complete"]),
            items=[_covered(row) for row in found[:limit]],
            next_cursor=cursor_of(*(found[limit - 1][name] for name in key)) if len(found) > limit else None,
        )

    @made.get("/v1/coverage/people")
    async def people(
        actor: MayRead,
        programme: Programme,
        commune_code: CommuneCode = None,
        cursor: str | None = None,
        limit: Limit = 100,
    ) -> GapsPage:
        """Who seems entitled and has neither decision nor application."""
        after = required_id("per", "cursor", cursor) if cursor else None
        found = await reads.gaps(actor.territory, programme, commune_code, after, limit + 1)
        items = [
            GapShown.model_validate(
                {**row, "person_id": show("per", row["person_id"]), "month": str(Month.of(row["month"]))}
            )
            for row in found[:limit]
        ]
        return GapsPage(items=items, next_cursor=items[-1].person_id if len(found) > limit else None)


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    day, kind, item = parts_of(cursor, 3)
    try:
        return date.fromisoformat(day), kind, UUID(item)
    except ValueError:
        raise bad_cursor() from None


def _item(row: dict[str, Any], law: CaseLaw, today: date) -> WorkItem:
    due = row["due_on"]
    told = _WHAT_TO_DO.get((row["kind"], row["problem"])) or _WHAT_TO_DO.get((row["kind"], None))
    vi, en = told or (None, None)
    return WorkItem.model_validate(
        {
            **row,
            "item_id": show(_PREFIX.get(row["kind"], "cas"), row["item_id"]),
            "person_id": show("per", row["person_id"]),
            "case_id": show("cas", row["case_id"]) if row["case_id"] else None,
            "late": due is not None and due < today,
            "working_days_late": law.days_late(due, today),
            "what_to_do_vi": vi,
            "what_to_do_en": en,
        }
    )


def _covered(row: dict[str, Any]) -> Covered:
    entitled = row["decided"] + row["in_process"] + row["without"]
    share = row["decided"] / entitled if entitled else None
    return Covered.model_validate({**row, "entitled": entitled, "share_decided": share})
