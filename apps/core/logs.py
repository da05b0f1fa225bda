"""Structured log lines that carry the tenant and the correlation id, and no content."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from apps.core.personal import hidden
from apps.core.tenancy import active_schema


def add_tenant(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Add the active schema to a log line; "-" outside any."""
    schema = active_schema()
    event["tenant"] = schema.schema_name if schema else "-"
    return event


_ONE_TIME_LINK = re.compile(
    r"(/password/reset/key/|/invitation/|(?<!settings)/support/|[?&](?:code|ticket|state|SAMLResponse|SAMLRequest|RelayState)=)[^\s'\"/&]+"
)


def without_one_time_links(text: str) -> str:
    """Return a text without the secret parts of addresses in it that sign somebody in."""
    return _ONE_TIME_LINK.sub(r"\1hidden", text)


def hide_one_time_links(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Take the secret part out of addresses that sign somebody in."""
    for key, value in event.items():
        if isinstance(value, str) and "/" in value:
            event[key] = without_one_time_links(value)
    return event


def hide_personal_details(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name what points at a person by its kind alone, in all that a line says, tracebacks among it."""
    for key, value in event.items():
        if isinstance(value, str) and key not in OUR_OWN:
            event[key] = hidden(value)
    return event


OUR_OWN = frozenset({"timestamp", "level", "logger", "tenant", "request_id", "user_id", "job", "kind", "code"})
SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    add_tenant,
    hide_one_time_links,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
structlog.configure(
    processors=[
        *SHARED_PROCESSORS,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


def formatter(as_json: bool = False) -> logging.Formatter:
    """Build the formatter for LOGGING: JSON lines in production, plain lines on a terminal."""
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_personal_details,
            renderer,
        ],
        foreign_pre_chain=SHARED_PROCESSORS,
    )
