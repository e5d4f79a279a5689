"""What the doors show, read in the caller's territory by the app role."""

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain.instructions import UNKNOWN
from services.payments.domain.month_calendar import CalendarTerms, deadlines, lists_due
from services.payments.domain.runs import BUILDING, PROGRAMMES, WITHDRAWN
from services.payments.store.reconciliation import reconciliation
from services.payments.store.run_rows import COLUMNS, run_of
from services.payments.usecases.reading import (
    Amounts,
    BuildingView,
    FileView,
    MissingRun,
    PaymentView,
    ReconciliationView,
    ReportView,
    RunPlace,
    RunView,
    UnpayablePlace,
    UnpayableView,
)

_AMOUNTS = (
    "sum(instructions)::int as instructions, sum(lines)::int as lines, sum(people)::int as people,"
    " sum(instructed_dong)::bigint as instructed, sum(standard_dong)::bigint as standard,"
    " sum(settled_dong)::bigint as settled, sum(returned_dong)::bigint as returned,"
    " sum(unknown_dong)::bigint as unknown"
)
_RUN = (
    f"{COLUMNS}, r.problem, r.opened_at, r.checked_at is not null as checked,"
    " (select count(*) from unpayable u where u.run_id = r.run_id) as unpayable,"
    " (select count(*) from payment_file f where f.run_id = r.run_id) as files,"
    " (select count(*) from payment_file f where f.run_id = r.run_id and f.status <> 'planned')"
    " as files_written, c.*, b.*, coalesce(w.attempts, 0) as attempts, w.next_try_at, w.error"
)
_RUN_AND_SHARDS = f"""
    run r cross join lateral (
        select coalesce(sum(corrected_lines), 0)::int as corrected_lines,
               coalesce(sum(corrected_dong), 0)::bigint as corrected,
               coalesce(sum(withheld_dong), 0)::bigint as withheld
        from run_shard s where s.run_id = r.run_id
    ) as c left join lateral (
        select count(*)::int as shards, count(built_at)::int as shards_built from run_shard s
        where s.run_id = r.run_id
    ) as b on r.status = '{BUILDING}'
    left join lateral (
        select attempts, next_try_at, error from run_shard s
        where s.run_id = r.run_id and built_at is null order by attempts desc, number limit 1
    ) as w on r.status = '{BUILDING}'
"""
_FILE = (
    "file_id, run_id, agency_code, kind, province_code, commune_code, payments, amount_dong, pending, status,"
    " content_sha256, created_at, asked_on"
)
# Provinces are few among very many decisions: each is found from the one before by the index. A list for a
# programme that another authority decides is not the month's.
_MISSING = f"""
    with recursive place as (
        (select province_code from entitlement order by province_code limit 1)
        union all
        select (select e.province_code from entitlement e where e.province_code > p.province_code
                order by e.province_code limit 1)
        from place p where p.province_code is not null
    )
    select m.month, p.province_code from place p cross join unnest($1::date[]) as m (month)
    where exists (
        select from entitlement e where e.province_code = p.province_code and e.outcome = 'granted'
          and e.pays_from <= m.month and e.programme = any($2::text[]))
      and not exists (
        select from run r join run_month o using (run_id)
        where r.province_code = p.province_code and o.month = m.month and r.campaign_id is null
          and r.programmes && $2::text[] and r.status <> '{WITHDRAWN}')
    order by m.month, p.province_code
"""
#: What each grouping is called in run_total. A province is the one that stood in the month.
_KEYS = {
    "province": "unit_province_code",
    "commune": "commune_code",
    "category": "category",
    "channel": "channel",
}
#: Where so few people have a health condition, its category would name them to their neighbours.
_HEALTH, _OTHER, _SHOWN_FROM = "health_condition", "other", 10


