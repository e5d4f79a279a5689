"""Who changes what stands of a province's months is alone with it, until the transaction ends."""

from libs.common.runtime.postgres import Connection

_LOCK = 0x70617972


async def alone_with(connection: Connection, province_code: str) -> None:
    """For who plans a run, books an overpayment or takes from one."""
    await connection.execute("select pg_advisory_xact_lock($1, $2)", _LOCK, int(province_code))


async def among_builders_of(connection: Connection, province_code: str) -> None:
    """For who keeps back of what is overpaid: shards of a run, of different people, at a time."""
    await connection.execute("select pg_advisory_xact_lock_shared($1, $2)", _LOCK, int(province_code))
