"""Accounts at rest: encrypted, and known to a report by a keyed hash of the payee that it must name."""

import msgspec

from libs.common.runtime.sealing import BlindIndex, FieldCipher
from services.payments.domain.heard import Secret
from services.payments.domain.matching import payee_text


class Protection:
    def __init__(self, cipher: FieldCipher, blind_index: BlindIndex) -> None:
        self._cipher = cipher
        self._blind_index = blind_index
        self._decoder = msgspec.msgpack.Decoder(Secret)
        self._encoder = msgspec.msgpack.Encoder()

    def close(self, secret: Secret) -> bytes:
        return self._cipher.encrypt(self._encoder.encode(secret))

    def open(self, stored: bytes) -> Secret:
        """CannotOpen when it was changed, or encrypted with another key."""
        return self._decoder.decode(self._cipher.decrypt(stored))

    def payee_index(self, text: str) -> bytes:
        """Equal for equal payees, and of no use to whoever lacks the key."""
        return self._blind_index.of(payee_text(text))
