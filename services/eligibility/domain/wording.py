"""Conditions, bands and grants as a reader sees them: short, with the fact's name and what it must be."""

from libs.common.kernel.money import Dong
from services.eligibility.domain.conditions import (
    AgeBandBelow,
    AgeFrom,
    AgeLimit,
    AgeLimitNotPassedBefore,
    AtLeast,
    AtMost,
    BelowNamed,
    Condition,
    Continuing,
    DatedByMonth,
    FactIn,
    Stated,
)
from services.eligibility.domain.facility_support import Cap, StayCase
from services.eligibility.domain.policy import Band, Eligibility, Grant


def condition(one: Condition) -> str:
    """One condition, such as `age ≥ 60` or `poverty_status = near_poor | poor`."""
    match one:
        case FactIn():
            return f"{one.fact} = {one.needs}"
        case Stated():
            return f"{one.fact} given"
        case AgeFrom():
            return f"age ≥ {one.years}"
        case AgeBandBelow() | AgeLimit():
            return f"age < {one.years}"
        case AgeLimitNotPassedBefore():
            return f"age < {one.years} when {one.month} began"
        case AtMost():
            return f"{one.fact} ≤ {one.dong}"
        case AtLeast():
            return f"{one.fact} ≥ {one.least}"
        case BelowNamed():
            return f"{one.fact} < {one.amount}"
        case DatedByMonth():
            return f"{one.fact} by the month"
        case Continuing():
            return f"already_receiving, or decided before {one.decided_before} or below {one.years}"
    raise AssertionError(f"no words for {type(one).__name__}")


def eligibility(who: Eligibility) -> list[str]:
    """Who belongs, a line a condition; of `child` lines one must hold."""
    lines = [condition(one) for one in who.conditions]
    lines += [
        f"child: {', '.join(condition(one) for one in alternative)}" for alternative in who.child_alternatives
    ]
    if who.not_in:
        lines.append(f"not in {', '.join(sorted(who.not_in))}")
    if who.beside:
        lines.append(f"beside {' | '.join(sorted(who.beside))}")
    if who.not_covered:
        lines.append(f"not covered: {who.not_covered}")
    return lines


def band(one: Band) -> str:
    """A coefficient and when, such as `2.5 (age < 4)`."""
    text = f"{one.coefficient}"
    if one.each_child:
        text += " × child"
    when = [condition(each) for each in one.conditions]
    if one.children_from:
        when.append(f"children ≥ {one.children_from}")
    return f"{text} ({', '.join(when)})" if when else text


def grant(one: Grant) -> str:
    """What an event gives, such as `20 × standard`."""
    if one.times_standard is not None:
        return f"{one.times_standard} × standard"
    if one.dong is not None:
        return f"{int(one.dong)} đồng"
    if one.dong_per_person_day is not None:
        return f"{int(one.dong_per_person_day)} đồng a person and day, {one.days_max} days at most"
    return f"{one.rice_kg_per_person_month} kg a person and month, {one.months_max} months at most"


def cap(one: Cap, standard: Dong) -> str:
    """A ceiling for one resident, by the facility's standard in đồng."""
    if one.times_daily_food is not None:
        return f"≤ {one.times_daily_food} × a day's food"
    a_year = one.for_year(standard)
    if a_year is None:
        return "what it costs, by invoice"
    if one.dong_per_person_month is not None:
        return f"≤ {int(one.dong_per_person_month)} đồng a person and month"
    text = f"≤ {int(a_year)} đồng a person and year"
    if one.times_standard_per_person_year is not None:
        text += f" ({one.times_standard_per_person_year} × standard)"
    if one.dong_per_facility_year is not None:
        text += f", {int(one.dong_per_facility_year)} đồng a facility and year"
    return text


def stay(one: StayCase) -> str:
    """How long a resident may stay from 16 on."""
    if one.years is not None:
        return f"{one.who}: until {one.years}"
    if one.months is not None:
        return f"{one.who}: {one.months} months"
    return f"{one.who}: until the studies end{', unbroken' if one.continuous else ''}"
