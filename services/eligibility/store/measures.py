"""Signed measures as the worker takes them up: one a transaction, with all that it is decided on."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection, Database
from services.eligibility.domain import casework
from services.eligibility.domain.casework import CaseFile, Hold
from services.eligibility.domain.monthly import Known
from services.eligibility.store.case_files import COLUMNS, case_of, hold_of
from services.eligibility.store.determinations import LAST_DETERMINED, ToEvents, insert
from services.eligibility.store.facts import versions_of
from services.eligibility.store.late_stops import recalculate_paid
from services.eligibility.usecases.carry_out import Carried, Signed
from services.eligibility.usecases.ports import SignedDecision

ToSignatures = Callable[[Sequence[SignedDecision]], Sequence[OutgoingEvent]]

# What begins next month waits for this month's determination: one that came after it would end it.
_NEXT = f"""
    select {COLUMNS}, {LAST_DETERMINED} as determined from case_file c
    where kind <> 'application' and decided_on is not null and not carried_out
      and from_month <= greatest($1, {LAST_DETERMINED} + interval '1 month')
    order by decided_on, recorded_at limit 1 for update skip locked
"""
_RESIDENT_OF = """
    select facility_id from residence where person_id = $1 and state_paid and from_date <= $3
      and (until_date is null or until_date >= $2) order by from_date limit 1
"""


class Measures:
    """Transactions of carrying measures out, for the worker."""

    def __init__(self, database: Database, to_events: ToEvents, to_signatures: ToSignatures) -> None:
        self._database = database
        self._to_events = to_events
        self._to_signatures = to_signatures

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._to_events, self._to_signatures)


class _Work:
    def __init__(self, connection: Connection, to_events: ToEvents, to_signatures: ToSignatures) -> None:
        self._connection = connection
        self._to_events = to_events
        self._to_signatures = to_signatures

    async def claim(self, today: Month) -> Signed | None:
        row = await self._connection.fetchrow(_NEXT, today.first_day)
        if row is None:
            return None
        case = case_of(row)
        version = await self._connection.fetchval(
            "select max(version) from decision where person_id = $1 and programme = $2",
            case.person_id,
            case.programmes[0],
        )
        determined = row["determined"]
        return Signed(
            case,
            await self._known(case),
            version or 0,
            Month.of(determined) if determined else None,
            await self._holds(case),
        )

    async def _known(self, case: CaseFile) -> Known:
        assert case.from_month and case.decided_on, "a signed measure has a first month"
        person = await self._connection.fetchrow(
            "select version, chain from person_facts where person_id = $1", case.person_id
        )
        assert person, "who has a decision has facts"
        return Known(
            await versions_of(self._connection, case.person_id),
            person["version"],
            person["chain"],
            await self._connection.fetchval(
                _RESIDENT_OF, case.person_id, case.from_month.first_day, case.from_month.last_day
            ),
            case.decided_on,
        )

    async def _holds(self, case: CaseFile) -> list[Hold]:
        rows = await self._connection.fetch(
            "select * from hold where person_id = $1 and programme = $2", case.person_id, case.programmes[0]
        )
        return [hold_of(row) for row in rows]

    async def record(self, signed: Signed, carried: Carried) -> None:
        case = signed.case
        assert case.decided_on and case.signed_by_sub
        await insert(self._connection, carried.recorded, self._to_events)
        decided = [one.decision.decision_id for one in carried.recorded]
        await self._connection.execute(
            "update decision set status = 'signed', signed_on = $2, signed_by_sub = $3, case_id = $4"
            " where decision_id = any($1::uuid[])",
            decided,
            case.decided_on,
            case.signed_by_sub,
            case.case_id,
        )
        await outbox.append(
            self._connection,
            self._to_signatures(
                [
                    SignedDecision(decision_id, case.person_id, case.decided_on, case.signed_by_sub)
                    for decision_id in decided
                ]
            ),
        )
        await self._connection.execute(
            "update case_file set carried_out = true, problem = $2 where case_id = $1",
            case.case_id,
            carried.problem,
        )
        if carried.recorded:
            await recalculate_paid(self._connection, case, carried.recorded[0].basis.policy_hash)
        await self._end_hold(signed, carried)

    async def _end_hold(self, signed: Signed, carried: Carried) -> None:
        """A suspension ends where it is resumed or stopped, and goes where the person's benefit goes."""
        case, ended = signed.case, signed.suspension
        if case.kind == casework.MOVE and not carried.problem:
            await self._connection.execute(
                "update hold set commune_code = $3, province_code = $4"
                " where person_id = $1 and programme = $2 and until_month is null",
                case.person_id,
                case.programmes[0],
                case.place.commune_code,
                case.place.province_code,
            )
        if ended is None or carried.problem:
            return
        until = carried.until
        if case.kind == casework.STOP:
            assert case.from_month
            until = max(ended.from_month, case.from_month)
        if carried.stopped:
            await self._connection.execute(
                "update hold set kind = 'stop', runs_out_on = null where case_id = $1", ended.case_id
            )
        elif until is not None:
            await self._connection.execute(
                "update hold set until_month = $2 where case_id = $1", ended.case_id, until.first_day
            )


async def measures_to_carry_out(connection: Connection, month: Month) -> int:
    """Signed measures that reach the month and are not carried out yet."""
    return int(
        await connection.fetchval(
            "select count(*) from case_file where kind <> 'application' and decided_on is not null"
            " and not carried_out and from_month <= $1",
            month.first_day,
        )
    )
