"""Partners' reports: kept whole as they came, then booked in sets."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID

from libs.common.kernel.ids import derived_id
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain import files
from services.payments.domain.instructions import RETURNED, SETTLED
from services.payments.domain.ledger import NATION
from services.payments.domain.matching import Matched, Sent, Suspended, Told
from services.payments.domain.partner_lines import ReportKind
from services.payments.store import payees, suspense, uncollected
from services.payments.store.finishing import reconcile_if_answered
from services.payments.store.moving import Answer, move
from services.payments.store.run_rows import ToEvent
from services.payments.store.suspense import Source
from services.payments.usecases.ports import ReceivedReport, WaitingReport
from services.payments.usecases.statements import WaitingStatement

#: A report that could not be taken so often holds back none that came after it.
_POISON_ATTEMPTS = 3
_STORE = f"""
    insert into partner_report (report_id, file_id, run_id, agency_code, province_code, reported_by_sub,
                                content, content_sha256, signature)
    select $1, f.file_id, f.run_id, f.agency_code, f.province_code, $4, $5, $6, $7
    from payment_file f where f.file_id = $2 and f.agency_code = $3 and f.status <> '{files.PLANNED}'
    on conflict (file_id, content_sha256) do nothing
"""
# A report that nobody could take so far comes after all others: it must not stand in their way.
_CALL = """
    update partner_report set attempts = attempts + 1 where report_id = (
        select report_id from partner_report where status = 'received' and (file_id is null) = $1
        order by attempts, report_id limit 1 for update skip locked)
    returning report_id
"""
# What is told of a file is taken in the order in which it came: a return that is told after the payment, but
# taken before it, would be another. Unless the one before could not be taken, again and again.
_CLAIM = """
    select p.report_id, p.file_id, p.run_id, p.agency_code, p.province_code, p.content, f.kind, f.payments,
           f.amount_dong, r.execute_on
    from partner_report p join payment_file f using (file_id) join run r on r.run_id = p.run_id
    where p.report_id = $1 and p.status = 'received' and not exists (
        select from partner_report e where e.file_id = p.file_id and e.status = 'received'
          and e.report_id < p.report_id and e.attempts - e.passed_over < $2)
    for update of p, f skip locked
"""
#: Called, and its turn had not come: that was no attempt at it.
_PASSED_OVER = """
    update partner_report set passed_over = passed_over + 1 where report_id = (
        select report_id from partner_report where report_id = $1 and status = 'received'
        for update skip locked)
"""
_SENT = f"""
    select i.instruction_id, i.status, i.amount_dong, {payees.INDEX} as payee_index, exists (
        select from collection c
        where coalesce(c.attributed_id, c.instruction_id) = i.instruction_id and c.status = 'taken')
    from instruction i {payees.JOINED} where i.file_id = $1
"""
#: The files of one bank and province that hold any of these payments, in the order in which they are held.
_ANSWERED_FILES = """
    select f.file_id, f.run_id, f.agency_code, f.province_code, f.kind, f.payments, f.amount_dong,
           r.execute_on
    from payment_file f join run r using (run_id)
    where f.agency_code = $1 and f.province_code = $2 and f.status <> 'planned' and f.file_id in (
        select file_id from instruction where instruction_id = any($3::uuid[]))
    order by f.file_id for update of f
"""
_SENT_BY_REFERENCE = f"""
    select i.file_id, i.instruction_id, i.status, i.amount_dong, {payees.INDEX}
    from instruction i join payment_file f using (file_id) {payees.JOINED}
    where i.agency_code = $1 and i.province_code = $2 and i.instruction_id = any($3::uuid[])
      and f.status <> 'planned'
"""
#: What a statement says of each of its files is a report of its own, without content.
_PARTS = """
    insert into partner_report (report_id, part_of, file_id, run_id, agency_code, province_code,
                                reported_by_sub, content, content_sha256)
    select t.report_id, $1, t.file_id, t.run_id, whole.agency_code, whole.province_code,
           whole.reported_by_sub, '',
           encode(sha256(convert_to(whole.content_sha256 || t.file_id, 'UTF8')), 'hex')
    from partner_report whole, unnest($2::uuid[], $3::uuid[], $4::uuid[]) as t (file_id, report_id, run_id)
    where whole.report_id = $1
