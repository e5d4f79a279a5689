"""Category rules out of their policy files: conditions, bands, and what is dated and cited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeVar, cast

from libs.common.kernel.months import Month
from services.eligibility.domain.citations import DRAFT, MARKS, Citation, Instrument
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
from services.eligibility.domain.facts import (
    AREAS,
    CARE_ALLOWANCE,
    CARERS,
    CAUSES,
    CHILD_SITUATIONS,
    DEGREES,
    EVENT_KINDS,
    MARITAL,
    MONTHLY_ALLOWANCE,
    NURTURE_ALLOWANCE,
    POVERTY,
    RECEIVED,
    RECIPIENTS,
    SOCIAL_PENSION,
)
from services.eligibility.domain.packs import SOCIAL_PENSION_CENTRAL
from services.eligibility.domain.policy import (
    EVERYWHERE,
    Band,
    CategoryRule,
    Dated,
    Eligibility,
    Grant,
    OneOffRule,
    Switch,
    Territory,
)
from services.eligibility.store.policy_node import Findings, Node

T = TypeVar("T")

CITED = "instrument article mark"
CITED_OPTIONAL = "clause point note source"
DATED = f"from {CITED}"
DATED_OPTIONAL = f"{CITED_OPTIONAL} until in_force_on only_if"

_WORDS: dict[str, tuple[str, ...]] = {
    "poverty_status": POVERTY,
    "area": AREAS,
    "disability_degree": DEGREES,
    "marital_status": MARITAL,
    "child_situation": CHILD_SITUATIONS,
    "carer": CARERS,
    "cause": CAUSES,
    "was_receiving": RECEIVED,
    "application_pending": RECEIVED,
    "child_of_recipient": RECIPIENTS,
}
_COUNTS = ("children_under_36_months", "treatment_days")
_YES_OR_NO = (
    "hiv_positive",
    "received_as_child_without_support",
    "studying",
    "study_continuous",
    "single_parent",
    "has_family_supporter",
    "has_stable_income",
    "cannot_live_in_community",
    "eligible_for_facility",
    "fostered_in_community",
    "in_facility",
    "pregnant",
    "care_drawn_by_spouse",
    "already_receiving",
)
_GIVEN, _NOT_GIVEN = "given", "not_given"


@dataclass(frozen=True)
class Reader:
    """Reads dated, cited values against the instruments and switches that policy/ declares."""

    instruments: Mapping[str, Instrument]
    switches: Mapping[str, Switch]
    findings: Findings

    def citation(self, node: Node) -> Citation:
        found = Findings()
        name = found.attempt(node.at("instrument").one_of, *self.instruments)
        article = found.attempt(node.at("article").label)
        clause = found.attempt(node.at("clause").label) if node.has("clause") else None
        point = found.attempt(node.at("point").label) if node.has("point") else None
        mark = found.attempt(node.at("mark").one_of, *MARKS, DRAFT)
        found.refuse_if_any()
        assert name is not None and article is not None and mark is not None
        return Citation(self.instruments[name], article, clause, point, mark)

    def dated(self, node: Node, fields: str, value: Callable[[Node], T], optional: str = "") -> Dated[T]:
        """One dated value; `fields` are its own keys beside date and citation."""
        found = Findings()
        found.attempt(node.fields, f"{DATED} {fields}", f"{DATED_OPTIONAL} {optional}")
        read = found.attempt(value, node)
        first = found.attempt(node.at("from").month)
        citation = found.attempt(self.citation, node)
        until = found.attempt(node.at("until").month) if node.has("until") else None
        in_force_on = found.attempt(node.at("in_force_on").date) if node.has("in_force_on") else None
        only_if = found.attempt(self.only_if, node)
        if first is not None and citation is not None:
            known_from = first if in_force_on is None else Month.of(in_force_on)
            found.attempt(self.after_its_instrument, node.at("from"), citation, known_from.last_day)
        if first is not None and until is not None and until < first:
            found.attempt(node.at("until").refuse, "trước tháng bắt đầu", "it lies before `from`")
        found.refuse_if_any()
        assert first is not None and citation is not None and only_if is not None
        # `read` is None only where the value has no content of its own.
        return Dated(cast(T, read), first, citation, until, in_force_on, only_if)

    def series(
        self, node: Node, fields: str, value: Callable[[Node], T], optional: str = ""
    ) -> tuple[Dated[T], ...]:
        """Dated values in the order of their months: the last that applies holds."""
        attempt = self.findings.attempt
        read = [(item, attempt(self.dated, item, fields, value, optional)) for item in node.items()]
        good = [(item, found) for item, found in read if found is not None]
        for (_, before), (item, after) in pairwise(good):
            attempt(_in_order, item, before, after)
        return tuple(found for _, found in good)

    def after_its_instrument(self, node: Node, citation: Citation, day: date) -> None:
        """A value can't begin before its instrument does, nor after that has ended."""
        instrument = citation.instrument
        if instrument.begins is not None and day < instrument.begins:
            raise node.wrong(
                f"trước khi {instrument.short} có hiệu lực ({instrument.begins})",
                f"it lies before {instrument.short} took effect ({instrument.begins})",
            )
        if instrument.ended_on is not None and day >= instrument.ended_on:
            raise node.wrong(
                f"sau khi {instrument.short} hết hiệu lực ({instrument.ended_on})",
                f"it lies after {instrument.short} ended ({instrument.ended_on})",
            )

    def only_if(self, node: Node) -> tuple[tuple[str, str], ...]:
        """The reading of an open question under which the value at `node` holds; () = under any."""
        if not node.has("only_if"):
            return ()
        pairs = []
        for name, chosen in node.at("only_if").pairs():
            if name not in self.switches:
                raise chosen.wrong(
                    "không có công tắc giải thích này", "there is no such interpretation switch"
                )
            pairs.append((name, chosen.one_of(*self.switches[name].options)))
        return tuple(pairs)

    def category(self, node: Node, territory: Territory = EVERYWHERE) -> CategoryRule:
        node.fields("rule clause programme title who coefficients", "payee")
        programme = node.at("programme").one_of(
            MONTHLY_ALLOWANCE, CARE_ALLOWANCE, SOCIAL_PENSION, NURTURE_ALLOWANCE
        )
        # Only beside an allowance can something be left open: where it hangs on nothing but itself.
        may_say = "children not_in beside" + (" not_covered" if programme == CARE_ALLOWANCE else "")
        return CategoryRule(
            node.at("rule").text(),
            node.at("clause").text(),
            programme,
            node.at("payee").one_of("self", "carer", "facility") if node.has("payee") else "self",
            self.series(node.at("who"), "conditions", _eligibility, may_say),
            self.series(node.at("coefficients"), "bands", _bands),
            territory,
            node.at("title").text(),
        )


