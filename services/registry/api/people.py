"""People over HTTP: register one, change, find, look up, show."""

from typing import Annotated

from fastapi import APIRouter, Query

from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.registry.api.doors import Cursor, Limit, Through, cursor_of, person_after, person_id
from services.registry.api.models import (
    Counts,
    Lookup,
    LookupAnswer,
    LookupItem,
    PeoplePage,
    PersonChange,
    PersonInList,
    PersonShown,
    PersonToRegister,
    Registered,
)

router = APIRouter(tags=["people"])
MayRead = Annotated[Actor, requires("registry.people.read")]
MayWrite = Annotated[Actor, requires("registry.people.write")]


@router.post("/v1/people", status_code=201)
async def register(person: PersonToRegister, actor: MayWrite, doors: Through) -> Registered:
    """Register one person. 422 `person_invalid` with every wrong field, 409 `personal_id_taken`."""
    registration = await doors.register(person.cells(), doors.clock.business_date(), actor.territory)
    return Registered(
        person_id=show("per", registration.person_id),
        household_id=show("hhd", registration.household_id),
        version=registration.version,
    )


@router.get("/v1/people")
async def people(
    actor: MayRead,
    doors: Through,
    q: Annotated[
        str | None, Query(max_length=120, description="Part of a name; marks may be left out")
    ] = None,
    personal_id: Annotated[str | None, Query(max_length=40)] = None,
    commune_code: Annotated[str | None, Query(max_length=5)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PeoplePage:
    """People of the caller's territory, in the order of registration."""
    after = person_after(cursor) if cursor else None
    lines = await doors.find.lines(
        actor.territory,
        name=q,
        personal_id=personal_id,
        commune_code=commune_code,
        after=after,
        limit=limit,
    )
    following = cursor_of(str(lines[-1].person_id)) if len(lines) == limit else None
    return PeoplePage(items=[PersonInList.of(line) for line in lines], next_cursor=following)


@router.post("/v1/people/lookup")
async def lookup(wanted: Lookup, actor: MayRead, doors: Through) -> LookupAnswer:
    """Person ids for personal ids, in the order asked."""
    found = await doors.find.lookup(wanted.personal_ids, actor.territory)
    return LookupAnswer(
        items=[
            LookupItem(personal_id_index=index, person_id=show("per", one) if one else None)
            for index, one in enumerate(found)
        ]
    )


@router.get("/v1/people/{shown_id}")
async def person(
    shown_id: str,
    actor: MayRead,
    doors: Through,
    purpose: Annotated[
        str | None,
        Query(min_length=3, max_length=200, description="Shows the facts unmasked; who and why is kept"),
    ] = None,
) -> PersonShown:
    """One person, masked. With `registry.people.write` and a purpose, unmasked."""
    opened = purpose is not None and actor.may("registry.people.write")
    record = await doors.find.person(
        person_id(shown_id), actor.territory, actor.sub, purpose if opened else None
    )
    if record is None:
        raise not_found("người này", "person")
    return PersonShown.from_record(record, opened=opened)


@router.put("/v1/people/{shown_id}")
async def change(shown_id: str, person: PersonChange, actor: MayWrite, doors: Through) -> Registered:
    """State a person anew: a change since some day, or a correction. The next version of the same person.

    422 `person_invalid` with every wrong field, 409 `person_changed` when `version` is not the newest.
    """
    before = await doors.find.person(person_id(shown_id), actor.territory, actor.sub, None)
    if before is None:
        raise not_found("người này", "person")
    today = doors.clock.business_date()
    registration = await doors.change(
        before, person.version, person.cells(), person.true_from or "", today, actor.territory
    )
    return Registered(
        person_id=show("per", registration.person_id),
        household_id=show("hhd", registration.household_id),
        version=registration.version,
    )


@router.get("/v1/counts")
async def counts(actor: MayRead, doors: Through) -> Counts:
    """How many people are registered in the caller's territory."""
    return Counts(people=await doors.find.people.count(actor.territory))
