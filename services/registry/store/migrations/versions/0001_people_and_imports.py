"""People, households, payout accounts, and the imports that bring them.

Personal data stands in four tables, each under forced row-level security by province. What is sensitive
is encrypted by the service before it comes here (`*_sealed`); the personal_id is found by its keyed hash.
A name is in clear, as officers find people by it; its `search_key` has a trigram index.
"""

from alembic import op

from libs.common.runtime import frame

revision = "0001"
down_revision = None


def upgrade() -> None:
    frame.create(op)
    op.execute("create extension if not exists pg_trgm")
    op.execute("create extension if not exists btree_gin")
    _people()
    _accounts()
    _imports()
    _import_contents()
    for table in (
        "household",
        "person",
        "payout_account",
        "disclosure",
        "import_job",
        "import_upload",
        "import_part",
        "import_row_problem",
        "import_refused_row",
    ):
        frame.protect(op, table)
    _search()
    frame.grant(op, "registry")
    op.execute("revoke update, delete on disclosure from registry_app, registry_bulk")


_SEARCH_AS_OWNER = """
    language plpgsql stable security definer
    set search_path = public, pg_temp
    set plan_cache_mode = force_custom_plan
    set pg_trgm.similarity_threshold = 0.4
"""


def _search() -> None:
    """Finding by name at the speed of the trigram index.

    Under row-level security PostgreSQL may not use LIKE or % in an index: the operators are not leakproof.
    So these two functions look as their owner, who is held by a policy of its own, and do the same check
    of the caller's territory themselves; what they return is read again under the caller's policy.
    """
    op.execute("create policy search on person for select to current_user using (true)")
    _search_by_part()
    _search_by_likeness()
    for name in ("people_named", "people_named_like"):
        op.execute(f"revoke all on function {name} from public")
        op.execute(f"grant execute on function {name} to registry_app")


def _search_by_part() -> None:
    # A frequent name fills its page within the first rows of the territory's own order; a rare one is
    # looked up in the trigrams. Neither way alone is quick for both.
    op.execute(
        f"""
        create function people_named(key text, in_commune text, after uuid, most integer)
        returns table (found uuid, place bigint) {_SEARCH_AS_OWNER} as $$
        declare
            territory text := current_setting('ansinh.territory', true);
            start uuid := coalesce(after, '00000000-0000-0000-0000-000000000000');
            ids uuid[];
        begin
            if in_commune is null then
                select array_agg(person_id) into ids from (
                    select person_id from (
                        select person_id, search_key from person
                        where (territory = '*' or province_code = territory) and person_id > start
                        order by person_id limit 10000
                    ) as first_rows where search_key like '%' || key || '%' limit most
                ) as page;
            end if;
            if coalesce(cardinality(ids), 0) < most then
                with named as materialized (
                    select person_id from person
                    where (territory = '*' or province_code = territory)
                    and search_key like '%' || key || '%'
                    and (in_commune is null or commune_code = in_commune)
                )
                select array_agg(person_id) into ids from (
                    select person_id from named where person_id > start order by person_id limit most
                ) as page;
            end if;
            return query select * from unnest(ids) with ordinality;
        end
        $$
        """
    )


def _search_by_likeness() -> None:
    op.execute(
        f"""
        create function people_named_like(key text, in_commune text, after uuid, most integer)
        returns table (found uuid, place bigint) {_SEARCH_AS_OWNER} as $$
        declare territory text := current_setting('ansinh.territory', true);
        begin
            return query
            with alike as materialized (
                select person_id, search_key from person
                where (territory = '*' or province_code = territory) and search_key % key
                and (in_commune is null or commune_code = in_commune) limit 20000
            )
            select person_id, row_number() over (order by similarity(search_key, key) desc, person_id)
            from alike order by 2 limit most;
        end
        $$
        """
    )