def _in_order(node: Node, before: Dated[T], after: Dated[T]) -> None:
    """Values stand in order; only one reading of an open question may begin beside another."""
    if after.from_month < before.from_month:
        raise node.at("from").wrong("phải theo thứ tự thời gian", "values stand in order of time")
    if after.only_if != before.only_if:
        return
    if after.from_month == before.from_month or (
        before.until is not None and before.until >= after.from_month
    ):
        raise node.at("from").wrong(
            "trùng thời gian với giá trị đứng trước", "it overlaps the value that stands before it"
        )


def _eligibility(node: Node) -> Eligibility:
    return Eligibility(
        conditions(node.at("conditions")),
        _names(node, "not_in"),
        _names(node, "beside"),
        node.at("not_covered").text() if node.has("not_covered") else None,
        tuple(conditions(item) for item in node.at("children").items()) if node.has("children") else (),
    )


def one_off(node: Node, reader: Reader) -> OneOffRule:
    node.fields("rule kind title grants")
    return OneOffRule(
        node.at("rule").text(),
        node.at("kind").one_of(*EVENT_KINDS),
        reader.series(node.at("grants"), "amount", _grant, "any_of"),
        node.at("title").text(),
    )


def _grant(node: Node) -> Grant:
    amount = node.at("amount").fields(
        "", "times_standard dong dong_per_person_day days_max rice_kg_per_person_month months_max"
    )

    def whole(key: str) -> int:
        return amount.at(key).whole() if amount.has(key) else 0

    return Grant(
        tuple(conditions(item) for item in node.at("any_of").items()) if node.has("any_of") else ((),),
        amount.at("times_standard").coefficient() if amount.has("times_standard") else None,
        amount.at("dong").dong() if amount.has("dong") else None,
        amount.at("dong_per_person_day").dong() if amount.has("dong_per_person_day") else None,
        whole("days_max"),
        whole("rice_kg_per_person_month") or None,
        whole("months_max"),
    )


