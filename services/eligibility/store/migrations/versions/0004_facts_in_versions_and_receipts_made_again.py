"""Every version of a person's facts is kept, every policy that decided, and what a receipt is made of.

A receipt is no longer stored as text: it is made again from the facts, the policy and the trace of its
decision. Decisions of before have no trace, and keep the text of their receipt; each decision has one of the
two. Facts of before stand as their person's first version, for which the registry knew no other.
"""

from hashlib import sha256

import orjson
import sqlalchemy as sa
from alembic import op

from libs.common.runtime import frame

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _facts()
    _policies()
    _decisions()


def _facts() -> None:
    op.execute(
        """
        alter table person_facts
            add column true_from date,
            add column chain bytea,
            -- From this day on the newest version as it stands is a month's state.
            add column holds_from date not null default '0001-01-01'
        """
    )
    _chain_what_is_there()
    op.execute("alter table person_facts alter column chain set not null")
    # Every version but the newest that counts; a newer one waits here for those before it.
    op.execute(
        """
        create table facts_history (
            person_id uuid not null,
            version integer not null,
            shard smallint not null,
            true_from date,
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            facts jsonb not null,
            recorded_at timestamptz not null default now(),
            primary key (person_id, version)
        )
        """
    )
    frame.protect(op, "facts_history")
    # A version that came early goes when it becomes the newest; none that counted is ever deleted.
    op.execute("grant select, insert, delete on facts_history to eligibility_bulk")


def _chain_what_is_there() -> None:
    bind = op.get_bind()
    rows = bind.execute(
        sa.text(
            "select person_id, version, commune_code, province_code, former_province_code, facts::text"
            " from person_facts"
        )
    )
    for person_id, version, *place, facts in rows.fetchall():
        stated = {"version": version, "true_from": None, "place": place, "case": orjson.loads(facts)}
        bind.execute(
            sa.text("update person_facts set chain = :chain where person_id = :person_id"),
            {
                "person_id": person_id,
                "chain": sha256(orjson.dumps(stated, option=orjson.OPT_SORT_KEYS)).digest(),
            },
        )


def _policies() -> None:
    op.execute(
        """
        create table policy (
            policy_hash text primary key,
            version text not null,
            files jsonb not null,
            recorded_at timestamptz not null default now()
        )
        """
    )
    op.execute("grant select, insert on policy to eligibility_bulk")


def _decisions() -> None:
    op.execute(
        """
        alter table decision
            alter column receipt drop not null,
            add column determined_month date,
            add column facts_month date,
            add column resident_of uuid,
            add column input_hash bytea,
            add column trace bytea,
            add check (
                (receipt is null) = (trace is not null and input_hash is not null
                and determined_month is not null and facts_month is not null)
            )
        """
    )
