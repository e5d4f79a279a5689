"""What was paid before changes were kept is told as it stands: instructed, and then as it is now."""

import asyncpg

from services.payments.store.invariants import _EVERY_CHANGE_TOLD
from tests.support.migrating import database_at, upgrade
from tests.support.postgres import TestCluster

#: A file of three payments that was handed over, one settled, one returned, and one that is only planned.
_BEFORE = """
    insert into run (run_id, province_code, order_key, programmes, status, maker_sub, checker_sub,
        content_hash, approved_hash, instructions, instructed_dong, execute_on)
    values (uuidv7(), '01', 'x', '{monthly_allowance}', 'instructing', 'm', 'c', 'h', 'h', 4, 700,
            '2024-01-25');
    insert into payment_file (file_id, run_id, agency_code, kind, province_code, payments, amount_dong,
        pending, status, content)
    select uuidv7(), run_id, '970405', 'pain.001', '01', 3, 700, 1, f.status, f.content
    from run, (values ('ready', ''::bytea), ('planned', null)) as f (status, content);
    insert into instruction (instruction_id, run_id, programme, payee_id, account_id, account_version,
        channel, agency_code, commune_code, province_code, file_id, amount_dong, status, settled_on,
        return_reason)
    select uuidv7(), f.run_id, 'monthly_allowance', uuidv7(), uuidv7(), 1, 'bank_account', '970405', '00001',
           '01', file_id, amount, outcome, settled_on::date, reason
    from payment_file f join (values
        ('ready', 100, 'pending', null, null), ('ready', 200, 'settled', '2024-01-26', null),
        ('ready', 400, 'returned', null, 'AC04'), ('planned', 800, 'pending', null, null)
    ) as i (file_status, amount, outcome, settled_on, reason) on i.file_status = f.status;
    insert into instruction_line (run_id, instruction_id, person_id, programme, month, decision_id, category,
        coefficient_hundredths, standard_dong, amount_dong, commune_code, province_code, unit_province_code,
        leads_instruction, leads_person)
    select run_id, instruction_id, payee_id, programme, '2024-01-01', payee_id, 'k6', 100, amount_dong,
           amount_dong, commune_code, province_code, '01', true, true from instruction;
"""
_KEPT = """
    select amounts_dong[1] as amount, status, sequence, reason, occurred_on::text, benefit_months::text
    from payment_change order by sequence, status
"""


async def test_what_was_paid_before_is_told_as_it_stands(postgres_cluster: TestCluster) -> None:
    database = await database_at(postgres_cluster, "payments", "payments_untold", "0003")
    look = await asyncpg.connect(database.url_superuser)
    await look.execute(_BEFORE)
    await upgrade(database, "0004")
    kept = [tuple(row) for row in await look.fetch(_KEPT)]
    whole = await look.fetchval("select amounts_dong from payment_change where status = 'pending'")
    assert sorted(whole) == [100, 200, 400], "what is only planned was given to nobody"
    assert [row[1:5] for row in kept] == [
        ("pending", 1, None, "2024-01-25"),
        ("returned", 2, "AC04", kept[1][4]),
        ("settled", 2, None, "2024-01-26"),
    ]
    assert {row[5] for row in kept} == {"{2024-01-01}"}
    assert await look.fetch(_EVERY_CHANGE_TOLD) == []
    await look.close()
