"""A ledger row is a transfer between two accounts, and each account's days are summed as it is booked.

What was booked as a transaction with two entries becomes one row; approved runs get their debt, answered
ones its discharge. Two ledgers at a time would be two truths, so the workers that book with the version
before must have ended.
"""

from alembic import op
from sqlalchemy import text

from libs.common.runtime import frame
from libs.common.runtime.postgres import NATION, TERRITORY_SETTING
from services.payments.domain.funds import budget_of

revision = "0007"
down_revision = "0006"

_BALANCE_LOCK = 0x6C656467
_SLOTS = 64


def upgrade() -> None:
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    op.execute("alter table ledger_account rename to old_account")
    op.execute("alter table old_account rename constraint ledger_account_pkey to old_account_pkey")
    _funds()
    _accounts()
    _transfers()
    _balances()
    _rules()
    _grant()
    _run_funds()
    _convert_postings()
    _require_all_converted()
    _convert_debts()
    for table in ("ledger_entry", "ledger_transaction", "old_account"):
        op.execute(f"drop table {table}")
    op.execute("drop function ledger_balances()")


def _funds() -> None:
    op.execute(
        """
        create table fund (
            fund_id uuid primary key,
            code text not null unique,
            kind text not null check (kind in ('central', 'province', 'commune', 'donation',
                                               'national_reserve')),
            -- 00: the nation's.
            province_code text not null,
            commune_code text,
            name text not null,
            unit text not null check (unit in ('VND', 'RICE_KG') or unit like 'PCS:_%'),
            -- The one programme that it pays; null: any.
            purpose text,
            may_overdraw boolean not null,
            opened_by_sub text not null,
            opened_at timestamptz not null default now(),
            check (not may_overdraw or (kind in ('central', 'province', 'commune') and unit = 'VND')),
            check ((kind = 'commune') = (commune_code is not null))
        )
        """
    )
    _protect_with_nation("fund")


def _accounts() -> None:
    op.execute(
        """
        create table ledger_account (
            account_id integer generated always as identity primary key,
            kind text not null check (kind in ('fund', 'origin', 'in_transit', 'suspense', 'paid',
                                               'entitlement', 'payable', 'overpayment', 'waived')),
            key text not null,
            province_code text not null,
            unit text not null,
            may_overdraw boolean not null default true,
            code text not null generated always as (
                kind || ':' || key || case when unit = 'VND' then '' else ':' || unit end) stored,
            unique (kind, key, province_code, unit)
        )
        """
    )
    _protect_with_nation("ledger_account")
    # The ledger's trigger runs as the owner of its tables, whoever books.
    op.execute("create policy books on ledger_account to current_user using (true) with check (true)")


def _protect_with_nation(table: str) -> None:
    """A province sees its own and the nation's, and writes its own only."""
    frame.protect(op, table)
    op.execute(f"create policy of_the_nation on {table} for select using (province_code = '00')")


def _transfers() -> None:
    op.execute(
        """
        create table ledger_transfer (
            transaction_id uuid not null default uuidv7(),
            leg smallint not null default 1,
            posting text not null,
            debit_account integer not null,
            credit_account integer not null,
            amount bigint not null check (amount > 0),
            unit text not null,
            province_code text not null,
            -- The instruction, run, report, donation, ... that it is booked for, as its posting says.
            source_id uuid not null,
            booked_on date not null,
            recorded_at timestamptz not null default now(),
            primary key (transaction_id, leg),
            -- Nothing is booked twice for the same.
            unique (source_id, posting, leg),
            check (debit_account <> credit_account)
        )
        """
    )
    for side in ("debit_account", "credit_account"):
        op.execute(f"create index transfer_by_{side} on ledger_transfer ({side}, transaction_id, leg)")
    frame.protect(op, "ledger_transfer")


