"""What was booked in two entries a transaction is, after the migration, what it was: one transfer each."""

from datetime import date

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from services.payments.store.ledger_invariants import LEDGER_INVARIANTS
from tests.support.migrating import database_at, upgrade
from tests.support.postgres import TestCluster

#: A run of three payments: one pending, one settled, one returned; its report told of the last two.
_BEFORE = """
    insert into run (run_id, province_code, order_key, programmes, status, maker_sub, checker_sub,
        content_hash, approved_hash, instructions, instructed_dong, execute_on, approved_at)
    values (uuidv7(), '01', 'x', '{monthly_allowance}', 'instructed', 'm', 'c', 'h', 'h', 3, 700,
            '2024-01-25', '2024-01-24 18:00+00');
    insert into instruction (instruction_id, run_id, programme, payee_id, account_id, account_version,
        channel, agency_code, commune_code, province_code, file_id, amount_dong, status)
    select uuidv7(), run_id, 'monthly_allowance', uuidv7(), uuidv7(), 1, 'bank_account', '970405', '00001',
           '01', run_id, amount, outcome
    from run, (values (100, 'pending'), (200, 'settled'), (400, 'returned')) as i (amount, outcome);
    insert into run_total
    select run_id, 'monthly_allowance', '01', '01', '00001', 'k6', 'bank_account', 3, 3, 3, 0,
           700, 200, 400
    from run;
    insert into ledger_account values ('budget:01', 'budget'), ('in_transit:970405', 'in_transit'),
        ('paid:monthly_allowance', 'paid');
    insert into ledger_transaction (run_id, instruction_id, posting, booked_on)
    select run_id, instruction_id, posting, '2024-01-25' from instruction,
           unnest(array['instructed', nullif(status, 'pending')]) as posting where posting is not null;
    insert into ledger_entry
    select transaction_id, account, amount_dong * sign from ledger_transaction
    join instruction using (instruction_id)
    join (values ('instructed', 'in_transit:970405', 1), ('instructed', 'budget:01', -1),
                 ('settled', 'paid:monthly_allowance', 1), ('settled', 'in_transit:970405', -1),
                 ('returned', 'budget:01', 1), ('returned', 'in_transit:970405', -1))
      as e (posting, account, sign) using (posting);
    insert into payment_file (file_id, run_id, agency_code, kind, province_code, payments, amount_dong,
        pending)
    select run_id, run_id, '970405', 'pain.001', '01', 3, 700, 1 from run;
    insert into partner_report (report_id, file_id, run_id, agency_code, province_code, reported_by_sub,
        received_at, content, content_sha256, status, lines)
    select uuidv7(), run_id, run_id, '970405', '01', 'b', '2024-01-26 02:00+00', '', '', 'taken', 2
    from run;
    insert into report_line (report_id, number, run_id, province_code, reference, instruction_id, outcome,
        posting)
    select report_id, row_number() over (), i.run_id, '01', '', instruction_id, i.status, i.status
    from instruction i, partner_report where i.status <> 'pending';
"""
_AFTER = """
    select a.code, sum(debit - credit)::bigint as balance from ledger_balance
    join ledger_account a using (account_id) where booked_on <= $1 group by a.code order by a.code
"""


@pytest.mark.parametrize(
    "wrong",
    [
        "update ledger_entry set amount_dong = amount_dong * 2",
        "delete from instruction where status = 'settled'",
    ],
    ids=["amounts", "payments"],
)
async def test_a_ledger_that_would_not_say_the_same_is_not_replaced(
    postgres_cluster: TestCluster, wrong: str, request: pytest.FixtureRequest
) -> None:
    name = f"payments_wrong_{request.node.callspec.id}"
    database = await database_at(postgres_cluster, "payments", name, "0006")
    look = await asyncpg.connect(database.url_superuser)
    await look.execute(_BEFORE)
    await look.execute("set session_replication_role = replica")
    await look.execute(wrong)
    with pytest.raises(DBAPIError, match="not the one that was booked"):
        await upgrade(database, "0007")
    assert await look.fetchval("select count(*) from ledger_transaction") == 5
    await look.close()


async def test_the_ledger_says_the_same_after_its_migration(postgres_cluster: TestCluster) -> None:
    database = await database_at(postgres_cluster, "payments", "payments_before", "0006")
    look = await asyncpg.connect(database.url_superuser)
    await look.execute(_BEFORE)
    await upgrade(database, "0007")
    days = [
        {row["code"]: row["balance"] for row in await look.fetch(_AFTER, date(2024, 1, day))}
        for day in (25, 26)
    ]
    owed = {"entitlement:monthly_allowance": 700, "payable:monthly_allowance": -700}
    moved = {"fund:budget-01": -300, "in_transit:970405": 100, "paid:monthly_allowance": 200}
    assert days[0] == {**owed, **moved}
    assert days[1] == {
        "entitlement:monthly_allowance": 100,
        "payable:monthly_allowance": -100,
        **moved,
    }
    # Vouchers and gifts came later, and have promises of their own.
    await upgrade(database, "0013")
    for invariant in LEDGER_INVARIANTS:
        assert await look.fetch(invariant.sql) == [], invariant.name
    await look.close()
