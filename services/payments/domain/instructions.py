"""A payment instruction: one payee's money for a programme in a run."""

from libs.common.kernel.errors import IllegalTransition

PENDING = "pending"
SETTLED = "settled"
RETURNED = "returned"

#: Each edge with the ledger's posting for it. What was returned stays so: its months fall due again, and a
#: success told late may concern money that was sent anew, so it waits in suspense for a person.
TRANSITIONS: dict[tuple[str, str], str] = {
    (PENDING, SETTLED): "settled",
    (PENDING, RETURNED): "returned",
    (SETTLED, RETURNED): "returned_after_settlement",
}

#: Of each status the fact that the world is told when an instruction comes to it. A pending one is told once
#: its file is ready: from then on its paying agency has it.
FACTS: dict[str, str] = {
    PENDING: "PaymentInstructed",
    SETTLED: "PaymentSettled",
    RETURNED: "PaymentReturned",
}

BANK_ACCOUNT = "bank_account"
POST_OFFICE = "post_office"
HOME_DELIVERY = "home_delivery"
CHANNELS = (BANK_ACCOUNT, POST_OFFICE, HOME_DELIVERY)


def posting_for(status: str, to: str) -> str:
    """The ledger posting of that edge; IllegalTransition where there is none."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"an instruction does not go from {status} to {to}") from None
