"""What policy/ says of a case on a day: its term, its grounds, the months that a measure reaches.

Procedure follows the day, not the benefit month (NĐ 335/2026 holds from 05/10/2026): on 4 October the
grounds are still those of the month before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.case_rules import Ground, StopRule
from services.eligibility.domain.casework import MOVE, RESUMPTION, STOP, SUSPENSION, CaseFile
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.facts import CARE_ALLOWANCE, OWN_CARE_ALLOWANCE
from services.eligibility.domain.policy import Dated, Policy
from services.eligibility.domain.working_days import working_days_between

T = TypeVar("T")

#: The ground that a partner's returns give by themselves; policy/ says after how many months.
NOT_COLLECTED = "not_collected"


@dataclass(frozen=True, slots=True)
class CaseLaw:
    policy: Policy

    def due_on(self, programmes: Iterable[str], received_on: date) -> date | None:
        """The last day on which a file of that day is decided in time, of several programmes the earliest;
        None where the policy names no term or the calendar does not reach."""
        found = [self._due_on(programme, received_on) for programme in programmes]
        return min((day for day in found if day), default=None)

    def _due_on(self, programme: str, received_on: date) -> date | None:
        own = {OWN_CARE_ALLOWANCE: CARE_ALLOWANCE}
        procedure = self.policy.procedures.get(own.get(programme, programme))
        term = procedure.term(received_on) if procedure else None
        try:
            return term.due_on(self.policy.calendar, received_on) if term else None
        except Refusal:
            return None

    def days_late(self, due_on: date | None, today: date) -> int | None:
        """Working days since the term ended, 0 while it runs; None where it can't be counted."""
        if due_on is None:
            return None
        try:
            return max(0, working_days_between(self.policy.calendar, due_on, today))
        except Refusal:
            return None

    def suspension_ground(self, ground: str, day: date) -> Ground:
        """Refusal `ground_not_in_force` where the law of the day does not suspend for it."""
        rule = self._on(self.policy.case_rules.suspend, day)
        return _ground(ground, rule.value if rule else ())

    def stops_from(self, programme: str, ground: str, arose_on: date, day: date) -> Month:
        """The first month without the benefit. Refusal as above, where the law does not stop for it."""
        rule = self._stop(programme, day)
        _ground(ground, rule.value.grounds if rule else ())
        assert rule, "a ground was found in it"
        return Month.of(arose_on) + rule.value.months_after

    def _stop(self, programme: str, day: date) -> Dated[StopRule] | None:
        """A carer's money has grounds of its own, since there are any (NĐ 335/2026 Đ9.3)."""
        rules = self.policy.case_rules
        of_carer = self._on(rules.stop_carer, day) if programme == CARE_ALLOWANCE else None
        return of_carer or self._on(rules.stop, day)

    def new_place_pays_from(self, programme: str, moved_on: date) -> Month:
        """The month after the old place's last one: of the stop decision (NĐ 20/2021), or the one before
        the first it no longer pays (NĐ 335/2026)."""
        rule = self._on(self.policy.moves.get(programme, ()), moved_on)
        gap = rule.value if rule else 0
        stopped_in = Month.of(moved_on) + (1 - gap)
        return stopped_in + gap

    def citation(self, case: CaseFile) -> Citation | None:
        """Where it stands that such a measure is taken."""
        if case.kind == STOP:
            stop = self._stop(case.programmes[0], case.received_on)
            return stop.citation if stop else None
        rules: dict[str, Sequence[Dated[Any]]] = {
            SUSPENSION: self.policy.case_rules.suspend,
            RESUMPTION: self.policy.case_rules.resume,
            MOVE: self.policy.moves.get(case.programmes[0], ()),
        }
        rule = self._on(rules.get(case.kind, ()), case.received_on)
        return rule.citation if rule else None

    def say(self, case: CaseFile) -> str | None:
        """The ground of a measure in the words of the law."""
        day = case.received_on
        suspend, stop = self._on(self.policy.case_rules.suspend, day), self._stop(case.programmes[0], day)
        grounds = (suspend.value if suspend else ()) + (stop.value.grounds if stop else ())
        return next((each.say for each in grounds if each.code == case.ground), None)

    def _on(self, values: Sequence[Dated[T]], day: date) -> Dated[T] | None:
        """The value of the day: of the month before where its instrument is not in force yet."""
        found = self.policy.pick(values, Month.of(day))
        begins = found.citation.instrument.in_force_on if found else None
        if begins and begins > day and Month.of(begins) == Month.of(day):
            return self.policy.pick(values, Month.of(day) - 1)
        return found


def _ground(code: str, grounds: Sequence[Ground]) -> Ground:
    for each in grounds:
        if each.code == code:
            return each
    known = ", ".join(each.code for each in grounds) or "–"
    vi, en = f"Căn cứ của ngày đó: {known}.", f"The grounds of that day: {known}."
    raise Refusal(
        "ground_not_in_force",
        f"Luật của ngày đó không có căn cứ này. {vi}",
        f"The law of that day has no such ground. {en}",
        (FieldError("ground", "ground_not_in_force", vi, en),),
    )
