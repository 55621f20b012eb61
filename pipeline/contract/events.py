"""Append to and read progress logs: one JSON line an event, each complete line a whole event."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import ProgressEvent

EventSink = Callable[[ProgressEvent], None]


def to_line(event: ProgressEvent) -> bytes:
    return event.model_dump_json(exclude_none=True).encode() + b"\n"


def parse_line(line: bytes) -> ProgressEvent | None:
    """The event of one line; None for a line without its newline (still being written) or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        return ProgressEvent.model_validate_json(line)
    except ValidationError:
        return None


class ProgressLog:
    """Numbers the events of one session's run, hands each to `sinks` and, given a path, appends it there.

    Every line is flushed as it is written, so a follower sees it at once and a kill loses none.
    """

    def __init__(
        self, key: SessionKey, run: str, path: Path | None = None, sinks: tuple[EventSink, ...] = ()
    ) -> None:
        self._key = key
        self._run = run
        self._sinks = sinks
        self._lines: list[bytes] = []
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)

    def progress(self, percent: float, stage: str, message: str) -> None:
        self._emit("progress", progress=round(percent, 1), stage=stage, message=message)

    def complete(self, data: dict[str, Any]) -> None:
        self._emit("complete", data=data)

    def error(self, message: str) -> None:
        self._emit("error", message=message)

    def content(self) -> bytes:
        """All lines so far."""
        return b"".join(self._lines)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _emit(self, kind: Literal["progress", "complete", "error"], **fields: Any) -> None:
        event = ProgressEvent(
            seq=len(self._lines),
            ts=datetime.now(UTC),
            run=self._run,
            **asdict(self._key),
            type=kind,
            **fields,
        )
        self._lines.append(to_line(event))
        if self._file is not None:
            self._file.write(self._lines[-1])
        for sink in self._sinks:
            sink(event)
