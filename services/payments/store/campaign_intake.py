"""Lists of campaigns taken in sets: a part is copied beside the recipients, and its doubles are split off."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import IO, Any
from uuid import UUID

import orjson

from libs.common.kernel.row_files import DONE, QUEUED, REFUSED, RUNNING, FilePart, FileRefused, RowProblem
from libs.common.kernel.units import Location
from libs.common.runtime import row_files
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import FieldCipher
from services.payments.domain.campaign_rows import FORM, Named, Stated
from services.payments.domain.campaigns import person_key
from services.payments.domain.instructions import TO_ACCOUNT
from services.payments.domain.records import Secret
from services.payments.store.campaign_lists import COLUMNS, list_of
from services.payments.store.heard import USABLE, Accounts
from services.payments.usecases.campaign_lists import CampaignList, Prepared, Target

_RECIPIENT = (
    "row_number",
    "person_key",
    "person_id",
    "group_code",
    "commune_code",
    "unit_province_code",
    "channel",
    "agency_code",
    "secret",
    "payee_index",
    "problem",
)
_FIELDS = ", ".join(_RECIPIENT)
_STAGED = """
    create temp table staged (
        row_number integer, person_key uuid, person_id uuid, group_code text, commune_code text,
        unit_province_code text, channel text, agency_code text, secret bytea, payee_index bytea, problem text
    ) on commit drop
"""
# In the order of the key, so that two lists with the same people can't lock each other out.
_ADD = f"""
    with added as (
        insert into campaign_recipient (campaign_id, list_id, province_code, only_one_of, {_FIELDS})
        select $1, $2, $3, $4, {_FIELDS} from staged order by person_key
        on conflict do nothing returning row_number
    )
    select s.row_number, exists (
        select from campaign_recipient r where r.campaign_id = $1
          and (r.person_key = s.person_key or r.person_id = s.person_id)) as here
    from staged s left join added a using (row_number) where a.row_number is null
"""
_LISTED = """
    insert into campaign_listed as kept
        (campaign_id, group_code, commune_code, channel, province_code, people)
    select $1, s.group_code, s.commune_code, s.channel, r.province_code, count(*)
    from campaign_recipient r join staged s using (person_key)
    where r.campaign_id = $1 and r.list_id = $2 and r.row_number = s.row_number
    group by s.group_code, s.commune_code, s.channel, r.province_code order by 2, 3, 4
    on conflict (campaign_id, group_code, commune_code, channel)
    do update set people = kept.people + excluded.people
"""
_NAMED = f"""
    select * from (
        select distinct on (person_id) person_id, commune_code, province_code, channel, agency_code, secret,
               payee_index, problem
        from payout_account a where person_id = any($1::uuid[]) and {USABLE} order by person_id, version desc
    ) as usable where province_code = $3
"""


class Preparing:
    """Rows made ready: encrypted as an account is, the person known by the keyed hash of their number."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def __call__(self, rows: Sequence[tuple[int, Stated]]) -> Prepared:
        return [self._stated(number, one) for number, one in rows]

    def _stated(self, number: int, one: Stated) -> tuple[Any, ...]:
        secret = Secret(
            payee_name=one.payee_name or one.full_name,
            payee_relation="authorised" if one.payee_name else "self",
            beneficiary_name=one.full_name,
            personal_id=one.personal_id,
            account_number=one.account_number,
            account_name=one.account_name,
        )
        key = person_key(self._accounts.person_index(one.personal_id))
        place = (one.group, one.commune_code, one.unit_province_code, one.channel, one.agency_code)
        kept = self._accounts.kept(secret, in_cash=one.channel not in TO_ACCOUNT)
        return (number, key, key, *place, *kept)

    def named(
        self, number: int, one: Named, account: Any, communes: Mapping[str, Location]
    ) -> tuple[Any, ...] | None:
        """None for somebody whose number is not known: what they get elsewhere could not be seen."""
        personal_id = self._accounts.open(account["secret"]).personal_id
        if not personal_id:
            return None
        key = person_key(self._accounts.person_index(personal_id))
        place = communes.get(account["commune_code"])
        province = (place and place.former_province_code) or account["province_code"]
        paid = tuple(account[name] for name in _RECIPIENT[6:])
        return (number, key, one.person_id, one.group, account["commune_code"], province, *paid)


