"""How what was overpaid comes back: kept back month by month under a plan, paid back, or remitted."""

from dataclasses import dataclass
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition

#: `amount` is what is kept back each month; 0 ends the plan before it. The law names no cap that we know of
#: (docs/decisions/0033), so nothing is kept back but by a plan that two people agreed on.
PLAN = "plan"
#: Paid back to the province's budget.
RECOVERED = "recovered"
#: Remitted, by a decision with a number.
WAIVED = "waived"
KINDS = (PLAN, RECOVERED, WAIVED)

PROPOSED = "proposed"
BOOKED = "booked"
WITHDRAWN = "withdrawn"
TRANSITIONS = frozenset({(PROPOSED, BOOKED), (PROPOSED, WITHDRAWN)})


def moved(status: str, to: str) -> None:
    """IllegalTransition where there is no such edge."""
    if (status, to) not in TRANSITIONS:
        raise IllegalTransition(f"a recovery does not go from {status} to {to}")


@dataclass(frozen=True, slots=True)
class Recovery:
    """`amount`: đồng. `document`: the number of the decision, agreement or receipt."""

    recovery_id: UUID
    overpayment_id: UUID
    kind: str
    amount: int
    document: str
    note: str
    maker: str
    status: str = PROPOSED
    checker: str | None = None

    def says(self) -> tuple[UUID, str, int, str]:
        """What makes two proposals one."""
        return self.overpayment_id, self.kind, self.amount, self.document


@dataclass(frozen=True, slots=True)
class Debt:
    """An overpayment as it stands. `open`: đồng that are neither kept back, paid back nor remitted."""

    overpayment_id: UUID
    programme: str
    province_code: str
    open: int


def fits(recovery: Recovery, debt: Debt) -> bool:
    """Whether it takes no more than is open; the end of a plan takes nothing."""
    least = 0 if recovery.kind == PLAN else 1
    return least <= recovery.amount <= debt.open
