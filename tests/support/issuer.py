"""Tokens of a test's own issuer, checked by the production verifier."""

import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from libs.common.runtime.tokens import TokenVerifier

ISSUER = "http://issuer.test"
AUDIENCE = "ansinh"


@dataclass(frozen=True)
class Signer:
    """Signs as the issuer whose keys `verifier` holds."""

    key: RSAKey

    @classmethod
    def new(cls) -> "Signer":
        return cls(RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"}))

    def token(
        self,
        *,
        roles: tuple[str, ...] = ("ministry",),
        sub: str = "officer@test",
        lives_seconds: int = 600,
        **claims: Any,
    ) -> str:
        """`claims` may add territory and agency, or replace what a good token says."""
        said = {
            "sub": sub,
            "roles": list(roles),
            "territory": "*",
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": int(time.time()) + lives_seconds,
            **claims,
        }
        return jwt.encode({"alg": "RS256", "kid": "test"}, said, self.key, algorithms=["RS256"])

    def verifier(self) -> "HeldKeys":
        return HeldKeys(self)


class HeldKeys(TokenVerifier):
    """The production verifier, its keys at hand instead of fetched. `revoke` makes it forget them."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(ISSUER, AUDIENCE)
        self._signer = signer
        self._revoked = False

    async def _ask_issuer(self) -> None:
        self._asked_at = time.monotonic()
        self._keys = KeySet([self._signer.key])
        self._kids = frozenset() if self._revoked else frozenset({"test"})

    def revoke(self) -> None:
        self._revoked, self._kids = True, frozenset()
