"""Facilities, their places and residents over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request

from libs.common.kernel import ids
from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.facilities.api.models import (
    AdmissionWanted,
    DischargeWanted,
    FacilitiesPage,
    FacilitiesRecorded,
    FacilityRecordedShown,
    FacilityShown,
    FacilityToRecord,
    OccupancyAnswer,
    OccupancyShown,
    Outcomes,
    OutcomeShown,
    ResidenceShown,
    ResidencesPage,
)
from services.facilities.domain.residences import Admission, Discharge
from services.facilities.usecases.facilities import FACILITIES_MAX, RecordFacilities
from services.facilities.usecases.ports import Register
from services.facilities.usecases.residences import ITEMS_MAX, Admit, DischargePeople

router = APIRouter(tags=["facilities"])
MayRead = Annotated[Actor, requires("facilities.read")]
MayWrite = Annotated[Actor, requires("facilities.write")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=40, description="next_cursor of the page before")]


@dataclass(frozen=True)
class Doors:
    """What the routes reach: the use cases, as wiring.py built them."""

    record: RecordFacilities
    admit: Admit
    discharge: DischargePeople
    register: Register
    clock: Clock


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


Through = Annotated[Doors, Depends(_doors)]


@router.post("/v1/facilities")
async def record(
    facilities: Annotated[list[FacilityToRecord], Body(max_length=FACILITIES_MAX)],
    actor: MayWrite,
    doors: Through,
) -> FacilitiesRecorded:
    """Record facilities, or change them: by province and code, all or none, as often as sent."""
    recorded = await doors.record(
        [one.facility() for one in facilities], doors.clock.business_date(), actor.territory
    )
    return FacilitiesRecorded(
        items=[FacilityRecordedShown(code=code, facility_id=show_facility(one)) for code, one in recorded]
    )


@router.get("/v1/facilities")
async def facilities(
    actor: MayRead,
    doors: Through,
    province_code: Annotated[str | None, Query(max_length=2)] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> FacilitiesPage:
    """Facilities of the caller's territory with their places, and how many are taken today."""
    lines = await doors.register.facilities(
        actor.territory,
        on=doors.clock.business_date(),
        province_code=province_code,
        kind=kind,
        facility_id=None,
        after=_after("fac", cursor),
        limit=limit,
    )
    following = show_facility(lines[-1].facility_id) if len(lines) == limit else None
    return FacilitiesPage(items=[FacilityShown.of(line) for line in lines], next_cursor=following)


@router.get("/v1/facilities/{shown_id}")
async def facility(shown_id: str, actor: MayRead, doors: Through) -> FacilityShown:
    """One facility."""
    lines = await doors.register.facilities(
        actor.territory,
        on=doors.clock.business_date(),
        province_code=None,
        kind=None,
        facility_id=_facility_id(shown_id),
        after=None,
        limit=1,
    )
    if not lines:
        raise not_found("cơ sở này", "facility")
    return FacilityShown.of(lines[0])


@router.get("/v1/residences")
async def residences(
    actor: MayRead,
    doors: Through,
    facility_id: Annotated[str | None, Query(max_length=30)] = None,
    person_id: Annotated[str | None, Query(max_length=30)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ResidencesPage:
    """Who lives, or lived, in a facility; where a person lives, or lived. One of both must be named."""
    if facility_id is None and person_id is None:
        missing = ("Cần facility_id hoặc person_id.", "Name a facility_id or a person_id.")
        raise _invalid([FieldError("facility_id", "required", *missing)])
    read = _ReadIds()
    home = read("fac", facility_id, "facility_id") if facility_id else None
    person = read("per", person_id, "person_id") if person_id else None
    read.refuse_wrong()
    stays = await doors.register.residences(
        actor.territory, facility_id=home, person_id=person, after=_after("res", cursor), limit=limit
    )
    following = ids.show("res", stays[-1].residence_id) if len(stays) == limit else None
    return ResidencesPage(items=[ResidenceShown.of(stay) for stay in stays], next_cursor=following)


@router.post("/v1/admissions")
async def admissions(
    wanted: Annotated[list[AdmissionWanted], Body(max_length=ITEMS_MAX)], actor: MayWrite, doors: Through
) -> Outcomes:
    """Admit people, each with its own answer; the same admission sent again is `unchanged`."""
    read = _ReadIds()
    wishes = [
        Admission(
            read("per", one.person_id, f"[{at}].person_id"),
            read("fac", one.facility_id, f"[{at}].facility_id"),
            one.admitted_on,
            one.state_paid,
        )
        for at, one in enumerate(wanted)
    ]
    read.refuse_wrong()
    outcomes = await doors.admit(wishes, doors.clock.business_date(), actor.territory)
    return Outcomes(items=[OutcomeShown.of(at, outcome) for at, outcome in enumerate(outcomes)])


@router.post("/v1/discharges")
async def discharges(
    wanted: Annotated[list[DischargeWanted], Body(max_length=ITEMS_MAX)], actor: MayWrite, doors: Through
) -> Outcomes:
    """Discharge people, each with its own answer."""
    read = _ReadIds()
    wishes = [
        Discharge(read("res", one.residence_id, f"[{at}].residence_id"), one.discharged_on)
        for at, one in enumerate(wanted)
    ]
    read.refuse_wrong()
    outcomes = await doors.discharge(wishes, doors.clock.business_date(), actor.territory)
    return Outcomes(items=[OutcomeShown.of(at, outcome) for at, outcome in enumerate(outcomes)])


@router.get("/v1/occupancy")
async def occupancy(
    actor: MayRead, doors: Through, province_code: Annotated[str | None, Query(max_length=2)] = None
) -> OccupancyAnswer:
    """Places and residents by province and kind, today."""
    counted = await doors.register.occupancy(actor.territory, doors.clock.business_date(), province_code)
    return OccupancyAnswer(items=[OccupancyShown.of(one) for one in counted])


def show_facility(facility_id: UUID) -> str:
    return ids.show("fac", facility_id)


class _ReadIds:
    """Reads ids of a request and remembers where one is none."""

    def __init__(self) -> None:
        self._wrong: list[FieldError] = []

    def __call__(self, prefix: str, text: str, path: str) -> UUID:
        try:
            return ids.read(prefix, text)
        except ValueError:
            self._wrong.append(
                FieldError(path, "not_an_id", "Không phải mã định danh.", f"Not an id ({prefix}_...).")
            )
            return UUID(int=0)

    def refuse_wrong(self) -> None:
        if self._wrong:
            raise _invalid(self._wrong)


def _facility_id(text: str) -> UUID:
    try:
        return ids.read("fac", text)
    except ValueError:
        raise not_found("cơ sở này", "facility") from None


def _after(prefix: str, cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    read = _ReadIds()
    after = read(prefix, cursor, "cursor")
    read.refuse_wrong()
    return after


def _invalid(wrong: Sequence[FieldError]) -> Refusal:
    return Refusal(
        "request_invalid",
        "Yêu cầu có trường không hợp lệ; xem mục errors.",
        "The request has fields that are not valid; see errors.",
        tuple(wrong[:100]),
    )
