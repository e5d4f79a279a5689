"""Scalars of the schema: money past 32 bits, months, exact coefficients."""

from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from libs.common.kernel.money import Coefficient
from libs.common.kernel.months import Month

#: The ranges of a signed 64-bit integer; JSON numbers of that size are whole in every client that asks.
_MOST = 2**63 - 1

Dong = NewType("Dong", int)
Amount = NewType("Amount", int)
MonthText = NewType("MonthText", str)
CoefficientText = NewType("CoefficientText", str)
Count = NewType("Count", object)


def _dong(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST:
        raise ValueError("an amount is a whole number")
    return value


def _month(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("Month is text, YYYY-MM")
    return str(Month.parse(value))


def _count(value: object) -> int | str:
    if value != "<10" and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError("Count is a whole number, or the text <10")
    return value


def _coefficient(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("Coefficient is text, such as 1.5")
    return str(Coefficient.parse(value))


SCALARS: dict[object, ScalarDefinition] = {
    Dong: strawberry.scalar(
        name="Dong",
        description="Whole Vietnamese đồng as a JSON number; a sum may exceed 32 bits.",
        serialize=_dong,
        parse_value=_dong,
    ),
    Amount: strawberry.scalar(
        name="Amount",
        description="A whole number of the unit beside it: đồng, kilograms, pieces.",
        serialize=_dong,
        parse_value=_dong,
    ),
    MonthText: strawberry.scalar(
        name="Month", description="A calendar month, YYYY-MM.", serialize=_month, parse_value=_month
    ),
    Count: strawberry.scalar(
        name="Count",
        description="A number of people; the text `<10` for whoever may not see fewer.",
        serialize=_count,
        parse_value=_count,
    ),
    CoefficientText: strawberry.scalar(
        name="Coefficient",
        description="An exact multiple of the standard as decimal text, such as 1.5.",
        serialize=_coefficient,
        parse_value=_coefficient,
    ),
}
