"""Structured logs: one JSON object a line on standard output, for requests, errors and the server's own.

On a terminal somebody reads them: there they are short lines of words.
"""

import logging
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from logging.config import dictConfig
from typing import Any

import orjson

SERVER = logging.getLogger("serve")
ERRORS = logging.getLogger("serve.errors")


class LineFormatter(logging.Formatter):
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
        return rendered(line).decode()


@cache
def on_terminal() -> bool:
    return sys.stdout.isatty()


def rendered(line: dict[str, Any]) -> bytes:
    if not on_terminal():
        return orjson.dumps(line, default=str)
    if "status" in line:
        query = f"?{line['query']}" if line.get("query") else ""
        said = "{status} {method} {path}{query}  {bytes} bytes, {ms} ms".format(**{**line, "query": query})
    else:
        said = f"{line['level']}: {line['message']}"
    shown = "".join(
        c if c.isprintable() else ascii(c)[1:-1] for c in said
    )  # a path may hold a terminal's codes
    trace = f"\n{line['traceback']}" if "traceback" in line else ""
    return f"{line['ts'].astimezone():%H:%M:%S} {shown}{trace}".encode(errors="replace")


def access(requests: Iterable[dict[str, Any]]) -> None:
    """A line for each request. Past the logging module, which costs more than serving a small file does."""
    head = {"level": "info", "logger": "serve.access"}
    lines = b"".join(rendered({"ts": datetime.now(UTC), **head, **fields}) + b"\n" for fields in requests)
    with suppress(OSError):  # a log that nobody reads any more must not fail requests
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()


def configure() -> None:
    """Log to standard output unless whoever starts the app has set up logging."""
    if not SERVER.handlers and not logging.getLogger().handlers:
        dictConfig(config("serve"))


def config(*names: str) -> dict[str, Any]:
    """These loggers' lines, for logging's dictConfig."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "serve.logs.LineFormatter"}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}
        },
        "loggers": {name: {"handlers": ["out"], "level": "INFO", "propagate": False} for name in names},
    }
