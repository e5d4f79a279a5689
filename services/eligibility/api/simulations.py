"""Simulations over HTTP: a draft of the law in, what it would cost and change out. Decides nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import read, show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.eligibility.api.bodies import limited_body
from services.eligibility.domain.charts import Naming, Source
from services.eligibility.domain.simulation_answers import answer
from services.eligibility.usecases.simulate import DONE, Simulations

#: The whole of policy/ is smaller.
BODY_BYTES_MAX = 512 << 10
_MONTHS_MAX = 12
#: Whose facts are counted, for a chart.
_KEPT = ("dữ kiện nền tảng đang lưu", "the facts that the platform keeps")

#: A figure, `<10`, or null where it is hidden beside one of these.
Count = int | Literal["<10"] | None


class SimulationAsked(BaseModel):
    """A draft (YAML, docs/what-if/), the months to try it on, and a province of the 34 or the nation."""

    draft: str = Field(min_length=1)
    months: list[Annotated[str, Field(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]] = Field(
        min_length=1, max_length=_MONTHS_MAX
    )
    province: str | None = Field(default=None, pattern=r"^\d{2}$")
    take_up: Literal["full", "registered"] = Field(
        default="full", description="full: as if everybody had applied for everything, under both laws."
    )


class SimulationStarted(BaseModel):
    simulation_id: str


class FiguresShown(BaseModel):
    """People, and đồng a month (`_year_dong`: twelve of these months). `people` = `winners` + `losers` +
    `unchanged` + `undetermined`; `change_dong` = `gained_dong` − `lost_dong`."""

    people: Count
    undetermined: Count
    recipients_today: Count
    recipients_draft: Count
    winners: Count
    losers: Count
    unchanged: Count
    newly_entitled: Count
    no_longer_entitled: Count
    today_dong: int | None
    draft_dong: int | None
    gained_dong: int | None
    lost_dong: int | None
    change_dong: int | None
    average_change_dong: int | None
    today_year_dong: int | None
    draft_year_dong: int | None
    change_year_dong: int | None


class RowShown(FiguresShown):
    key: str


class Unreadable(BaseModel):
    """`people`: null where some reason has fewer than 10 and the reader has no national role."""

    code: str = Field(description="What is wrong first in their facts, as an assessment names it.")
    people: int | None


class RestsOn(BaseModel):
    """Whose facts the figures are of, and never extrapolated. `people` and `unreadable` are all."""

    people: Count
    undetermined: Count
    held: Count = Field(description="Of the people: with a suspension or stop, applied under both laws.")
    unreadable: Count = Field(description="Besides the people: their kept facts are not valid.")
    unreadable_reasons: list[Unreadable]
    take_up: Literal["full", "registered"]
    province: str | None
    provinces: int


class MonthShown(BaseModel):
    """`applies`: false where the draft says the same as the law of that month, everywhere."""

    month: str
    applies: bool
    rests_on: RestsOn
    total: FiguresShown
    by_category: list[RowShown]
    by_province: list[RowShown]
    by_age: list[RowShown]
    by_sex: list[RowShown]
    chart: str = Field(description="SVG.")


class SimulationShown(BaseModel):
    simulation_id: str
    title: str
    draft_hash: str
    months: list[str]
    province: str | None
    take_up: Literal["full", "registered"]
    status: Literal["pending", "running", "done", "failed"]
    progress: float
    asked_at: datetime
    results: list[MonthShown]


def router(simulations: Simulations, name: Naming) -> APIRouter:
    """`name`: what the rows of a chart are called."""
    made = APIRouter(tags=["simulations"])

    @made.post(
        "/v1/simulations",
        status_code=202,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": SimulationAsked.model_json_schema()}},
            }
        },
    )
    async def ask(
        request: Request, actor: Annotated[Actor, requires("eligibility.simulations.run")]
    ) -> SimulationStarted:
        """Try a draft on the facts of the caller's territory. 422 `draft_invalid` with each mistake's path,
        429 `simulations_busy`; read the answer when it is done."""
        asked = _asked(await limited_body(request, BODY_BYTES_MAX))
        simulation_id = await simulations.ask(
            asked.draft,
            [Month.parse(month) for month in dict.fromkeys(asked.months)],
            asked.province,
            asked.take_up,
            actor.sub,
            actor.territory,
        )
        return SimulationStarted(simulation_id=show("sim", simulation_id))

    @made.get("/v1/simulations/{simulation_id}")
    async def one(
        simulation_id: str, actor: Annotated[Actor, requires("eligibility.simulations.run")]
    ) -> SimulationShown:
        """How far it is, and its figures. Without a national role counts below 10 are `<10`."""
        try:
            wanted = read("sim", simulation_id)
        except ValueError:
            raise Refusal(
                "request_invalid",
                "simulation_id: mã định danh không đúng dạng.",
                "simulation_id: not an id of this kind.",
            ) from None
        found = await simulations.one(actor.territory, wanted)
        if found is None:
            raise not_found("lượt thử này", "simulation")
        return _shown(found, actor.territory is None, name)

    return made


def _asked(body: bytes) -> SimulationAsked:
    try:
        return SimulationAsked.model_validate_json(body)
    except ValidationError as error:
        # Errors of a body's field are told by its path below the body.
        raise RequestValidationError(
            [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        ) from None


def _shown(row: Mapping[str, Any], national: bool, name: Naming) -> SimulationShown:
    due = row["people_due"]
    progress = 1.0 if row["state"] == DONE else min(row["people_done"] / due, 1.0) if due else 0.0
    return SimulationShown(
        simulation_id=show("sim", row["simulation_id"]),
        title=row["title"],
        draft_hash=row["draft_hash"],
        months=[str(month) for month in row["months"]],
        province=row["province_code"],
        take_up=row["take_up"],
        status=row["state"],
        progress=progress,
        asked_at=row["asked_at"],
        results=[
            MonthShown.model_validate(
                answer(
                    found,
                    title=row["title"],
                    source=Source(*_KEPT, row["draft_hash"]),
                    province=row["province_code"],
                    take_up=row["take_up"],
                    national=national,
                    name=name,
                )
            )
            for found in row["found"] or ()
        ],
    )
