"""Structured logs: one JSON object a line, or text for a terminal; each line says service, trace and event.

What belongs to a line beyond its message goes into `extra={...}`. Passwords inside URLs are blanked whatever logs them.
"""

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from services.chassis.settings import ServiceSettings
from services.chassis.tracing import current_span

current_service: ContextVar[str | None] = ContextVar("current_service", default=None)
current_event_id: ContextVar[str | None] = ContextVar("current_event_id", default=None)

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_URL_PASSWORD: Final = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")
# Libraries that tell at INFO what our own lines already say.
_CHATTY: Final = ("aiokafka", "pymongo", "urllib3", "uvicorn.access", "asyncio")


class _Context(logging.Filter):
    """Puts service, trace id and event id of the running task on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        span = current_span.get()
        record.service = current_service.get()
        record.trace_id = span.trace_id if span else None
        record.event_id = getattr(record, "event_id", None) or current_event_id.get()
        return True


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and value is not None}


def _blank(text: str) -> str:
    return _URL_PASSWORD.sub(r"\1:***@", text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _blank(json.dumps(line, ensure_ascii=False, default=str))


class ConsoleFormatter(logging.Formatter):
    """A line for people: time, level, service, message, fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        fields = _fields(record)
        service = fields.pop("service", None) or record.name
        shown = " ".join(f"{name}={value}" for name, value in fields.items())
        clock = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        text = f"{clock} {record.levelname:<8} {service}: {record.getMessage()}{'  ' if shown else ''}{shown}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return _blank(text)


def configure(settings: ServiceSettings, stream: TextIO | None = None) -> None:
    """Send all logs of this process to `stream` (None = standard error) in the form that the settings ask for.

    A second call replaces what the first one set up.
    """
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else ConsoleFormatter())
    handler.addFilter(_Context())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
