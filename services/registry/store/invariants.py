"""Promises of the registry as SQL: each returns the ids of what breaks it, and should return nothing."""

from libs.common.runtime.postgres import Connection

#: People and accounts with fewer events in the log than versions.
EVERY_PERSON_TOLD = """
    with told as (select key, type, count(*) as events from outbox group by key, type),
    kept as (
        select person_id, version, 'PersonRecorded' as type from person
        union all
        select person_id, version, 'PayoutAccountRecorded' from payout_account
    )
    select person_id from kept left join told on told.key = person_id and told.type = kept.type
    where coalesce(events, 0) < version
"""

#: Tables with a province_code that do not force row-level security.
PERSONAL_TABLES_OPEN = """
    select c.relname from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'province_code' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
    and not (c.relrowsecurity and c.relforcerowsecurity)
"""


async def unfinished_imports(connection: Connection) -> int:
    """How many files are queued or being taken."""
    waiting: int = await connection.fetchval(
        "select count(*) from import_job where status in ('queued', 'running')"
    )
    return waiting