def _names(node: Node, key: str) -> frozenset[str]:
    return frozenset(item.text() for item in node.at(key).items()) if node.has(key) else frozenset()


def _bands(node: Node) -> tuple[Band, ...]:
    return tuple(_band(item) for item in node.at("bands").items())


def _band(node: Node) -> Band:
    node.fields("value", "when each_child children_from")
    return Band(
        node.at("value").coefficient(),
        conditions(node.at("when")) if node.has("when") else (),
        node.has("each_child") and node.at("each_child").yes_or_no(),
        node.at("children_from").whole() if node.has("children_from") else 0,
    )


def conditions(node: Node) -> tuple[Condition, ...]:
    """A list of one-key mappings, all of which must hold."""
    found: list[Condition] = []
    for item in node.items():
        pairs = list(item.pairs())
        if len(pairs) != 1:
            raise item.wrong("mỗi dòng chỉ một điều kiện", "each line holds exactly one condition")
        found.extend(_condition(*pairs[0]))
    return tuple(found)


def _condition(name: str, node: Node) -> list[Condition]:
    if name == "age":
        return _ages(node)
    if name == "continuing":
        node.fields("below decided_before")
        return [Continuing(node.at("below").years(), node.at("decided_before").date())]
    if name == "pension_dong_monthly":
        return [_pension(node)]
    if name == "disability_certificate_on":
        node.one_of("by_the_month")
        return [DatedByMonth(name)]
    if name in _COUNTS:
        return [AtLeast(name, node.fields("at_least").at("at_least").whole())]
    if name in _YES_OR_NO:
        return [FactIn(name, frozenset({node.yes_or_no()}))]
    if name in _WORDS:
        if node.value == _GIVEN:
            return [Stated(name)]
        words = node.items() if isinstance(node.value, list) else [node]
        chosen = [word.one_of(*_WORDS[name], _NOT_GIVEN) for word in words]
        return [FactIn(name, frozenset(None if word == _NOT_GIVEN else word for word in chosen))]
    raise node.wrong("không có dữ kiện này", "there is no such fact")


def _pension(node: Node) -> Condition:
    node.fields("", "at_most below")
    if node.has("at_most"):
        return AtMost("pension_dong_monthly", node.at("at_most").whole())
    return BelowNamed("pension_dong_monthly", node.at("below").one_of(SOCIAL_PENSION_CENTRAL))


def _ages(node: Node) -> list[Condition]:
    node.fields("", "from band_below below limit_not_passed_before")
    found: list[Condition] = []
    if node.has("from"):
        found.append(AgeFrom(node.at("from").years()))
    if node.has("band_below"):
        found.append(AgeBandBelow(node.at("band_below").years()))
    if node.has("below"):
        found.append(AgeLimit(node.at("below").years()))
    if node.has("limit_not_passed_before"):
        limit = node.at("limit_not_passed_before").fields("age month")
        found.append(AgeLimitNotPassedBefore(limit.at("age").years(), limit.at("month").month()))
    return found
