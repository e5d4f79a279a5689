"""A post office tells at once whom it paid; what it kept while offline comes later, and counts once too."""

import hashlib
from collections.abc import Collection as Some
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from libs.common.kernel.clock import VIETNAM, Clock
from services.payments.domain.instructions import SETTLED
from services.payments.domain.matching import Sent, Told, match
from services.payments.domain.partner_lines import ReportKind
from services.payments.usecases.ports import ReportWork, WaitingReport


@dataclass(frozen=True, slots=True)
class Collected:
    """Money handed over at a counter or a door. `paid_to`: self, or the payee who is named in the list.

    `receipt`: the post's number of the receipt, one for each payment. `teller`: the post's code, no name.
    """

    receipt: str
    instruction_id: UUID
    amount: int
    paid_to: str
    paid_at: datetime
    teller: str


@dataclass(frozen=True, slots=True)
class CollectionView:
    """`status`: received, taken, or suspended where it does not fit its payment. `attributed_id`: the payment
    that it is of after all; None where it is of the one that was told, or waits.
    """

    collected: Collected
    attributed_id: UUID | None
    status: str

    @property
    def counts_for(self) -> UUID:
        return self.attributed_id or self.collected.instruction_id


SUSPENDED = "suspended"
ACCEPTED, KNOWN = "accepted", "known"
RECEIPT_TAKEN, PAYMENT_COLLECTED, PAYMENT_UNKNOWN = "receipt_taken", "payment_collected", "payment_unknown"


class CollectionInbox(Protocol):
    """Collections as they come in, inside the caller's territory."""

    async def store(
        self, collected: Sequence[Collected], territory: str | None, agency: str, sub: str
    ) -> Some[str]:
        """The receipts that are new: of payments on the agency's lists, no receipt and no payment twice."""

    async def known(
        self, collected: Sequence[Collected], territory: str | None, agency: str
    ) -> Sequence[CollectionView]:
        """What stands of these receipts, and of these payments by any receipt."""

    async def one(self, receipt: str, territory: str | None, agency: str) -> CollectionView | None: ...


class CollectionWork(ReportWork, Protocol):
    """One transaction of the worker."""

    async def claim_collected(
        self, most: int
    ) -> tuple[WaitingReport, Mapping[UUID, Sent], Sequence[Collected]] | None:
        """Collections of one file, held, as a report of its own."""

    async def collected(
        self, report: WaitingReport, sha256: str, receipts: Some[str], suspended: Some[str]
    ) -> None:
        """These are taken, by that report; some of them suspended."""


class CollectionWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[CollectionWork]: ...


class ReceiveCollections:
    """What is told again is known; nothing is told of a payment twice."""

    def __init__(self, inbox: CollectionInbox) -> None:
        self._inbox = inbox

    async def __call__(
        self, collected: Sequence[Collected], sub: str, territory: str | None, agency: str
    ) -> list[str]:
        """Of each what became of it: accepted, known, or why it is refused."""
        new = await self._inbox.store(collected, territory, agency, sub)
        standing = await self._inbox.known(collected, territory, agency)
        by_receipt = {one.collected.receipt: one.collected.instruction_id for one in standing}
        paid = {one.counts_for for one in standing if one.status != SUSPENDED}
        return [_outcome(one, new, by_receipt, paid) for one in collected]

    async def one(self, receipt: str, territory: str | None, agency: str) -> CollectionView | None:
        return await self._inbox.one(receipt, territory, agency)


def _outcome(one: Collected, new: Some[str], by_receipt: Mapping[str, UUID], paid: Some[UUID]) -> str:
    standing = by_receipt.get(one.receipt)
    if standing == one.instruction_id:
        return ACCEPTED if one.receipt in new else KNOWN
    if standing is not None:
        return RECEIPT_TAKEN
    return PAYMENT_COLLECTED if one.instruction_id in paid else PAYMENT_UNKNOWN


class TakeCollections:
    """The worker: what came in of a file is taken as a report that names these payments."""

    _MOST = 1_000

    def __init__(self, works: CollectionWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        """Some collections of one file; False when none waits."""
        async with self._works() as work:
            claimed = await work.claim_collected(self._MOST)
            if claimed is None:
                return False
            report, sent, collected = claimed
            lines = [
                Told(
                    number=number,
                    reference=one.instruction_id,
                    outcome=SETTLED,
                    amount=one.amount,
                    on=one.paid_at.astimezone(VIETNAM).date(),
                    # The list's payee, or the beneficiary in person: who came is for the post to see.
                    payee_index=sent[one.instruction_id].payee_index,
                )
                for number, one in enumerate(collected, 1)
            ]
            receipts = {number: one.receipt for number, one in enumerate(collected, 1)}
            today = self._clock.business_date()
            matched, suspended = match(lines, sent, report.execute_on, today)
            sha256 = hashlib.sha256("\n".join(receipts.values()).encode()).hexdigest()
            waiting = [receipts[one.told.number] for one in suspended]
            await work.collected(report, sha256, list(receipts.values()), waiting)
            await work.take(report, ReportKind.COLLECTIONS, matched, suspended, receipts, today)
            await work.finish_answered_run(report.run_id, self._clock.recorded_at())
        return True
