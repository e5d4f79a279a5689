"""What facilities tell: which homes there are, and who lives in them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.events.base import (
    CommuneCode,
    Event,
    FacilityId,
    PersonId,
    ProvinceCode,
    ResidenceId,
    Version,
    sealed_to,
)


class FacilityRecorded(Event):
    """A facility; the secret holds its account, to which the nurture allowance goes.

    An account that took another's place on `changed_on` is not paid before `usable_from`; what is due
    meanwhile goes to the one before.
    """

    facility_id: FacilityId
    version: Version
    code: str
    name: str
    kind: str
    sector: Literal["public", "other"]
    province_code: ProvinceCode
    commune_code: CommuneCode
    places: Annotated[int, Field(ge=0)]
    agency_code: str
    changed_on: date | None = None
    usable_from: date | None = None
    secret: Annotated[str, sealed_to("payments")]


class ResidenceStarted(Event):
    """A person lives in a facility from `from_date`; `state_paid` = nurture is the State's."""

    residence_id: ResidenceId
    person_id: PersonId
    facility_id: FacilityId
    from_date: date
    state_paid: bool


class ResidenceEnded(Event):
    """The person lives there no longer after `until_date`."""

    residence_id: ResidenceId
    person_id: PersonId
    facility_id: FacilityId
    until_date: date
