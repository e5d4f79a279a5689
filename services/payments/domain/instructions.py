"""A payment instruction: one payee's money for a programme in a run."""

from collections.abc import Collection

from libs.common.kernel.errors import IllegalTransition
from services.payments.domain.partner_lines import PostReason

PENDING = "pending"
SETTLED = "settled"
RETURNED = "returned"
#: Its agency said nothing in its term: it may have paid or not, and is asked by our reference.
UNKNOWN = "unknown"
#: What no report has told of yet. None of it is paid anew.
AWAITED = (PENDING, UNKNOWN)

#: Each edge with the ledger's posting for it, or None where no money moves. What was returned stays so: its
#: months fall due again, and a success told late may concern money that was sent anew, so it waits in
#: suspense for a person.
TRANSITIONS: dict[tuple[str, str], str | None] = {
    (PENDING, SETTLED): "settled",
    (PENDING, RETURNED): "returned",
    (PENDING, UNKNOWN): None,
    (UNKNOWN, SETTLED): "settled",
    (UNKNOWN, RETURNED): "returned",
    (SETTLED, RETURNED): "returned_after_settlement",
}

#: What no report does by itself: a success told late is booked when a maker and a checker attribute it.
BY_PERSON: dict[tuple[str, str], str] = {(RETURNED, SETTLED): "settled_late"}

#: Of each status the fact that the world is told when an instruction comes to it. A pending one is told once
#: its file is ready: from then on its paying agency has it.
FACTS: dict[str, str] = {
    PENDING: "PaymentInstructed",
    SETTLED: "PaymentSettled",
    RETURNED: "PaymentReturned",
    UNKNOWN: "PaymentUnknown",
}

#: Reasons for which a post office brings money back that say: nobody came for it, or wanted it.
UNCOLLECTED = (str(PostReason.NOT_MET), str(PostReason.REFUSED))

BANK_ACCOUNT = "bank_account"
POST_OFFICE = "post_office"
HOME_DELIVERY = "home_delivery"
E_WALLET = "e_wallet"
CHANNELS = (BANK_ACCOUNT, POST_OFFICE, HOME_DELIVERY, E_WALLET)
#: What goes to an account, by whose number its payee is known; all else is cash.
TO_ACCOUNT = (BANK_ACCOUNT, E_WALLET)


def posting_for(status: str, to: str) -> str | None:
    """The ledger posting of that edge, None where no money moves; IllegalTransition where there is none."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"an instruction does not go from {status} to {to}") from None


def attribution_of(status: str, to: str) -> str:
    """The posting by which a line that waited moves an instruction; IllegalTransition where there is none."""
    posting = BY_PERSON.get((status, to)) or posting_for(status, to)
    assert posting, "a partner tells of money"
    return posting


def may_be_attributed(status: str, to: str, booked: Collection[str]) -> bool:
    """Whether a line that waited may move an instruction of these postings.

    Nothing is booked twice: what came back after it was settled could come back once more, so it is not
    settled late.
    """
    try:
        posting = attribution_of(status, to)
    except IllegalTransition:
        return False
    late = (status, to) in BY_PERSON
    return posting not in booked and not (late and TRANSITIONS[SETTLED, RETURNED] in booked)
