"""Detached signatures of what is handed over: compact JWS without its payload (RFC 7515, appendix F)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

#: Where a signature stands in a request or an answer.
HEADER = "X-JWS-Signature"
#: One for each kind of key, so that nobody chooses a weaker one.
_ALGORITHMS = {"OKP": "Ed25519", "EC": "ES256", "RSA": "PS256"}
_CURVES = {"OKP": "Ed25519", "EC": "P-256"}
_RSA_BITS_MIN = 2048

Jwk = Mapping[str, Any]


class _Files(JWSRegistry):
    """As the library's, for payloads that are files."""

    max_payload_length = 2**30


class Signer:
    """`key_set`: a JWK Set of private keys as JSON. The first one signs; all are published, so that what a
    former one signed can be checked. ValueError when it is none.
    """

    def __init__(self, key_set: str | None) -> None:
        stated = json.loads(key_set)["keys"] if key_set else []
        self._keys = [_key(one) for one in stated]
        if not all(key.is_private for key in self._keys):
            raise ValueError("a signing key has no private part")

    def public(self) -> dict[str, Any]:
        """A JWK Set."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def sign(self, content: bytes) -> str | None:
        """`<header>..<signature>`; None where there is no key."""
        if not self._keys:
            return None
        key = self._keys[0]
        algorithm = _ALGORITHMS[key.key_type]
        header = {"alg": algorithm, "kid": key.kid}
        return str(jws.detach_content(jws.serialize_compact(header, content, key, registry=_registry(key))))


def new_signing_keys() -> str:
    """A set of one new Ed25519 key, as `Signer` takes it."""
    key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    return json.dumps({"keys": [key.as_dict(private=True)]})


def require_public_keys(keys: Sequence[Jwk]) -> None:
    """ValueError unless each is a public key of a kind that we check, with a `kid` of its own."""
    if any(_key(one).is_private for one in keys):
        raise ValueError("a private key must not leave its owner")
    if len({one.get("kid") for one in keys}) != len(keys):
        raise ValueError("two keys have the same kid")


def is_signed(content: bytes, signature: str | None, keys: Sequence[Jwk]) -> bool:
    """Whether one of the keys, the one that the signature names by `kid`, signed these bytes."""
    head, _, rest = (signature or "").partition("..")
    if not head or not rest:
        return False
    try:
        kid = jws.extract_compact((signature or "").encode()).headers()["kid"]
        key = KeySet([_key(one) for one in keys]).get_by_kid(kid)
        jws.deserialize_compact(signature or "", key, payload=content, registry=_registry(key))
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return True


def _key(stated: Jwk) -> OKPKey | ECKey | RSAKey:
    """ValueError for a key that is none of ours to check."""
    kind = stated.get("kty")
    if not stated.get("kid") or _CURVES.get(str(kind)) != stated.get("crv"):
        raise ValueError("a key needs a kid, and is Ed25519, P-256 or RSA")
    try:
        match kind:
            case "OKP":
                return OKPKey.import_key(dict(stated))
            case "EC":
                return ECKey.import_key(dict(stated))
            case "RSA":
                key = RSAKey.import_key(dict(stated))
                if key.raw_value.key_size < _RSA_BITS_MIN:
                    raise ValueError("an RSA key has 2,048 bits at least")
                return key
    except (JoseError, TypeError) as error:
        raise ValueError("a key can't be read") from error
    raise ValueError("a key needs a kid, and is Ed25519, P-256 or RSA")


def _registry(key: Any) -> JWSRegistry:
    return _Files(algorithms=[_ALGORITHMS[key.key_type]])
