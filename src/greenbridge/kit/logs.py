"""Structured logs: JSON when not a terminal, one request id through everything."""

import logging
import sys
from functools import cache
from typing import Any

import structlog


def configure(log_format: str = "auto", *, quiet: bool = False) -> None:
    """Set structlog up for this process; `auto` writes for people on a terminal and JSON lines elsewhere."""
    for_people = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    get.cache_clear()


@cache
def get() -> Any:
    """Return the logger; context (request id, job slot) is bound to the task, not to the logger. Bound once: binding costs as much as a
    line.
    """
    return structlog.get_logger().bind()
