"""What the role that serves requests may do with the frame's tables, in every service's own database."""

import asyncpg
import pytest

from deploy.contracts import SERVICES
from tests.support.postgres import TestCluster

_FRAME = (
    "outbox",
    "outbox_default",
    "outbox_pending",
    "broker_mark",
    "log_epoch",
    "inbox",
    "consumer_position",
    "consumer_epoch",
    "month_marker",
    "dead_letter",
    "alembic_version",
)
_WHOLE_TABLES = """
    select t, p from unnest($2::text[]) as t, unnest(array['select', 'insert', 'update', 'delete']) as p
    where has_table_privilege($1, t, p)
"""
_COLUMNS = """
    select c.table_name as t, p, c.column_name
    from information_schema.columns c, unnest(array['select', 'insert', 'update']) as p
    where c.table_name = any($2::text[]) and has_column_privilege($1, c.table_name, c.column_name, p)
      and not has_table_privilege($1, c.table_name, p)
"""


@pytest.mark.parametrize("service", SERVICES)
async def test_a_request_appends_to_the_log_and_reads_nothing_of_it(
    postgres_cluster: TestCluster, service: str
) -> None:
    made = await postgres_cluster.fresh_database(service)
    superuser = await asyncpg.connect(made.url_superuser)
    try:
        partitions = await superuser.fetch(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'outbox'::regclass"
        )
        names = [*_FRAME, *(row[0] for row in partitions)]
        whole = {tuple(row) for row in await superuser.fetch(_WHOLE_TABLES, f"{service}_app", names)}
        columns = {tuple(row) for row in await superuser.fetch(_COLUMNS, f"{service}_app", names)}
    finally:
        await superuser.close()
    assert whole == {("outbox", "insert"), ("outbox_pending", "insert"), ("month_marker", "select")}
    assert columns == {
        ("outbox", "select", "id"),
        ("outbox", "select", "recorded_at"),
        ("outbox", "select", "shard"),
        ("dead_letter", "select", "topic"),
        ("dead_letter", "select", "type"),
    }
