"""Lines in suspense: kept as a report is taken, and carried out once a resolution is approved."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from libs.common.kernel.ids import new_id
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import instructions, suspense
from services.payments.domain.files import BY_ACCOUNT
from services.payments.domain.instructions import RETURNED
from services.payments.domain.ledger import IN_TRANSIT, SUSPENSE, Account
from services.payments.domain.matching import DUPLICATE, Matched, Suspended, Told
from services.payments.domain.suspense import APPROVED, ATTRIBUTED, TOLD_TWICE, Candidate, Item
from services.payments.store import ledger, payees
from services.payments.store.finishing import reconcile_if_answered
from services.payments.store.moving import Answer, move
from services.payments.store.province_lock import BEING_BUILT, alone_with
from services.payments.store.run_rows import ToEvent

COLUMNS = (
    "suspense_id, report_id, number, run_id, agency_code, province_code, reason, outcome, reference,"
    " coalesce(instruction_id, named_id) as instruction_id, amount_dong as amount, told_on, reason_code,"
    " held, told_again, waits_since, status, resolution, note, maker_sub as maker, checker_sub as checker,"
    " problem"
)
UNRESOLVED = f"status in ({', '.join(repr(status) for status in suspense.UNRESOLVED)})"
#: Days before or after a line in which a return that it tells again was told.
_TWIN_DAYS = 31
#: Of the line $1: whether its amount is held by another line that stands, or a report of about then booked it
#: as returned.
_HAS_TWIN = f"""
    select exists (
        select from suspense o where o.agency_code = s.agency_code and o.province_code = s.province_code
          and o.held and o.amount_dong = s.amount_dong and o.suspense_id <> s.suspense_id
          and o.status <> '{TOLD_TWICE}'
    ) or exists (
        select from partner_report p join report_line l using (report_id)
        where p.agency_code = s.agency_code and p.province_code = s.province_code and p.returned > 0
          and abs(p.taken_on - s.waits_since) <= $2
          and l.outcome = '{RETURNED}' and l.posting is not null and l.amount_dong = s.amount_dong
    ) from suspense s where suspense_id = $1
"""
_ALONE = """
    select pg_try_advisory_xact_lock(hashtextextended('suspense ' || agency_code || ' ' || province_code, 0))
"""
#: Reports on files of cash hold no money, and are taken many at a time.
_ALONE_WITH_REPORT = f"""
    {_ALONE} from partner_report p left join payment_file f using (file_id, agency_code, province_code)
    where p.report_id = $1 and (f.kind is null or f.kind = any($2))
"""
_KEEP = """
    insert into suspense (report_id, run_id, agency_code, province_code, waits_since, suspense_id, number,
                          reason, outcome, reference, named_id, amount_dong, told_on, reason_code, held,
                          payee_index)
    select $1, $2, $3, $4, $5, * from unnest($6::uuid[], $7::integer[], $8::text[], $9::text[], $10::text[],
        $11::uuid[], $12::bigint[], $13::date[], $14::text[], $15::boolean[], $16::bytea[])
"""
#: Of the credits told now, those that a report of the other kind $3 told, each of its lines once.
_TOLD_BEFORE = f"""
    with told as (
        select *, row_number() over (partition by reference, amount, told_on, payee_index order by number)
        from unnest($4::integer[], $5::text[], $6::bigint[], $7::date[], $8::bytea[])
          as t (number, reference, amount, told_on, payee_index)
    ), known as (
        select s.*, row_number() over (
            partition by reference, amount_dong, s.told_on, payee_index order by suspense_id)
        from suspense s join partner_report p using (report_id)
        where s.agency_code = $1 and s.province_code = $2 and p.kind = $3 and s.held and not s.told_again
          and s.status <> '{TOLD_TWICE}' and s.reference = any($5)
    )
    update suspense s set told_again = true from known k join told t using (reference, row_number)
    where s.suspense_id = k.suspense_id and k.amount_dong = t.amount
      and (k.told_on, k.payee_index) is not distinct from (t.told_on, t.payee_index)
    returning t.number
