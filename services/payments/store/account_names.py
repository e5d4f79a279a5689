"""Accounts whose holders' names a bank is asked about, and what it said."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from libs.common.runtime.postgres import Connection, Database
from services.payments.domain import runs
from services.payments.domain.account_names import NO_ANSWER
from services.payments.domain.instructions import BANK_ACCOUNT
from services.payments.domain.records import Secret
from services.payments.store import payees
from services.payments.store.partners import SERVED
from services.payments.usecases.account_names import Asked, Question

#: An instruction `i` of a run `r` of which its bank is still to say whose the account is. `$1`: banks that
#: are asked, unless they are stopped. What a list of a campaign states is the list's; nobody asks about it.
AWAITED = f"""
    r.campaign_id is null and i.channel = '{BANK_ACCOUNT}' and i.agency_code = any({SERVED})
    and not exists (
        select from account_name n where n.account_id = i.account_id and n.version = i.account_version
          and (n.outcome <> '{NO_ANSWER}' or n.answered_at >= r.built_at))
"""
# One bank's at a time; those that were asked as often before, so that their attempts are counted together.
_CLAIM = f"""
    with awaited as (
        select distinct on (i.account_id, i.account_version) i.instruction_id, i.agency_code,
               coalesce(n.attempts, 0) as attempts
        from run r join instruction i using (run_id)
        left join account_name n on n.account_id = i.account_id and n.version = i.account_version
        where r.status = '{runs.BUILT}' and r.checked_at is null and {AWAITED}
          and (n.next_at is null or n.next_at <= $2)
        order by i.account_id, i.account_version
    ), bank as (
        select agency_code, attempts from awaited order by attempts desc, agency_code limit 1
    )
    select i.agency_code, i.account_id, i.account_version, i.province_code, w.attempts,
           {payees.SECRET} as secret
    from (select * from awaited join bank using (agency_code, attempts) order by instruction_id limit $3) w
    join instruction i using (instruction_id) {payees.JOINED}
"""
# Who was faster has moved `next_at` on.
_ASKED = """
    insert into account_name as n (account_id, version, agency_code, province_code, attempts, next_at)
    select *, 1, $6 from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[])
    on conflict (account_id, version) do update set attempts = n.attempts + 1, next_at = excluded.next_at
    where n.next_at <= $5 returning account_id, version
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

    async def claim(
        self, agencies: Sequence[str], accounts_max: int, at: datetime, until: datetime
    ) -> Question | None:
        rows = await self._connection.fetch(_CLAIM, list(agencies), at, accounts_max)
        names = ("account_id", "account_version", "agency_code", "province_code")
        columns = [[row[name] for row in rows] for name in names]
        held = {tuple(row) for row in await self._connection.fetch(_ASKED, *columns, at, until)}
        mine = [row for row in rows if (row["account_id"], row["account_version"]) in held]
        if not mine:
            return None
        secrets = [self._open_secret(row["secret"]) for row in mine]
        accounts = [
            Asked(row["account_id"], row["account_version"], secret.account_number, secret.account_name)
            for row, secret in zip(mine, secrets, strict=True)
        ]
        return Question(mine[0]["agency_code"], mine[0]["attempts"] + 1, accounts)

    async def answered(self, question: Question, outcomes: Mapping[int, str], at: datetime) -> None:
        told = [outcomes[number] for number in range(len(question.accounts))]
        await self._connection.execute(
            "update account_name n set outcome = t.outcome, answered_at = $4, next_at = $4"
            " from unnest($1::uuid[], $2::integer[], $3::text[]) as t (account_id, version, outcome)"
            " where n.account_id = t.account_id and n.version = t.version",
            *_keys(question),
            told,
            at,
        )

    async def unanswered(self, question: Question, rest_until: datetime) -> None:
        await self._connection.execute(
            "update account_name n set next_at = $3"
            " from unnest($1::uuid[], $2::integer[]) as t (account_id, version)"
            " where n.account_id = t.account_id and n.version = t.version",
            *_keys(question),
            rest_until,
        )


def _keys(question: Question) -> tuple[list[object], list[object]]:
    return [one.account_id for one in question.accounts], [one.version for one in question.accounts]
