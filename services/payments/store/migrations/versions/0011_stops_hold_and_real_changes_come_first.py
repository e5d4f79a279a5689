"""A stop holds until an approval after it; real changes are told before those of sandboxes.

The version that runs meanwhile tells them in the old order and calls the same function.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    _stops()
    _sandbox_changes()
    # The order in which the teller takes them.
    op.execute(
        "create index payment_change_next on payment_change ((agency_code like 'SBX%'), change_id)"
        " where last_place is null"
    )
    op.execute("drop index payment_change_untold")


def _stops() -> None:
    op.execute(
        """
        create function partner_stopped_at(agency text) returns timestamptz language sql stable as $$
            select max(stopped_at) from partner_stop where agency_code = agency and stopped_at > coalesce(
                (select max(approved_at) from partner_version where agency_code = agency), '-infinity')
        $$
        """
    )
    op.execute(
        """
        create or replace function partner_is_stopped(agency text) returns boolean language sql stable as $$
            select partner_stopped_at(agency) is not null
        $$
        """
    )


def _sandbox_changes() -> None:
    """In groups as real ones are: numbers in a group are equally long. A file has fewer than GROUP_MAX."""
    op.execute(
        """
        create or replace function sandbox_changed() returns trigger language plpgsql security definer
        set search_path = public, pg_temp as $$
        begin
            insert into payment_change (agency_code, province_code, run_id, status, sequence, reason,
                                        occurred_on, benefit_months, instruction_ids, amounts_dong,
                                        commune_codes)
            select f.agency_code, '01', f.run_id, p.status, p.sequence, p.reason, p.changed_on,
                   array[f.month], array_agg(p.instruction_id order by p.number),
                   array_agg(p.amount_dong order by p.number), array_agg('00001'::text)
            from fresh p join sandbox_file f using (file_id)
            group by f.file_id, p.status, p.sequence, p.reason, p.changed_on, length(p.amount_dong::text)
            order by min(p.number);
            return null;
        end $$
        """
    )
