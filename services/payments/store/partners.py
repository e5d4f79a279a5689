"""The register of partners: versions that nobody changes, and stops."""

import asyncpg
import orjson

from libs.common.runtime.postgres import Database
from services.payments.domain.partners import Entry
from services.payments.usecases.partners import Proposal

#: Those agencies of `$1` that are not stopped. Nobody who is gets money or is asked anything.
SERVED = "array(select a from unnest($1::text[]) a where not partner_is_stopped(a))"
#: Versions follow one another, and an approval sees each stop that is earlier than it.
_LOCK = "select pg_advisory_xact_lock(x'70617274'::integer)"
_ENTRY = (
    "p.agency_code, p.version, p.name, p.contact_email, p.contact_phone, p.channels, p.maker_sub,"
    " p.proposed_at, p.checker_sub, p.approved_at, partner_stopped_at(p.agency_code) as stopped_at, p.keys"
)
# In force, or of a partner that nobody approved yet, the last ones that were proposed.
_KEYS = (
    "(select k.keys from partner_version k where k.agency_code = $1"
    " order by k.approved_at is null, k.version desc limit 1)"
)


class StoredPartners:
    """Implements usecases.partners.PartnerRegister, by the app role."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def propose(self, proposal: Proposal, maker: str) -> Entry:
        async with self._database.writing(None) as connection:
            await connection.execute(_LOCK)
            row = await connection.fetchrow(
                "insert into partner_version as p (agency_code, version, name, contact_email, contact_phone,"
                " channels, maker_sub, keys, proposed_at)"
                f" select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, coalesce($7, {_KEYS}, '[]'),"
                f" clock_timestamp() from partner_version where agency_code = $1 returning {_ENTRY}",
                proposal.agency_code,
                proposal.name,
                proposal.contact_email,
                proposal.contact_phone,
                list(proposal.channels),
                maker,
                None if proposal.keys is None else orjson.dumps(proposal.keys).decode(),
            )
        assert row
        return _entry(row)

    async def latest(self, agency_code: str) -> Entry | None:
        return await self._one("true", agency_code)

    async def in_force(self, agency_code: str) -> Entry | None:
        return await self._one("approved_at is not null", agency_code)

    async def _one(self, condition: str, agency_code: str) -> Entry | None:
        async with self._database.reading(None) as connection:
            row = await connection.fetchrow(
                f"select {_ENTRY} from partner_version p where agency_code = $1 and {condition}"
                " order by version desc limit 1",
                agency_code,
            )
        return _entry(row) if row else None

    async def approve(self, entry: Entry, checker: str) -> bool:
        async with self._database.writing(None) as connection:
            await connection.execute(_LOCK)
            approved = await connection.fetchval(
                "update partner_version p set checker_sub = $3, approved_at = clock_timestamp()"
                " where agency_code = $1 and version = $2 and approved_at is null and not exists ("
                " select from partner_version n where n.agency_code = $1 and n.version > $2)"
                " and not coalesce(partner_stopped_at($1) >= proposed_at, false) returning true",
                entry.agency_code,
                entry.version,
                checker,
            )
        return bool(approved)

    async def stop(self, agency_code: str, sub: str) -> None:
        async with self._database.writing(None) as connection:
            await connection.execute(_LOCK)
            await connection.execute(
                "insert into partner_stop (agency_code, stopped_by_sub, stopped_at)"
                " values ($1, $2, clock_timestamp())",
                agency_code,
                sub,
            )

    async def all(self, after: str, limit: int) -> list[Entry]:
        async with self._database.reading(None) as connection:
            rows = await connection.fetch(
                f"select distinct on (p.agency_code) {_ENTRY} from partner_version p where agency_code > $1"
                " order by p.agency_code, p.version desc limit $2",
                after,
                limit,
            )
        return [_entry(row) for row in rows]


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        agency_code=row["agency_code"],
        version=row["version"],
        name=row["name"],
        contact_email=row["contact_email"],
        contact_phone=row["contact_phone"],
        channels=tuple(row["channels"]),
        maker=row["maker_sub"],
        proposed_at=row["proposed_at"],
        checker=row["checker_sub"],
        approved_at=row["approved_at"],
        stopped_at=row["stopped_at"],
        keys=tuple(orjson.loads(row["keys"])),
    )
