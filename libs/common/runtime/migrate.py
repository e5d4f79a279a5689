"""`python -m libs.common.runtime.migrate <service>`: bring a service's database to its newest schema.

A service's `store/migrations/env.py` is one line, `run()`; its versions hold readable SQL.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.kernel.months import Month
from libs.common.runtime.settings import ServiceSettings

_ROOT = Path(__file__).parents[3]
_OUTBOX_MONTHS_AHEAD = 24
_LOCK = 0x4D494752


async def migrate(service: str, url: str) -> None:
    """Run all migrations of a service, as its migrator role, and see to the outbox's partitions."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, service)
    await engine.dispose()


def _upgrade(connection: Connection, service: str) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "services" / service / "store" / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    _partition_outbox(connection, Month.of(datetime.now(UTC).date()))


def run() -> None:
    """What env.py calls: the migrations run on the connection, in the transaction, of `migrate`."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=None)
    context.run_migrations()


def _partition_outbox(connection: Connection, first: Month) -> None:
    for month in (first + ahead for ahead in range(_OUTBOX_MONTHS_AHEAD)):
        name = f"outbox_{month.year}_{month.number:02d}"
        connection.execute(
            text(
                f"create table if not exists {name} partition of outbox"
                f" for values from ('{month.first_day}') to ('{(month + 1).first_day}')"
            )
        )


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m libs.common.runtime.migrate <service>")
    settings = ServiceSettings.from_environment(sys.argv[1])
    asyncio.run(migrate(settings.service, settings.database_url_migrator.get_secret_value()))


if __name__ == "__main__":
    main()