def _balances() -> None:
    # Several rows for an account and day, one for each booking transaction at a time: none waits on another.
    op.execute(
        """
        create table ledger_balance (
            account_id integer not null,
            booked_on date not null,
            slot smallint not null,
            debit bigint not null,
            credit bigint not null,
            primary key (account_id, booked_on, slot)
        )
        """
    )
    op.execute(
        f"""
        create function ledger_slot() returns integer language plpgsql as $$
        declare
            mine integer := pg_backend_pid() % {_SLOTS};
        begin
            for step in 0 .. {_SLOTS - 1} loop
                if pg_try_advisory_xact_lock({_BALANCE_LOCK}, (mine + step) % {_SLOTS}) then
                    return (mine + step) % {_SLOTS};
                end if;
            end loop;
            perform pg_advisory_xact_lock({_BALANCE_LOCK}, mine);
            return mine;
        end $$
        """
    )


def _rules() -> None:
    # One pass over what was booked, however many rows: all else goes by account and day.
    op.execute(
        """
        create function ledger_is_kept() returns trigger language plpgsql security definer
        set search_path = public, pg_temp as $$
        declare
            debits integer[]; credits integer[]; units text[]; days date[]; amounts bigint[];
            mine integer := ledger_slot();
            short text;
        begin
            select array_agg(debit_account), array_agg(credit_account), array_agg(unit),
                   array_agg(booked_on), array_agg(amount)
            into debits, credits, units, days, amounts
            from (select debit_account, credit_account, unit, booked_on, sum(amount)::bigint as amount
                  from fresh group by 1, 2, 3, 4) as moved;
            if exists (
                select from unnest(debits || credits, units || units) as side (account_id, unit)
                left join ledger_account a using (account_id) where a.unit is distinct from side.unit
            ) then
                raise exception 'a transfer is of the unit of both its accounts';
            end if;
            -- Who may not fall below zero is drawn on by one at a time.
            perform from ledger_account where account_id = any(credits) and not may_overdraw
                order by account_id for no key update;
            insert into ledger_balance as kept (account_id, booked_on, slot, debit, credit)
            select account_id, booked_on, mine, sum(debit), sum(credit) from (
                select *, 0 from unnest(debits, days, amounts)
                union all
                select account, day, 0, amount from unnest(credits, days, amounts) as c (account, day, amount)
            ) as side (account_id, booked_on, debit, credit)
            group by account_id, booked_on order by account_id, booked_on
            on conflict (account_id, booked_on, slot) do update
                set debit = kept.debit + excluded.debit, credit = kept.credit + excluded.credit;
            select a.code into short from ledger_account a
            where a.account_id = any(credits) and not a.may_overdraw and exists (
                select from (
                    select sum(sum(debit - credit)) over (order by booked_on) as balance
                    from ledger_balance b where b.account_id = a.account_id group by booked_on
                ) as daily where balance < 0)
            limit 1;
            if short is not null then
                raise exception '% would fall below zero', short
                    using errcode = 'check_violation', constraint = 'fund_not_overdrawn';
            end if;
            return null;
        end $$
        """
    )
    op.execute(
        "create trigger kept after insert on ledger_transfer referencing new table as fresh"
        " for each statement execute function ledger_is_kept()"
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on ledger_transfer"
        " for each statement execute function ledger_is_append_only()"
    )


def _grant() -> None:
    both = "payments_app, payments_bulk"
    op.execute(f"grant select, insert on fund, ledger_account, ledger_transfer to {both}")
    op.execute(f"grant select on ledger_balance to {both}")


def _run_funds() -> None:
    connection = op.get_bind()
    op.execute("alter table run add column fund_id uuid references fund")
    for province in connection.execute(text("select distinct province_code from run")).scalars().all():
        fund = budget_of(province)
        connection.execute(
            text(
                "insert into fund (fund_id, code, kind, province_code, name, unit, may_overdraw,"
                " opened_by_sub) values (:id, :code, :kind, :province, :name, :unit, true, 'migration')"
            ),
            {
                "id": fund.fund_id,
                "code": fund.code,
                "kind": fund.kind,
                "province": province,
                "name": fund.name,
                "unit": fund.unit,
            },
        )
        connection.execute(
            text("update run set fund_id = :id where province_code = :province"),
            {"id": fund.fund_id, "province": province},
        )
    op.execute("alter table run alter column fund_id set not null")


