"""Receipts over HTTP: why a decision is what it is, and whether it comes out the same when made again."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter

from libs.common.runtime.access import Actor, requires
from libs.common.runtime.problems import not_found
from services.eligibility.api.decisions import required_id, shown
from services.eligibility.usecases.receipts import Receipts

MayRead = Annotated[Actor, requires("eligibility.decisions.read")]


def router(receipts: Receipts) -> APIRouter:
    made = APIRouter(tags=["decisions"])

    @made.get("/v1/decisions/{decision_id}")
    async def receipt(decision_id: str, actor: MayRead) -> dict[str, Any]:
        """The receipt: what, how much, from when, and each rule that was tried with its article."""
        found = await receipts.receipt(actor.territory, required_id("dec", "decision_id", decision_id))
        if found is None:
            raise not_found("quyết định này", "decision")
        return shown(found)

    @made.post("/v1/decisions/{decision_id}/replay")
    async def replay(decision_id: str, actor: MayRead) -> dict[str, Any]:
        """Make the decision again, from the facts as known then by the policy of then, and compare each term,
        the trace and the hash of what was looked at. Stores nothing. 409 `decision_not_replayable`, or
        `decided_elsewhere` with the source of what another authority decided."""
        found = await receipts.replay(actor.territory, required_id("dec", "decision_id", decision_id))
        if found is None:
            raise not_found("quyết định này", "decision")
        basis = found.answer.basis
        return {
            "decision_id": decision_id,
            "equal": not found.differences,
            "differences": [asdict(each) for each in found.differences],
            "determined_month": str(basis.determined_month),
            "facts_version": basis.facts_version,
            "policy_version": basis.policy_version,
            "policy_hash": basis.policy_hash,
            "input_hash": basis.input_hash.hex(),
            "trace": basis.trace.hex(),
        }

    return made
