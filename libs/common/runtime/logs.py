"""Structured logs on stdout: what happened and where, never whose. No body, query or header is logged."""

import logging
import sys
from typing import Any

import structlog


def configure(service: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.setLogRecordFactory(_without_values)
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(name)s %(levelname)s %(message)s")
    # aiokafka says at ERROR, many times a second, that a broker is away; our own loops say it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _without_values(*arguments: Any, **named: Any) -> logging.LogRecord:
    """A record of any library's: of an exception its class and place, not its message, which may quote a
    row or a parameter. The web server and the event loop write what nobody caught, message and all."""
    record = logging.LogRecord(*arguments, **named)
    if record.exc_info and record.exc_info[1] is not None:
        [said, *_] = record.getMessage().splitlines() or [""]
        record.msg, record.args = f"{said}: {fault_name(record.exc_info[1])}", ()
        record.exc_info = None
    return record


def logger() -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.get_logger()
    return bound


def fault_name(error: BaseException) -> str:
    """What may be logged of an exception: its class and, from PostgreSQL, its code; never its values."""
    code = getattr(error, "sqlstate", None)
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = (
        f" at {place.tb_frame.f_code.co_qualname if hasattr(place.tb_frame.f_code, 'co_qualname') else ''}"
        if place
        else ""
    )
    where += f":{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{f' {code}' if code else ''}{where}"
