"""What every event model shares, and the text forms that stand in events."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Event(BaseModel):
    """An event's data. Additive changes only within a topic's version."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _id(prefix: str, what: str) -> object:
    return Field(pattern=rf"^{prefix}_[0-9A-HJKMNP-TV-Z]{{26}}$", description=f"Id of a {what}.")


PersonId = Annotated[str, _id("per", "person")]
HouseholdId = Annotated[str, _id("hhd", "household")]
AccountId = Annotated[str, _id("acc", "payee")]
FacilityId = Annotated[str, _id("fac", "facility")]
ResidenceId = Annotated[str, _id("res", "residence")]
DecisionId = Annotated[str, _id("dec", "decision")]
CaseId = Annotated[str, _id("cas", "case")]
RecalculationId = Annotated[str, _id("rec", "recalculation")]
DifferenceId = Annotated[str, _id("dif", "difference")]
RunId = Annotated[str, _id("run", "payment run")]
PaymentId = Annotated[str, _id("pay", "payment instruction")]

MonthText = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Calendar month, YYYY-MM.")]
Dong = Annotated[int, Field(ge=0, description="Whole Vietnamese đồng.")]
ProvinceCode = Annotated[str, Field(pattern=r"^\d{2}$", description="Province since 01/07/2025.")]
FormerProvinceCode = Annotated[str, Field(pattern=r"^\d{2}$", description="Province before 01/07/2025.")]
#: Five digits; before 01/07/2025 an island district without communes stood for one, with three.
CommuneCode = Annotated[
    str, Field(pattern=r"^\d{3}(\d{2})?$", description="Commune valid on the fact's date.")
]
Version = Annotated[int, Field(ge=1, description="Grows with every record of the same thing.")]


def sealed_to(service: str) -> object:
    """Marks a field that only one consuming service can open (libs.common.runtime.sealing)."""
    return Field(description=f"Sealed to {service}.", json_schema_extra={"x-sealed-to": service})


class MonthFactsClosed(Event):
    """All facts of `month` that this service knows precede this event in its shard."""

    service: str
    month: MonthText
    shard: Annotated[int, Field(ge=0)]
    preceding: Annotated[int, Field(ge=0, description="Events before this one on its topic and shard.")]
