"""From which month a category is paid: the start rule of the day the file was received.

Nghị định 20/2021 Đ8.1 (certificate month, birthday month, else signature) against Nghị định 335/2026
Đ8.2 (always the signature); an old file keeps the old rule (Đ33).
"""

from collections.abc import Iterable
from datetime import date

from libs.common.kernel.months import Month, birthday
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.determination import Award
from services.eligibility.domain.facts import SOCIAL_PENSION, PersonFacts
from services.eligibility.domain.policy import Policy, StartRule

SIGNATURE = "signature"
CERTIFICATE = "disability_certificate"
BIRTHDAY = "birthday"


def start_rule(policy: Policy, code: str, governing: date) -> StartRule | None:
    """The rule for a category and the day that governs; None before the first one."""
    found = None
    for rule in policy.start_rules:
        if rule.received_from > governing:
            continue
        newer = found is None or rule.received_from > found.received_from
        special = found is not None and rule.received_from == found.received_from and bool(rule.categories)
        if (newer or special) and (not rule.categories or code in rule.categories):
            found = rule
    return found


def start_month(policy: Policy, code: str, facts: PersonFacts) -> Month | None:
    """First month due, None where it waits for the signature. Only for files with a governing date."""
    governing = facts.governing_date
    assert governing is not None
    rule = start_rule(policy, code, governing)
    if rule is not None and rule.starts_with == CERTIFICATE and facts.disability_certificate_on:
        return Month.of(facts.disability_certificate_on)
    if rule is not None and rule.starts_with == BIRTHDAY and facts.birth_date and rule.years:
        return Month.of(birthday(facts.birth_date, rule.years))
    return Month.of(facts.decision_signed_on) if facts.decision_signed_on else None


def bound_by_start(facts: PersonFacts, programme: str) -> bool:
    """Whether a start rule plays a part: not for who was decided long ago or receives already."""
    if facts.governing_date is None:
        return False
    return not (facts.already_receiving and programme != SOCIAL_PENSION)


def start_of_awards(policy: Policy, awards: Iterable[Award], facts: PersonFacts) -> Month | None:
    """The earliest start of the awards, None where one waits for the signature."""
    starts = [start_month(policy, award.rule, facts) for award in awards]
    known = [start for start in starts if start is not None]
    return min(known) if known else None


def citation_of_start(policy: Policy, code: str, facts: PersonFacts) -> Citation | None:
    rule = start_rule(policy, code, facts.governing_date) if facts.governing_date else None
    return rule.citation if rule else None
