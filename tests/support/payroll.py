"""A nation to be paid, of what payments would have heard of it, and worker processes on its runs."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.local.processes import Command
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from libs.common.kernel.sharding import SHARDS
from libs.common.runtime.sealing import BlindIndex, FieldCipher
from libs.common.runtime.settings import required
from services.payments import wiring
from services.payments.domain import runs
from services.payments.domain.records import FacilityAccount, PayoutAccount, Secret
from services.payments.domain.run_checks import holding
from services.payments.events import run_work
from services.payments.settings import PaymentsSettings
from services.payments.store.heard import Accounts
from services.payments.store.invariants import INVARIANTS
from services.payments.store.run_rows import RunsWithWork
from tests.support.broker import TestBroker
from tests.support.postgres import ServiceDatabase, TestCluster, running

MONTHS = (Month(2024, 1), Month(2024, 2))
_BANKS = ("970405", "970415", "970418", "970422", "970436")
_POST = "VNPOST"
#: Accounts are made and sealed for one in so many, and each is shared: fewer than a list's check finds odd.
_SHARING = 5
_AT_ONCE = 10_000
_FACILITIES_OF_PROVINCE = 10
_WORKER, _MORTAL = "services.payments.wiring", "tests.support.mortal_workers"
#: In the order in which they were registered: province by province, as ids of a time are.
_PERSON = """
    (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
     || substr(md5(n::text), 4, 15))::uuid
"""
#: Of each fiftieth person a second version is in force; each hundredth lives in a facility.
_ENTITLED = f"""
    insert into entitlement (decision_id, person_id, version, programme, outcome, status, effective_from,
                             pays_from, category, coefficient_hundredths, standard_dong, amount_dong, payee,
                             facility_id, commune_code, province_code, former_province_code, decided_on)
    select md5('d' || n || '.' || version)::uuid, {_PERSON}, version,
           case when home then 'nurture_allowance' else 'monthly_allowance' end, 'granted', 'confirmed',
           case version when 1 then date '2023-06-01' else date '2024-01-01' end, date '2024-01-01',
           case when home then 'nurture' else 'k' || (1 + n % 8) end, 150, 360000, 540000 + n % 7 * 90000,
           case when home then 'facility' else 'self' end,
           case when home then md5('f' || p || '.' || n / 100 % {_FACILITIES_OF_PROVINCE})::uuid end,
           province || (100 + abs(hashint8(n)) % $3), province, province, date '2023-06-15'
    from generate_series(1, $1::bigint) as n
    cross join lateral (select (n - 1) * $2::int / $1 as p, n % 100 = 7 as home) as placed
    cross join lateral (select lpad((p + 1)::text, 2, '0') as province) as named
    cross join generate_series(1, case when n % 50 = 3 then 2 else 1 end) as version
    order by n % 16, n
"""
_ACCOUNTS = f"""
    insert into payout_account (person_id, version, payee_id, channel, agency_code, commune_code,
                                province_code, secret, payee_index, problem)
    select {_PERSON}, 1, md5('a' || n)::uuid, m.channel, m.agency_code, e.commune_code, e.province_code,
           m.secret, m.payee_index, m.problem
    from generate_series(1, $1::bigint) as n
    join model m on m.commune_code = (n % $2::bigint)::text
    join entitlement e on e.person_id = {_PERSON} and e.version = 1
    order by n
"""


_TOTALS = """
    select programme, unit_province_code, commune_code, category, channel, people, t.instructions, lines,
           standard_dong, t.instructed_dong
    from run_total t join run_month using (run_id) where month = $1 order by 1, 2, 3, 4, 5
"""
_DUE_AGAIN = """
    with back as (
        select l.run_id, l.programme, l.unit_province_code, l.commune_code, l.category, i.channel,
               count(*) as lines, sum(l.standard_dong) as standard, sum(l.amount_dong) as dong
        from instruction_line l join instruction i using (run_id, instruction_id)
        where l.returned and l.month = $1 group by 1, 2, 3, 4, 5, 6
    )
    select programme, unit_province_code, commune_code, category, channel, people, t.instructions,
           t.lines + coalesce(back.lines, 0), (standard_dong + coalesce(standard, 0))::bigint,
           (t.instructed_dong + coalesce(dong, 0))::bigint
    from run_total t join run_month using (run_id)
    left join back using (run_id, programme, unit_province_code, commune_code, category, channel)
    where month = $1 order by 1, 2, 3, 4, 5
