"""Determining again over HTTP: ask for it, see how far it is, call it off."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import read, show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.eligibility.usecases.redetermine import Jobs, Redetermine, Scope

_PAGE_MAX = 100


class DeterminationAsked(BaseModel):
    """Whose decisions of a month: the caller's whole territory (`nation`), a province's, a commune's."""

    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    scope: Literal["nation", "province", "commune"] = "nation"
    scope_code: str | None = Field(default=None, pattern=r"^\d{2}$|^\d{3}(\d{2})?$")


class JobAsked(BaseModel):
    job_id: str


class JobShown(BaseModel):
    """`persons` are those it is about; of them `determined` are done: `granted` + `refused` +
    `undetermined`. `changed` counts the decisions written. `policy_hash` is null until it is begun."""

    job_id: str
    month: str
    scope: Literal["nation", "province", "commune"]
    scope_code: str | None
    ordinary: bool
    state: Literal["running", "done", "cancelled"]
    requested_by_sub: str
    requested_at: datetime
    policy_hash: str | None
    persons: int
    determined: int
    granted: int
    refused: int
    undetermined: int
    changed: int
    parts: int
    parts_done: int


class JobsPage(BaseModel):
    items: list[JobShown]


def router(redetermine: Redetermine, jobs: Jobs) -> APIRouter:
    made = APIRouter(tags=["determinations"])

    @made.post("/v1/determinations", status_code=202)
    async def ask(
        body: DeterminationAsked, actor: Annotated[Actor, requires("eligibility.determinations.run")]
    ) -> JobAsked:
        """Determine the newest determined month again. Only what changes is written and told. 422
        `month_invalid` for any other month; what is already being determined is waited for."""
        job_id = await redetermine(Month.parse(body.month), _scope(body, actor), actor.sub)
        return JobAsked(job_id=show("job", job_id))

    @made.get("/v1/determinations/jobs")
    async def recent(
        actor: Annotated[Actor, requires("eligibility.decisions.read")],
        limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 20,
    ) -> JobsPage:
        """The newest first: those of the nation for whoever sees the nation, else of the own province."""
        return JobsPage(items=[_shown(row) for row in await jobs.recent(actor.territory, limit)])

    @made.get("/v1/determinations/jobs/{job_id}")
    async def progress(
        job_id: str, actor: Annotated[Actor, requires("eligibility.decisions.read")]
    ) -> JobShown:
        """How far a job is."""
        row = await jobs.progress(_id(job_id), actor.territory)
        if row is None:
            raise not_found("lần xét này", "determination")
        return _shown(row)

    @made.delete("/v1/determinations/jobs/{job_id}")
    async def cancel(
        job_id: str, actor: Annotated[Actor, requires("eligibility.determinations.run")]
    ) -> JobShown:
        """Begin no further part; what is decided stays decided. A month's own determination is not called
        off. 409 `determination_over` for one that has ended."""
        cancelled = await jobs.cancel(_id(job_id), actor.territory)
        if cancelled is False:
            raise Refusal(
                "determination_over",
                "Lần xét này đã kết thúc, không còn gì để dừng.",
                "This determination has ended; there is nothing left to call off.",
            )
        return await progress(job_id, actor)

    return made


def _scope(body: DeterminationAsked, actor: Actor) -> Scope:
    digits = {"nation": 0, "province": 2}.get(body.scope)
    length = len(body.scope_code or "")
    if length != digits and (digits is not None or length not in (3, 5)):
        raise Refusal(
            "request_invalid",
            "scope_code: mã tỉnh 2 chữ số, mã xã 3 hoặc 5 chữ số, để trống khi xét cả địa bàn.",
            "scope_code: a province's 2 digits, a commune's 3 or 5, absent for the whole territory.",
        )
    if body.scope == "province" and actor.territory not in (None, body.scope_code):
        raise Refusal(
            "not_permitted",
            "Tài khoản này chỉ được xét lại trong địa bàn của mình.",
            "This account may determine again in its own territory only.",
        )
    return Scope(body.scope, body.scope_code, actor.territory)


def _id(text: str) -> UUID:
    try:
        return read("job", text)
    except ValueError:
        raise Refusal(
            "request_invalid", "job_id: mã định danh không đúng dạng.", "job_id: not an id of this kind."
        ) from None


def _shown(row: Mapping[str, Any]) -> JobShown:
    return JobShown(**{**row, "job_id": show("job", row["job_id"]), "month": str(Month.of(row["month"]))})
