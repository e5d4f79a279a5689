"""The start rules over many people: which rules have started in a month, and the month of an award's start.

What domain/starts.py asks of one file, by the same rules: the day a file was received chooses the rule,
the rule says which date counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libs.common.kernel.months import Month
from services.eligibility.domain.ages import latest_birth
from services.eligibility.domain.columns import ABSENT, Days, FactColumns, Flags, day_number
from services.eligibility.domain.facts import SOCIAL_PENSION
from services.eligibility.domain.policy import Policy, StartRule
from services.eligibility.domain.starts import BIRTHDAY, CERTIFICATE, SIGNATURE, start_rule
from services.eligibility.domain.vector_checks import birthday_months, months_of

#: Later than every month: of a start that waits for the signature.
WAITS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Span:
    """Files received from `first` up to before `end` (days since 1970-01-01) start by `rule`."""

    first: int
    end: int
    rule: StartRule


def spans_of(policy: Policy, code: str) -> tuple[Span, ...]:
    """What deviates from the signature, for a rule of policy/."""
    days = sorted({rule.received_from for rule in policy.start_rules})
    found = []
    for index, day in enumerate(days):
        end = day_number(days[index + 1]) if index + 1 < len(days) else -ABSENT
        rule = start_rule(policy, code, day)
        if rule is not None and rule.starts_with != SIGNATURE:
            found.append(Span(day_number(day), end, rule))
    return tuple(found)


def governing_days(facts: FactColumns) -> Days:
    received = facts.application_received_on
    return np.where(received != ABSENT, received, facts.decision_signed_on)


def started(facts: FactColumns, spans: tuple[Span, ...], programme: str, month: Month) -> Flags:
    """Whether the rule is paid in `month`, as far as its start is concerned: not for who waits."""
    governing, signed = governing_days(facts), facts.decision_signed_on
    last_day = day_number(month.last_day)
    found: Flags = (signed != ABSENT) & (signed <= last_day)
    for span in spans:
        inside = (governing >= span.first) & (governing < span.end)
        if span.rule.starts_with == CERTIFICATE:
            certified = facts.disability_certificate_on
            found = np.where(inside & (certified != ABSENT), certified <= last_day, found)
        elif span.rule.starts_with == BIRTHDAY and span.rule.years:
            born, latest = facts.birth_date, day_number(latest_birth(month, span.rule.years))
            found = np.where(inside & (born != ABSENT), born <= latest, found)
    free: Flags = governing == ABSENT
    return found | free if programme == SOCIAL_PENSION else found | free | facts.already_receiving


def start_months(facts: FactColumns, spans: tuple[Span, ...]) -> NDArray[np.int64]:
    """`Month.index` of the rule's start, WAITS for who has not been signed. Every file has a governing
    date."""
    governing, signed = governing_days(facts), facts.decision_signed_on
    found = np.where(signed != ABSENT, months_of(signed), WAITS)
    for span in spans:
        inside = (governing >= span.first) & (governing < span.end)
        if span.rule.starts_with == CERTIFICATE:
            these = np.flatnonzero(inside & (facts.disability_certificate_on != ABSENT))
            found[these] = months_of(facts.disability_certificate_on[these])
        elif span.rule.starts_with == BIRTHDAY and span.rule.years:
            these = np.flatnonzero(inside & (facts.birth_date != ABSENT))
            found[these] = birthday_months(facts.birth_date[these], span.rule.years)
    return found
