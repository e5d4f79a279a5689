"""Signatures of what goes out and comes in, in the header `X-JWS-Signature`."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from libs.common.runtime.access import open_to_all
from libs.common.runtime.signatures import HEADER
from services.payments.api.doors import Doors, Through

router = APIRouter(tags=["signatures"])
Signature = Annotated[
    str | None,
    Header(alias=HEADER, max_length=2_000, description="A detached JWS over the content (RFC 7515, F)."),
]


@router.get("/.well-known/jwks.json", dependencies=[open_to_all()])
async def keys(doors: Through) -> Mapping[str, Any]:
    """The platform's public keys, as a JWK Set. The signature of a file names its key by `kid`."""
    return doors.signer.public()


async def sign(answer: Response, content: bytes, doors: Doors) -> Response:
    """The answer with the signature of its content."""
    signature = await asyncio.to_thread(doors.signer.sign, content)
    if signature:
        answer.headers[HEADER] = signature
    return answer


async def require_signed(request: Request, content: bytes, agency: str, doors: Doors) -> str | None:
    """The signature. Refusal `signature_invalid` unless a key of the agency made it, if it has any."""
    signature = request.headers.get(HEADER)
    await doors.require_signed(agency, content, signature)
    return signature