"""


@dataclass
class Payroll:
    """A payments service without its doors open; `folder` keeps what its workers log."""

    place: ServiceDatabase
    made: wiring.Parts
    environment: dict[str, str]
    folder: Path
    look: "asyncpg.Connection[asyncpg.Record]"
    provinces: int

    async def order(self, month: Month) -> list[UUID]:
        """A run of the month for each province."""
        return [
            await self.made.doors.open_run(f"{code:02d}", [month], runs.PROGRAMMES, "maker", None)
            for code in range(1, self.provinces + 1)
        ]

    async def approve(self, ordered: Sequence[UUID]) -> None:
        """By a second identity; what is odd in it is accepted by a third."""
        doors = self.made.doors
        for run_id in ordered:
            for kind in holding(await doors.check_reads.checks(None, run_id)):
                await doors.accept_findings(run_id, kind, "seen", "looker", None)
            content_hash = await self.look.fetchval("select content_hash from run where run_id = $1", run_id)
            await doors.approve_run(run_id, content_hash, "checker", None)

    async def until(self, ordered: Sequence[UUID], *statuses: str, seconds_max: float = 3600.0) -> None:
        """Return when all of the runs are in one of these, and what is built is checked."""
        ends = time.monotonic() + seconds_max
        unfinished = (
            "select count(*) from run where run_id = any($1)"
            " and (status <> all($2) or status = 'built' and checked_at is null)"
        )
        while left := await self.look.fetchval(unfinished, list(ordered), list(statuses)):
            assert time.monotonic() < ends, f"{left} runs are not {statuses} after {seconds_max} s"
            await asyncio.sleep(0.05)

    async def step(self) -> None:
        """All work that there is, in this process."""
        while any([await worker.step() for worker in self.made.run_workers]):
            pass

    @contextmanager
    def worker(self, name: str, module: str = _WORKER, *arguments: str) -> Iterator[Path]:
        """A process for as long as the block runs; yields its log."""
        log, environment = self.folder / f"{name}.log", {**os.environ, **self.environment}
        command = Command(name, [sys.executable, "-m", module, *arguments], environment)
        with running(command, log):
            yield log

    @contextmanager
    def dying_workers(
        self, count: int, seed: int, statements: int = 40, milliseconds: int = 20
    ) -> Iterator[Callable[[], int]]:
        """Workers that are killed over and over (mortal_workers.py); yields how often they were so far."""
        with ExitStack() as stack:
            logs = [
                stack.enter_context(
                    self.worker(
                        f"mortal-{number}", _MORTAL, str(seed + number), str(statements), str(milliseconds)
                    )
                )
                for number in range(count)
            ]
            yield lambda: sum(log.read_text().count("killed") for log in logs)

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """The service's side: workers are told, whatever becomes of the broker."""
        due = RunsWithWork(self.made.database).due

        async def tell() -> None:
            while True:
                with suppress(Exception):
                    await run_work.teller(self.made.settings, due).run()
                await asyncio.sleep(0.2)

        task = asyncio.create_task(tell())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def totals(self, month: Month) -> list[tuple[object, ...]]:
        """What the month's runs came to, without their names."""
        return [tuple(row) for row in await self.look.fetch(_TOTALS, month.first_day)]

    async def due_again(self, month: Month) -> list[tuple[object, ...]]:
        """What the next month's come to where nothing changes: the same, and what came back of this one."""
        return [tuple(row) for row in await self.look.fetch(_DUE_AGAIN, month.first_day)]

    async def outcome(self, ordered: Sequence[UUID]) -> tuple[int, int, int]:
        """Đồng of these runs that are settled, returned, and neither."""
        row = await self.look.fetchrow(
            "select sum(settled_dong)::bigint, sum(returned_dong)::bigint,"
            " sum(instructed_dong - settled_dong - returned_dong)::bigint"
            " from run_total where run_id = any($1)",
            list(ordered),
        )
        assert row
        return row[0], row[1], row[2]

    async def violations(self) -> dict[int, str]:
        """Invariants that do not hold, once every change of a payment is told."""
        teller = next(worker for worker in self.made.workers if worker.name == "event teller")
        while await teller.step():
            pass
        found = {}
        for one in INVARIANTS:
            # Looked for as a whole, as the service does.
            broken = f"with broken as materialized ({one.sql}) select * from broken limit 1"
            if await self.look.fetch(broken):
                found[one.number] = one.name
        return found


