"""Accounts whose holders' names a bank is asked about, and what it said.

A row of `account_name` without an outcome is queued: its bank is to be asked.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import runs
from services.payments.domain.account_names import NO_ANSWER
from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.domain.records import Secret
from services.payments.store.partners import SERVED
from services.payments.usecases.account_names import Asked, Question

#: No list waits longer for banks that answer, but slowly.
_MINUTES_MAX = 60
#: Whether a run `r` has to wait for banks that are asked, `$1`, unless they are stopped. It waits for all
#: that is queued in its province, so that an account in two lists holds both.
AWAITED = f"""
    cardinality($1::text[]) > 0 and r.campaign_id is null and (r.names_queued_at is null
        or r.names_queued_at > now() - interval '{_MINUTES_MAX} minutes' and exists (
            select from account_name n where n.province_code = r.province_code and n.outcome is null
              and n.agency_code = any({SERVED})))
"""
# What a list of a campaign states is the list's; nobody asks about it.
_UNQUEUED = f"""
    update run set names_queued_at = $1 where run_id = (
        select run_id from run where status = '{runs.BUILT}' and checked_at is null
          and names_queued_at is null and campaign_id is null
        order by built_at limit 1 for update skip locked)
    returning run_id
"""
_BANKS = """
    insert into name_bank (agency_code, next_at) select a, $2 from unnest($1::text[]) a order by a
    on conflict do nothing
"""
# In one order, as others may queue the same accounts.
_QUEUE = f"""
    insert into account_name as n (account_id, version, agency_code, province_code)
    select distinct on (account_id, account_version) account_id, account_version, agency_code, province_code
    from instruction
    where run_id = $1 and channel = '{BANK_ACCOUNT}' and agency_code = any($2::text[])
    order by account_id, account_version
    on conflict (account_id, version) do update set outcome = null, answered_at = null, answered_on = null
    where n.outcome = '{NO_ANSWER}'
"""
_BANK = f"""
    update name_bank set attempts = attempts + 1, next_at = $3 where agency_code = (
        select agency_code from name_bank b where agency_code = any({SERVED}) and next_at <= $2
          and exists (select from account_name n where n.agency_code = b.agency_code and n.outcome is null)
        order by next_at limit 1 for update skip locked)
    returning agency_code, attempts
"""
_ACCOUNTS = """
    select n.account_id, n.version, coalesce(p.secret, f.secret) as secret
    from (
        select account_id, version from account_name where agency_code = $1 and outcome is null
        order by province_code limit $2
    ) n
    left join payout_account p on p.person_id = n.account_id and p.version = n.version
    left join facility_account f on f.facility_id = n.account_id and f.version = n.version
"""
_ANSWERED = """
    update account_name n set outcome = t.outcome, answered_at = $4, answered_on = $5
    from unnest($1::uuid[], $2::integer[], $3::text[]) as t (account_id, version, outcome)
    where n.account_id = t.account_id and n.version = t.version
"""


class AskedNames:
    """Transactions between questions, for the worker. `open_secret`: a kept account."""

    def __init__(self, database: Database, open_secret: Callable[[bytes], Secret]) -> None:
        self._database = database
        self._open_secret = open_secret

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._open_secret)


class _Work:
    def __init__(self, connection: Connection, open_secret: Callable[[bytes], Secret]) -> None:
        self._connection = connection
        self._open_secret = open_secret

    async def queue(self, agencies: Sequence[str], at: datetime) -> bool:
        run_id = await self._connection.fetchval(_UNQUEUED, at)
        if run_id is None:
            return False
        await self._connection.execute(_BANKS, list(agencies), at)
        await self._connection.execute(_QUEUE, run_id, list(agencies))
        return True

    async def claim(
        self, agencies: Sequence[str], accounts_max: int, at: datetime, until: datetime
    ) -> Question | None:
        bank = await self._connection.fetchrow(_BANK, list(agencies), at, until)
        if bank is None:
            return None
        rows = await self._connection.fetch(_ACCOUNTS, bank["agency_code"], accounts_max)
        secrets = [self._open_secret(row["secret"]) for row in rows]
        accounts = [
            Asked(row["account_id"], row["version"], secret.account_number, secret.account_name)
            for row, secret in zip(rows, secrets, strict=True)
        ]
        return Question(bank["agency_code"], bank["attempts"], accounts)

    async def answered(self, question: Question, outcomes: Mapping[int, str], at: datetime, on: date) -> None:
        told = [outcomes[number] for number in range(len(question.accounts))]
        account_ids = [one.account_id for one in question.accounts]
        versions = [one.version for one in question.accounts]
        await self._connection.execute(_ANSWERED, account_ids, versions, told, at, on)
        await self._begin_anew(question.agency_code, at)

    async def unanswered(self, question: Question, rest_until: datetime) -> None:
        await self._connection.execute(
            "update name_bank set next_at = $2 where agency_code = $1", question.agency_code, rest_until
        )

    async def given_up(self, question: Question, at: datetime) -> None:
        await self._connection.execute(
            "update account_name set outcome = $2, answered_at = $3"
            " where agency_code = $1 and outcome is null",
            question.agency_code,
            NO_ANSWER,
            at,
        )
        await self._begin_anew(question.agency_code, at)

    async def _begin_anew(self, agency_code: str, at: datetime) -> None:
        await self._connection.execute(
            "update name_bank set attempts = 0, next_at = $2 where agency_code = $1", agency_code, at
        )