"""
#: Of the credits told now, those by which a payment came back that is returned by now.
_RETURNED_BEFORE = f"""
    select t.number from instruction i {payees.JOINED}
    join unnest($3::integer[], $4::uuid[], $5::bigint[], $6::bytea[]) as t (number, named, amount, payee)
      on t.named = i.instruction_id
    where i.agency_code = $1 and i.province_code = $2 and i.status = '{RETURNED}'
      and i.amount_dong = t.amount and {payees.INDEX} = t.payee
"""
#: Of the returns told now, those whose money is held: it waits to be attributed to the payment that it names,
#: or is a credit that a report of the other kind $3 told. A payment comes back once.
_HELD_BEFORE = f"""
    with known as (
        select distinct on (t.number) t.number, suspense_id
        from unnest($4::integer[], $5::text[], $6::bigint[], $7::date[], $8::bytea[])
          as t (number, reference, amount, told_on, payee_index)
        join suspense s using (reference, payee_index) join partner_report p using (report_id)
        where s.agency_code = $1 and s.province_code = $2 and s.held and s.amount_dong = t.amount
          and (s.{UNRESOLVED}
               or p.kind = $3 and s.told_on is not distinct from t.told_on and not s.told_again
                 and s.status <> '{TOLD_TWICE}')
        order by t.number, suspense_id
    )
    update suspense s set told_again = true from known k where s.suspense_id = k.suspense_id
    returning k.number
"""
#: $1: a payment that was handed to its agency. Reissued is a month of which somebody would have more than it
#: comes to, by what granted the line and by the latest difference; a campaign pays each month by one line.
CANDIDATE = """
    select i.instruction_id, i.agency_code, i.province_code, i.status, i.amount_dong as amount,
           exists (
               select from instruction_line l left join difference d using (difference_id)
               where l.run_id = i.run_id and l.instruction_id = i.instruction_id and case
                   when l.campaign_id is null then
                       paid_dong(l.person_id, l.programme, l.month) + l.amount_dong
                         - given_back_dong(l.person_id, l.programme, l.month) > greatest(
                           coalesce(d.due_dong, l.amount_dong + l.withheld_dong), (
                               select due_dong from difference o where o.person_id = l.person_id
                                 and o.programme = l.programme and o.month = l.month
                               order by recalculation_id desc limit 1))
                   else exists (
                       select from instruction_line other where other.campaign_id = l.campaign_id
                         and other.person_id = l.person_id and other.month = l.month and not other.returned
                         and other.instruction_id <> i.instruction_id)
               end) as reissued,
           array(select posting from ledger_transfer where source_id = i.instruction_id) as postings
    from instruction i join payment_file f using (file_id)
    where i.instruction_id = $1 and f.status <> 'planned'
"""
_PUT = """
    update suspense set status = $2, resolution = $3, instruction_id = $4, note = $5, maker_sub = $6,
        checker_sub = $7, problem = $8, changed_at = now()
    where suspense_id = $1
"""
#: What is told as paid may have come back, and is due anew: a list that is being built is waited for.
_APPROVED = f"""
    select suspense_id from suspense where status = '{APPROVED}'
      and not (outcome = '{instructions.SETTLED}' and province_code in ({BEING_BUILT}))
    order by changed_at limit 1
"""
_CLAIM = f"""
    select {COLUMNS} from suspense where suspense_id = $1 and status = '{APPROVED}' for update skip locked
"""
_PLACE = """
    select i.run_id, i.file_id, i.province_code, r.execute_on from instruction i join run r using (run_id)
    where instruction_id = $1
"""
#: A receipt that waited is that of the payment $3 by now: no list takes that back by itself.
_RECEIPT = """
    update collection set status = 'taken', attributed_id = $3
    where agency_code = $1 and report_id = $2 and receipt = $4 and status = 'suspended'
