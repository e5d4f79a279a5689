"""Bodies of the facilities' HTTP door."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel.ids import show
from services.facilities.domain.facilities import Facility
from services.facilities.domain.residences import DONE, MESSAGES, Outcome, Residence
from services.facilities.usecases.ports import FacilityLine, Occupancy

_Text = Annotated[str, Field(max_length=400)]
_Id = Annotated[str, Field(max_length=30)]


class FacilityToRecord(BaseModel):
    """A facility with the account that its nurture money goes to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: _Text
    name: _Text
    kind: _Text
    sector: _Text
    province_code: _Text
    commune_code: _Text
    places: int
    agency_code: _Text
    account_number: _Text
    account_name: _Text

    def facility(self) -> Facility:
        return Facility(**{name: getattr(self, name) for name in type(self).model_fields})


class FacilityRecordedShown(BaseModel):
    code: str
    facility_id: str


class FacilitiesRecorded(BaseModel):
    items: list[FacilityRecordedShown]


class FacilityShown(BaseModel):
    """A facility without its account; `occupied` as of the business date."""

    facility_id: str
    code: str
    name: str
    kind: str
    sector: str
    province_code: str
    commune_code: str
    places: int
    occupied: int

    @classmethod
    def of(cls, line: FacilityLine) -> "FacilityShown":
        return cls(
            facility_id=show("fac", line.facility_id),
            code=line.code,
            name=line.name,
            kind=line.kind,
            sector=line.sector,
            province_code=line.province_code,
            commune_code=line.commune_code,
            places=line.places,
            occupied=line.occupied,
        )


class FacilitiesPage(BaseModel):
    items: list[FacilityShown]
    next_cursor: str | None


class AdmissionWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person_id: _Id
    facility_id: _Id
    admitted_on: date
    state_paid: bool


class DischargeWanted(BaseModel):
    """`discharged_on`: the last day on which the person lives there."""

    model_config = ConfigDict(extra="forbid")

    residence_id: _Id
    discharged_on: date


class ItemProblem(BaseModel):
    code: str
    message_vi: str
    message_en: str


class OutcomeShown(BaseModel):
    """What became of the item at `index`: `admitted`, `discharged`, `unchanged` (it stood so already), or
    `refused` with its problem.
    """

    index: int
    status: str
    residence_id: str | None
    problem: ItemProblem | None

    @classmethod
    def of(cls, index: int, outcome: Outcome) -> "OutcomeShown":
        problem = None
        if outcome.code not in DONE:
            vi, en = MESSAGES[outcome.code]
            problem = ItemProblem(code=outcome.code, message_vi=vi, message_en=en)
        return cls(
            index=index,
            status="refused" if problem else outcome.code,
            residence_id=show("res", outcome.residence.residence_id) if outcome.residence else None,
            problem=problem,
        )


class Outcomes(BaseModel):
    """In the order of the request."""

    items: list[OutcomeShown]


class ResidenceShown(BaseModel):
    """A stay; `until_date` null: the person lives there."""

    residence_id: str
    person_id: str
    facility_id: str
    state: str
    from_date: date
    until_date: date | None
    state_paid: bool

    @classmethod
    def of(cls, residence: Residence) -> "ResidenceShown":
        return cls(
            residence_id=show("res", residence.residence_id),
            person_id=show("per", residence.person_id),
            facility_id=show("fac", residence.facility_id),
            state=residence.state,
            from_date=residence.from_date,
            until_date=residence.until_date,
            state_paid=residence.state_paid,
        )


class ResidencesPage(BaseModel):
    items: list[ResidenceShown]
    next_cursor: str | None


class OccupancyShown(BaseModel):
    """Facilities of one kind in one province: how many places, how many taken, on the business date."""

    province_code: str
    kind: str
    facilities: int
    places: int
    occupied: int
    free: int

    @classmethod
    def of(cls, counted: Occupancy) -> "OccupancyShown":
        return cls(
            province_code=counted.province_code,
            kind=counted.kind,
            facilities=counted.facilities,
            places=counted.places,
            occupied=counted.occupied,
            free=counted.places - counted.occupied,
        )


class OccupancyAnswer(BaseModel):
    items: list[OccupancyShown]
