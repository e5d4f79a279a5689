"""What is looked at in a list before it is paid: how it differs from the month before, and what is odd.

Differences are told. What is odd holds the list: somebody other than its maker says why it is right all the
same, and a third identity approves it then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.payments.domain.partner_lines import PostReason

#: In the list's last month and not in the month before it; with another amount; no longer; of months before.
NEW = "new"
CHANGED = "changed"
STOPPED = "stopped"
ARREARS = "arrears"
#: An amount that changed by more than a share of what it was.
AMOUNT_JUMP = "amount_jump"
#: One account for very many people; a facility's is no such account.
SHARED_ACCOUNT = "shared_account"
#: Paid at home and as a facility's resident for one month.
RESIDENT_AT_HOME = "resident_at_home"
#: Of whom a paying agency has said that they died.
REPORTED_DECEASED = "reported_deceased"
#: Of whose account its bank says that it is somebody else's, or none; until something was paid into it.
ACCOUNT_NAME = "account_name"
#: More money than one checker may approve alone.
LARGE_AMOUNT = "large_amount"

DIFFERENCES = (NEW, CHANGED, STOPPED, ARREARS)
HOLDS = (AMOUNT_JUMP, SHARED_ACCOUNT, RESIDENT_AT_HOME, REPORTED_DECEASED, ACCOUNT_NAME, LARGE_AMOUNT)
KINDS = (*DIFFERENCES, *HOLDS)

#: The post's word, and ISO 20022's ExternalStatusReason1Code for a creditor who died.
DECEASED_REASONS = (PostReason.DECEASED.value, "MD07")
#: Programmes of those who live at home.
AT_HOME = ("monthly_allowance", "social_pension")
IN_FACILITY = "nurture_allowance"


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is odd: per cent of the earlier amount, people of one account, đồng of a run.

    `alone_dong_max`: None where one checker may approve any amount.
    """

    jump_percent: int
    account_people_max: int
    alone_dong_max: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one kind in a run, and who accepted it. Amounts: đồng, of what was found."""

    kind: str
    findings: int
    before_dong: int
    amount_dong: int
    accepted_by: str | None = None
    reason: str | None = None
    accepted_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether the run waits for somebody to accept it."""
        return self.kind in HOLDS and self.accepted_by is None


def holding(checks: Iterable[Check]) -> tuple[str, ...]:
    """The kinds that somebody has still to accept."""
    return tuple(check.kind for check in checks if check.holds)


def acceptors(checks: Iterable[Check]) -> frozenset[str]:
    return frozenset(check.accepted_by for check in checks if check.accepted_by)
