"""Suspensions proposed for whoever collected nothing for as many months as the law names; a human signs."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Connection
from services.eligibility.domain import casework
from services.eligibility.domain.case_law import NOT_COLLECTED, CaseLaw
from services.eligibility.domain.casework import CaseFile, measure_id
from services.eligibility.domain.records import Uncollected
from services.eligibility.store.case_files import ToEvent, add, place_of

#: Who prepared it: payments told, and nobody signs as that.
PREPARED_BY = "ansinh.payments"

# Of whoever has the grant in force: where it stands, and how many suspensions there were. Who has one that is
# open or in force needs no other.
_SUSPENDABLE = """
    select t.person_id, t.programme, d.commune_code, d.province_code, d.former_province_code, s.before
    from unnest($1::uuid[], $2::text[]) as t (person_id, programme)
    cross join lateral (
        select * from decision where person_id = t.person_id and programme = t.programme
          and status <> 'proposed' order by version desc limit 1
    ) as d
    cross join lateral (
        select count(*) as before, coalesce(bool_or(
            c.state in ('received', 'checked') or (c.decided_on is not null and not c.carried_out)
            or exists (select from hold h where h.case_id = c.case_id and h.until_month is null)), false)
            as stands
        from case_file c where c.person_id = t.person_id and c.kind = 'suspension'
          and c.programmes = array[t.programme]
    ) as s
    where d.outcome = 'granted' and not s.stands
"""


@dataclass(frozen=True)
class SuspendUncollected:
    """Opens the cases in the transaction of what was told."""

    law: CaseLaw
    clock: Clock
    to_event: ToEvent

    async def __call__(self, connection: Connection, told: Sequence[Uncollected]) -> None:
        today = self.clock.business_date()
        try:
            ground = self.law.suspension_ground(NOT_COLLECTED, today)
        except Refusal:
            return
        due = {
            (one.person_id, one.programme): None
            for one in told
            if ground.months is not None and len(one.months) >= ground.months
        }
        if not due:
            return
        people, programmes = zip(*due, strict=True)
        rows = await connection.fetch(_SUSPENDABLE, list(people), list(programmes))
        now = Month.of(today)
        cases = [
            CaseFile(
                case_id=measure_id(
                    casework.SUSPENSION, row["person_id"], row["programme"], now, row["before"]
                ),
                kind=casework.SUSPENSION,
                person_id=row["person_id"],
                programmes=(row["programme"],),
                place=place_of(row),
                received_on=today,
                due_on=self.law.due_on((row["programme"],), today),
                ground=NOT_COLLECTED,
                from_month=now,
                prepared_by_sub=PREPARED_BY,
            )
            for row in rows
        ]
        await add(connection, cases, self.to_event)
