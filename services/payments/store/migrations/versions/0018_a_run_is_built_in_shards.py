"""A run is built in shards: stretches of communes, each in a transaction of its own.

What was built before is of shard 0, and its digest is the run's hash, as it was approved. The builders of
the version before must have ended: they know no shards. All else of that version runs meanwhile.
"""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    _shards()
    _instructions()
    _ids()
    _content_hash()
    op.execute("create index entitlement_by_commune on entitlement (province_code, commune_code)")
    op.execute(
        "create index entitlement_of_facilities on entitlement (province_code) where payee = 'facility'"
    )
    op.execute("grant select on run_shard to payments_app, payments_bulk")
    op.execute("grant insert, update on run_shard to payments_bulk")


def _shards() -> None:
    # planned_at: when its shards were laid down. told_at: when workers were last told that it has work.
    op.execute("alter table run add column planned_at timestamptz, add column told_at timestamptz")
    op.execute(
        """
        create table run_shard (
            run_id uuid not null references run,
            number smallint not null check (number >= 1),
            from_commune text not null,
            before_commune text,
            instructions integer not null default 0,
            instructed_dong bigint not null default 0,
            digest bytea,
            built_at timestamptz,
            primary key (run_id, number),
            check ((built_at is null) = (digest is null))
        )
        """
    )
    op.execute("create index run_shard_due on run_shard (run_id, number) where built_at is null")


def _instructions() -> None:
    op.execute("alter table instruction add column shard smallint not null default 0")
    # Its id is derived of the same, so the primary key holds it.
    op.execute("alter table instruction drop constraint instruction_run_id_programme_payee_id_key")
    op.execute("create index instruction_by_run on instruction (run_id)")


def _ids() -> None:
    # RFC 9562, UUIDv8 by its example of SHA-256: as libs/common/kernel/ids.py derives v5, for whole sets.
    op.execute(
        """
        create function derived_id(key text) returns uuid language sql immutable parallel safe as $$
            select overlay(overlay(left(encode(sha256(convert_to(key, 'UTF8')), 'hex'), 32)
                placing '8' from 13) placing 'a' from 17)::uuid
        $$
        """
    )


def _content_hash() -> None:
    # The same digests as domain/runs.py makes of the same list.
    op.execute(
        """
        create function line_text(person uuid, month date, granted_by uuid, amount bigint) returns text
        language sql stable parallel safe as $$
            select E'\\n' || person || '|' || month || '|' || granted_by || '|' || amount
        $$
        """
    )
    op.execute(
        """
        create function instruction_digest(instruction uuid, payee uuid, programme text, channel text,
            agency text, account uuid, version integer, file uuid, amount bigint, listed text)
        returns bytea language sql stable parallel safe as $$
            select sha256(convert_to(instruction || '|' || payee || '|' || programme || '|' || channel || '|'
                || agency || '|' || account || '|' || version || '|' || file || '|' || amount || listed,
                'UTF8'))
        $$
        """
    )
    op.execute(
        """
        create or replace function content_hash_of(run uuid) returns text language sql stable as $$
            with lines as (
                select instruction_id, string_agg(line_text(person_id, month,
                    coalesce(decision_id, campaign_id), amount_dong), '' order by person_id, month) as listed
                from instruction_line where run_id = $1 group by instruction_id
            ), shards as (
                select shard, sha256(string_agg(instruction_digest(instruction_id, payee_id, programme,
                    channel, agency_code, account_id, account_version, file_id, amount_dong, listed),
                    ''::bytea order by instruction_id)) as digest
                from instruction join lines using (instruction_id) where run_id = $1 group by shard
            )
            select encode(case when min(shard) = 0 then min(digest)
                else sha256(coalesce(string_agg(digest, ''::bytea order by shard), '')) end, 'hex')
            from shards
        $$
        """
    )
