"""The anchor of what a service writes: the same rows by binary COPY into bare tables, then their indexes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Piece = Callable[[Connection], Awaitable[None]]


async def loaded(
    look: Connection, url: str, folder: Path, halved_by: Mapping[str, str], connections: int
) -> float:
    """Seconds to load what the tables hold now. `halved_by`: of each, the uuid by which rows are shared."""
    indexes: list[str] = []
    for table, column in halved_by.items():
        await look.execute(f"drop table if exists bare_{table}")
        await look.execute(f"create table bare_{table} (like {table} including defaults)")
        for option in await look.fetchval("select reloptions from pg_class where relname = $1", table) or ():
            await look.execute(f"alter table bare_{table} set ({option})")
        found = await look.fetch("select indexdef from pg_indexes where tablename = $1", table)
        indexes += [_of_bare_table(row["indexdef"], table) for row in found]
        for number in range(connections):
            await look.copy_from_query(
                f"select * from {table} where get_byte(uuid_send({column}), 15) % {connections} = {number}",
                output=folder / f"{table}_{number}",
                format="binary",
            )
    await look.execute("checkpoint")
    parts = [(table, folder / f"{table}_{number}") for table in halved_by for number in range(connections)]
    began = time.perf_counter()
    await _shared(url, connections, [partial(_load, table=table, source=source) for table, source in parts])
    await _shared(url, connections, [partial(_execute, statement=statement) for statement in indexes])
    return time.perf_counter() - began


async def _shared(url: str, connections: int, pieces: Sequence[Piece]) -> None:
    """Each piece once, by whichever connection is free."""
    left = iter(pieces)

    async def work() -> None:
        connection = await asyncpg.connect(url)
        for piece in left:
            await piece(connection)
        await connection.close()

    await asyncio.gather(*(work() for _ in range(connections)))


async def _load(connection: Connection, *, table: str, source: Path) -> None:
    await connection.copy_to_table(f"bare_{table}", source=source, format="binary")


async def _execute(connection: Connection, *, statement: str) -> None:
    await connection.execute("set max_parallel_maintenance_workers = 0")
    await connection.execute(statement)


def _of_bare_table(statement: str, table: str) -> str:
    head, _, tail = statement.partition(" ON ")
    unique = "unique " if "UNIQUE" in head else ""
    return f"create {unique}index on " + tail.replace(f"public.{table}", f"bare_{table}", 1)
