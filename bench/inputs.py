"""What is measured: real races where a fastf1 cache holds some, else the demo season."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.child import run
from pipeline.contract.artifacts import SessionKey
from pipeline.demo.season import recorded
from pipeline.job import ScheduledEvent, Source
from pipeline.run.batch import Task

REAL_CACHE = Path(__file__).parents[2] / "shared" / "real" / "fastf1-cache"
TARGET_RACE = (2025, 1)  # the race that the targets are about


@dataclass(frozen=True)
class Input:
    """Races to measure with; the first is the one that single figures are about."""

    name: str
    real: bool
    tasks: list[Task]
    work: Path

    @property
    def task(self) -> Task:
        return self.tasks[0]

    @property
    def has_targets(self) -> bool:
        return self.real and (self.task.key.year, self.task.key.round) == TARGET_RACE

    def season(self, races: int) -> list[Task]:
        """A season of `races` rounds: the races at hand again and again under other round numbers."""
        return [_as_round(self.tasks[i % len(self.tasks)], i + 1) for i in range(races)]


def _as_round(task: Task, number: int) -> Task:
    key = SessionKey(task.key.year, number, task.key.session)
    return Task(key, replace(task.event, round=number), task.source)


@contextmanager
def opened(quick: bool) -> Iterator[Input]:
    """The real races of F1_REAL_CACHE; the demo season where there are none, for a quick look its sprint."""
    cache = Path(os.environ.get("F1_REAL_CACHE", REAL_CACHE))
    with TemporaryDirectory(prefix="f1-bench-") as folder:
        work = Path(folder)
        if not quick and (years := _years(cache)):
            copy = work / "cache"  # fastf1 writes into its cache
            shutil.copytree(cache, copy)
            tasks = _real(years, Source(copy, offline=True))
            yield Input(f"{tasks[0].key.year} {tasks[0].event.name}", True, tasks, work)
            return
        with recorded() as (tasks, _):
            races = [task for task in tasks if task.key.session == ("S" if quick else "R")]
            yield Input(f"demo season, {races[0].key}", False, races, work)


def _years(cache: Path) -> list[int]:
    """Seasons of which the cache holds a race."""
    return sorted({int(path.parents[2].name) for path in cache.glob("20*/*/*_Race/car_data.ff1pkl")})


def _real(years: list[int], source: Source) -> list[Task]:
    events: list[ScheduledEvent] = [
        event for year in years for event in run("pipeline.input.seasons:season", year, source)
    ]
    held = {path.parents[1].name for path in source.cache.glob("20*/*/*_Race/car_data.ff1pkl")}
    return [
        Task(SessionKey(event.year, event.round), event, source)
        for event in events
        if f"{event.date}_{event.name.replace(' ', '_')}" in held
    ]
