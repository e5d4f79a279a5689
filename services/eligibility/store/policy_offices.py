"""What binds offices and facilities: terms.yaml, case_life.yaml, calendar.yaml, facility_support.yaml."""

import re
from datetime import date, timedelta

from services.eligibility.domain.case_rules import CONDITIONS, OUTCOMES, REACHES, Ground, Resumption, StopRule
from services.eligibility.domain.facility_support import NOT_STUDYING, STUDYING, Cap, StayCase
from services.eligibility.domain.policy import CalendarRules, CaseRules, Dated, DaysOff, Support, Swap
from services.eligibility.domain.terms import (
    CIRCUMSTANCES,
    OFFICES,
    PaymentCycle,
    Procedure,
    Report,
    Step,
    TermRule,
)
from services.eligibility.store.policy_node import Node
from services.eligibility.store.policy_rules import CITED, CITED_OPTIONAL, Reader

_DAY_OF_YEAR = re.compile(r"(\d{2})-(\d{2})")
_LEAP_YEAR = 2024
_SATURDAY = 5


def procedures(node: Node, reader: Reader) -> dict[str, Procedure]:
    found = {}
    for code, item in node.pairs():
        item.fields("title terms")
        terms = tuple(_term(each, reader) for each in item.at("terms").items())
        for before, after, at in zip(terms, terms[1:], item.at("terms").items()[1:], strict=False):
            if after.received_from <= before.received_from:
                raise at.at("received_from").wrong("phải theo thứ tự ngày", "terms stand in order of time")
        found[code] = Procedure(code, item.at("title").text(), terms)
    return found


def _term(node: Node, reader: Reader) -> TermRule:
    node.fields(f"received_from {CITED}", f"{CITED_OPTIONAL} received_until steps no_limit")
    unlimited = node.has("no_limit") and node.at("no_limit").yes_or_no()
    if unlimited == node.has("steps"):
        raise node.wrong("cần đúng một trong steps, no_limit", "exactly one of steps, no_limit is needed")
    found = TermRule(
        node.at("received_from").date(),
        node.at("received_until").date() if node.has("received_until") else None,
        () if unlimited else tuple(_step(item) for item in node.at("steps").items()),
        reader.citation(node),
    )
    reader.after_its_instrument(node.at("received_from"), found.citation, found.received_from)
    if not unlimited and found.working_days() is None:
        raise node.at("steps").wrong("cần một bước luôn tính", "a step that always counts is needed")
    return found


def _step(node: Node) -> Step:
    node.fields("office days say", "when")
    return Step(
        node.at("office").one_of(*OFFICES),
        node.at("days").whole(),
        node.at("say").text(),
        node.at("when").one_of(*CIRCUMSTANCES) if node.has("when") else None,
    )


def reports(node: Node, reader: Reader) -> tuple[Dated[Report], ...]:
    return tuple(reader.dated(item, "office days forms", _report) for item in node.items())


def _report(node: Node) -> Report:
    return Report(
        node.at("office").one_of(*OFFICES),
        tuple(_day_of_year(item) for item in node.at("days").items()),
        node.at("forms").text(),
    )


