"""What other services told of people: the facts of a person, and where they live."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PersonRecord:
    person_id: UUID
    shard: int
    version: int
    commune_code: str
    province_code: str
    former_province_code: str | None
    #: person, household, dates and context in the shape of an assessment; `carer` with their person_id.
    case: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResidenceRecord:
    """A start has `from_date`, an end `until_date`; they may come in any order."""

    residence_id: UUID
    person_id: UUID
    facility_id: UUID
    from_date: date | None
    until_date: date | None
    state_paid: bool | None