def _convert_postings() -> None:
    op.execute(
        """
        insert into ledger_account (kind, key, province_code, unit)
        select 'fund', code, province_code, unit from fund
        union select 'in_transit', agency_code, province_code, 'VND' from instruction
        union select 'paid', programme, province_code, 'VND' from instruction
        union select kind, programme, province_code, 'VND'
        from run_total, unnest('{entitlement,payable}'::text[]) as kind
        """
    )
    op.execute(
        """
        insert into ledger_transfer (transaction_id, posting, debit_account, credit_account, amount, unit,
                                     province_code, source_id, booked_on, recorded_at)
        select t.transaction_id, t.posting, d.account_id, c.account_id, i.amount_dong, 'VND',
               i.province_code, i.instruction_id, t.booked_on, t.recorded_at
        from ledger_transaction t join instruction i using (instruction_id)
        join run r on r.run_id = i.run_id join fund f using (fund_id)
        join (values ('instructed', 'in_transit', 'fund'), ('settled', 'paid', 'in_transit'),
                     ('returned', 'fund', 'in_transit'), ('returned_after_settlement', 'fund', 'paid'))
          as side (posting, debit, credit) on side.posting = t.posting
        join ledger_account d on d.province_code = i.province_code and d.kind = side.debit
          and d.key in (f.code, i.agency_code, i.programme)
        join ledger_account c on c.province_code = i.province_code and c.kind = side.credit
          and c.key in (f.code, i.agency_code, i.programme)
        """
    )


def _require_all_converted() -> None:
    """What was booked is dropped only where all of it, and as much, stands in the new form."""
    op.execute(
        """
        do $$ begin
            if exists (
                select from (
                    select posting, count(distinct transaction_id) as transactions, sum(amount_dong) as amount
                    from ledger_transaction left join ledger_entry e using (transaction_id)
                    where coalesce(e.amount_dong, 0) >= 0 group by posting
                ) as before full join (
                    select posting, count(*) as transactions, sum(amount) as amount
                    from ledger_transfer group by posting
                ) as after using (posting)
                where (before.transactions, before.amount) is distinct from (after.transactions, after.amount)
            ) then
                raise exception 'the ledger in its new form is not the one that was booked';
            end if;
        end $$
        """
    )


def _convert_debts() -> None:
    owed = """
        insert into ledger_transfer (transaction_id, leg, posting, debit_account, credit_account, amount,
                                     unit, province_code, source_id, booked_on, recorded_at)
        select first_value(uuidv7()) over by_source,
               row_number() over by_source, '{posting}', d.account_id, c.account_id, o.amount, 'VND',
               o.province_code, o.source_id, (o.at at time zone 'Asia/Ho_Chi_Minh')::date, o.at
        from ({owed}) as o
        join ledger_account d on d.kind = '{debit}' and d.key = o.programme
          and d.province_code = o.province_code
        join ledger_account c on c.kind = '{credit}' and c.key = o.programme
          and c.province_code = o.province_code
        window by_source as (partition by o.source_id order by o.programme)
    """
    op.execute(
        owed.format(
            posting="entitled",
            debit="entitlement",
            credit="payable",
            owed="select run_id as source_id, programme, t.province_code, approved_at as at,"
            " sum(t.instructed_dong)::bigint as amount from run_total t join run using (run_id)"
            " where approved_at is not null group by 1, 2, 3, 4",
        )
    )
    op.execute(
        owed.format(
            posting="discharged",
            debit="payable",
            credit="entitlement",
            owed="select report_id as source_id, i.programme, i.province_code, p.received_at as at,"
            " sum(i.amount_dong)::bigint as amount from report_line l join partner_report p using (report_id)"
            " join instruction i using (instruction_id) where l.posting in ('settled', 'returned')"
            " group by 1, 2, 3, 4",
        )
    )
