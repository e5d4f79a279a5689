"""Donations: promised, received with a receipt, set apart for a programme, used.

A gift is money or goods of one unit. What is received lies in a fund for gifts; set apart, in a fund of the
same kind that pays one programme only. Both steps are vouchers, so a second identity approves them. What is
used leaves that fund by a run or a hand-over, and is counted as the gifts' in the order in which they came.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition

PLEDGED = "pledged"
RECEIVED = "received"
EARMARKED = "earmarked"
WITHDRAWN = "withdrawn"

#: Each edge with the ledger's posting for it. Nobody else is told: who asks, reads the public report.
TRANSITIONS: dict[tuple[str, str], str | None] = {
    (PLEDGED, RECEIVED): "donated",
    (PLEDGED, WITHDRAWN): None,
    (RECEIVED, EARMARKED): "earmarked",
    (EARMARKED, RECEIVED): "reversed",
}


def moved(status: str, to: str) -> str | None:
    """The ledger posting of that edge; IllegalTransition where there is none."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"a donation does not go from {status} to {to}") from None


@dataclass(frozen=True, slots=True)
class Donation:
    """`amount`: above 0, in the unit of its fund. `shown`: the donor agrees to be named.

    `fund_id`: where it is received; `to_fund_id`: where it is set apart.
    """

    donation_id: UUID
    fund_id: UUID
    province_code: str
    amount: int
    donor: str
    shown: bool
    status: str
    pledged_on: date
    receipt: str | None = None
    received_on: date | None = None
    to_fund_id: UUID | None = None
    earmarked_on: date | None = None


def used_of(amounts: Sequence[int], used: int) -> list[int]:
    """How much of each gift is used, of `used` in all: the first that came is used first."""
    shares = []
    for amount in amounts:
        share = min(amount, max(used, 0))
        shares.append(share)
        used -= share
    return shares