"""
_STORE_STATEMENT = """
    insert into partner_report (report_id, agency_code, province_code, reported_by_sub, content,
                                content_sha256, signature)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (agency_code, province_code, content_sha256) where file_id is null do nothing
"""
_LINE_COLUMNS = (
    *("report_id", "run_id", "province_code", "number", "reference", "instruction_id", "outcome"),
    *("amount_dong", "told_on", "reason_code", "posting", "suspense_reason"),
)
_TAKEN = """
    update partner_report set status = 'taken', kind = $2, lines = $3, settled = $4, returned = $5,
        suspended = $6, taken_on = $7
    where report_id = $1
"""


class ReportDesk:
    """Implements ReportInbox: a report is kept, encrypted, before anybody reads it."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def store(
        self, report: ReceivedReport, territory: str | None, agency: str, sub: str
    ) -> UUID | None:
        async with self._database.writing(territory) as connection:
            await connection.execute(
                _STORE,
                report.report_id,
                report.file_id,
                agency,
                sub,
                self._cipher.encrypt(report.content),
                report.sha256,
                report.signature,
            )
            known: UUID | None = await connection.fetchval(
                "select report_id from partner_report"
                " where file_id = $1 and agency_code = $2 and content_sha256 = $3",
                report.file_id,
                agency,
                report.sha256,
            )
        return known

    async def store_statement(
        self, report: ReceivedReport, territory: str | None, province_code: str, agency: str, sub: str
    ) -> UUID:
        content = self._cipher.encrypt(report.content)
        async with self._database.writing(territory) as connection:
            await connection.execute(
                _STORE_STATEMENT,
                report.report_id,
                agency,
                province_code,
                sub,
                content,
                report.sha256,
                report.signature,
            )
            known: UUID = await connection.fetchval(
                "select report_id from partner_report where file_id is null and agency_code = $1"
                " and province_code = $2 and content_sha256 = $3",
                agency,
                province_code,
                report.sha256,
            )
        return known


