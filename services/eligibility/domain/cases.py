"""A case: somebody's question to the engine about one benefit month."""

from dataclasses import dataclass
from datetime import date

from libs.common.kernel.months import Month
from services.eligibility.domain.facts import EventFacts, PersonFacts
from services.eligibility.domain.packs import Place


@dataclass(frozen=True, slots=True)
class Suspension:
    """Nothing is paid from `first` to the month before `resumed`; back-pay only if nothing changed."""

    first: Month
    resumed: Month | None
    conditions_unchanged: bool

    def covers(self, month: Month) -> bool:
        return self.first <= month and (self.resumed is None or month < self.resumed)


@dataclass(frozen=True, slots=True)
class Move:
    """`stopped_in`: under NĐ 20/2021 the month of the old place's stop decision, still paid there;
    under NĐ 335/2026 the first month that the old place no longer pays."""

    from_place: Place
    stopped_in: Month


@dataclass(frozen=True, slots=True)
class Member:
    """One of a household asked about as a whole."""

    facts: PersonFacts
    spouse_of_first: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """`members` has one entry for a `person`, and all of them for `household_members`."""

    id: str
    month: Month
    as_of: date
    place: Place
    members: tuple[Member, ...]
    of_household: bool = False
    event: EventFacts | None = None
    suspension: Suspension | None = None
    move: Move | None = None
