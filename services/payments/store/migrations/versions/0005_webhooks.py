"""Webhooks with their queues, and the answers that were given under an Idempotency-Key.

No person stands in them; a scope is agency and territory, and every statement names it.
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _webhooks()
    _deliveries()
    _answers()
    op.execute(
        "grant select, insert, update, delete on webhook, webhook_delivery, idempotent_answer to"
        " payments_app, payments_bulk"
    )


def _webhooks() -> None:
    op.execute(
        """
        create table webhook (
            webhook_id uuid primary key,
            -- Whose it is: null for an office that hears of all agencies; null for the whole nation.
            agency_code text,
            territory text,
            url text not null,
            statuses text[],
            months text[],
            -- Encrypted. The former one signs too until its time is over.
            secret bytea not null,
            former_secret bytea,
            former_until timestamptz,
            status text not null default 'active' check (status in ('active', 'disabled')),
            disabled_at timestamptz,
            after_place bigint not null,
            failures integer not null default 0,
            failing_since timestamptz,
            next_at timestamptz not null default now(),
            leased_until timestamptz,
            -- Grows with each lease and replay: a sender that finds another one has lost its lease.
            generation bigint not null default 0,
            created_by_sub text not null,
            created_at timestamptz not null,
            unique nulls not distinct (agency_code, territory, url)
        )
        """
    )
    op.execute("create index webhook_turn on webhook (next_at) where status = 'active'")


def _deliveries() -> None:
    op.execute(
        """
        create table webhook_delivery (
            webhook_id uuid not null references webhook on delete cascade,
            place bigint not null,
            event_id uuid not null,
            instruction_id uuid not null,
            type text not null,
            status text not null check (status in ('pending', 'delivered', 'failed')),
            attempts integer not null,
            next_at timestamptz,
            http_status integer,
            fault text,
            milliseconds integer,
            last_at timestamptz not null,
            primary key (webhook_id, place),
            check ((status = 'pending') = (next_at is not null))
        )
        """
    )
    op.execute(
        "create index webhook_delivery_waits on webhook_delivery (webhook_id, place) where status = 'pending'"
    )


def _answers() -> None:
    op.execute(
        """
        create table idempotent_answer (
            sub text not null,
            key text not null,
            body_sha256 text not null,
            -- Null while the first request is under way. Encrypted: it may hold a secret.
            answer bytea,
            asked_at timestamptz not null,
            primary key (sub, key)
        )
        """
    )
    op.execute("create index idempotent_answer_old on idempotent_answer (asked_at)")
