"""Within how many working days an office answers, what it reports and when: policy/terms.yaml as types."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.eligibility.domain.citations import Citation
from services.eligibility.domain.working_days import WorkingCalendar, add_working_days

OFFICES = ("commune", "district", "province", "facility")
#: What must have happened for a step that does not always count.
CIRCUMSTANCES = ("complaint", "provincial_facility")


@dataclass(frozen=True, slots=True)
class Step:
    """What an office does, in working days; with `when`, only where that circumstance is given."""

    office: str
    days: int
    say: str
    when: str | None = None


@dataclass(frozen=True, slots=True)
class TermRule:
    """The term of a file received from `received_from` to `received_until` (None: open). The steps follow
    each other; without any, the instrument names no number of days."""

    received_from: date
    received_until: date | None
    steps: tuple[Step, ...]
    citation: Citation

    def working_days(self, circumstances: Iterable[str] = ()) -> int | None:
        """All steps together; None where the instrument names no number of days."""
        given = frozenset(circumstances)
        counted = [step.days for step in self.steps if step.when is None or step.when in given]
        return sum(counted) if counted else None

    def due_on(
        self, calendar: WorkingCalendar, received_on: date, circumstances: Iterable[str] = ()
    ) -> date | None:
        """The last day on which the answer is in time; None where there is no limit.

        Refusal `not_covered_yet` where the calendar does not reach.
        """
        days = self.working_days(circumstances)
        return None if days is None else add_working_days(calendar, received_on, days)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A thing that is applied for, with its terms in the order of the days of receipt."""

    code: str
    title: str
    terms: tuple[TermRule, ...]

    def term(self, received_on: date) -> TermRule | None:
        """The term of a file received that day (NĐ 335/2026 Đ33: an earlier file keeps the earlier
        one); None where the policy knows none."""
        found = None
        for rule in self.terms:
            ended = rule.received_until is not None and rule.received_until < received_on
            if rule.received_from <= received_on and not ended:
                found = rule
        return found


@dataclass(frozen=True, slots=True)
class Report:
    """A report that an office makes each year by each of `days` (month, day)."""

    office: str
    days: tuple[tuple[int, int], ...]
    forms: str


@dataclass(frozen=True, slots=True)
class PaymentCycle:
    """List and money before day `list_before` of the month before; what was paid before `return_before`."""

    list_before: int
    return_before: int
