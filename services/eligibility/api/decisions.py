"""Decisions over HTTP: found and signed; and how far a month's determination is."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import read, show
from libs.common.kernel.months import Month
from libs.common.runtime.access import Actor, requires
from services.eligibility.usecases.ports import DecisionReads
from services.eligibility.usecases.sign import SignDecisions

_PAGE_MAX = 500


class Signatures(BaseModel):
    """Decisions to be signed by the caller, all or none."""

    decision_ids: list[str] = Field(min_length=1, max_length=1_000)


def router(reads: DecisionReads, sign: SignDecisions) -> APIRouter:
    made = APIRouter(tags=["decisions"])

    @made.get("/v1/decisions")
    async def page(
        actor: Annotated[Actor, requires("eligibility.decisions.read")],
        person_id: str | None = None,
        status: Literal["confirmed", "proposed", "signed"] | None = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_PAGE_MAX)] = 100,
    ) -> dict[str, Any]:
        """Decisions in the caller's territory; give a person, a status, or both."""
        person = _id("per", "person_id", person_id)
        after = _id("dec", "cursor", cursor)
        rows = await reads.page(actor.territory, person, status, after, limit + 1)
        more = len(rows) > limit
        items = [shown(row) for row in rows[:limit]]
        return {"items": items, "next_cursor": items[-1]["decision_id"] if more else None}

    @made.post("/v1/signatures")
    async def signatures(
        body: Signatures, actor: Annotated[Actor, requires("eligibility.decisions.sign")]
    ) -> dict[str, int]:
        """Sign proposed decisions. 409 `decision_not_proposed` names those that can't be signed."""
        ids = [
            required_id("dec", f"decision_ids[{index}]", text) for index, text in enumerate(body.decision_ids)
        ]
        return {"signed": await sign(ids, actor.sub, actor.territory)}

    @made.get("/v1/determinations/{month}")
    async def determination(
        month: str, actor: Annotated[Actor, requires("eligibility.decisions.read")]
    ) -> dict[str, Any]:
        """How many people of the month are due, determined, granted, refused, waiting for a signature."""
        try:
            wanted = Month.parse(month)
        except ValueError:
            raise Refusal(
                "month_invalid",
                "Tháng phải viết theo dạng NĂM-THÁNG, ví dụ 2026-10.",
                "Write the month as YYYY-MM, such as 2026-10.",
            ) from None
        return {"month": str(wanted), **await reads.progress(wanted)}

    return made


def _id(prefix: str, path: str, text: str | None) -> UUID | None:
    return None if text is None else required_id(prefix, path, text)


def required_id(prefix: str, path: str, text: str) -> UUID:
    try:
        return read(prefix, text)
    except ValueError:
        raise Refusal(
            "request_invalid",
            f"{path}: mã định danh không đúng dạng.",
            f"{path}: not an id of this kind.",
        ) from None


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A decision as every answer shows it; the columns of a decision become texts."""
    texts = dict(row)
    texts["decision_id"] = show("dec", row["decision_id"])
    texts["person_id"] = show("per", row["person_id"])
    texts["facility_id"] = show("fac", row["facility_id"]) if row["facility_id"] else None
    texts["case_id"] = show("cas", row["case_id"]) if row["case_id"] else None
    payee = row["payee_person_id"]
    texts["payee_person_id"] = show("per", payee) if payee else None
    for name in ("effective_from", "pays_from"):
        texts[name] = str(Month.of(row[name]))
    return texts