class Intake:
    """Implements usecases.campaign_lists.ListWorks. `today`: by which an account has cooled off."""

    def __init__(
        self, database: Database, cipher: FieldCipher, preparing: Preparing, today: Callable[[], date]
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._preparing = preparing
        self._today = today

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["_Work"]:
        async with self._database.bulk() as connection:
            yield _Work(connection, self._cipher, self._preparing, self._today())


class _Work:
    def __init__(
        self, connection: Connection, cipher: FieldCipher, preparing: Preparing, today: date
    ) -> None:
        self._connection = connection
        self._cipher = cipher
        self._preparing = preparing
        self._today = today

    async def claim(self) -> CampaignList | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from campaign_list where status in ('{QUEUED}', '{RUNNING}')"
            " order by list_id limit 1 for update skip locked"
        )
        return list_of(row) if row else None

    async def target(self, found: CampaignList) -> Target:
        # Shared with other lists, and with nobody who hands over what this one adds to.
        row = await self._connection.fetchrow(
            "select opens_on, only_one_of,"
            " array(select code from campaign_group g where g.campaign_id = c.campaign_id) as groups"
            " from campaign c where campaign_id = $1 for share",
            found.campaign_id,
        )
        assert row
        return Target(frozenset(row["groups"]), row["opens_on"], row["only_one_of"])

    async def parts(self, found: CampaignList, rows_max: int) -> Iterator[FilePart]:
        # A file without a name: no other process sees its clear text, and it goes with this one.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the rows, which outlive this call
        pieces = await self._connection.fetchval(
            "select count(*) from campaign_list_piece where list_id = $1", found.list_id
        )
        for number in range(pieces):
            sealed = await self._connection.fetchval(
                "select content_sealed from campaign_list_piece where list_id = $1 and number = $2",
                found.list_id,
                number,
            )
            await asyncio.to_thread(self._unpack, file, sealed)
        file.seek(0)
        return _rows_of(file, found.file_kind, rows_max)

    def _unpack(self, file: IO[bytes], sealed: bytes) -> None:
        file.write(self._cipher.decrypt(sealed))

    async def refuse(self, found: CampaignList, refused: FileRefused) -> None:
        await self._forget_file(found)
        await self._connection.execute(
            f"update campaign_list set status = '{REFUSED}', problem_code = $2, problem_at = $3,"
            " finished_at = now() where list_id = $1",
            found.list_id,
            refused.code,
            refused.at,
        )

    async def accept(self, found: CampaignList, rows_total: int) -> None:
        await self._connection.execute(
            f"update campaign_list set status = '{RUNNING}', rows_total = $2 where list_id = $1",
            found.list_id,
            rows_total,
        )

    async def prepare_named(
        self, found: CampaignList, rows: Sequence[tuple[int, Named]], communes: Mapping[str, Location]
    ) -> tuple[Prepared, list[RowProblem]]:
        if not rows:
            return [], []
        ids = [one.person_id for _, one in rows]
        accounts = await self._connection.fetch(_NAMED, ids, self._today, found.province_code)
        known = {account["person_id"]: account for account in accounts}
        return await asyncio.to_thread(self._named, rows, known, communes)

    def _named(
        self, rows: Sequence[tuple[int, Named]], known: Mapping[UUID, Any], communes: Mapping[str, Location]
    ) -> tuple[Prepared, list[RowProblem]]:
        prepared: Prepared = []
        unknown: list[RowProblem] = []
        for number, one in rows:
            account = known.get(one.person_id)
            made = self._preparing.named(number, one, account, communes) if account else None
            if made:
                prepared.append(made)
            else:
                unknown.append(RowProblem(number, "person_id", "person_unknown"))
        return prepared, unknown

    async def add(self, found: CampaignList, target: Target, prepared: Prepared) -> list[RowProblem]:
        first: dict[UUID, tuple[Any, ...]] = {}
        twice = [row for row in prepared if first.setdefault(row[1], row) is not row]
        connection = self._connection
        await connection.execute(_STAGED)
        await connection.copy_records_to_table("staged", records=first.values(), columns=_RECIPIENT)
        doubles = await connection.fetch(
            _ADD, found.campaign_id, found.list_id, found.province_code, target.only_one_of
        )
        await connection.execute(_LISTED, found.campaign_id, found.list_id)
        column = {row[0]: _column(row) for row in prepared}
        wrong = [(row[0], True) for row in twice] + [(row["row_number"], row["here"]) for row in doubles]
        return [
            RowProblem(number, column[number], "listed_twice" if here else "given_by_another")
            for number, here in wrong
        ]

    async def part_taken(
        self, found: CampaignList, part: FilePart, problems: Sequence[RowProblem], status: str
    ) -> None:
        wrong_rows = {one.row_number for one in problems}
        await self._keep_problems(found, part, problems, wrong_rows)
        if status == DONE:
            await self._forget_file(found)
        await self._connection.execute(
            "update campaign_list set status = $2, parts_taken = parts_taken + 1,"
            " rows_taken = rows_taken + $3, rows_refused = rows_refused + $4,"
            " finished_at = case when $5 then now() end where list_id = $1",
            found.list_id,
            status,
            len(part.rows) - len(wrong_rows),
            len(wrong_rows),
            status == DONE,
        )

    async def _keep_problems(
        self, found: CampaignList, part: FilePart, problems: Sequence[RowProblem], wrong_rows: set[int]
    ) -> None:
        kept = {(one.row_number, one.column, one.code) for one in problems}
        await self._connection.copy_records_to_table(
            "campaign_list_problem",
            records=[(found.list_id, *one, found.province_code) for one in sorted(kept)],
            columns=("list_id", "row_number", "column_name", "code", "province_code"),
        )
        await self._connection.copy_records_to_table(
            "campaign_refused_row",
            records=[
                (found.list_id, number, found.province_code, self._cipher.encrypt(orjson.dumps(cells)))
                for number, cells in part.rows
                if number in wrong_rows
            ],
            columns=("list_id", "row_number", "province_code", "cells_sealed"),
        )

    async def _forget_file(self, found: CampaignList) -> None:
        await self._connection.execute("delete from campaign_list_piece where list_id = $1", found.list_id)


def _rows_of(file: IO[bytes], kind: str, rows_max: int) -> Iterator[FilePart]:
    with file:
        yield from row_files.parts(kind, file, FORM, rows_max)


def _column(prepared: tuple[Any, ...]) -> str:
    """By what the row names its person."""
    return "personal_id" if prepared[1] == prepared[2] else "person_id"
