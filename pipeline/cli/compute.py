"""Computing what was asked for, of one season or many, and showing how it goes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.settings import settings_of
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.job import ScheduledEvent, Source
    from pipeline.run.batch import Task


def compute(
    tasks: list[Task],
    source: Source,
    options: dict[str, Any],
    events: list[ScheduledEvent],
    network_s: float = 0.0,
) -> bool:
    """Run the tasks and show how they go; False where one failed."""
    from pipeline.cli.view import listening, table  # noqa: PLC0415
    from pipeline.run.batch import run  # noqa: PLC0415

    as_json = options["as_json"]
    uploaded: list[str] = []
    with listening(as_json) as listener:
        listener.on_uploaded = uploaded.append
        settings = replace(settings_of(source, options, len(tasks)), network_s=network_s)
        outcomes = run(tasks, settings, listener, events)
    if not as_json:
        if outcomes:
            click.echo(table(outcomes))
        else:
            click.echo("Nothing to do: no session that was asked for is over.")
        if outcomes and all(outcome.state == "skipped" for outcome in outcomes):
            click.echo("Nothing to do: all up to date (--force computes again).")
        for summary in uploaded:
            click.echo(summary)
        if sys.stdout.isatty() and any(outcome.state != "failed" for outcome in outcomes):
            click.echo(_next_steps(options["out"]))
    return all(outcome.state != "failed" for outcome in outcomes)


def _next_steps(out: Path) -> str:
    """For whoever sits before it; under make the programs are not on the path."""
    here = "" if out == Path("computed_data") else f" --out {out}"
    show, look = f"f1-serve{here}", f"f1-precompute status{here}"
    if "MAKELEVEL" in os.environ:
        show, look = "make serve", f"{sys.executable} -m pipeline status{here}"
    return f"It is in {out}/. To see it: {show}. What is there, and what to do: {look}."


PATIENCE_S = 1200.0  # that each of many seasons may wait for hosts: nobody sits before it


@dataclass(frozen=True)
class Wanted:
    """What is asked for of each season."""

    source: Source
    rounds: set[int] | None
    sessions: set[str]
    options: dict[str, Any]

    def of(self, year: int) -> tuple[list[Task], Source, dict[str, Any], list[ScheduledEvent]]:
        """Its sessions that are over, as `compute` takes them."""
        from pipeline.run.batch import Task, due, load_schedule  # noqa: PLC0415

        events = load_schedule(year, self.source)
        found = due(events, self.rounds, self.sessions, datetime.now(UTC))
        return [Task(key, event, self.source) for key, event in found], self.source, self.options, events


def backfill(years: list[int], wanted: Wanted, rate: float) -> bool:
    """Every season by itself; one without a schedule keeps no other. False where one failed."""
    from pipeline.run.backfill import estimate, lasting, pause  # noqa: PLC0415
    from pipeline.store.local import LocalStore  # noqa: PLC0415

    whole, store, found = True, LocalStore(wanted.options["out"]), []
    for year in years:
        try:
            found.append(wanted.of(year))
        except PipelineError as error:
            click.echo(f"Error: {error}", err=True)
            whole = False
    keys = [[task.key for task in tasks] for tasks, *_ in found]
    jobs = settings_of(wanted.source, wanted.options, 64).jobs
    tell = (lambda text: None) if wanted.options["as_json"] else click.echo
    tell(f"{len(found)} seasons, {estimate(chain(*keys), store, jobs, rate)}")
    for i, asked in enumerate(found):
        began = datetime.now(UTC)
        whole &= compute(*asked, network_s=PATIENCE_S)
        if left := list(chain(*keys[i + 1 :])):
            tell(f"{i + 1} of {len(found)} seasons done; {estimate(left, store, jobs, rate)}")
            if (wait := pause(keys[i], store, began, datetime.now(UTC), rate)) > 0:
                tell(f"Going on in {lasting(wait)}, not to ask too much of the hosts.")
                sleep(wait)
    return whole
