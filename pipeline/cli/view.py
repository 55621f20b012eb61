"""What a run shows: a progress bar per race on a terminal, plain lines elsewhere, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
import orjson

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import ProgressEvent
from pipeline.job import Outcome
from pipeline.run.batch import Listener


@contextmanager
def listening(as_json: bool) -> Iterator[Listener]:
    """The listener that fits where the output goes."""
    if as_json:
        yield Listener(on_event=_json_event, on_outcome=_json_outcome)
    elif sys.stdout.isatty():
        with _bars() as listener:
            yield listener
    else:
        yield Listener(on_event=_line_event, on_outcome=_line_outcome)


def _json_event(event: ProgressEvent) -> None:
    click.echo(event.model_dump_json(exclude_none=True))


def _json_outcome(outcome: Outcome) -> None:
    click.echo(orjson.dumps({"type": "outcome", **_plain(outcome)}).decode())


def _plain(outcome: Outcome) -> dict[str, object]:
    values = asdict(outcome)
    return {**values.pop("key"), **{name: value for name, value in values.items() if value is not None}}


_last_stage: dict[SessionKey, str] = {}


def _line_event(event: ProgressEvent) -> None:
    """One line a stage, not one a step: logs are read by people."""
    key = SessionKey(event.year, event.round, event.session)
    if event.type == "progress" and _last_stage.get(key) != event.stage:
        _last_stage[key] = event.stage or ""
        click.echo(f"{key}: {event.progress or 0:3.0f} %  {event.message}")


def _line_outcome(outcome: Outcome) -> None:
    click.echo(f"{outcome.key}: {describe(outcome)}")


def describe(outcome: Outcome) -> str:
    """One race's result in a line."""
    if outcome.state == "failed":
        return f"failed: {outcome.error}"
    if outcome.state == "waiting":
        return "waits for its data"
    words = {
        "published": "published",
        "unchanged": "computed, nothing changed",
        "kept": outcome.note or "kept",
        "skipped": "up to date",
    }
    note = " (provisional)" if outcome.provisional else ""
    took = f" in {outcome.seconds:.1f} s" if outcome.seconds else ""
    return f"{words[outcome.state]}{note}, grade {outcome.grade}, {outcome.frames} frames{took}"


@contextmanager
def _bars() -> Iterator[Listener]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - slow to import

    bars: dict[SessionKey, object] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:

        def on_event(event: ProgressEvent) -> None:
            key = SessionKey(event.year, event.round, event.session)
            if key not in bars:
                bars[key] = progress.add_task(str(key), total=100, note="")
            done = 100 if event.type == "complete" else event.progress
            progress.update(bars[key], completed=done, note=(event.message or "")[:60])  # type: ignore[arg-type]

        def on_outcome(outcome: Outcome) -> None:
            if outcome.key not in bars:
                bars[outcome.key] = progress.add_task(str(outcome.key), total=100, note="")
            full = 0 if outcome.state in ("failed", "waiting") else 100
            progress.update(bars[outcome.key], completed=full, note=outcome.state)  # type: ignore[arg-type]

        yield Listener(on_event=on_event, on_outcome=on_outcome)


def table(outcomes: list[Outcome]) -> str:
    """The final table: race, result, grade, frames, seconds, size; reasons of failures below it."""
    rows = [("race", "result", "grade", "frames", "seconds", "MB")]
    for o in outcomes:
        seconds = f"{o.seconds:.1f}" if o.seconds else ""
        size = f"{o.bytes / 1e6:.1f}" if o.bytes else ""
        grade = (o.grade or "") + (" prov." if o.provisional else "")
        rows.append((str(o.key), o.state, grade, str(o.frames or ""), seconds, size))
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    lines = [
        "  ".join(
            cell.ljust(w) if i < 3 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    reasons = [f"{o.error}" for o in outcomes if o.error]
    return "\n".join([line.rstrip() for line in lines] + reasons)
