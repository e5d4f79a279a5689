"""Recalculations over HTTP: asked for, read, applied by another, and who still waits for one."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.eligibility.api.decisions import required_id
from services.eligibility.domain.recalculation import Scope
from services.eligibility.usecases.recalculate import Recalculate, Recalculations, Wanted

MayRead = Annotated[Actor, requires("eligibility.decisions.read")]
MayAsk = Annotated[Actor, requires("eligibility.recalculations.ask")]
MayApply = Annotated[Actor, requires("eligibility.recalculations.apply")]
_PAGE_MAX = 500
_PREFIXES = {
    "recalculation_id": "rec",
    "difference_id": "dif",
    "person_id": "per",
    "payee_person_id": "per",
    "facility_id": "fac",
    "old_decision_id": "dec",
}


class RecalculationWanted(BaseModel):
    """Whose months: `person_ids`, a commune, a province, or with none of them the caller's territory."""

    model_config = ConfigDict(extra="forbid")

    person_ids: Annotated[list[str], Field(min_length=1, max_length=1_000)] | None = None
    commune_code: Annotated[str, Field(pattern=r"^\d{3}(\d{2})?$")] | None = None
    province_code: Annotated[str, Field(pattern=r"^\d{2}$")] | None = None
    from_month: str
    to_month: str
    reason: Literal["late_fact", "correction", "new_policy"]


class Booking(BaseModel):
    """`content_hash` as the applier read it: nothing else is applied."""

    model_config = ConfigDict(extra="forbid")

    content_hash: str


def router(kept: Recalculations, recalculate: Recalculate) -> APIRouter:
    made = APIRouter(tags=["recalculations"])
    _reads(made, kept, recalculate)

    @made.post("/v1/recalculations", status_code=202)
    async def ask(body: RecalculationWanted, actor: MayAsk) -> dict[str, str]:
        """Start a dry run: what was told to be paid for each month against what the law grants on all facts
        known now. Nothing is changed. 422 `month_invalid` for a month after this one, 403 `not_permitted`
        for another territory, 429 `recalculations_busy`."""
        people = body.person_ids
        wanted = Wanted(
            person_ids=None
            if people is None
            else tuple(required_id("per", f"person_ids[{at}]", text) for at, text in enumerate(people)),
            scope=Scope(body.province_code, body.commune_code),
            first=_month(body.from_month),
            last=_month(body.to_month),
            reason=body.reason,
        )
        return {"recalculation_id": show("rec", await recalculate.open(wanted, actor.sub, actor.territory))}

    @made.post("/v1/recalculations/{recalculation_id}/application")
    async def apply(recalculation_id: str, body: Booking, actor: MayApply) -> dict[str, str]:
        """Book the differences, by another identity than who asked (403 `same_identity`). 409
        `content_changed`, `recalculation_not_ready`, or `recalculation_stale` where facts changed since."""
        found = required_id("rec", "recalculation_id", recalculation_id)
        await recalculate.apply(found, body.content_hash, actor.sub, actor.territory)
        return {"state": "applied"}

    @made.post("/v1/recalculations/{recalculation_id}/discard")
    async def discard(recalculation_id: str, actor: MayAsk) -> dict[str, str]:
        """Give up a recalculation that is not applied. 409 `recalculation_not_ready`."""
        await recalculate.discard(required_id("rec", "recalculation_id", recalculation_id), actor.territory)
        return {"state": "discarded"}

    return made


def _reads(made: APIRouter, kept: Recalculations, recalculate: Recalculate) -> None:
    @made.get("/v1/recalculations/awaiting")
    async def awaiting(actor: MayRead) -> dict[str, Any]:
        """How many people, by province, have facts that came after the months they are true for."""
        return {"items": [dict(row) for row in await kept.awaiting(actor.territory)]}

    @made.get("/v1/recalculations")
    async def recent(
        actor: MayRead,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 20,
    ) -> dict[str, Any]:
        """Recalculations of the caller's territory, the newest first; the sums are told of each by its id."""
        before = None if cursor is None else required_id("rec", "cursor", cursor)
        rows = await kept.recent(actor.territory, before, limit + 1)
        items = [_shown(row) for row in rows[:limit]]
        return {"items": items, "next_cursor": items[-1]["recalculation_id"] if len(rows) > limit else None}

    @made.get("/v1/recalculations/{recalculation_id}")
    async def one(recalculation_id: str, actor: MayRead) -> dict[str, Any]:
        """How far it is; of each programme the people, arrears and recoveries; the content's hash.
        `elsewhere`: people with other months that differ and were paid outside the scope."""
        found = await kept.read(required_id("rec", "recalculation_id", recalculation_id), actor.territory)
        if found is None:
            raise not_found("lượt tính lại này", "recalculation")
        return _shown(found)

    @made.get("/v1/recalculations/{recalculation_id}/differences")
    async def differences(
        recalculation_id: str,
        actor: MayRead,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 100,
    ) -> dict[str, Any]:
        """Differences in the caller's territory, each new less old in đồng."""
        after = None if cursor is None else required_id("dif", "cursor", cursor)
        wanted = required_id("rec", "recalculation_id", recalculation_id)
        rows = await kept.page(wanted, actor.territory, after, limit + 1)
        items = [_shown(row) for row in rows[:limit]]
        return {"items": items, "next_cursor": items[-1]["difference_id"] if len(rows) > limit else None}

    @made.get("/v1/differences/{difference_id}")
    async def difference(difference_id: str, actor: MayRead) -> dict[str, Any]:
        """One difference with the receipt of its new side; `old_decision_id` has the old side's.
        `held_back`: nothing is due, whatever the receipt grants, as the month is suspended or stopped."""
        wanted = required_id("dif", "difference_id", difference_id)
        found = await recalculate.difference(wanted, actor.territory)
        if found is None:
            raise not_found("chênh lệch này", "difference")
        return _shown(found)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    texts = dict(row)
    for name in texts.keys() & _PREFIXES.keys():
        texts[name] = show(_PREFIXES[name], row[name]) if row[name] else None
    for name in texts.keys() & {"month", "from_month", "to_month"}:
        texts[name] = str(Month.of(row[name]))
    return texts


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise Refusal(
            "month_invalid",
            "Tháng phải viết theo dạng NĂM-THÁNG, ví dụ 2026-10.",
            "Write the month as YYYY-MM, such as 2026-10.",
        ) from None