@asynccontextmanager
async def payroll(
    cluster: TestCluster,
    broker: TestBroker,
    people: int,
    provinces: int = 34,
    by_banks_alone: bool = False,
    /,
    **changed: str,
) -> AsyncIterator[Payroll]:
    """`by_banks_alone`: nobody is paid in cash. `changed`: more ANSINH_* variables, for the workers too."""
    place = await cluster.fresh_database("payments")
    environment = {
        **place.environment,
        "ANSINH_KAFKA_BOOTSTRAP": broker.bootstrap,
        "ANSINH_KAFKA_IDEMPOTENT_PRODUCER": "false",
        "ANSINH_BUSINESS_DATE": "2024-02-05",
        **changed,
    }
    made = wiring.parts(PaymentsSettings.from_environment("payments", environment))
    await made.database.open()
    look = await asyncpg.connect(place.url_superuser)
    opened = Payroll(place, made, environment, cluster.cluster.data.parent, look, provinces)
    try:
        await _fill(opened, people, by_banks_alone)
        yield opened
    finally:
        await look.close()
        await made.database.close()


async def _fill(opened: Payroll, people: int, by_banks_alone: bool) -> None:
    look = opened.look
    models = _models(people)
    await _keep_models(opened, models, by_banks_alone)
    await look.execute("create temp table model as select * from payout_account")
    await look.execute("truncate payout_account")
    communes = max(2, min(98, people // opened.provinces // 20))
    await look.execute(_ENTITLED, people, opened.provinces, communes)
    await look.execute("analyze entitlement")
    await look.execute(_ACCOUNTS, people, models)
    await look.executemany(
        "insert into month_marker (topic, shard, month) values ($1, $2, $3)",
        [
            (topic, shard, month.first_day)
            for topic in wiring.AWAITS
            for shard in range(SHARDS)
            for month in MONTHS
        ],
    )
    await look.execute("vacuum analyze entitlement")
    await look.execute("vacuum analyze payout_account")
    await look.execute("checkpoint")


def _accounts(opened: Payroll) -> Accounts:
    settings = opened.made.settings
    cipher = FieldCipher(required(settings.field_key, "field_key"))
    return Accounts(cipher, BlindIndex(required(settings.blind_index_key, "blind_index_key")))


def account_numbers(opened: Payroll, people: int) -> dict[bytes, str]:
    """The number of each account by its keyed hash."""
    numbers = [_secret(number).account_number for number in range(_models(people))]
    payee_index = _accounts(opened).payee_index
    return {payee_index(number): number for number in numbers}


def _models(people: int) -> int:
    return max(10, people // _SHARING)


async def _keep_models(opened: Payroll, models: int, by_banks_alone: bool) -> None:
    accounts, by_banks = _accounts(opened), 10 if by_banks_alone else 6
    async with opened.made.database.bulk() as connection:
        for first in range(0, models, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, models))
            await accounts.keep(connection, [_model(number, by_banks) for number in numbers])
        await accounts.keep_facilities(
            connection,
            [
                FacilityAccount(
                    facility_id=_md5(f"f{province}.{number}"),
                    version=1,
                    name="Trung tâm thử",
                    agency_code=_BANKS[0],
                    commune_code=f"{province + 1:02d}100",
                    province_code=f"{province + 1:02d}",
                    secret=_secret(number),
                )
                for province in range(opened.provinces)
                for number in range(_FACILITIES_OF_PROVINCE)
            ],
        )


def _model(number: int, by_banks: int) -> PayoutAccount:
    """Of ten `by_banks` are paid by banks, most others at the post office, one at home; its number stands as
    commune."""
    tenth = number % 10
    channel = "bank_account" if tenth < by_banks else "post_office" if tenth < 9 else "home_delivery"
    return PayoutAccount(
        person_id=derived_id("model", str(number)),
        version=1,
        payee_id=derived_id("payee", str(number)),
        channel=channel,
        agency_code=_BANKS[number // 10 % len(_BANKS)] if tenth < by_banks else _POST,
        commune_code=str(number),
        province_code="01",
        secret=_secret(number),
    )


def _secret(number: int) -> Secret:
    return Secret(
        payee_name=f"Nguyễn Thử {number}",
        payee_relation="self",
        beneficiary_name=f"Nguyễn Thử {number}",
        personal_id=f"0{number:011d}",
        account_number=f"19{number:010d}",
        account_name=f"NGUYEN THU {number}",
    )


def _md5(text: str) -> UUID:
    return UUID(bytes=md5(text.encode(), usedforsecurity=False).digest())
