"""Gifts at an age and in a campaign, and who is due in some months, over HTTP."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from services.eligibility.api.decisions import required_id
from services.eligibility.api.places import bad_cursor, cursor_of, parts_of
from services.eligibility.usecases.due import After, AfterCount, DueOccasions

MayRead = Annotated[Actor, requires("eligibility.decisions.read")]
MONTHS_MAX = 12
MonthText = Annotated[str, Query(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
Cursor = Annotated[str | None, Query(max_length=400)]
CommuneCode = Annotated[str | None, Query(pattern=r"^\d{3}(\d{2})?$")]
ProvinceCode = Annotated[str | None, Query(pattern=r"^\d{2}$")]


class GiftShown(BaseModel):
    covered: bool = Field(description="False: the province fixes the amount and policy/ does not have it.")
    dong: int | None
    in_kind_dong: int | None
    in_kind: str | None
    citation: str
    mark: str


class CampaignShown(GiftShown):
    occasion: str
    title: str
    open_from: date
    pay_by: date
    members: list[str] = Field(description="Programmes; one gift only, however many somebody has.")


class Campaigns(BaseModel):
    items: list[CampaignShown]


class AgeDue(GiftShown):
    month: str = Field(description="In which the age is completed.")
    age: int
    province_code: str
    commune_code: str


class DueCount(AgeDue):
    former_province_code: str | None
    people: int
    total_dong: int | None = Field(description="Money alone; null where the amount is not known.")


class DuePerson(AgeDue):
    person_id: str
    birth_date: date


class CampaignPerson(GiftShown):
    person_id: str
    programmes: list[str] = Field(description="Those of the campaign's that the person has.")
    province_code: str
    commune_code: str


class CampaignPeople(BaseModel):
    items: list[CampaignPerson]
    next_cursor: str | None


class DueCounts(BaseModel):
    items: list[DueCount]
    next_cursor: str | None


class DuePeople(BaseModel):
    items: list[DuePerson]
    next_cursor: str | None


def router(due: DueOccasions) -> APIRouter:
    made = APIRouter(tags=["occasions"])
    _campaigns(made, due)
    _longevity(made, due)
    return made


def _campaigns(made: APIRouter, due: DueOccasions) -> None:
    @made.get("/v1/occasions/campaigns")
    async def campaigns(actor: MayRead) -> Campaigns:
        """Campaigns that policy/ holds (quà Tết), the newest first."""
        return Campaigns(items=[CampaignShown.model_validate(one) for one in due.campaigns()])

    @made.get("/v1/occasions/campaigns/people")
    async def members(
        actor: MayRead,
        occasion: Annotated[str, Query(max_length=100)],
        province_code: ProvinceCode = None,
        commune_code: CommuneCode = None,
        cursor: Annotated[str | None, Query(max_length=40)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> CampaignPeople:
        """Who is given a campaign's gift, each once: whoever has one of its programmes in the month in which
        it opens."""
        after = required_id("per", "cursor", cursor) if cursor else None
        found = await due.members(actor.territory, occasion, province_code, commune_code, after, limit + 1)
        items = [
            CampaignPerson.model_validate({**row, "person_id": show("per", row["person_id"])})
            for row in found[:limit]
        ]
        return CampaignPeople(items=items, next_cursor=items[-1].person_id if len(found) > limit else None)


def _longevity(made: APIRouter, due: DueOccasions) -> None:
    @made.get("/v1/occasions/longevity")
    async def longevity(
        actor: MayRead,
        from_month: MonthText,
        until_month: MonthText,
        province_code: ProvinceCode = None,
        commune_code: CommuneCode = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 500,
    ) -> DueCounts:
        """How many complete an age of the law (mừng thọ), by month, age and commune; up to twelve months."""
        months = months_between(from_month, until_month)
        found = await due.counts(
            actor.territory, months, province_code, commune_code, _after_count(cursor), limit + 1
        )
        more = None
        if len(found) > limit:
            last = found[limit - 1]
            places = (last["province_code"], last["commune_code"], last["former_province_code"] or "")
            more = cursor_of(str(Month.of(last["month"])), str(last["age"]), *places)
        return DueCounts(items=[_count(row) for row in found[:limit]], next_cursor=more)

    @made.get("/v1/occasions/longevity/people")
    async def people(
        actor: MayRead,
        from_month: MonthText,
        until_month: MonthText,
        province_code: ProvinceCode = None,
        commune_code: CommuneCode = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> DuePeople:
        """Who they are, by month, age and birth date."""
        months = months_between(from_month, until_month)
        found = await due.people(
            actor.territory, months, province_code, commune_code, _after(cursor), limit + 1
        )
        more = None
        if len(found) > limit:
            last = found[limit - 1]
            more = cursor_of(
                str(Month.of(last["month"])),
                str(last["age"]),
                str(last["birth_date"]),
                str(last["person_id"]),
            )
        return DuePeople(items=[_person(row) for row in found[:limit]], next_cursor=more)


def months_between(first: str, last: str) -> list[Month]:
    one, count = Month.parse(first), Month.parse(last).index - Month.parse(first).index + 1
    if not 1 <= count <= MONTHS_MAX:
        vi = f"Cần từ 1 đến {MONTHS_MAX} tháng, tháng đầu không sau tháng cuối."
        en = f"Needed: 1 to {MONTHS_MAX} months, the first not after the last."
        raise Refusal("request_invalid", vi, en, (FieldError("until_month", "out_of_range", vi, en),))
    return [one + step for step in range(count)]


def _after(cursor: str | None) -> After | None:
    if cursor is None:
        return None
    month, age, born, person = parts_of(cursor, 4)
    try:
        return Month.parse(month), int(age), date.fromisoformat(born), UUID(person)
    except ValueError:
        raise bad_cursor() from None


def _after_count(cursor: str | None) -> AfterCount | None:
    if cursor is None:
        return None
    month, age, *place = parts_of(cursor, 5)
    province, commune, former = place
    try:
        return Month.parse(month), int(age), province, commune, former
    except ValueError:
        raise bad_cursor() from None


def _count(row: dict[str, Any]) -> DueCount:
    total = row["people"] * row["dong"] if row["covered"] else None
    return DueCount.model_validate({**row, "month": str(Month.of(row["month"])), "total_dong": total})


def _person(row: dict[str, Any]) -> DuePerson:
    return DuePerson.model_validate(
        {**row, "month": str(Month.of(row["month"])), "person_id": show("per", row["person_id"])}
    )
