"""An account that takes another's place is not paid at once, so that whoever it belongs to can notice."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Term:
    """`changed_on`: when the account took another's place; not paid before `usable_from`. None: at once."""

    changed_on: date | None = None
    usable_from: date | None = None


#: The term of an account that took no other's place.
NO_TERM = Term()


def cooled(before: Term, today: date, days: int, *, elsewhere: bool) -> Term:
    """The term of an account stated today where there is one. `elsewhere`: its money went somewhere else.

    Another place begins a term of so many days; the same place, stated anew, stays in the one that it is in.
    """
    if elsewhere:
        return Term(today, today + timedelta(days))
    return before if before.usable_from and before.usable_from > today else NO_TERM
