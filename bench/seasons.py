"""Seasons of many races: throughput, memory as races go by, and what an unchanged one costs."""

import os
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from bench.memory import FamilyWatch, resident_mb
from pipeline.job import Outcome
from pipeline.publish.verify import verify
from pipeline.run.batch import Listener, Settings, Task, run
from pipeline.store.local import LocalStore


@dataclass
class Season:
    """How a run went. MB after each race: of this process, and a child's largest peak (0 unless watched)."""

    seconds: float = 0.0
    parent_mb: list[float] = field(default_factory=list)
    child_mb: list[float] = field(default_factory=list)
    states: list[str] = field(default_factory=list)


def compute(tasks: list[Task], out: Path, jobs: int, threads: int, watched: bool) -> Season:
    """Run the tasks as the command line does, in this process and its children.

    watched: look at memory as well, which takes a few percent of a processor.
    """
    season = Season()
    settings = Settings(out=out, source=tasks[0].source, jobs=jobs, threads=threads)
    watch = FamilyWatch(os.getpid())
    with watch.running() if watched else nullcontext():

        def note(outcome: Outcome) -> None:
            season.parent_mb.append(resident_mb())
            season.child_mb.append(watch.take())
            print(f"  {outcome.key}: {outcome.state} in {outcome.seconds:.1f} s", file=sys.stderr)

        begin = time.perf_counter()
        outcomes = run(tasks, settings, Listener(on_outcome=note), [task.event for task in tasks])
        season.seconds = time.perf_counter() - begin
    season.states = [outcome.state for outcome in outcomes]
    if failed := [outcome.error for outcome in outcomes if outcome.state == "failed"]:
        raise RuntimeError(f"{len(failed)} races failed: {failed[0]}")
    return season


def check(task: Task, out: Path) -> tuple[float, int]:
    """(seconds, problems) of `verify` for one race. The listings above it are not there, and not counted."""
    store = LocalStore(out)
    begin = time.perf_counter()
    verdicts = list(verify(store, task.key.year, task.key.round))
    return time.perf_counter() - begin, sum(len(v.problems) for v in verdicts if v.key is not None)
