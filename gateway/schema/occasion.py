"""Who completes an age of the law (mừng thọ), and what the place gives for it. Nothing of it is decided."""

from datetime import date
from typing import Any

import strawberry

from gateway.clients import occasions
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked, asked
from gateway.schema.person import Person
from gateway.schema.place import Commune
from gateway.schema.scalars import Dong, MonthText


@strawberry.interface(description="An age that the law names, completed in a month; money and a present.")
class Longevity:
    month: MonthText
    age: int
    commune: Commune
    covered: bool = strawberry.field(description="False: the province fixes the amount, and it is not known.")
    dong: Dong | None
    in_kind_dong: Dong | None
    in_kind: str | None
    citation: str
    mark: str


@strawberry.type(description="How many of a commune complete an age in a month.")
class LongevityCount(Longevity):
    people: int
    total_dong: Dong | None = strawberry.field(description="Money alone; null where it is not known.")


@strawberry.type(description="Somebody who completes an age.")
class LongevityPerson(Longevity):
    person_id: strawberry.ID
    birth_date: date

    @fields.field("Who it is.", Price(points=10))
    async def person(self, info: strawberry.Info[Asked, None]) -> Person:
        context = asked(info)
        return Person.of(await context.loaders.person.load(self.person_id), context)


@strawberry.type(description="By month, age and commune.")
class LongevityCounts:
    nodes: list[LongevityCount] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


@strawberry.type(description="By month, age and birth date.")
class LongevityPeople:
    nodes: list[LongevityPerson] = strawberry.field(metadata=priced(Price()))
    next_cursor: str | None = strawberry.field(description="Give it as `after`; null on the last page.")


def counts_of(found: occasions.DueCounts, context: Asked) -> LongevityCounts:
    nodes = [
        LongevityCount(people=one.people, total_dong=_dong(one.total_dong), **_age(one, context))
        for one in found.items
    ]
    return LongevityCounts(nodes=nodes, next_cursor=found.next_cursor)


def people_of(found: occasions.DuePeople, context: Asked) -> LongevityPeople:
    nodes = [
        LongevityPerson(
            person_id=strawberry.ID(one.person_id), birth_date=one.birth_date, **_age(one, context)
        )
        for one in found.items
    ]
    return LongevityPeople(nodes=nodes, next_cursor=found.next_cursor)


def _age(one: occasions.AgeDue, context: Asked) -> dict[str, Any]:
    return {
        "month": MonthText(one.month),
        "age": one.age,
        "commune": Commune.of(context.doors.units, one.commune_code, context.today),
        "covered": one.covered,
        "dong": _dong(one.dong),
        "in_kind_dong": _dong(one.in_kind_dong),
        "in_kind": one.in_kind,
        "citation": one.citation,
        "mark": one.mark,
    }


def _dong(amount: int | None) -> Dong | None:
    return None if amount is None else Dong(amount)
