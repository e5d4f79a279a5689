"""Access tokens, checked the production way: RS256 only, key by `kid` from the issuer's JWKS (found by
OpenID Connect Discovery), `iss`, `aud`, `exp` and `nbf`; a `crit` that we do not know refuses (RFC 7515,
7519, 9068).
"""

import time
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from libs.common.kernel.errors import Outage, Refusal

_ALGORITHMS = ["RS256"]
_JWKS_AGE_SECONDS_MAX = 300.0
_JWKS_PAUSE_SECONDS = 5.0
_LEEWAY_SECONDS = 30
_TIMEOUT_SECONDS = 5.0
_TOKEN_CHARACTERS_MAX = 8_192


class TokenVerifier:
    """Verifies tokens of one issuer; its keys are cached and asked for again when a `kid` is new."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
            leeway=_LEEWAY_SECONDS,
        )
        self._keys: KeySet | None = None
        self._kids: frozenset[str] = frozenset()
        self._asked_at = float("-inf")

    async def claims(self, token: str) -> dict[str, Any]:
        """The token's claims; Refusal `token_invalid` when any check fails, Outage without keys."""
        if len(token) > _TOKEN_CHARACTERS_MAX:
            raise _invalid()
        try:
            keys = await self._keys_for(jwt_kid(token))
            decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _invalid() from error
        return dict(decoded.claims)

    async def _keys_for(self, kid: str) -> KeySet:
        age = time.monotonic() - self._asked_at
        if (
            self._keys is None
            or age > _JWKS_AGE_SECONDS_MAX
            or (kid not in self._kids and age > _JWKS_PAUSE_SECONDS)
        ):
            await self._ask_issuer()
        if self._keys is None:
            raise Outage("the issuer's keys can't be had")
        if kid not in self._kids:
            raise ValueError("unknown kid")
        return self._keys

    async def _ask_issuer(self) -> None:
        self._asked_at = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
                described = await client.get(f"{self._issuer}/.well-known/openid-configuration")
                described.raise_for_status()
                answer = await client.get(str(described.json()["jwks_uri"]))
                answer.raise_for_status()
                found = answer.json()
        except (httpx.HTTPError, ValueError, KeyError):
            # Keys we know stay good while the issuer is away; without any there is no signing in.
            if self._keys is None:
                self._asked_at = float("-inf")
            return
        self._keys = KeySet.import_key_set(found)
        self._kids = frozenset(str(key.kid) for key in self._keys.keys if key.kid)


def jwt_kid(token: str) -> str:
    """The `kid` of a token's header, unverified; KeyError or ValueError when there is none."""
    from joserfc.jws import extract_compact

    header = extract_compact(token.encode()).headers()
    return str(header["kid"])


def _invalid() -> Refusal:
    return Refusal(
        "token_invalid",
        "Mã truy cập không hợp lệ hoặc đã hết hạn. Hãy đăng nhập lại.",
        "The access token is not valid or has expired. Sign in again.",
    )
