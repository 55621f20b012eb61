"""What a run shows: a progress bar per race on a terminal, plain lines elsewhere, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
import orjson

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import ProgressEvent
from pipeline.job import Outcome
from pipeline.run.batch import Listener
from pipeline.run.decide import Decision

if TYPE_CHECKING:
    from rich.progress import TaskID


@contextmanager
def listening(as_json: bool) -> Iterator[Listener]:
    """The listener that fits where the output goes."""
    if as_json:
        yield Listener(_json_decision, _json_event, _json_outcome)
    elif sys.stdout.isatty():
        with _bars() as listener:
            yield listener
    else:
        yield _lines()


def say_json(kind: str, values: dict[str, object]) -> None:
    """One line of --json."""
    click.echo(orjson.dumps({"type": kind, **values}).decode())


def _json_decision(decision: Decision) -> None:
    about = {"name": decision.name, "action": decision.action, "reason": decision.reason}
    say_json("decision", asdict(decision.key) | about)


def _json_event(event: ProgressEvent) -> None:
    click.echo(event.model_dump_json(exclude_none=True))


def _json_outcome(outcome: Outcome) -> None:
    values = {name: value for name, value in asdict(outcome).items() if value is not None}
    say_json("outcome", values.pop("key") | values)


def _lines() -> Listener:
    last_stage: dict[SessionKey, str | None] = {}

    def on_event(event: ProgressEvent) -> None:
        """One line a stage, not one a step: logs are read by people."""
        key = SessionKey(event.year, event.round, event.session)
        if event.type == "progress" and last_stage.get(key) != event.stage:
            last_stage[key] = event.stage
            click.echo(f"{key}: {event.progress or 0:3.0f} %  {event.message}")

    def on_outcome(outcome: Outcome) -> None:
        click.echo(f"{outcome.key}: {describe(outcome)}")

    return Listener(_decision_line, on_event, on_outcome)


def _decision_line(decision: Decision) -> None:
    click.echo(f"{decision.key} ({decision.name}): {decision.action}: {decision.reason}")


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

    bars: dict[SessionKey, TaskID] = {}
    name, note = TextColumn("{task.description}"), TextColumn("{task.fields[note]}")
    with Progress(name, BarColumn(), note, TimeElapsedColumn()) as progress:

        def show(key: SessionKey, done: float | None, note: str) -> None:
            if key not in bars:
                bars[key] = progress.add_task(str(key), total=100, note="")
            progress.update(bars[key], completed=done, note=note)

        def on_event(event: ProgressEvent) -> None:
            done = 100 if event.type == "complete" else event.progress
            show(SessionKey(event.year, event.round, event.session), done, (event.message or "")[:60])

        def on_outcome(outcome: Outcome) -> None:
            show(outcome.key, 0 if outcome.state in ("failed", "waiting") else 100, outcome.state)

        yield Listener(_decision_line, on_event, on_outcome)


def table(outcomes: list[Outcome]) -> str:
    """The final table: session, result, grade, frames, seconds, size; reasons of failures below it."""
    rows = [("session", "result", "grade", "frames", "seconds", "MB")]
    for o in outcomes:
        seconds = f"{o.seconds:.1f}" if o.seconds else ""
        size = f"{o.bytes / 1e6:.1f}" if o.bytes else ""
        grade = (o.grade or "") + (" prov." if o.provisional else "")
        rows.append((str(o.key), o.state, grade, str(o.frames or ""), seconds, size))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    form = "  ".join(f"{{:{'<' if i < 3 else '>'}{width}}}" for i, width in enumerate(widths))
    lines = [form.format(*row).rstrip() for row in rows]
    return "\n".join(lines + [o.error for o in outcomes if o.error])