"""
#: What the ledger or the list refuses, and the problem that it is.
_REFUSED = {
    "paid_once": "reissued",
    "difference_paid_once": "reissued",
    "campaign_paid_once": "reissued",
    "one_receipt": "state_differs",
    "fund_not_overdrawn": "fund_short",
}


@dataclass(frozen=True, slots=True)
class Source:
    """The report that told the lines. `run_id`: None for a day's statement."""

    report_id: UUID
    run_id: UUID | None
    agency_code: str
    province_code: str


async def alone_with_report(connection: Connection, report_id: UUID) -> bool:
    """Before anything else of it is held: reports of an agency's account of a province are taken one by one.

    Several may tell the same credit: whoever comes later sees what the one before kept and booked. False
    while another is taken: nobody waits for it who could take a report of elsewhere.
    """
    alone = await connection.fetchval(_ALONE_WITH_REPORT, report_id, list(BY_ACCOUNT))
    return alone is not False


async def told_once(
    connection: Connection,
    source: Source,
    kind: str,
    matched: Sequence[Matched],
    suspended: Sequence[Suspended],
    references: Mapping[int, str],
) -> tuple[Sequence[Matched], Sequence[Suspended]]:
    """The same, but what says again of money what is booked or held already is a duplicate."""
    of, other = (source.agency_code, source.province_code), suspense.TOLD_AGAIN_BY.get(kind)
    again: set[int] = set()
    credits_ = [one.told for one in suspended if suspense.holds_money(one, kind)]
    if named := [
        (one.number, one.reference, one.amount, one.payee_index) for one in credits_ if one.reference
    ]:
        again |= await _numbers(connection, _RETURNED_BEFORE, of, named)
    returns = [one.told for one in matched if one.told.outcome == RETURNED]
    for sql, told in ((_TOLD_BEFORE, credits_), (_HELD_BEFORE, returns)):
        rows = [
            (one.number, references[one.number], one.amount, one.on, one.payee_index)
            for one in told
            if one.number not in again
        ]
        if rows:
            again |= await _numbers(connection, sql, (*of, other), rows)
    if not again:
        return matched, suspended
    return (
        [one for one in matched if one.told.number not in again],
        [
            *(replace(one, reason=DUPLICATE) if one.told.number in again else one for one in suspended),
            *(
                Suspended(one.told, DUPLICATE, one.instruction_id)
                for one in matched
                if one.told.number in again
            ),
        ],
    )


async def _numbers(
    connection: Connection, sql: str, of: tuple[str | None, ...], rows: Sequence[tuple[Any, ...]]
) -> set[int]:
    found = await connection.fetch(sql, *of, *(list(column) for column in zip(*rows, strict=True)))
    return {number for (number,) in found}


async def keep(
    connection: Connection,
    source: Source,
    kind: str,
    suspended: Sequence[Suspended],
    references: Mapping[int, str],
    on: date,
) -> None:
    """What waits for a person, and in suspense the money that came with it."""
    rows = [
        (
            new_id(),
            one.told.number,
            one.reason,
            one.told.outcome,
            references[one.told.number],
            one.instruction_id,
            one.told.amount,
            one.told.on,
            one.told.reason,
            suspense.holds_money(one, kind),
            one.told.payee_index,
        )
        for one in suspended
        if suspense.waits(one)
    ]
    if not rows:
        return
    of_report = (source.report_id, source.run_id, source.agency_code, source.province_code, on)
    await connection.execute(_KEEP, *of_report, *(list(column) for column in zip(*rows, strict=True)))
    held = {row[0]: row[6] for row in rows if row[9] and row[6]}
    if held:
        there, here = _accounts(source.agency_code, source.province_code)
        await ledger.book_each(connection, "suspended", here, there, held, on)


def _accounts(agency_code: str, province_code: str) -> tuple[Account, Account]:
    """What is in transit with the agency, and what it gave back."""
    return Account(IN_TRANSIT, agency_code, province_code), Account(SUSPENSE, agency_code, province_code)


