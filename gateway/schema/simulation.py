"""What a draft of the law would cost and change, as eligibility counted it. Nothing of it is decided."""

from typing import Any

import strawberry

from gateway.clients import eligibility
from gateway.engine.prices import Price, priced
from gateway.schema import fields
from gateway.schema.context import Asked
from gateway.schema.place import territory_name
from gateway.schema.scalars import Count, Dong, MonthText
from gateway.schema.words import SimulationStatus, TakeUp
from libs.common.kernel.errors import Refusal
from libs.common.kernel.headings import age_name, category_name, sex_name, unknown_name
from libs.common.kernel.units import Units

_COUNTS = (
    "people",
    "undetermined",
    "recipients_today",
    "recipients_draft",
    "winners",
    "losers",
    "unchanged",
    "newly_entitled",
    "no_longer_entitled",
)
_MONEY = (
    "today_dong",
    "draft_dong",
    "gained_dong",
    "lost_dong",
    "change_dong",
    "average_change_dong",
    "today_year_dong",
    "draft_year_dong",
    "change_year_dong",
)


@strawberry.interface(
    description="People, and đồng a month; a year is twelve of them. Null: hidden beside a count below 10."
)
class SimulatedFigures:
    people: Count | None
    undetermined: Count | None = strawberry.field(description="One of the two laws has no answer for them.")
    recipients_today: Count | None
    recipients_draft: Count | None
    winners: Count | None
    losers: Count | None
    unchanged: Count | None
    newly_entitled: Count | None
    no_longer_entitled: Count | None
    today_dong: Dong | None
    draft_dong: Dong | None
    gained_dong: Dong | None
    lost_dong: Dong | None
    change_dong: Dong | None = strawberry.field(description="More than today; negative: less.")
    average_change_dong: Dong | None = strawberry.field(description="Of whoever it changes anything for.")
    today_year_dong: Dong | None
    draft_year_dong: Dong | None
    change_year_dong: Dong | None


@strawberry.type(description="The figures of all.")
class SimulatedTotal(SimulatedFigures):
    pass


@strawberry.type(description="The figures of a category, province, age or sex; they add up to those of all.")
class SimulatedRow(SimulatedFigures):
    key: str
    name: str = strawberry.field(description="The key in words.")


@strawberry.type(description="Why facts can't be read; `people` null where that would tell of few.")
class UnreadableReason:
    code: str = strawberry.field(description="What is wrong first, as an assessment names it.")
    people: int | None


@strawberry.type(description="A draft held against the law, for one month.")
class SimulatedMonth:
    month: MonthText
    applies: bool = strawberry.field(description="False: that month the draft says what the law says.")
    rests_on_people: Count | None = strawberry.field(description="Whose facts were counted; no more are.")
    rests_on_provinces: int
    held_people: Count | None = strawberry.field(
        description="Of the people: with a suspension or stop, applied under both laws."
    )
    unreadable_people: Count | None = strawberry.field(
        description="Besides the people: their kept facts are not valid, so that no figure has them."
    )
    unreadable_reasons: list[UnreadableReason] = strawberry.field(metadata=priced(Price(per_item=10)))
    total: SimulatedTotal
    by_category: list[SimulatedRow] = strawberry.field(metadata=priced(Price(per_item=40)))
    by_province: list[SimulatedRow] = strawberry.field(metadata=priced(Price(per_item=35)))
    by_age: list[SimulatedRow] = strawberry.field(metadata=priced(Price(per_item=14)))
    by_sex: list[SimulatedRow] = strawberry.field(metadata=priced(Price(per_item=3)))
    chart: str = strawberry.field(description="SVG with the figures in it.")


@strawberry.type(description="A question what a draft of the law would change.")
class Simulation:
    id: strawberry.ID
    title: str = strawberry.field(description="What the draft calls itself.")
    status: SimulationStatus
    progress: float = strawberry.field(description="The share of the people that is counted, 0 to 1.")
    months: list[MonthText] = strawberry.field(metadata=priced(Price(per_item=12)))
    province_code: str | None = strawberry.field(description="Null: the nation.")
    take_up: TakeUp
    record: strawberry.Private[eligibility.Simulation]

    @fields.field("The figures of a month, the first if none is named; null until done.", Price(points=50))
    def result(
        self, info: strawberry.Info[Asked, None], month: MonthText | None = None
    ) -> SimulatedMonth | None:
        if not self.record.results:
            return None
        wanted = month or self.record.results[0].month
        for one in self.record.results:
            if one.month == wanted:
                return _month(one, info.context)
        raise Refusal(
            "request_invalid",
            "Lượt thử này không có tháng đó; các tháng có trong `months`.",
            "The simulation has no such month; `months` lists those it has.",
        )

    @classmethod
    def of(cls, found: eligibility.Simulation) -> "Simulation":
        return cls(
            id=strawberry.ID(found.simulation_id),
            title=found.title,
            status=SimulationStatus(found.status),
            progress=found.progress,
            months=[MonthText(month) for month in found.months],
            province_code=found.province,
            take_up=TakeUp(found.take_up),
            record=found,
        )


def _month(found: eligibility.SimulatedMonth, context: Asked) -> SimulatedMonth:
    units, english = context.doors.units, context.language == "en"

    def rows(dimension: str, listed: list[eligibility.SimulatedRow]) -> list[SimulatedRow]:
        return [
            SimulatedRow(key=row.key, name=_name(dimension, row.key, units, english), **_figures(row))
            for row in listed
        ]

    return SimulatedMonth(
        month=MonthText(found.month),
        applies=found.applies,
        rests_on_people=_count(found.rests_on.people),
        rests_on_provinces=found.rests_on.provinces,
        held_people=_count(found.rests_on.held),
        unreadable_people=_count(found.rests_on.unreadable),
        unreadable_reasons=[
            UnreadableReason(code=one.code, people=one.people) for one in found.rests_on.unreadable_reasons
        ],
        total=SimulatedTotal(**_figures(found.total)),
        by_category=rows("category", found.by_category),
        by_province=rows("province", found.by_province),
        by_age=rows("age", found.by_age),
        by_sex=rows("sex", found.by_sex),
        chart=found.chart,
    )


def _name(dimension: str, key: str, units: Units, english: bool) -> str:
    if dimension == "province":
        return territory_name(units, key) or unknown_name(english=english)
    spoken = {"category": category_name, "age": age_name}.get(dimension, sex_name)
    return spoken(key, english=english)


def _figures(found: eligibility.SimulatedFigures) -> dict[str, Any]:
    return {
        **{name: _count(getattr(found, name)) for name in _COUNTS},
        **{name: getattr(found, name) for name in _MONEY},
    }


def _count(figure: int | str | None) -> Count | None:
    return None if figure is None else Count(figure)
