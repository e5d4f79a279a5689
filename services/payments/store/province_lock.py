"""Who changes what stands of a province's months is alone with it, until the transaction ends."""

from libs.common.runtime.postgres import Connection
from services.payments.domain import runs

#: Provinces of which a list is being built: a shard may have seen what stands, and not be written yet.
BEING_BUILT = f"select province_code from run where status = '{runs.BUILDING}' and planned_at is not null"
_LOCK = 0x70617972


async def alone_with(connection: Connection, province_code: str) -> None:
    """For who plans a run, books an overpayment or takes from one, or settles what had come back."""
    await connection.execute("select pg_advisory_xact_lock($1, $2)", _LOCK, int(province_code))


async def among_builders_of(connection: Connection, province_code: str) -> None:
    """For who keeps back of what is overpaid: shards of a run, of different people, at a time."""
    await connection.execute("select pg_advisory_xact_lock_shared($1, $2)", _LOCK, int(province_code))