async def has_twin(connection: Connection, item: Item) -> bool:
    found: bool = await connection.fetchval(_HAS_TWIN, item.suspense_id, _TWIN_DAYS)
    return found


def item_of(row: asyncpg.Record) -> Item:
    return Item(**dict(row))


def candidate_of(row: asyncpg.Record) -> Candidate:
    return Candidate(**{**dict(row), "postings": frozenset(row["postings"])})


async def put(connection: Connection, item: Item) -> None:
    """A line's life as it is now; the payment that it names by itself stays."""
    await connection.execute(
        _PUT,
        item.suspense_id,
        item.status,
        item.resolution,
        item.instruction_id,
        item.note,
        item.maker,
        item.checker,
        item.problem,
    )


class Resolutions:
    """Transactions of carrying out, for the worker."""

    def __init__(self, database: Database, to_event: ToEvent) -> None:
        self._database = database
        self._to_event = to_event

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._to_event)


class _Work:
    def __init__(self, connection: Connection, to_event: ToEvent) -> None:
        self._connection = connection
        self._to_event = to_event

    async def claim(self) -> Item | None:
        waiting = await self._connection.fetchrow(_APPROVED)
        if waiting is None:
            return None
        # As who takes reports does, before anything of it is held.
        if not await self._connection.fetchval(
            f"{_ALONE} from suspense where suspense_id = $1", waiting["suspense_id"]
        ):
            return None
        row = await self._connection.fetchrow(_CLAIM, waiting["suspense_id"])
        if row is None:
            return None
        item = item_of(row)
        if item.outcome == instructions.SETTLED:
            await alone_with(self._connection, item.province_code)
            if await self._connection.fetchval(f"select $1 in ({BEING_BUILT})", item.province_code):
                return None
        return item

    async def candidate(self, instruction_id: UUID) -> Candidate | None:
        # As a report does: whoever holds the file moves its payments.
        await self._connection.execute(
            "select from payment_file where file_id = ("
            " select file_id from instruction where instruction_id = $1) for update",
            instruction_id,
        )
        row = await self._connection.fetchrow(CANDIDATE, instruction_id)
        return candidate_of(row) if row else None

    async def has_twin(self, item: Item) -> bool:
        return await has_twin(self._connection, item)

    async def put(self, item: Item) -> None:
        await put(self._connection, item)

    async def book(self, item: Item, candidate: Candidate | None, on: date, at: datetime) -> str | None:
        try:
            async with self._connection.transaction():
                await self._release(item, on)
                if candidate:
                    await self._attribute(item, candidate, on, at)
        except (asyncpg.UniqueViolationError, asyncpg.CheckViolationError) as refused:
            if refused.constraint_name not in _REFUSED:
                raise
            return _REFUSED[refused.constraint_name]
        return None

    async def _release(self, item: Item, on: date) -> None:
        """What it holds is with the agency again: for good, or for the payment's own posting to take it."""
        if item.held:
            assert item.resolution and item.amount
            there, here = _accounts(item.agency_code, item.province_code)
            amounts = {item.suspense_id: item.amount}
            await ledger.book_each(self._connection, item.resolution, there, here, amounts, on)

    async def _attribute(self, item: Item, candidate: Candidate, on: date, at: datetime) -> None:
        assert item.resolution == ATTRIBUTED
        place = await self._connection.fetchrow(_PLACE, candidate.instruction_id)
        assert place
        day = item.told_on if item.told_on and place["execute_on"] <= item.told_on <= on else on
        known = candidate.instruction_id
        told = Told(item.number, known, item.outcome, item.amount, day, None, item.reason_code)
        posting = instructions.attribution_of(candidate.status, item.outcome)
        answer = Answer(
            place["run_id"], place["file_id"], place["province_code"], "discharged_by_hand", item.suspense_id
        )
        await move(self._connection, answer, [Matched(told, known, candidate.status, posting)], on)
        await self._connection.execute(_RECEIPT, item.agency_code, item.report_id, known, item.reference)
        await reconcile_if_answered(self._connection, answer.run_id, at, self._to_event)