def _people() -> None:
    op.execute(
        """
        create table household (
            household_id uuid primary key,
            number text not null,
            commune_code text not null,
            province_code text not null,
            recorded_at timestamptz not null default now(),
            unique (commune_code, number)
        )
        """
    )
    op.execute(
        """
        create table person (
            person_id uuid primary key,
            version integer not null check (version >= 1),
            household_id uuid not null references household,
            personal_id_index bytea not null unique,
            personal_id_sealed bytea not null,
            full_name text not null,
            search_key text not null,
            birth_date date not null,
            sex text not null check (sex in ('male', 'female')),
            commune_code text not null,
            province_code text not null,
            former_province_code text,
            poverty_status text not null check (poverty_status in ('poor', 'near_poor', 'none')),
            area text not null,
            already_receiving boolean not null,
            applied_for text[] not null,
            application_received_on date,
            decision_signed_on date,
            facts_sealed bytea not null,
            recorded_at timestamptz not null default now()
        )
        """
    )
    op.execute("create index person_name on person using gin (province_code, search_key gin_trgm_ops)")
    op.execute("create index person_territory on person (province_code, person_id)")
    op.execute("create index person_place on person (commune_code, person_id)")
    op.execute("create index person_household on person (household_id)")


def _accounts() -> None:
    op.execute(
        """
        create table payout_account (
            person_id uuid primary key references person,
            version integer not null check (version >= 1),
            payee_id uuid not null,
            channel text not null check (channel in ('bank_account', 'post_office', 'home_delivery')),
            agency_code text not null,
            commune_code text not null,
            province_code text not null,
            secret_sealed bytea not null,
            recorded_at timestamptz not null default now()
        )
        """
    )

    # Who was shown a person's facts unmasked, and what for. Nobody changes or removes a row.
    op.execute(
        """
        create table disclosure (
            person_id uuid not null references person,
            province_code text not null,
            disclosed_to text not null,
            purpose text not null,
            disclosed_at timestamptz not null default now()
        )
        """
    )
    op.execute("create index disclosure_person on disclosure (person_id, disclosed_at)")


def _imports() -> None:
    # province_code is the territory of the officer who uploaded, null for the nation.
    op.execute(
        """
        create table import_job (
            import_id uuid primary key,
            status text not null check (status in ('queued', 'running', 'done', 'refused')),
            file_kind text not null check (file_kind in ('csv', 'xlsx')),
            as_of date not null,
            province_code text,
            content_digest bytea not null,
            uploaded_by text not null,
            rows_total integer,
            rows_read integer not null default 0,
            rows_taken integer not null default 0,
            rows_refused integer not null default 0,
            problem_code text,
            problem_at text,
            recorded_at timestamptz not null default now(),
            finished_at timestamptz,
            check (rows_read = rows_taken + rows_refused),
            check ((status = 'refused') = (problem_code is not null))
        )
        """
    )
    # The same file, sent again while it is on its way or after all of it was taken, is the same import.
    op.execute(
        """
        create unique index import_job_once on import_job (content_digest, as_of, coalesce(province_code, ''))
        where status <> 'refused' and rows_refused = 0
        """
    )
    op.execute(
        "create index import_job_waiting on import_job (recorded_at) where status in ('queued', 'running')"
    )


def _import_contents() -> None:
    # The file as uploaded, in encrypted pieces, until it is inspected.
    op.execute(
        """
        create table import_upload (
            import_id uuid not null references import_job,
            number integer not null,
            province_code text,
            content_sealed bytea not null,
            primary key (import_id, number)
        )
        """
    )
    # Rows of an inspected file that wait to be taken, encrypted; a part goes with its transaction.
    op.execute(
        """
        create table import_part (
            import_id uuid not null references import_job,
            number integer not null,
            province_code text,
            content_sealed bytea not null,
            primary key (import_id, number)
        )
        """
    )
    op.execute("alter table import_upload alter column content_sealed set storage external")
    op.execute("alter table import_part alter column content_sealed set storage external")
    op.execute(
        """
        create table import_row_problem (
            import_id uuid not null references import_job,
            row_number integer not null,
            column_name text not null,
            code text not null,
            province_code text,
            primary key (import_id, row_number, column_name, code)
        )
        """
    )
    # The refused rows themselves, encrypted, for the copy that the officer mends and sends again.
    op.execute(
        """
        create table import_refused_row (
            import_id uuid not null references import_job,
            row_number integer not null,
            province_code text,
            cells_sealed bytea not null,
            primary key (import_id, row_number)
        )
        """
    )
