"""A service's database as it was before a migration, with rows of that time, and then after it."""

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local import postgres
from libs.common.runtime import migrate
from tests.support.postgres import ServiceDatabase, TestCluster


async def database_at(cluster: TestCluster, service: str, name: str, revision: str) -> ServiceDatabase:
    """An empty database of that name, at that revision."""
    await cluster.fresh_database(service)
    database = cluster._database(service, name)
    connection = await asyncpg.connect(cluster.cluster.url())
    await postgres.create_database(connection, service, name)
    await connection.close()
    await upgrade(database, revision)
    return database


async def upgrade(database: ServiceDatabase, revision: str) -> None:
    def run(connection: Connection) -> None:
        config = Config()
        folder = migrate._ROOT / "services" / database.service / "store" / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = create_async_engine(database.url_migrator.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()
