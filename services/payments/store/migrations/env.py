"""Alembic's entry for this service."""

from libs.common.runtime.migrate import run

run()
