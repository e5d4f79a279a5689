"""A stop that was signed after months were paid: these are recalculated, so that nothing is lost silently."""

from libs.common.kernel.ids import derived_id
from libs.common.runtime.postgres import Connection
from services.eligibility.domain.casework import STOP, CaseFile
from services.eligibility.store.case_files import LAST_CLOSED

_OPEN = f"""
    insert into recalculation (recalculation_id, reason, person_ids, province_code, from_month, to_month,
                               policy_hash, requested_by_sub, parts_left)
    select $1, 'late_fact', array[$2::uuid], $3, $4, closed, $5, $6, '{{}}' from ({LAST_CLOSED}) last (closed)
    where closed >= $4 on conflict do nothing returning recalculation_id
"""


async def recalculate_paid(connection: Connection, case: CaseFile, policy_hash: str) -> None:
    """Open the dry run of a stop's months that are closed, for another than who prepared it to apply."""
    if case.kind != STOP:
        return
    assert case.from_month and case.prepared_by_sub, "a stop is prepared by somebody, from a month on"
    opened = await connection.fetchval(
        _OPEN,
        derived_id("recalculation", str(case.case_id)),
        case.person_id,
        case.place.province_code,
        case.from_month.first_day,
        policy_hash,
        case.prepared_by_sub,
    )
    if opened:
        await connection.execute(
            "insert into recalculation_person (recalculation_id, person_id) values ($1, $2)",
            opened,
            case.person_id,
        )
