"""What everybody may ask of gifts is summed as it moves: nobody without a token adds up the ledger.

The version that runs meanwhile adds up as before; what it books is summed, too.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0033"
down_revision = "0032"

_LYING = "status in ('received', 'earmarked')"


def upgrade() -> None:
    # A fund's month: gifts by what they are set apart for, and what was used by programme. Neither is
    # anybody's in person, so they are read in all territories.
    op.execute(
        """
        create table gift_month (
            fund_id uuid not null references fund,
            month date not null,
            -- Empty: set apart for none.
            programme text not null,
            received bigint not null default 0,
            used bigint not null default 0,
            primary key (fund_id, month, programme)
        )
        """
    )
    # What came to lie in a fund on a day: the first come is used first.
    op.execute(
        "create table gift_day (fund_id uuid not null references fund, day date not null,"
        " amount bigint not null, primary key (fund_id, day))"
    )
    op.execute(
        "create index gift_lying on donation (coalesce(to_fund_id, fund_id),"
        f" coalesce(earmarked_on, received_on), donation_id) where {_LYING}"
    )
    op.execute(f"create index gift_of_province on donation (province_code, donation_id) where {_LYING}")
    op.execute("grant select, insert, update on gift_month, gift_day to payments_app, payments_bulk")
    _gifts()
    _uses()
    _what_there_is()


def _gifts() -> None:
    op.execute(
        f"""
        create function gift_is_summed() returns trigger language plpgsql as $$
        begin
            insert into gift_month as kept (fund_id, month, programme, received)
            select fund_id, date_trunc('month', on_day)::date, programme, sum(amount) from (
                select old.fund_id, old.received_on, coalesce(f.purpose, ''), -old.amount
                from (values (1)) as one left join fund f on f.fund_id = old.to_fund_id where old.{_LYING}
                union all
                select new.fund_id, new.received_on, coalesce(f.purpose, ''), new.amount
                from (values (1)) as one left join fund f on f.fund_id = new.to_fund_id where new.{_LYING}
            ) as moved (fund_id, on_day, programme, amount)
            group by 1, 2, 3 having sum(amount) <> 0 order by 1, 2, 3
            on conflict (fund_id, month, programme) do update
                set received = kept.received + excluded.received;
            insert into gift_day as kept (fund_id, day, amount)
            select fund_id, on_day, sum(amount) from (
                select coalesce(old.to_fund_id, old.fund_id), coalesce(old.earmarked_on, old.received_on),
                       -old.amount where old.{_LYING}
                union all
                select coalesce(new.to_fund_id, new.fund_id), coalesce(new.earmarked_on, new.received_on),
                       new.amount where new.{_LYING}
            ) as moved (fund_id, on_day, amount)
            group by 1, 2 having sum(amount) <> 0 order by 1, 2
            on conflict (fund_id, day) do update set amount = kept.amount + excluded.amount;
            return null;
        end $$
        """
    )
    op.execute(
        "create trigger summed after insert or update on donation"
        " for each row execute function gift_is_summed()"
    )


def _uses() -> None:
    # What leaves a fund for gifts for anything but another fund: by runs, whose month it stays, by hand-overs
    # and by their corrections. After `kept`, which has whoever draws on the fund wait for the other.
    op.execute(
        """
        create function gifts_used_are_summed() returns trigger language plpgsql as $$
        begin
            insert into gift_month as kept (fund_id, month, programme, used)
            select f.fund_id, date_trunc('month', coalesce(r.execute_on, t.booked_on))::date,
                   coalesce(i.programme, o.key), sum(t.amount)
            from (
                select credit_account as account_id, debit_account as other, amount, source_id, booked_on
                from fresh
                union all
                select debit_account, credit_account, -amount, source_id, booked_on from fresh
            ) as t
            join ledger_account a using (account_id)
            join fund f on f.kind = 'donation' and a.kind = 'fund' and f.code = a.key and f.unit = a.unit
            join ledger_account o on o.account_id = t.other and o.kind in ('in_transit', 'paid')
            left join instruction i on i.instruction_id = t.source_id
            left join run r on r.run_id = i.run_id
            group by 1, 2, 3 having sum(t.amount) <> 0 order by 1, 2, 3
            on conflict (fund_id, month, programme) do update set used = kept.used + excluded.used;
            return null;
        end $$
        """
    )
    op.execute(
        "create trigger summed after insert on ledger_transfer referencing new table as fresh"
        " for each statement execute function gifts_used_are_summed()"
    )


def _what_there_is() -> None:
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    op.execute(
        f"""
        insert into gift_day (fund_id, day, amount)
        select coalesce(to_fund_id, fund_id), coalesce(earmarked_on, received_on), sum(amount)
        from donation where {_LYING} group by 1, 2
        """
    )
    op.execute(
        f"""
        insert into gift_month (fund_id, month, programme, received, used)
        select fund_id, month, programme, sum(received), sum(used) from (
            select g.fund_id, date_trunc('month', g.received_on)::date as month,
                   coalesce(t.purpose, '') as programme, g.amount as received, 0 as used
            from donation g left join fund t on t.fund_id = g.to_fund_id where g.{_LYING}
            union all
            select f.fund_id, date_trunc('month', coalesce(r.execute_on, t.booked_on))::date,
                   coalesce(i.programme, o.key), 0,
                   case a.account_id when t.credit_account then t.amount else -t.amount end
            from fund f
            join ledger_account a on a.kind = 'fund' and a.key = f.code and a.unit = f.unit
            join ledger_transfer t on a.account_id in (t.credit_account, t.debit_account)
            join ledger_account o on o.kind in ('in_transit', 'paid')
              and o.account_id in (t.credit_account, t.debit_account)
            left join instruction i on i.instruction_id = t.source_id
            left join run r on r.run_id = i.run_id
            where f.kind = 'donation'
        ) as moved
        group by 1, 2, 3
        """
    )
