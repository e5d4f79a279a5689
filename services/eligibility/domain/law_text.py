"""The law of a day and place as plain lines, each with its article: to be shown, and to be compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.kernel.months import Month
from services.eligibility.domain import wording
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.facts import SOCIAL_PENSION
from services.eligibility.domain.packs import Place, standard_of
from services.eligibility.domain.policy import COMMUNITY, FACILITY, Policy
from services.eligibility.domain.starts import start_rule

#: The kinds of lines, in the order in which they are shown.
KINDS = ("level", "who", "coefficient", "grant", "facility", "start", "combination", "life", "term")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that the law says: its `kind`, the rule or level it is about, for whom, and the text."""

    kind: str
    about: str
    title: str
    text: str
    citation: Citation

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "about": self.about,
            "title": self.title,
            "text": self.text,
            "citation": str(self.citation),
            "mark": self.citation.mark,
        }


def lines_of(policy: Policy, day: date, place: Place) -> list[Line]:
    """What holds for the benefit month of `day` at `place`, and for a file received on `day`, with every
    value that reaches back. Refusal-free: what the policy does not know gives no line."""
    month = Month.of(day)
    found = [
        *_levels(policy, month, place),
        *_categories(policy, month, place),
        *_events(policy, month),
        *_facilities(policy, month, place),
        *_starts(policy, day, place),
        *_combination(policy, month),
        *_life(policy, month),
        *_terms(policy, day),
    ]
    return sorted(found, key=lambda line: KINDS.index(line.kind))


def _levels(policy: Policy, month: Month, place: Place) -> Iterator[Line]:
    titles = {
        COMMUNITY: "Mức chuẩn ở cộng đồng · community standard",
        FACILITY: "Mức chuẩn ở cơ sở · facility standard",
        SOCIAL_PENSION: "Mức trợ cấp hưu trí xã hội · social pension",
    }
    for scope, title in titles.items():
        standard = standard_of(policy, scope, month, place, None)
        if standard is not None:
            yield Line("level", scope, title, f"{int(standard.dong)} đồng", standard.citation)


def _categories(policy: Policy, month: Month, place: Place) -> Iterator[Line]:
    for rule in policy.categories:
        who = policy.pick(rule.who, month)
        if who is None or not rule.territory.covers(place.province, place.former_province):
            continue
        yield Line("who", rule.code, rule.title, "; ".join(wording.eligibility(who.value)), who.citation)
        coefficients = policy.pick(rule.coefficients, month)
        if coefficients is not None:
            text = "; ".join(wording.band(band) for band in coefficients.value)
            yield Line("coefficient", rule.code, rule.title, text, coefficients.citation)


def _events(policy: Policy, month: Month) -> Iterator[Line]:
    for event in policy.one_off:
        granted = policy.pick(event.grants, month)
        if granted is None:
            continue
        text = wording.grant(granted.value)
        whom = [", ".join(wording.condition(one) for one in all_of) for all_of in granted.value.alternatives]
        if any(whom):
            text += f" ({' | '.join(whom)})"
        yield Line("grant", event.code, event.title, text, granted.citation)


def _facilities(policy: Policy, month: Month, place: Place) -> Iterator[Line]:
    standard = standard_of(policy, FACILITY, month, place, None)
    for support in policy.supports:
        cap = policy.pick(support.caps, month)
        if cap is not None and standard is not None:
            text = wording.cap(cap.value, standard.dong)
            yield Line("facility", support.code, support.title, text, cap.citation)
    stay = policy.pick(policy.stay_after_16, month)
    if stay is not None:
        text = "; ".join(wording.stay(one) for one in stay.value)
        yield Line("facility", "stay_after_16", "Ở lại sau 16 tuổi · stay after 16", text, stay.citation)


def _starts(policy: Policy, day: date, place: Place) -> Iterator[Line]:
    for rule in policy.categories:
        if not rule.territory.covers(place.province, place.former_province):
            continue
        start = start_rule(policy, rule.code, day)
        if start is not None and policy.pick(rule.who, Month.of(day)) is not None:
            since = f"birthday of {start.years}" if start.years is not None else start.starts_with
            yield Line("start", rule.code, rule.title, f"from the month of: {since}", start.citation)


def _combination(policy: Policy, month: Month) -> Iterator[Line]:
    highest = policy.pick(policy.highest, month)
    if highest is not None:
        kept = "; ".join(f"{each.clause} beside {' | '.join(sorted(each.beside))}" for each in highest.value)
        title = "Chỉ một mức cao nhất · one benefit, the highest"
        yield Line("combination", "highest_one", title, f"except {kept}", highest.citation)
    others = (
        (
            "higher_programme",
            policy.higher_programme,
            "Mức cao hơn trong hai trợ cấp · the higher of both",
        ),
        ("facility_excludes_community", policy.facility_excludes, "Ở cơ sở thì thôi trợ cấp cộng đồng"),
    )
    for name, values, title in others:
        found = policy.pick(values, month)
        if found is not None:
            yield Line("combination", name, title, "holds", found.citation)


def _life(policy: Policy, month: Month) -> Iterator[Line]:
    rules = policy.case_rules
    suspend = policy.pick(rules.suspend, month)
    if suspend is not None:
        text = "; ".join(ground.say for ground in suspend.value)
        yield Line("life", "suspend", "Tạm dừng · suspension", text, suspend.citation)
    for about, title, values in (
        ("stop", "Thôi hưởng · stop", rules.stop),
        ("stop_carer", "Thôi kinh phí chăm sóc · stop of carer money", rules.stop_carer),
    ):
        stop = policy.pick(values, month)
        if stop is not None:
            text = "; ".join(ground.say for ground in stop.value.grounds)
            yield Line("life", about, title, text, stop.citation)
    resume = policy.pick(rules.resume, month)
    if resume is not None:
        text = "; ".join(f"{one.conditions}: {one.then} from the {one.reach}" for one in resume.value)
        yield Line("life", "resume", "Hưởng lại · resumption", text, resume.citation)
    for programme, moves in policy.moves.items():
        move = policy.pick(moves, month)
        if move is not None:
            text = f"{move.value} months after the month of the stop"
            yield Line("life", f"move.{programme}", "Chuyển nơi cư trú · move", text, move.citation)


def _terms(policy: Policy, day: date) -> Iterator[Line]:
    for procedure in policy.procedures.values():
        term = procedure.term(day)
        if term is not None:
            days = term.working_days()
            text = "no limit" if days is None else f"{days} working days"
            yield Line("term", procedure.code, procedure.title, text, term.citation)
