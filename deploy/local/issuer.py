"""The sign-in of a local platform: a small OIDC issuer. It stands in for Keycloak on one machine only:
it refuses to listen elsewhere, and gives a token to whoever knows this machine's secret. Partners sign in
by OAuth 2 client credentials, as they do at any issuer.
"""

import base64
import binascii
import hmac
import os
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

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
#: A partner's OAuth client: `bank-970405`.
CLIENT_PREFIX = "bank-"
_PARTNER = "partner"
_FORM = "application/x-www-form-urlencoded"


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


def client_secret(issuer_secret: str, client_id: str) -> str:
    """The secret of a partner's client on this machine."""
    return base64.urlsafe_b64encode(
        hmac.digest(issuer_secret.encode(), client_id.encode(), "sha256")
    ).decode()


def client_claims(form: Mapping[str, str], authorization: str, secret: str) -> dict[str, Any] | str:
    """The claims of a client that shows its secret (RFC 6749, 4.4), or the error that it gets.

    `scope` names permissions of the partner's role; all of them where it is left out.
    """
    client_id, shown = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
    if form.get("grant_type") != "client_credentials":
        return "unsupported_grant_type"
    claims = None
    if client_id.startswith(CLIENT_PREFIX):
        claims = identity(PARTNER_PREFIX + client_id.removeprefix(CLIENT_PREFIX), None)
    if claims is None or not hmac.compare_digest(shown.encode(), client_secret(secret, client_id).encode()):
        return "invalid_client"
    scopes = form.get("scope", "").split() or sorted(ROLES[_PARTNER])
    if not ROLES[_PARTNER].issuperset(scopes):
        return "invalid_scope"
    return {**claims, "client_id": client_id, "scope": " ".join(scopes)}


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, told = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, shown = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(shown)


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


def described(issuer: str) -> dict[str, Any]:
    """OpenID Connect Discovery."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/jwks",
        "token_endpoint": f"{issuer}/token",
        "grant_types_supported": ["client_credentials", "urn:ansinh:local"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": sorted(ROLES[_PARTNER]),
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
    }


def _token(key: RSAKey, issuer: str, claims: Mapping[str, Any]) -> JSONResponse:
    answer = {
        "access_token": sign(key, issuer, claims, int(time.time())),
        "token_type": "Bearer",
        "expires_in": _LIFETIME_SECONDS,
        **({"scope": claims["scope"]} if "scope" in claims else {}),
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def build(issuer: str, key: RSAKey, secret: str) -> Starlette:
    """The issuer as an ASGI application."""
    public = KeySet([key]).as_dict(private=False)

    async def configuration(_: Request) -> JSONResponse:
        return JSONResponse(described(issuer))

    async def jwks(_: Request) -> JSONResponse:
        return JSONResponse(public)

    async def client_token(request: Request) -> JSONResponse:
        content = await _content(request)
        form = {name: told[0] for name, told in parse_qs((content or b"").decode(errors="replace")).items()}
        claims = client_claims(form, request.headers.get("authorization", ""), secret)
        if isinstance(claims, str):
            return JSONResponse({"error": claims}, 401 if claims == "invalid_client" else 400)
        return _token(key, issuer, claims)

    async def token(request: Request) -> JSONResponse:
        if request.headers.get("content-type", "").startswith(_FORM):
            return await client_token(request)
        body = await _body(request)
        if body is None:
            return JSONResponse({"error": "invalid_request"}, 400)
        if not hmac.compare_digest(str(body.get("secret", "")), secret):
            return JSONResponse({"error": "invalid_client"}, 401)
        claims = identity(str(body.get("as", "")), body.get("territory"))
        if claims is None:
            return JSONResponse(
                {"error": "invalid_request", "known": [*(ROLES.keys() - {_PARTNER}), "bank:<code>"]}, 400
            )
        return _token(key, issuer, claims)

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


async def _content(request: Request) -> bytes | None:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _BODY_BYTES_MAX:
            return None
    return content


async def _body(request: Request) -> dict[str, Any] | None:
    content = await _content(request)
    if content is None:
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
