"""The sign-in of a local platform: a small OIDC issuer. It stands in for Keycloak on one machine only:
it refuses to listen elsewhere, and gives a token to whoever knows this machine's secret.
"""

import os
import secrets
import sys
import time
from collections.abc import Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.local import keys
from deploy.local.places import HOST, Places
from libs.common.runtime.access import ROLES
from libs.common.runtime.postgres import NATION

_AUDIENCE = "ansinh"
_LIFETIME_SECONDS = 3_600
_KEY_BITS = 2_048
_BODY_BYTES_MAX = 4_096
PARTNER_PREFIX = "bank:"
_PARTNER = "partner"


def identity(who: str, territory: str | None) -> dict[str, Any] | None:
    """The claims that say who it is, or None for somebody whom this issuer does not know.

    `maker` and `maker.2` are two people of one role: a second pair of eyes needs a second identity.
    """
    if who.startswith(PARTNER_PREFIX):
        agency = who.removeprefix(PARTNER_PREFIX)
        if not agency.isalnum() or len(agency) > 12:
            return None
        return {"sub": f"{who}@local", "roles": [_PARTNER], "agency": agency, "territory": NATION}
    role, _, number = who.partition(".")
    if role not in ROLES or role == _PARTNER or not (number == "" or number.isdigit()):
        return None
    if territory is not None and not (len(territory) == 2 and territory.isdigit()):
        return None
    place = f".{territory}" if territory else ""
    return {"sub": f"{who}{place}@local", "roles": [role], "agency": None, "territory": territory or NATION}


def load_or_make_key(path: Path) -> RSAKey:
    """The signing key, kept between starts so that tokens outlive a restart."""
    if path.exists():
        return RSAKey.import_key(orjson.loads(path.read_bytes()))
    key = RSAKey.generate_key(_KEY_BITS, {"kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"})
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(key.as_dict(private=True)))
    return key


def sign(key: RSAKey, issuer: str, claims: Mapping[str, Any], now: int) -> str:
    full = {
        **claims,
        "iss": issuer,
        "aud": _AUDIENCE,
        "iat": now,
        "exp": now + _LIFETIME_SECONDS,
        "jti": secrets.token_hex(16),
    }
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "at+jwt"}, full, key, algorithms=["RS256"])


def build(issuer: str, key: RSAKey, secret: str) -> Starlette:
    """The issuer as an ASGI application."""
    public = KeySet([key]).as_dict(private=False)

    async def configuration(_: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/jwks",
                "token_endpoint": f"{issuer}/token",
                "grant_types_supported": ["urn:ansinh:local"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
            }
        )

    async def jwks(_: Request) -> JSONResponse:
        return JSONResponse(public)

    async def token(request: Request) -> JSONResponse:
        body = await _body(request)
        if body is None:
            return JSONResponse({"error": "invalid_request"}, 400)
        if not compare_digest(str(body.get("secret", "")), secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        claims = identity(str(body.get("as", "")), body.get("territory"))
        if claims is None:
            return JSONResponse(
                {"error": "invalid_request", "known": [*(ROLES.keys() - {_PARTNER}), "bank:<code>"]}, 400
            )
        signed = sign(key, issuer, claims, int(time.time()))
        answer = {"access_token": signed, "token_type": "Bearer", "expires_in": _LIFETIME_SECONDS}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def alive(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ready"})

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", configuration),
            Route("/jwks", jwks),
            Route("/token", token, methods=["POST"]),
            Route("/livez", alive),
            Route("/readyz", alive),
        ]
    )


async def _body(request: Request) -> dict[str, Any] | None:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _BODY_BYTES_MAX:
            return None
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("territory"), str | None):
        return None
    return body


def main() -> None:
    places = Places.from_environment()
    host = os.environ.get("ANSINH_ISSUER_HOST", HOST)
    if host != HOST:
        sys.exit(f"the local issuer listens on {HOST} only; a real platform signs in by its own OIDC issuer")
    known = keys.load(places.var)
    app = build(places.url("issuer"), load_or_make_key(places.var / "issuer-key.json"), known.issuer_secret)
    uvicorn.run(app, host=HOST, port=places.port("issuer"), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