class StoredReads:
    """`cipher` opens what was written into files; `calendar`: by when a month's payment is due."""

    def __init__(self, database: Database, cipher: FieldCipher, calendar: Sequence[CalendarTerms]) -> None:
        self._calendar = calendar
        self._database = database
        self._cipher = cipher

    async def run(self, territory: str | None, run_id: UUID) -> RunView | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_RUN} from {_RUN_AND_SHARDS} where r.run_id = $1", run_id
            )
            return (await _views(connection, [row], self._calendar))[0] if row else None

    async def runs(self, territory: str | None, after: RunPlace | None, limit: int) -> list[RunView]:
        opened_at, run_id = after or (None, None)
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_RUN} from {_RUN_AND_SHARDS}"
                " where $1::timestamptz is null or (r.opened_at, r.run_id) < ($1, $2::uuid)"
                " order by r.opened_at desc, r.run_id desc limit $3",
                opened_at,
                run_id,
                limit,
            )
            return await _views(connection, rows, self._calendar)

    async def open_runs(self, territory: str | None, after: UUID | None, limit: int) -> list[RunView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_RUN} from {_RUN_AND_SHARDS}"
                " where r.status not in ('reconciled', 'withdrawn') and r.campaign_id is null"
                " and ($1::uuid is null or r.run_id > $1) order by r.run_id limit $2",
                after,
                limit,
            )
            return await _views(connection, rows, self._calendar)

    async def missing_runs(self, territory: str | None, on: date) -> list[MissingRun]:
        due = {month.first_day: day for month, day in lists_due(self._calendar, on)}
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(_MISSING, list(due), list(PROGRAMMES))
        return [MissingRun(Month.of(row["month"]), row["province_code"], due[row["month"]]) for row in rows]

    async def unpayable(
        self, territory: str | None, run_id: UUID, after: UnpayablePlace | None, limit: int
    ) -> list[UnpayableView]:
        person, programme, month = after or (UUID(int=0), "", None)
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select person_id, programme, month, amount_dong, reason, commune_code from unpayable"
                " where run_id = $1 and (person_id, programme, month) > ($2, $3, $4::date)"
                " order by person_id, programme, month limit $5",
                run_id,
                person,
                programme,
                month.first_day if month else date.min,
                limit,
            )
        return [
            UnpayableView(
                row["person_id"],
                row["programme"],
                Month.of(row["month"]),
                row["amount_dong"],
                row["reason"],
                row["commune_code"],
            )
            for row in rows
        ]

    async def totals(
        self, territory: str | None, run_id: UUID, by: str, programme: str | None
    ) -> dict[str, Amounts]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_KEYS[by]} as key, {_AMOUNTS} from run_total"
                " where run_id = $1 and ($2::text is null or programme = $2) group by 1 order by 1",
                run_id,
                programme,
            )
        found = {row["key"]: _amounts(row) for row in rows}
        return _health_hidden(found) if by == "category" else found

    async def payments_of(self, territory: str | None, person_id: UUID) -> list[PaymentView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                """
                with summed as (
                    select instruction_id, sum(amount_dong)::bigint as amount,
                           array_agg(month order by month) as months
                    from instruction_line where person_id = $1 group by instruction_id
                )
                select i.*, s.amount, s.months from summed s join instruction i using (instruction_id)
                join run r using (run_id) where r.status <> 'withdrawn'
                order by s.months desc, i.instruction_id
                """,
                person_id,
            )
        return [
            PaymentView(
                instruction_id=row["instruction_id"],
                run_id=row["run_id"],
                programme=row["programme"],
                status=row["status"],
                amount=row["amount"],
                months=[Month.of(day) for day in row["months"]],
                channel=row["channel"],
                agency_code=row["agency_code"],
                settled_on=row["settled_on"],
                return_reason=row["return_reason"],
            )
            for row in rows
        ]

    async def reconciliation(
        self, territory: str | None, run_id: UUID, suspended_max: int
    ) -> ReconciliationView:
        async with self._database.reading(territory) as connection:
            return await reconciliation(connection, run_id, suspended_max)

    async def files(
        self,
        territory: str | None,
        agency: str,
        run_id: UUID | None,
        status: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[FileView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"select {_FILE} from payment_file where agency_code = $1 and status <> 'planned'"
                " and ($2::uuid is null or run_id = $2) and ($3::text is null or status = $3)"
                " and ($4::uuid is null or file_id > $4) order by file_id limit $5",
                agency,
                run_id,
                status,
                after,
                limit,
            )
        return [_file(row) for row in rows]

    async def file_content(
        self, territory: str | None, agency: str, file_id: UUID
    ) -> tuple[FileView, bytes] | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                f"select {_FILE}, content from payment_file"
                " where file_id = $1 and agency_code = $2 and status <> 'planned'",
                file_id,
                agency,
            )
        if row is None:
            return None
        return _file(row), await asyncio.to_thread(self._opened, row["content"])

    def _opened(self, stored: bytes) -> bytes:
        return gzip.decompress(self._cipher.decrypt(stored))

    async def unknown(
        self, territory: str | None, agency: str, file_id: UUID, after: UUID | None, limit: int
    ) -> list[tuple[UUID, int]]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                "select instruction_id, amount_dong from instruction where file_id = $1 and agency_code = $2"
                f" and status = '{UNKNOWN}' and ($3::uuid is null or instruction_id > $3)"
                " order by instruction_id limit $4",
                file_id,
                agency,
                after,
                limit,
            )
        return [tuple(row) for row in rows]

    async def report(self, territory: str | None, agency: str, report_id: UUID) -> ReportView | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(
                "select w.report_id, w.file_id, w.status, w.kind, w.lines + p.lines, w.settled + p.settled,"
                " w.returned + p.returned, w.suspended + p.suspended, w.problem_vi, w.problem_en,"
                " w.received_at"
                " from partner_report w cross join lateral ("
                "  select coalesce(sum(lines), 0)::int as lines, coalesce(sum(settled), 0)::int as settled,"
                "  coalesce(sum(returned), 0)::int as returned, coalesce(sum(suspended), 0)::int as suspended"
                "  from partner_report where part_of = w.report_id) as p"
                " where w.report_id = $1 and w.agency_code = $2",
                report_id,
                agency,
            )
        return ReportView(*row) if row else None


