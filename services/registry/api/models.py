"""Bodies of the registry's HTTP door."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel.ids import show
from libs.common.runtime.row_problems import ImportProblem
from services.registry.domain.columns import COLUMNS
from services.registry.domain.imports import Import
from services.registry.domain.people import Carer, masked
from services.registry.usecases.ports import PersonLine, PersonRecord

_Text = Annotated[str, Field(max_length=400)]


class Child(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    birth_date: _Text
    studying: bool | None = None
    study_continuous: bool | None = None


class PersonToRegister(BaseModel):
    """The columns of the population file, each in its JSON type; an absent fact is left out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    household_number: _Text
    personal_id: _Text
    full_name: _Text
    birth_date: _Text
    sex: _Text
    commune_code: _Text
    poverty_status: _Text = "none"
    area: _Text = "other"
    disability_degree: _Text | None = None
    disability_certificate_on: _Text | None = None
    hiv_positive: bool | None = None
    child_situation: _Text | None = None
    received_as_child_without_support: bool | None = None
    studying: bool | None = None
    study_continuous: bool | None = None
    single_parent: bool | None = None
    marital_status: _Text | None = None
    children: Annotated[list[Child], Field(max_length=30)] | None = None
    pension_dong_monthly: Annotated[int, Field(ge=0)] | None = None
    has_family_supporter: bool | None = None
    has_stable_income: bool | None = None
    cannot_live_in_community: bool | None = None
    eligible_for_facility: bool | None = None
    fostered_in_community: bool | None = None
    pregnant: bool | None = None
    children_under_36_months: Annotated[int, Field(ge=0)] | None = None
    care_drawn_by_spouse: Annotated[
        bool | None,
        Field(description="Of a disabled couple only one draws the care money for their child: the other."),
    ] = None
    carer_relation: _Text | None = None
    carer_personal_id: Annotated[
        _Text | None, Field(description="Who is registered already; the money for the care is paid to them.")
    ] = None
    already_receiving: bool | None = None
    applied_for: Annotated[list[_Text], Field(max_length=2)] | None = None
    application_received_on: _Text | None = None
    decision_signed_on: _Text | None = None
    channel: _Text | None = None
    agency_code: _Text | None = None
    account_number: _Text | None = None
    account_name: _Text | None = None
    payee_name: _Text | None = None
    payee_personal_id: _Text | None = None
    payee_relation: _Text | None = None

    def cells(self) -> tuple[str, ...]:
        """As a row of the file, in the order of COLUMNS."""
        return tuple(_cell(getattr(self, column)) for column in COLUMNS)


class PersonChange(PersonToRegister):
    """All of the person as it is now. `version` is the one that was read; what differs from it is so since
    `true_from` (YYYY-MM-DD; today where absent, next month at the latest). An account left out stays."""

    version: Annotated[int, Field(ge=1)]
    true_from: _Text | None = None


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ";".join(_child(one) if isinstance(one, Child) else one for one in value)
        case _:
            return str(value).strip()


def _child(child: Child) -> str:
    states = ["studying"] * bool(child.studying) + ["continuous"] * bool(child.study_continuous)
    return ":".join([child.birth_date, *filter(None, ["+".join(states)])])


class Registered(BaseModel):
    person_id: str
    household_id: str
    version: int


class PersonInList(BaseModel):
    """A person in a list: the personal_id masked but for its last three digits."""

    person_id: str
    household_id: str
    personal_id: str
    full_name: str
    birth_date: date
    sex: str
    commune_code: str
    province_code: str

    @classmethod
    def of(cls, line: PersonLine) -> "PersonInList":
        return cls(
            person_id=show("per", line.person_id),
            household_id=show("hhd", line.household_id),
            personal_id=line.personal_id_masked,
            full_name=line.full_name,
            birth_date=line.birth_date,
            sex=line.sex,
            commune_code=line.commune_code,
            province_code=line.province_code,
        )


