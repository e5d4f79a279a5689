"""Of a day's gifts, too, there are sums: who asks for a page reads no more than what came with its gifts.

The version that runs meanwhile adds up a day as before; what it books is summed in slots, too.
"""

from alembic import op

from libs.common.runtime.postgres import NATION, TERRITORY_SETTING

revision = "0042"
down_revision = "0041"

_LYING = "status in ('received', 'earmarked')"


def upgrade() -> None:
    # Of a fund's day, gifts that were taken down together: 28 bits of their ids are about 17 minutes.
    op.execute(
        "create table gift_slot (fund_id uuid not null references fund, day date not null,"
        " slot text not null, amount bigint not null, primary key (fund_id, day, slot))"
    )
    op.execute("grant select, insert, update on gift_slot to payments_app, payments_bulk")
    op.execute("lock table donation in share row exclusive mode")
    op.execute(
        f"""
        create or replace function gift_is_summed() returns trigger language plpgsql as $$
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
            insert into gift_slot as kept (fund_id, day, slot, amount)
            select fund_id, on_day, left(new.donation_id::text, 7), sum(amount) from (
                select coalesce(old.to_fund_id, old.fund_id), coalesce(old.earmarked_on, old.received_on),
                       -old.amount where old.{_LYING}
                union all
                select coalesce(new.to_fund_id, new.fund_id), coalesce(new.earmarked_on, new.received_on),
                       new.amount where new.{_LYING}
            ) as moved (fund_id, on_day, amount)
            group by 1, 2 having sum(amount) <> 0 order by 1, 2
            on conflict (fund_id, day, slot) do update set amount = kept.amount + excluded.amount;
            return null;
        end $$
        """
    )
    op.execute(f"select set_config('{TERRITORY_SETTING}', '{NATION}', true)")
    op.execute(
        f"""
        insert into gift_slot (fund_id, day, slot, amount)
        select coalesce(to_fund_id, fund_id), coalesce(earmarked_on, received_on),
               left(donation_id::text, 7), sum(amount)
        from donation where {_LYING} group by 1, 2, 3
        """
    )