class Reconciling:
    """Transactions of taking reports, for the worker."""

    def __init__(
        self, database: Database, cipher: FieldCipher, to_event: ToEvent, to_uncollected: uncollected.ToEvent
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._to_event = to_event
        self._to_uncollected = to_uncollected

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["Taking"]:
        async with self._database.bulk() as connection:
            yield Taking(connection, self._cipher, self._to_event, self._to_uncollected)


class Taking:
    """One transaction on reports."""

    def __init__(
        self,
        connection: Connection,
        cipher: FieldCipher,
        to_event: ToEvent,
        to_uncollected: uncollected.ToEvent,
    ) -> None:
        self._connection = connection
        self._cipher = cipher
        self._to_event = to_event
        self._to_uncollected = to_uncollected

    async def call(self) -> UUID | None:
        report_id: UUID | None = await self._connection.fetchval(_CALL, False)
        return report_id

    async def call_statement(self) -> UUID | None:
        report_id: UUID | None = await self._connection.fetchval(_CALL, True)
        return report_id

    async def claim_statement(self, report_id: UUID) -> WaitingStatement | None:
        if not await suspense.alone_with_report(self._connection, report_id):
            return None
        row = await self._connection.fetchrow(
            "select report_id, agency_code, province_code, content from partner_report"
            " where report_id = $1 and status = 'received' for update skip locked",
            report_id,
        )
        if row is None:
            return None
        return WaitingStatement(**{**dict(row), "content": self._cipher.decrypt(row["content"])})

    async def fund_accounts(self, province_code: str) -> Collection[str]:
        rows = await self._connection.fetch(
            "select distinct account_number from fund"
            f" where province_code in ($1, '{NATION}') and account_number is not null",
            province_code,
        )
        return [row["account_number"] for row in rows]

    async def answered_files(
        self, statement: WaitingStatement, references: Sequence[UUID]
    ) -> Sequence[tuple[WaitingReport, Mapping[UUID, Sent]]]:
        of = (statement.agency_code, statement.province_code, list(references))
        files_ = await self._connection.fetch(_ANSWERED_FILES, *of)
        reports = {
            row["file_id"]: WaitingReport(
                **dict(row),
                report_id=_part(statement, row["file_id"]),
                content=b"",
            )
            for row in files_
        }
        await self._connection.execute(
            _PARTS,
            statement.report_id,
            list(reports),
            [report.report_id for report in reports.values()],
            [report.run_id for report in reports.values()],
        )
        sent: dict[UUID, dict[UUID, Sent]] = {file_id: {} for file_id in reports}
        for file_id, known, *of_it in await self._connection.fetch(_SENT_BY_REFERENCE, *of):
            sent[file_id][known] = Sent(*of_it)
        return [(report, sent[file_id]) for file_id, report in reports.items()]

    async def claim(self, report_id: UUID) -> WaitingReport | None:
        if not await suspense.alone_with_report(self._connection, report_id):
            return None
        row = await self._connection.fetchrow(_CLAIM, report_id, _POISON_ATTEMPTS)
        if row is None:
            return None
        return WaitingReport(**{**dict(row), "content": self._cipher.decrypt(row["content"])})

    async def pass_over(self, report_id: UUID) -> None:
        await self._connection.execute(_PASSED_OVER, report_id)

    async def sent(self, file_id: UUID) -> Mapping[UUID, Sent]:
        rows = await self._connection.fetch(_SENT, file_id)
        return {reference: Sent(*of_it) for reference, *of_it in rows}

    async def refuse(self, report_id: UUID, message_vi: str, message_en: str) -> None:
        await self._connection.execute(
            "update partner_report set status = 'refused', problem_vi = $2, problem_en = $3"
            " where report_id = $1",
            report_id,
            message_vi,
            message_en,
        )

    async def take(
        self,
        report: WaitingReport,
        kind: str,
        matched: Sequence[Matched],
        suspended: Sequence[Suspended],
        references: Mapping[int, str],
        on: date,
    ) -> None:
        source = Source(report.report_id, report.run_id, report.agency_code, report.province_code)
        matched, suspended = await suspense.told_once(
            self._connection, source, kind, matched, suspended, references
        )
        if matched:
            answer = Answer(
                report.run_id, report.file_id, report.province_code, "discharged", report.report_id
            )
            await move(self._connection, answer, matched, on)
            await uncollected.tell(self._connection, matched, self._to_uncollected)
        await self._keep(source, kind, matched, suspended, references, on)

    async def take_rest(
        self,
        statement: WaitingStatement,
        suspended: Sequence[Suspended],
        references: Mapping[int, str],
        on: date,
    ) -> None:
        source = Source(statement.report_id, None, statement.agency_code, statement.province_code)
        kind = ReportKind.CAMT_053
        _, suspended = await suspense.told_once(self._connection, source, kind, [], suspended, references)
        await self._keep(source, kind, [], suspended, references, on)

    async def _keep(
        self,
        source: Source,
        kind: str,
        matched: Sequence[Matched],
        suspended: Sequence[Suspended],
        references: Mapping[int, str],
        on: date,
    ) -> None:
        await self._keep_lines(source, matched, suspended, references)
        await suspense.keep(self._connection, source, kind, suspended, references, on)
        await self._connection.execute(
            _TAKEN,
            source.report_id,
            kind,
            len(matched) + len(suspended),
            sum(one.told.outcome == SETTLED for one in matched),
            sum(one.told.outcome == RETURNED for one in matched),
            len(suspended),
            on,
        )

    async def _keep_lines(
        self,
        source: Source,
        matched: Sequence[Matched],
        suspended: Sequence[Suspended],
        references: Mapping[int, str],
    ) -> None:
        kept: list[tuple[Told, UUID | None, str | None, str | None]] = [
            *((one.told, one.instruction_id, one.posting, None) for one in matched),
            *((one.told, one.instruction_id, None, one.reason) for one in suspended),
        ]
        if kept:
            # Copied: as arrays each value would be asked whether it is one.
            await self._connection.copy_records_to_table(
                "report_line",
                columns=_LINE_COLUMNS,
                records=(
                    (
                        source.report_id,
                        source.run_id,
                        source.province_code,
                        told.number,
                        references[told.number],
                        instruction_id,
                        told.outcome,
                        told.amount,
                        told.on,
                        told.reason,
                        posting,
                        reason,
                    )
                    for told, instruction_id, posting, reason in kept
                ),
            )

    async def finish_answered_run(self, run_id: UUID, at: datetime) -> None:
        await reconcile_if_answered(self._connection, run_id, at, self._to_event)


def _part(statement: WaitingStatement, file_id: UUID) -> UUID:
    return derived_id("part of a statement", str(statement.report_id), str(file_id))