class PeoplePage(BaseModel):
    items: list[PersonInList]
    next_cursor: str | None


class PayoutShown(BaseModel):
    """How a person is paid; numbers masked and names left out unless opened."""

    channel: str
    agency_code: str
    payee_relation: str
    account_number: str | None
    account_name: str | None
    payee_name: str | None
    payee_personal_id: str | None


class CarerShown(BaseModel):
    """Who cares for the person: of the `own_household`, or a `receiving_carer` who took them in."""

    relation: str
    person_id: str


class PersonShown(PersonInList):
    """One person. `facts`, the carer, the certificate's date and the payee are null while masked."""

    version: int
    former_province_code: str | None
    poverty_status: str
    area: str
    already_receiving: bool
    applied_for: list[str]
    application_received_on: date | None
    decision_signed_on: date | None
    masked: bool
    disability_certificate_on: date | None
    facts: dict[str, Any] | None
    carer: CarerShown | None
    payout: PayoutShown | None

    @classmethod
    def from_record(cls, record: PersonRecord, *, opened: bool) -> "PersonShown":
        person = record.person
        return cls(
            person_id=show("per", record.person_id),
            household_id=show("hhd", record.household_id),
            personal_id=person.personal_id if opened else masked(person.personal_id),
            full_name=person.full_name,
            birth_date=person.birth_date,
            sex=person.sex,
            commune_code=person.commune_code,
            province_code=person.province_code,
            version=record.version,
            former_province_code=person.former_province_code,
            poverty_status=person.poverty_status,
            area=person.area,
            already_receiving=person.already_receiving,
            applied_for=list(person.applied_for),
            application_received_on=person.application_received_on,
            decision_signed_on=person.decision_signed_on,
            masked=not opened,
            disability_certificate_on=person.disability_certificate_on if opened else None,
            facts=dict(person.facts) if opened else None,
            carer=_carer(person.carer) if opened else None,
            payout=_payout(record, opened=opened),
        )


def _carer(carer: Carer | None) -> CarerShown | None:
    if carer is None or carer.person_id is None:
        return None
    return CarerShown(relation=carer.relation, person_id=show("per", carer.person_id))


def _payout(record: PersonRecord, *, opened: bool) -> PayoutShown | None:
    payout = record.person.payout
    if payout is None:
        return None
    number = payout.account_number
    return PayoutShown(
        channel=payout.channel,
        agency_code=payout.agency_code,
        payee_relation=payout.payee_relation,
        account_number=number if opened or number is None else masked(number),
        account_name=payout.account_name if opened else None,
        payee_name=payout.payee_name if opened else None,
        payee_personal_id=payout.payee_personal_id if opened else None,
    )


class Lookup(BaseModel):
    model_config = ConfigDict(extra="forbid")

    personal_ids: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=1_000)]


class LookupItem(BaseModel):
    """`personal_id_index` is the place in the request; null where nobody is found."""

    personal_id_index: int
    person_id: str | None


class LookupAnswer(BaseModel):
    items: list[LookupItem]


class Counts(BaseModel):
    people: int


class ImportAccepted(BaseModel):
    import_id: str


class ImportShown(BaseModel):
    """`rows_total` is null until the file was inspected; rows_read = rows_taken + rows_refused."""

    import_id: str
    status: str
    as_of: date
    file_kind: str
    rows_total: int | None
    rows_read: int
    rows_taken: int
    rows_refused: int
    problem: ImportProblem | None

    @classmethod
    def of(cls, found: Import) -> "ImportShown":
        return cls(
            import_id=show("imp", found.import_id),
            status=found.status,
            as_of=found.as_of,
            file_kind=found.file_kind,
            rows_total=found.rows_total,
            rows_read=found.rows_read,
            rows_taken=found.rows_taken,
            rows_refused=found.rows_refused,
            problem=ImportProblem.of(found.problem_code, found.problem_at),
        )
