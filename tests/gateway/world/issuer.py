"""The tests' issuer, as the gateway's world names it."""

from tests.support.issuer import AUDIENCE, ISSUER, HeldKeys, Signer

__all__ = ["AUDIENCE", "ISSUER", "HeldKeys", "Signer"]
