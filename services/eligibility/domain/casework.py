"""The life of a case (hồ sơ): what somebody asked for, or an office began, until the notice has gone out.

An application comes with a person's facts or over the counter; a suspension, a resumption and a stop are
prepared by an officer and signed by somebody else; a move begins with the new commune. An application is
decided by the signature of its decision, a refusal too; one that changes nothing, and measures, by their
own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.facts import MONTHLY_ALLOWANCE, NURTURE_ALLOWANCE

APPLICATION, SUSPENSION, RESUMPTION, STOP, MOVE = "application", "suspension", "resumption", "stop", "move"
#: What an officer prepares on somebody who receives already.
MEASURES = (SUSPENSION, RESUMPTION, STOP, MOVE)
KINDS = (APPLICATION, *MEASURES)

NEW, RECEIVED, CHECKED, DECIDED, UNCHANGED, NOTIFIED, WITHDRAWN = (
    "new",
    "received",
    "checked",
    "decided",
    "unchanged",
    "notified",
    "withdrawn",
)
#: Each edge with the one fact that it tells.
TRANSITIONS: dict[tuple[str, str], str] = {
    (NEW, RECEIVED): "CaseReceived",
    (RECEIVED, CHECKED): "CaseChecked",
    (RECEIVED, DECIDED): "CaseDecided",
    (CHECKED, DECIDED): "CaseDecided",
    (RECEIVED, UNCHANGED): "CaseUnchanged",
    (CHECKED, UNCHANGED): "CaseUnchanged",
    (RECEIVED, WITHDRAWN): "CaseWithdrawn",
    (CHECKED, WITHDRAWN): "CaseWithdrawn",
    (DECIDED, NOTIFIED): "CaseNotified",
    (UNCHANGED, NOTIFIED): "CaseNotified",
}
#: What is asked for where an application does not say.
UNNAMED = (MONTHLY_ALLOWANCE,)
#: States in which the term runs.
OPEN = tuple(sorted({before for before, after in TRANSITIONS if after == DECIDED}))

#: What the office confirms before somebody signs: the declaration is whole, who the person is, where the
#: person lives, and that the conditions are met, by document or by the State's databases.
CHECKS = ("declaration", "identity", "residence", "conditions")


def transition(state: str, to: str) -> str:
    """The fact that the edge tells; IllegalTransition when there is no such edge."""
    if (state, to) not in TRANSITIONS:
        raise IllegalTransition(f"a case does not go from {state} to {to}")
    return TRANSITIONS[state, to]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """`due_on`: the last day of its term, None where the law names none or the calendar is not known.
    Of a measure: `ground`, the first month (`from_month`) of what it does, and the `problem` that kept it
    from being carried out. Of an application that changes nothing, as the newest determination found: the
    decision that stands and says the same."""

    case_id: UUID
    kind: str
    person_id: UUID
    programmes: tuple[str, ...]
    place: Place
    received_on: date
    due_on: date | None
    state: str = RECEIVED
    ground: str | None = None
    from_month: Month | None = None
    prepared_by_sub: str | None = None
    decided_on: date | None = None
    signed_by_sub: str | None = None
    #: What is confirmed: by whom and on which day.
    checks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problem: str | None = None
    unchanged_decision_id: UUID | None = None

    @property
    def checked(self) -> bool:
        return all(check in self.checks for check in CHECKS)


@dataclass(frozen=True, slots=True)
class Hold:
    """Keeps a programme from being granted from a month on: a suspension until it is resumed, a stop until
    somebody applies again. `runs_out_on`: the day from which a suspension may end in a stop; `until`: the
    first month that is free again."""

    case_id: UUID
    person_id: UUID
    programme: str
    kind: str
    from_month: Month
    place: Place
    signed_on: date
    runs_out_on: date | None = None
    until: Month | None = None

    def keeps(self, month: Month) -> bool:
        return self.from_month <= month and (self.until is None or month < self.until)


def is_answered_by(programmes: Collection[str], programme: str) -> bool:
    """Whether a decision in the programme answers who applied for these: a resident is told of nurture."""
    return programme in programmes or programme == NURTURE_ALLOWANCE


def application_id(person_id: UUID, received_on: date) -> UUID:
    """One application a person and day, by whichever door it comes and however often."""
    return derived_id("case", APPLICATION, str(person_id), received_on.isoformat())


def application(
    person_id: UUID, programmes: Iterable[str], place: Place, received_on: date, due_on: date | None
) -> CaseFile:
    return CaseFile(
        case_id=application_id(person_id, received_on),
        kind=APPLICATION,
        person_id=person_id,
        programmes=tuple(sorted(programmes)),
        place=place,
        received_on=received_on,
        due_on=due_on,
    )


def measure_id(kind: str, person_id: UUID, programme: str, from_month: Month, before: int = 0) -> UUID:
    """Whoever prepares the same again finds what was prepared. `before`: how many such were closed."""
    return derived_id("case", kind, str(person_id), programme, str(from_month), str(before))
