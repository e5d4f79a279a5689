"""Terms that ran when accounts began to keep them are kept from what was told last of each account."""

import asyncpg

from tests.support.migrating import database_at, upgrade
from tests.support.postgres import TestCluster

#: Three people whose accounts changed. Of the first the term was told, of the second it was not; the third
#: was told anew since by a version that knew none.
_BEFORE = """
    set session_replication_role = replica;
    insert into payout_account (person_id, version, payee_id, channel, agency_code, commune_code,
                                province_code, secret_sealed)
    select ('00000000-0000-0000-0000-00000000000' || n)::uuid, case n when 3 then 3 else 2 end, uuidv7(),
           'bank_account', '970405', '00001', '01', '' from generate_series(1, 3) as n;
    insert into outbox (topic, shard, key, event_id, type, data)
    select 'ansinh.registry.payout-account.v1', 0, ('00000000-0000-0000-0000-00000000000' || person)::uuid,
           uuidv7(), 'PayoutAccountRecorded',
           convert_to(json_build_object('version', version, 'changed_on', changed_on,
                                        'usable_from', usable_from)::text, 'UTF8')
    from (values (1, 1, null, null), (1, 2, '2026-10-02', '2026-10-05'), (2, 2, null, null),
                 (3, 2, '2026-10-02', '2026-10-05'), (3, 3, null, null))
      as told (person, version, changed_on, usable_from);
"""


async def test_a_term_that_ran_is_kept_as_it_was_told(postgres_cluster: TestCluster) -> None:
    database = await database_at(postgres_cluster, "registry", "registry_terms_before", "0002")
    look = await asyncpg.connect(database.url_superuser)
    await look.execute(_BEFORE)
    await upgrade(database, "0003")
    rows = await look.fetch("select changed_on, usable_from from payout_account order by person_id")
    await look.close()
    terms = [tuple(day and day.isoformat() for day in row) for row in rows]
    assert terms == [("2026-10-02", "2026-10-05"), (None, None), (None, None)]
