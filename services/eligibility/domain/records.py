"""What other services told of people: the facts of a person, and where they live."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.months import Month
from services.eligibility.domain.history import FactsVersion


@dataclass(frozen=True, slots=True)
class PersonRecord:
    person_id: UUID
    shard: int
    facts: FactsVersion


@dataclass(frozen=True, slots=True)
class ResidenceRecord:
    """A start has `from_date`, an end `until_date`; they may come in any order."""

    residence_id: UUID
    person_id: UUID
    facility_id: UUID
    from_date: date | None
    until_date: date | None
    state_paid: bool | None


@dataclass(frozen=True, slots=True)
class Uncollected:
    """`months`: of the pay periods that a person's money came back from in a row, as nobody collected it."""

    person_id: UUID
    programme: str
    months: tuple[Month, ...]
