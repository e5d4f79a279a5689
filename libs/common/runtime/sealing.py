"""Encryption of fields: sealed to one consuming service in events, by key at rest, and blind indexes.

Sealing is X25519 key agreement (RFC 7748), HKDF-SHA256 and AES-256-GCM. A `Sealer` agrees once per
process and seals many values under that key, each with its own random 96-bit nonce: one key agreement
a value would cost more than everything else on the way of an event.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_KEY_BYTES = 32
_OPENER_KEYS_MAX = 4_096


class CannotOpen(Exception):
    """The value was sealed to somebody else, or changed on the way."""


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _agree(private: X25519PrivateKey, public: X25519PublicKey, ephemeral: bytes) -> AESGCM:
    shared = private.exchange(public)
    key = HKDF(SHA256(), _KEY_BYTES, salt=ephemeral, info=b"ansinh sealed field v1").derive(shared)
    return AESGCM(key)


class Sealer:
    """Seals to the holder of one private key. `public_key`: 32 raw bytes in base64url."""

    def __init__(self, public_key: str) -> None:
        mine = X25519PrivateKey.generate()
        self._ephemeral = mine.public_key().public_bytes_raw()
        self._cipher = _agree(mine, X25519PublicKey.from_public_bytes(_decode(public_key)), self._ephemeral)

    def seal(self, clear: bytes) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ephemeral + nonce + self._cipher.encrypt(nonce, clear, None)
        return urlsafe_b64encode(sealed).decode()


class Opener:
    """Opens what was sealed to this private key (32 raw bytes in base64url)."""

    def __init__(self, private_key: str) -> None:
        self._private = X25519PrivateKey.from_private_bytes(_decode(private_key))
        self._ciphers: dict[bytes, AESGCM] = {}

    def open(self, sealed: str) -> bytes:
        """CannotOpen when it is not for this key or was changed."""
        raw = _decode(sealed)
        ephemeral, nonce, rest = raw[:32], raw[32:44], raw[44:]
        cipher = self._ciphers.get(ephemeral)
        try:
            if cipher is None:
                if len(self._ciphers) >= _OPENER_KEYS_MAX:
                    self._ciphers.clear()
                cipher = _agree(self._private, X25519PublicKey.from_public_bytes(ephemeral), ephemeral)
                self._ciphers[ephemeral] = cipher
            return cipher.decrypt(nonce, rest, None)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen from error


class FieldCipher:
    """AES-256-GCM for fields at rest; the key stands outside the database."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(_decode(key))

    def encrypt(self, clear: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, None)

    def decrypt(self, stored: bytes) -> bytes:
        try:
            return self._cipher.decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as error:
            raise CannotOpen from error


class BlindIndex:
    """HMAC-SHA256: equal texts meet, and without the key nobody can enumerate twelve digits."""

    def __init__(self, key: str) -> None:
        self._keyed = HMAC(_decode(key), SHA256())

    def of(self, text: str) -> bytes:
        mac = self._keyed.copy()
        mac.update(text.encode())
        return mac.finalize()


def new_key_pair() -> tuple[str, str]:
    """(private, public), as settings take them."""
    private = X25519PrivateKey.generate()
    return (
        urlsafe_b64encode(private.private_bytes_raw()).decode(),
        urlsafe_b64encode(private.public_key().public_bytes_raw()).decode(),
    )


def new_key() -> str:
    return urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()
