"""A payment run: one province's list for its benefit months, frozen, approved, paid, reconciled."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition
from libs.common.kernel.months import Month
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import NATION, VND

BUILDING = "building"
BUILT = "built"
APPROVED = "approved"
INSTRUCTING = "instructing"
INSTRUCTED = "instructed"
RECONCILED = "reconciled"
WITHDRAWN = "withdrawn"

#: Each edge of a run's life with the fact it tells the world, or None.
TRANSITIONS: dict[tuple[str, str], str | None] = {
    (BUILDING, BUILT): "RunBuilt",
    (BUILT, APPROVED): "RunApproved",
    (APPROVED, INSTRUCTING): None,
    (INSTRUCTING, INSTRUCTED): "RunInstructed",
    (INSTRUCTED, RECONCILED): "RunReconciled",
    # While nothing is booked: a wrong list, one that can't be built or is no longer what was approved, a fund
    # that stays short.
    (BUILDING, WITHDRAWN): "RunWithdrawn",
    (BUILT, WITHDRAWN): "RunWithdrawn",
    (APPROVED, WITHDRAWN): "RunWithdrawn",
}

PROGRAMMES = (
    "monthly_allowance",
    "social_pension",
    "nurture_allowance",
    "care_allowance",
    "own_care_allowance",
)
#: What another authority decided: paid where an order names it, from a fund that it names too.
DECIDED_ELSEWHERE = "merit_allowance"
MONTHS_MAX = 12
#: How far ahead a month may be paid: the next one before Tết. A list pays all that is due up to its last
#: month, so a month of another year by mistake would pay years ahead.
ADVANCE_MONTHS_MAX = 1


def moved(status: str, to: str) -> str | None:
    """The fact told by going from `status` to `to`; IllegalTransition where there is no such edge."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"a run does not go from {status} to {to}") from None


@dataclass(frozen=True, slots=True)
class PayPeriod:
    """The benefit months of a run, ascending; several where they are paid together (before Tết, say)."""

    months: tuple[Month, ...]

    @classmethod
    def of(cls, months: Iterable[Month]) -> "PayPeriod":
        """ValueError unless they are 1 to MONTHS_MAX different months without a gap."""
        found = tuple(sorted(months))
        if not 1 <= len(found) <= MONTHS_MAX:
            raise ValueError(f"a pay period has 1 to {MONTHS_MAX} months")
        if any(later - 1 != earlier for earlier, later in pairwise(found)):
            raise ValueError("the months of a pay period follow one another")
        return cls(found)

    @property
    def last(self) -> Month:
        return self.months[-1]


@dataclass(frozen=True, slots=True)
class Order:
    """What a maker asks for: one province, its pay period and the programmes to be paid."""

    province_code: str
    period: PayPeriod
    programmes: tuple[str, ...]
    maker: str
    #: None: the province's budget.
    fund_id: UUID | None = None
    #: Whose list is paid; None: what was decided.
    campaign_id: UUID | None = None

    @property
    def key(self) -> str:
        """The same for the same order: of a campaign it is the campaign."""
        if self.campaign_id:
            return f"campaign|{self.campaign_id}"
        parts = [*(str(month) for month in self.period.months), *self.programmes]
        return "|".join(parts + ([str(self.fund_id)] if self.fund_id else []))


def pays(fund: Fund | None, order: Order, territory: str | None) -> bool:
    """Whether an order of that territory may be paid from the fund."""
    if fund is None or fund.unit != VND:
        return False
    bound = fund.purpose is None or order.programmes == (fund.purpose,)
    of_nation = fund.province_code == NATION and territory is None
    return bound and (of_nation or fund.province_code == order.province_code)


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a run's list, built by itself: the beneficiaries of a stretch of communes. The first one has
    all that goes to facilities, too, since a facility gathers people of many communes.
    """

    number: int
    #: Empty: from the first commune on.
    from_commune: str
    #: None: to the last commune.
    before_commune: str | None

    @property
    def has_facilities(self) -> bool:
        return self.number == 1


def shards_of(people: Iterable[tuple[str, int]], people_max: int) -> list[Shard]:
    """Shards of at most `people_max` people, or of one commune, from (commune, people) in the order of the
    communes. Together they hold every commune that there may ever be, so nobody who moves falls between.
    """
    starts, held = [""], 0
    for commune, count in people:
        if held and held + count > people_max:
            starts.append(commune)
            held = 0
        held += count
    return [
        Shard(number, start, before)
        for number, (start, before) in enumerate(zip(starts, [*starts[1:], None], strict=True), 1)
    ]


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A benefit month of a beneficiary, as frozen. `amount`: đồng, what is paid; `granted_by`: a decision, a
    difference or a campaign; `withheld`: đồng of the month kept back for what was overpaid."""

    person_id: UUID
    month: date
    granted_by: UUID
    amount: int
    withheld: int = 0

    def __str__(self) -> str:
        shown = f"{self.person_id}|{self.month.isoformat()}|{self.granted_by}|{self.amount}"
        return f"{shown}|{self.withheld}" if self.withheld else shown


@dataclass(frozen=True, slots=True)
class ListedInstruction:
    """One payment of the frozen list. `account` names the payee's account and its version."""

    instruction_id: UUID
    shard: int
    payee_id: UUID
    programme: str
    channel: str
    agency_code: str
    account: tuple[UUID, int]
    file_id: UUID
    lines: Sequence[ListedLine]


def content_hash(instructions: Iterable[ListedInstruction]) -> str:
    """SHA-256, in hex, of a run's frozen content: who is paid what, for which month, through whom.

    Each instruction is digested by itself, its lines in the order of person and month; a shard's digest is
    that of its instructions' in the order of their ids, the run's that of its shards' in their order; a
    shard without instructions counts for nothing. The store computes the same in SQL.
    """
    shards: dict[int, list[ListedInstruction]] = {}
    for one in instructions:
        shards.setdefault(one.shard, []).append(one)
    digests = (_shard_digest(shards[number]) for number in sorted(shards))
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _shard_digest(instructions: Iterable[ListedInstruction]) -> bytes:
    whole = hashlib.sha256()
    for one in sorted(instructions, key=lambda item: item.instruction_id):
        whole.update(hashlib.sha256(_canonical(one).encode()).digest())
    return whole.digest()


def _canonical(one: ListedInstruction) -> str:
    account, version = one.account
    lines = sorted(one.lines, key=lambda line: (line.person_id, line.month))
    payee = (one.instruction_id, one.payee_id, one.programme, one.channel, one.agency_code, account, version)
    head = (*payee, one.file_id, sum(line.amount for line in lines))
    return "|".join(str(part) for part in head) + "".join(f"\n{line}" for line in lines)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands. `province_code`: of the 34. The frozen content is known once it is built."""

    run_id: UUID
    province_code: str
    period: PayPeriod
    programmes: tuple[str, ...]
    status: str
    maker: str
    checker: str | None
    content_hash: str | None
    instructions: int
    instructed_dong: int
    fund_id: UUID
    #: Whose list it pays; None: what was decided.
    campaign_id: UUID | None = None
