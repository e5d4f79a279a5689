"""What a file for a paying agency goes through, and how large one may be."""

from libs.common.kernel.errors import IllegalTransition

#: Credit transfers for a bank; a list of one commune for the post office.
PAIN_001 = "pain.001"
POST_LIST = "post_list"

#: Payments in one file at most.
FILE_PAYMENTS_MAX = 10_000

PLANNED = "planned"
READY = "ready"
ANSWERED = "answered"

#: A file is planned with its run, ready once it is written, answered when no payment of it is pending.
TRANSITIONS: dict[tuple[str, str], None] = {(PLANNED, READY): None, (READY, ANSWERED): None}


def moved(status: str, to: str) -> None:
    """IllegalTransition where there is no such edge."""
    if (status, to) not in TRANSITIONS:
        raise IllegalTransition(f"a payment file does not go from {status} to {to}")
