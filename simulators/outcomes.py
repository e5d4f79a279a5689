"""What becomes of a payment. It hangs on the seed and on who is paid, never on chance, clock or our ids:
two runs of one scenario settle and return the same.
"""

import hashlib
from dataclasses import dataclass

from services.payments.domain.partner_lines import PostReason

#: ISO 20022: the creditor's account is closed.
ACCOUNT_CLOSED = "AC04"
#: Transactions are forbidden on this account; the number of payments, the control sum of a file is wrong.
FORBIDDEN, WRONG_COUNT, WRONG_SUM = "AG01", "AM18", "AM10"
#: Of ten failures at the post office's counter, so many are people who did not come.
_NOT_MET_OF_TEN = 6
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Odds:
    """`failing_per_10_000`: payments that fail, of ten thousand."""

    seed: int = 1
    failing_per_10_000: int = 100

    def at_bank(self, account_number: str) -> str | None:
        """The reason for which the bank rejects whatever goes to this account, or None."""
        return ACCOUNT_CLOSED if self._draw("bank", account_number) < self.failing_per_10_000 else None

    def is_unknown(self, account_number: str, of_ten: int) -> bool:
        """Of accounts that nobody can be paid into, those that the bank does not know."""
        return self._draw("why", account_number) % 10 < of_ten

    def at_post(self, personal_id: str) -> PostReason | None:
        """Why this person could not be paid, or None."""
        if self._draw("post", personal_id) >= self.failing_per_10_000:
            return None
        rare = self._draw("why", personal_id) % 10 >= _NOT_MET_OF_TEN
        return PostReason.DECEASED if rare else PostReason.NOT_MET

    def _draw(self, what: str, key: str) -> int:
        return draw(self.seed, what, key)


def draw(seed: int, what: str, key: str) -> int:
    """0 to 9,999."""
    digest = hashlib.blake2b(f"{seed}\x1f{what}\x1f{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _WHOLE
