"""The tables that every service has for its doors, as SQL for its first migration."""

from typing import Protocol

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING


class Operations(Protocol):
    """What is needed of Alembic's `op`."""

    def execute(self, sqltext: str) -> None: ...


_TABLES = (
    # The durable log: append-only, in the transaction of the state that it tells.
    """
    create table outbox (
        id bigint generated always as identity,
        recorded_at timestamptz not null default now(),
        topic text not null,
        shard smallint not null,
        key uuid not null,
        event_id uuid not null,
        type text not null,
        data bytea not null,
        primary key (id, recorded_at)
    ) partition by range (recorded_at)
    """,
    "create table outbox_default partition of outbox default",
    # What the relay still has to publish; a row goes when the broker has its event.
    """
    create table outbox_pending (
        id bigint not null, recorded_at timestamptz not null, shard smallint not null,
        primary key (shard, id)
    )
    """,
    # The last offset that the broker gave us for a topic and shard: one given twice means a lost log.
    """
    create table broker_mark (
        topic text not null, shard smallint not null, last_offset bigint not null,
        primary key (topic, shard)
    )
    """,
    # Which incarnation of our log is being published; it grows whenever a broker lost it.
    "create table log_epoch (epoch integer not null)",
    "insert into log_epoch values (1)",
    """
    create table inbox (
        event_id uuid not null, topic text not null, shard smallint not null,
        applied_at timestamptz not null default now(),
        primary key (event_id)
    )
    """,
    """
    create table consumer_position (
        topic text not null, shard smallint not null, next_offset bigint not null,
        primary key (topic, shard)
    )
    """,
    # The log incarnation of each publisher that we follow; a newer one is read from its beginning.
    "create table consumer_epoch (publisher text primary key, epoch integer not null)",
    """
    create table month_marker (
        topic text not null, shard smallint not null, month date not null,
        recorded_at timestamptz not null default now(),
        primary key (topic, shard, month)
    )
    """,
    # What could not be applied, until an operator has it applied. `key`: null for what is no event.
    """
    create table dead_letter (
        event_id uuid primary key, topic text not null, shard smallint not null, key uuid,
        type text not null, data bytea not null, problem text not null,
        recorded_at timestamptz not null default now()
    )
    """,
)

#: Every table of the frame, with the outbox's first partition.
_NAMES = (
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
)


def create(op: Operations) -> None:
    """Create the frame's tables. Call `grant` at the end of the migration."""
    for statement in _TABLES:
        op.execute(statement)


def protect(op: Operations, table: str) -> None:
    """Force row-level security on a table with `province_code`: a caller sees the own territory only."""
    setting = f"current_setting('{TERRITORY_SETTING}', true)"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(
        f"create policy territory on {table} using ({setting} = '{NATION}' or province_code = {setting})"
        f" with check ({setting} = '{NATION}' or province_code = {setting})"
    )


def grant(op: Operations, service: str) -> None:
    """Give both working roles what they need on all tables and sequences so far; neither gets DDL.

    On the frame's tables the bulk role may do all but change the log; the app role appends to the log,
    and sees what a month still waits for, no event of anybody's territory.
    """
    app, bulk = f"{service}_app", f"{service}_bulk"
    for role in (app, bulk):
        op.execute(f"grant usage on schema public to {role}")
        op.execute(f"grant select, insert, update, delete on all tables in schema public to {role}")
        op.execute(f"grant usage, select on all sequences in schema public to {role}")
        op.execute(f"revoke all on alembic_version from {role}")
    op.execute(f"revoke update, delete on outbox, outbox_default from {bulk}")
    op.execute(f"revoke all on {', '.join(_NAMES)} from {app}")
    op.execute(f"grant insert, select (id, recorded_at, shard) on outbox to {app}")
    op.execute(f"grant insert on outbox_pending to {app}")
    op.execute(f"grant select on month_marker to {app}")
    op.execute(f"grant select (topic, type) on dead_letter to {app}")
