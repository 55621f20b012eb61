"""Structured logs: one JSON object a line on standard output, for requests, errors and the server's own."""

import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from logging.config import dictConfig
from typing import Any

import orjson

SERVER = logging.getLogger("serve")
ERRORS = logging.getLogger("serve.errors")


class JsonFormatter(logging.Formatter):
    """Fields given as `extra={"fields": {...}}` become members of the line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def access(fields: dict[str, Any]) -> None:
    """One line for one request. Past the logging module, which costs more than serving a small file does."""
    line = {"ts": datetime.now(UTC), "level": "info", "logger": "serve.access", **fields}
    with suppress(OSError):  # a log that nobody reads any more must not fail requests
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


def configure() -> None:
    """Log to standard output unless whoever starts the app has set up logging."""
    if not SERVER.handlers and not logging.getLogger().handlers:
        dictConfig(config("serve"))


def config(*names: str) -> dict[str, Any]:
    """These loggers' lines as JSON, for logging's dictConfig."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "serve.logs.JsonFormatter"}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
        },
        "loggers": {name: {"handlers": ["out"], "level": "INFO", "propagate": False} for name in names},
    }
