"""The database of one service, by its two working roles.

`app` serves requests under forced row-level security: the caller's territory is set for the transaction
only, so nothing leaks through the pool. `bulk` works in sets for consumers, workers and importers and
never serves a request.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.common.kernel.errors import Contended, Outage
from libs.common.runtime.settings import ServiceSettings

#: What statements are sent on: a connection by itself, or one lent by a pool.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

#: Set per transaction; policies of libs.common.runtime.frame read it. Empty = no row at all.
TERRITORY_SETTING = "ansinh.territory"
NATION = "*"
_CONNECT_TIMEOUT_SECONDS = 10.0
_REQUEST_TIMEOUT_SECONDS = 30.0
#: Set statements: memory to sort and hash in, and no compiler, which costs more than it gains below a minute.
_FOR_SETS = {"work_mem": "64MB", "jit": "off"}
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError)


class Database:
    """Pools of both roles. `territory`: None = the whole nation, else a 2-digit province code."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._engine: AsyncEngine | None = None
        self._app: asyncpg.Pool[asyncpg.Record] | None = None
        self._bulk: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        settings = self._settings
        app_url = settings.database_url.get_secret_value()
        self._engine = create_async_engine(
            app_url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=settings.database_pool_max,
            pool_pre_ping=True,
        )
        self._app = await _pool(app_url, settings.database_pool_max, _REQUEST_TIMEOUT_SECONDS)
        # A worker's set statement may take minutes at the size of the nation.
        self._bulk = await _pool(
            settings.database_url_bulk.get_secret_value(), settings.database_pool_max, None, _FOR_SETS
        )

    async def close(self) -> None:
        if self._engine:
            await self._engine.dispose()
        for pool in (self._app, self._bulk):
            if pool:
                pool.terminate()

    @asynccontextmanager
    async def session(self, territory: str | None) -> AsyncIterator[AsyncSession]:
        """A SQLModel session in one transaction of the app role, committed at the end."""
        assert self._engine, "open() first"
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            connection = await session.connection()
            await connection.execute(
                text("select set_config(:name, :value, true)"),
                {"name": TERRITORY_SETTING, "value": _setting(territory)},
            )
            yield session

    @asynccontextmanager
    async def reading(self, territory: str | None) -> AsyncIterator[Connection]:
        """An asyncpg connection of the app role in a read-only transaction."""
        async with self._transaction(self._app, readonly=True) as connection:
            await _set_territory(connection, territory)
            yield connection

    @asynccontextmanager
    async def writing(self, territory: str | None) -> AsyncIterator[Connection]:
        """An asyncpg connection of the app role in one transaction, committed at the end."""
        async with self._transaction(self._app, readonly=False) as connection:
            await _set_territory(connection, territory)
            yield connection

    @asynccontextmanager
    async def bulk(self) -> AsyncIterator[Connection]:
        """An asyncpg connection of the bulk role in one transaction, committed at the end."""
        async with self._transaction(self._bulk, readonly=False) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(
        self, pool: "asyncpg.Pool[asyncpg.Record] | None", *, readonly: bool
    ) -> AsyncIterator[Connection]:
        assert pool, "open() first"
        try:
            connection = await pool.acquire(timeout=_CONNECT_TIMEOUT_SECONDS)
        except (*_AWAY, TimeoutError) as error:
            raise Outage("database") from error
        try:
            async with connection.transaction(readonly=readonly):
                yield connection
        except asyncpg.DeadlockDetectedError as error:
            raise Contended("database") from error
        finally:
            await pool.release(connection)


async def raw(session: AsyncSession) -> Connection:
    """The asyncpg connection under a session: the same transaction."""
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    assert driver is not None
    return driver  # type: ignore[no-any-return]


async def _set_territory(connection: Connection, territory: str | None) -> None:
    await connection.execute("select set_config($1, $2, true)", TERRITORY_SETTING, _setting(territory))


def _setting(territory: str | None) -> str:
    return NATION if territory is None else territory


async def _pool(
    url: str, size: int, seconds_max: float | None, server_settings: dict[str, str] | None = None
) -> "asyncpg.Pool[asyncpg.Record]":
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=seconds_max,
        timeout=_CONNECT_TIMEOUT_SECONDS,
        reset=_nothing_is_left,
        server_settings=server_settings,
    )


async def _nothing_is_left(_: Connection) -> None:
    """All that we set, lock or make ends with its transaction: no statement is spent on a reset."""