async def _views(connection: Connection, rows: list[Any], calendar: Sequence[CalendarTerms]) -> list[RunView]:
    totals: dict[UUID, dict[str, Amounts]] = {row["run_id"]: {} for row in rows}
    for row in await connection.fetch(
        f"select run_id, programme, {_AMOUNTS} from run_total where run_id = any($1::uuid[])"
        " group by run_id, programme order by run_id, programme",
        list(totals),
    ):
        totals[row["run_id"]][row["programme"]] = _amounts(row)
    return [
        RunView(
            run=(run := run_of(row)),
            deadlines=deadlines(calendar, run),
            by_programme=totals[row["run_id"]],
            files=row["files"],
            files_written=row["files_written"],
            unpayable=row["unpayable"],
            corrected_lines=row["corrected_lines"],
            corrected=row["corrected"],
            withheld=row["withheld"],
            checked=row["checked"],
            problem=row["problem"],
            opened_at=row["opened_at"],
            building=_building(row) if row["status"] == BUILDING else None,
        )
        for row in rows
    ]


def _building(row: Any) -> BuildingView:
    of_it = ("shards", "shards_built", "attempts", "next_try_at", "error")
    return BuildingView(*(row[name] for name in of_it))


def _amounts(row: Any) -> Amounts:
    return Amounts(
        row["instructions"],
        row["lines"],
        row["people"],
        row["instructed"],
        row["standard"],
        row["settled"],
        row["returned"],
        row["unknown"],
    )


def _health_hidden(found: Mapping[str, Amounts]) -> dict[str, Amounts]:
    shown: dict[str, Amounts] = {}
    for key, amounts in found.items():
        few = _HEALTH in key.split("+") and amounts.people < _SHOWN_FROM
        group = _OTHER if few else key
        shown[group] = shown.get(group, Amounts()) + amounts
    return dict(sorted(shown.items()))


def _file(row: Any) -> FileView:
    return FileView(
        file_id=row["file_id"],
        run_id=row["run_id"],
        agency_code=row["agency_code"],
        kind=row["kind"],
        province_code=row["province_code"],
        commune_code=row["commune_code"],
        payments=row["payments"],
        amount=row["amount_dong"],
        pending=row["pending"],
        status=row["status"],
        sha256=row["content_sha256"],
        created_at=row["created_at"],
        asked_on=row["asked_on"],
    )
