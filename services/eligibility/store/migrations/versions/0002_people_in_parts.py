"""People in 16 parts, so that a worker reads and writes one part of the nation in its own small tables.

`decision` is divided by person; `packed_facts` holds the facts as the vectorised evaluator reads them,
`standing` what the newest decision of each programme says, both in rows of a fixed width. `standing` follows
`decision` by triggers, whoever writes there; only a determination, which writes a part's tables by their
own names, writes both. Ids of decisions derive from person, programme and version: unique as these are.
The version that runs meanwhile reads and writes `decision` as before.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0002"
down_revision = "0001"

_PARTS = 16


def upgrade() -> None:
    _divide_decisions()
    _packed_facts()
    _standing()
    op.execute("grant select, insert, update, delete on decision to eligibility_app, eligibility_bulk")
    op.execute("revoke delete on decision from eligibility_app, eligibility_bulk")
    op.execute("grant select, insert, update on packed_facts, standing to eligibility_bulk")
    for part in range(_PARTS):
        op.execute(f"grant select, insert on decision_{part} to eligibility_bulk")
        op.execute(f"grant select on packed_facts_{part} to eligibility_bulk")
        op.execute(f"grant select, insert, update, truncate on standing_{part} to eligibility_bulk")


def _parts(table: str, options: str = "") -> None:
    for part in range(_PARTS):
        op.execute(
            f"create table {table}_{part} partition of {table}"
            f" for values with (modulus {_PARTS}, remainder {part}) {options}"
        )


def _divide_decisions() -> None:
    op.execute("alter table decision rename to decision_whole")
    op.execute(
        "create table decision (like decision_whole including defaults including constraints)"
        " partition by hash (person_id)"
    )
    _parts("decision")
    op.execute("insert into decision select * from decision_whole")
    op.execute("drop table decision_whole")
    op.execute("alter table decision add primary key (person_id, programme, version)")
    op.execute("create index decision_by_id on decision (decision_id)")
    op.execute("create index decision_proposed on decision (decision_id) where status = 'proposed'")
    frame.protect(op, "decision")


def _packed_facts() -> None:
    op.execute(
        "create table packed_facts (person_id uuid primary key, packed bytea not null)"
        " partition by hash (person_id)"
    )
    _parts("packed_facts")


def _standing() -> None:
    op.execute(
        """
        create table standing (
            person_id uuid not null,
            programme text not null,
            version integer not null,
            was_in_force boolean not null,
            says bytea not null check (octet_length(says) = 108),
            primary key (person_id, programme)
        ) partition by hash (person_id)
        """
    )
    # Room for new versions beside the old ones: the key's index stays as it is.
    _parts("standing", "with (fillfactor = 50)")
    op.execute(
        """
        create function says(d decision) returns bytea immutable language sql as $$
            select convert_to(
                rpad(d.programme, greatest(20, length(d.programme)))
                || left(d.outcome, 1) || left(d.status, 1) || left(d.payee, 1)
                || rpad(d.category, greatest(32, length(d.category)))
                || rpad(d.commune_code, 5) || d.province_code || coalesce(d.former_province_code, '  '),
                'UTF8')
            || int4send(d.coefficient_hundredths) || int8send(d.standard_dong) || int8send(d.amount_dong)
            || int4send(d.decided_on - date '1970-01-01') || int4send(d.effective_from - date '1970-01-01')
            || coalesce(uuid_send(d.facility_id), decode(repeat('00', 16), 'hex'))
        $$
        """
    )
    newest = """
        select distinct on (person_id, programme) person_id, programme, version,
               bool_or(status <> 'proposed') over (partition by person_id, programme), {says}
        from {made} made order by person_id, programme, version desc
    """
    op.execute(
        f"""
        create function keep_standing() returns trigger language plpgsql security definer
        set search_path = public, pg_temp as $$
        begin
            insert into standing as known (person_id, programme, version, was_in_force, says)
            {newest.format(made="made", says="says(made::decision)")}
            on conflict (person_id, programme) do update set
                version = excluded.version, says = excluded.says,
                was_in_force = known.was_in_force or excluded.was_in_force
            where excluded.version >= known.version;
            return null;
        end $$
        """
    )
    for verb in ("insert", "update"):
        op.execute(
            f"create trigger keep_standing_on_{verb} after {verb} on decision"
            " referencing new table as made for each statement execute function keep_standing()"
        )
    op.execute(
        "insert into standing (person_id, programme, version, was_in_force, says)"
        + newest.format(made="decision", says="says(made)")
    )
