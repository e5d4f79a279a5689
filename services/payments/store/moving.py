"""Instructions of one file moved on in a set: status, lines, totals, debt, and the file itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.runtime.postgres import Connection
from services.payments.domain import files
from services.payments.domain.instructions import AWAITED, RETURNED, SETTLED, UNKNOWN
from services.payments.domain.ledger import ENTITLEMENT, PAYABLE, Account, Transfer
from services.payments.domain.matching import Matched
from services.payments.store import ledger

_MOVE = f"""
    update instruction i set status = t.status,
        settled_on = case when t.status = '{SETTLED}' then t.told_on else i.settled_on end,
        return_reason = t.reason, changed_on = coalesce(t.told_on, $5)
    from unnest($1::uuid[], $2::text[], $3::date[], $4::text[]) as t (id, status, told_on, reason)
    where i.instruction_id = t.id
"""
_LINES = (
    "update instruction_line set returned = $3 where run_id = $1 and instruction_id = any($2::uuid[])"
    " and returned <> $3"
)
# Held in one order: reports of two banks may meet in a commune's total.
_TOTALS = """
    with moved as (
        select l.programme, l.unit_province_code, l.commune_code, l.category, i.channel,
               sum(l.amount_dong * t.settled)::bigint as settled,
               sum(l.amount_dong * t.returned)::bigint as returned,
               sum(l.amount_dong * t.unknown)::bigint as unknown
        from unnest($2::uuid[], $3::integer[], $4::integer[], $5::integer[])
          as t (id, settled, returned, unknown)
        join instruction i on i.instruction_id = t.id
        join instruction_line l on l.run_id = $1 and l.instruction_id = t.id
        group by l.programme, l.unit_province_code, l.commune_code, l.category, i.channel
    ), held as (
        select m.* from run_total r
        join moved m using (programme, unit_province_code, commune_code, category, channel)
        where r.run_id = $1
        order by programme, unit_province_code, commune_code, category, channel for no key update of r
    )
    update run_total r set settled_dong = settled_dong + m.settled,
        returned_dong = returned_dong + m.returned, unknown_dong = unknown_dong + m.unknown
    from held m
    where r.run_id = $1 and r.programme = m.programme and r.unit_province_code = m.unit_province_code
      and r.commune_code = m.commune_code and r.category = m.category and r.channel = m.channel
"""
# What stands of a recalculated month is another sum by it. In one order, as two reports may be of one month.
# In most months nothing is recalculated: then no line is looked at.
_WEIGHED_AGAIN = """
    update difference d set weighed_on = null, next_look_at = now()
    from (
        select d.difference_id from instruction_line l join difference d using (person_id, programme, month)
        where (select exists (select from difference))
          and l.run_id = $1 and l.instruction_id = any($2::uuid[]) and l.campaign_id is null
        order by d.difference_id for no key update of d
    ) as touched
    where d.difference_id = touched.difference_id
"""
_ANSWERED = f"""
    update payment_file set pending = pending - $2,
        status = case when pending = $2 then '{files.ANSWERED}' else status end
    where file_id = $1 and status = '{files.READY}'
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """To which file, of which run, and what it is booked for: `posting` and `source_id` of the discharge."""

    run_id: UUID
    file_id: UUID
    province_code: str
    posting: str
    source_id: UUID


async def move(connection: Connection, answer: Answer, matched: Sequence[Matched], on: date) -> None:
    """All that lines which match do; `on`: the day of booking where a line tells none."""
    await ledger.book_instructions(
        connection,
        [one.instruction_id for one in matched],
        [one.posting for one in matched],
        [one.told.on or on for one in matched],
    )
    first = {one.instruction_id: one for one in reversed(matched)}
    last = {one.instruction_id: one for one in matched}
    ids = list(last)
    await connection.execute(
        _MOVE,
        ids,
        [one.told.outcome for one in last.values()],
        [one.told.on for one in last.values()],
        [one.told.reason if one.told.outcome == RETURNED else None for one in last.values()],
        on,
    )
    due_again = [known for known in ids if last[known].told.outcome == RETURNED]
    paid_after_all = [
        known for known in ids if (first[known].was, last[known].told.outcome) == (RETURNED, SETTLED)
    ]
    for lines_of, returned in ((due_again, True), (paid_after_all, False)):
        if lines_of:
            await connection.execute(_LINES, answer.run_id, lines_of, returned)
    await connection.execute(
        _TOTALS,
        answer.run_id,
        ids,
        [_change(first[known], last[known], SETTLED) for known in ids],
        [_change(first[known], last[known], RETURNED) for known in ids],
        [_change(first[known], last[known], UNKNOWN) for known in ids],
    )
    await connection.execute(_WEIGHED_AGAIN, answer.run_id, ids)
    answered = [known for known in ids if first[known].was in AWAITED]
    if answered:
        await _discharge(connection, answer, answered, on)
        await connection.execute(_ANSWERED, answer.file_id, len(answered))


async def _discharge(connection: Connection, answer: Answer, answered: Sequence[UUID], on: date) -> None:
    """What was answered is no longer owed: it was paid, or falls due anew with the next list."""
    rows = await connection.fetch(
        "select programme, sum(amount_dong)::bigint as amount from instruction"
        " where instruction_id = any($1::uuid[]) group by programme order by programme",
        list(answered),
    )
    transfers = [
        Transfer(
            answer.posting,
            Account(PAYABLE, row["programme"], answer.province_code),
            Account(ENTITLEMENT, row["programme"], answer.province_code),
            row["amount"],
            answer.source_id,
            on,
        )
        for row in rows
    ]
    await ledger.book(connection, answer.province_code, transfers)


def _change(first: Matched, last: Matched, status: str) -> int:
    """How often the instruction is in that status after all of it, less how often before: -1, 0 or 1."""
    return (last.told.outcome == status) - (first.was == status)
