"""A payment file's life, and how a run's payments are put into files."""

from libs.common.kernel.errors import IllegalTransition

#: Credit transfers for one bank; a list of cash payments for one commune; a batch for one wallet operator.
PAIN_001 = "pain.001"
POST_LIST = "post-list"
WALLET_BATCH = "wallet-batch"
#: Those whose payees are known by their accounts.
BY_ACCOUNT = (PAIN_001, WALLET_BATCH)

PLANNED = "planned"
READY = "ready"
ANSWERED = "answered"

#: Planned with the run, so that its content is part of what is approved; ready once written; answered when
#: each of its payments is settled or returned. None of it is told to the world by itself.
TRANSITIONS: dict[tuple[str, str], str | None] = {(PLANNED, READY): None, (READY, ANSWERED): None}

#: Payments in one file at most.
FILE_PAYMENTS_MAX = 10_000


def moved(status: str, to: str) -> str | None:
    """The fact told by that edge; IllegalTransition where there is none."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"a payment file does not go from {status} to {to}") from None
