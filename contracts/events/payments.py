"""What payments tell: the life of a run."""

from typing import Annotated

from pydantic import Field

from contracts.events.base import Dong, Event, MonthText, ProvinceCode, RunId


class _Run(Event):
    run_id: RunId
    province_code: ProvinceCode
    benefit_months: tuple[MonthText, ...]
    instructions: Annotated[int, Field(ge=0)]
    instructed_dong: Dong


class RunBuilt(_Run):
    """The list is frozen; its content hash is what an approval binds to."""

    content_hash: str


class RunApproved(_Run):
    """A second identity approved the frozen list."""

    content_hash: str


class RunInstructed(_Run):
    """Every file of the run is ready for its paying agency."""

    files: Annotated[int, Field(ge=0)]


class RunReconciled(_Run):
    """Every instruction is settled or returned."""

    settled_dong: Dong
    returned_dong: Dong