def _day_of_year(node: Node) -> tuple[int, int]:
    found = _DAY_OF_YEAR.fullmatch(node.text())
    try:
        day = date(_LEAP_YEAR, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        raise node.wrong('phải là tháng-ngày, ví dụ "06-15"', 'month-day such as "06-15" is needed')
    return day.month, day.day


def payment_cycle(node: Node, reader: Reader) -> tuple[Dated[PaymentCycle], ...]:
    def cycle(item: Node) -> PaymentCycle:
        return PaymentCycle(item.at("list_before").whole(), item.at("return_before").whole())

    return reader.series(node, "list_before return_before", cycle)


def case_rules(node: Node, reader: Reader) -> CaseRules:
    node.fields("suspend resume stop stop_carer adjust")
    return CaseRules(
        suspend=reader.series(node.at("suspend"), "grounds", _grounds),
        resume=reader.series(node.at("resume"), "outcomes", _outcomes),
        stop=reader.series(node.at("stop"), "months_after grounds", _stop),
        stop_carer=reader.series(node.at("stop_carer"), "months_after grounds", _stop),
        adjust=reader.series(node.at("adjust"), "months_after", lambda item: item.at("months_after").whole()),
    )


def _grounds(node: Node) -> tuple[Ground, ...]:
    return tuple(_ground(item) for item in node.at("grounds").items())


def _ground(node: Node) -> Ground:
    node.fields("ground say", "months stop_after_months")
    return Ground(
        node.at("ground").text(),
        node.at("say").text(),
        node.at("months").whole() if node.has("months") else None,
        node.at("stop_after_months").whole() if node.has("stop_after_months") else None,
    )


def _outcomes(node: Node) -> tuple[Resumption, ...]:
    return tuple(
        Resumption(
            item.fields("conditions then reach").at("conditions").one_of(*CONDITIONS),
            item.at("then").one_of(*OUTCOMES),
            item.at("reach").one_of(*REACHES),
        )
        for item in node.at("outcomes").items()
    )


def _stop(node: Node) -> StopRule:
    return StopRule(node.at("months_after").whole(), _grounds(node))


def calendar(node: Node, reader: Reader) -> CalendarRules:
    node.fields("title known_from known_until days_off swaps")
    return CalendarRules(
        node.at("known_from").date(),
        node.at("known_until").date(),
        tuple(_days_off(item, reader) for item in node.at("days_off").items()),
        tuple(_swap(item, reader) for item in node.at("swaps").items()),
    )


def _days_off(node: Node, reader: Reader) -> DaysOff:
    node.fields(f"first say {CITED}", f"{CITED_OPTIONAL} last only_if")
    first = node.at("first").date()
    last = node.at("last").date() if node.has("last") else first
    if last < first:
        raise node.at("last").wrong("trước ngày đầu", "it lies before `first`")
    found = DaysOff(first, last, node.at("say").text(), reader.citation(node), reader.only_if(node))
    reader.after_its_instrument(node.at("first"), found.citation, first)
    return found


def _swap(node: Node, reader: Reader) -> Swap:
    node.fields(f"worked rested {CITED}", CITED_OPTIONAL)
    found = Swap(node.at("worked").date(), node.at("rested").date(), reader.citation(node))
    if found.worked.weekday() < _SATURDAY:
        raise node.at("worked").wrong("phải là thứ Bảy hoặc Chủ nhật", "a Saturday or Sunday is needed")
    if found.rested.weekday() >= _SATURDAY:
        raise node.at("rested").wrong("phải là ngày làm việc", "a day from Monday to Friday is needed")
    if abs(found.worked - found.rested) > timedelta(days=31):
        raise node.at("worked").wrong("cách ngày nghỉ hơn một tháng", "it is more than a month from `rested`")
    return found


def supports(node: Node, reader: Reader) -> tuple[Support, ...]:
    return tuple(
        Support(
            code,
            item.fields("title caps").at("title").text(),
            reader.series(item.at("caps"), "cap", lambda each: _cap(each.at("cap"))),
        )
        for code, item in node.pairs()
    )


def _cap(node: Node) -> Cap:
    sums = ("dong_per_person_month", "dong_per_person_year", "dong_per_facility_year")
    node.fields("", f"at_cost {' '.join(sums)} times_standard_per_person_year times_daily_food")
    at_cost = node.has("at_cost") and node.at("at_cost").yes_or_no()
    found = Cap(
        **{key: node.at(key).dong() for key in sums if node.has(key)},
        times_standard_per_person_year=node.at("times_standard_per_person_year").coefficient()
        if node.has("times_standard_per_person_year")
        else None,
        times_daily_food=node.at("times_daily_food").whole() if node.has("times_daily_food") else None,
    )
    if at_cost != (found == Cap()):
        raise node.wrong("cần một trần, hoặc at_cost: true", "a ceiling is needed, or at_cost: true")
    return found


def stay_after_16(node: Node, reader: Reader) -> tuple[Dated[tuple[StayCase, ...]], ...]:
    def cases(item: Node) -> tuple[StayCase, ...]:
        return tuple(_stay(each) for each in item.at("cases").items())

    return reader.series(node, "cases", cases)


def _stay(node: Node) -> StayCase:
    node.fields("who", "years months continuous say")
    return StayCase(
        node.at("who").one_of(STUDYING, NOT_STUDYING),
        node.at("years").whole() if node.has("years") else None,
        node.at("months").whole() if node.has("months") else None,
        node.has("continuous") and node.at("continuous").yes_or_no(),
    )
