"""Assessments over HTTP: one case in, one answer with its reasons out. Open to all; stores nothing."""

from typing import Any

from fastapi import APIRouter, Request

from libs.common.runtime.access import open_to_all
from services.eligibility.api.bodies import limited_body
from services.eligibility.usecases.assess import Assessor

BODY_BYTES_MAX = 1 << 20


def router(assessor: Assessor) -> APIRouter:
    made = APIRouter(tags=["assessments"])

    @made.post(
        "/v1/assessments",
        dependencies=[open_to_all()],
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
        },
    )
    async def assess(request: Request) -> dict[str, Any]:
        """What the law grants in a month to the person, household or event of a case, and why.

        A wrong field is 422 `case_invalid` with its path; what is not built is 422 `not_covered_yet`,
        never an amount of 0.
        """
        return assessor.assess(assessor.parse(await limited_body(request, BODY_BYTES_MAX)))

    return made
