"""One damage done to one session: what was published that is not so, whether it was named, and the grade.

The contract: every published value that is not null is true, or a check of the quality table that is not ok
names the kind of damage (and the car, where it is one car's); and what a viewer sees wrong never comes with A
or B.
"""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipeline.contract.models import Check, Quality
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.demo import (
    DemoEvent,
    Truth,
    demo_season,
    demo_timed,
    simulate,
    simulate_timed,
    write_recording,
)
from pipeline.demo.season import recorded
from pipeline.errors import SourceError
from pipeline.frames import compute
from pipeline.frames.head import head
from pipeline.frames.quality import assess
from pipeline.input.load import configure, load
from pipeline.input.seasons import to_fastf1
from pipeline.job import Source
from pipeline.model import RaceFrames, RawRace
from pipeline.run.batch import Task
from tests.damage.blows import Blow, Kind, strike
from tests.damage.catalogue import KINDS
from tests.damage.known import Falsehood, Known, falsehoods, of_demo
from tests.damage.known_timed import of_demo_timed, of_parts_and_bests

FPS = 5.0


@dataclass(frozen=True)
class World:
    """A session to damage, what is right about it, what its quality table says undamaged, and the lines of
    its recording, where it has one."""

    raw: RawRace
    known: Known
    quality: Quality
    begin: float
    end: float
    lines: list[str]

    @property
    def session(self) -> SessionCode:
        return self.raw.event.session

    @property
    def numbers(self) -> list[str]:
        return [d.number for d in self.raw.drivers if d.number in self.raw.laps]


@dataclass(frozen=True)
class Trial:
    """false: what was published and is not so. said: the checks that the damage brought about. refused: the
    sentence of a loader that found nothing to compute."""

    blow: Blow
    grade: str
    false: list[Falsehood] = field(default_factory=list)
    said: list[Check] = field(default_factory=list)
    error: str = ""
    refused: str = ""
    car: str = ""

    @property
    def frames(self) -> int:
        return sum(one.frames for one in self.false)

    @property
    def named(self) -> bool:
        """Whether a check says what is false, and of which car where it is one car's."""
        texts = [f"{check.name} {check.message}" for check in self.said]
        return bool(texts) and (not self.car or any(self.car in text for text in texts))

    @property
    def wrong(self) -> str:
        """How the contract is broken; empty where it holds."""
        if self.error:
            return self.error
        if self.false and not self.said:
            return "silent"
        if self.false and not self.named:
            return "car not named"
        visible = any(one.visible for one in self.false)
        return f"grade {self.grade}" if visible and self.grade in "AB" else ""

    def __str__(self) -> str:
        said = ", ".join(f"{check.name} {check.level} {check.value} ({check.message})" for check in self.said)
        lines = [f"{self.wrong or 'holds'}: {self.blow}", f"  grade {self.grade}; said: {said or 'nothing'}"]
        return "\n".join([*lines, *(f"  false: {one}" for one in self.false)])


@cache
def demo(session: SessionCode = "R") -> World:
    """The first demo race, or its qualifying or practice, through fastf1."""
    event, simulated = next(made for made in _simulated() if made[0].session == session)
    truth = simulated()
    with TemporaryDirectory(prefix="f1-damage-") as folder:
        path = Path(folder) / "session.txt"
        write_recording(truth, path, event)
        lines = path.read_text().splitlines(keepends=True)
    known = of_demo_timed(truth) if truth.parts else of_demo(truth)
    return world(_read(session, lines), known, lines)


def _simulated() -> Iterator[tuple[DemoEvent, Callable[[], Truth]]]:
    for event, seed, laps in demo_season():
        yield event, partial(simulate, seed, laps)
    for event, seed in demo_timed():
        yield event, partial(simulate_timed, event.session, seed)


@cache
def _scheduled(session: SessionCode) -> Task:
    with recorded((session,)) as (tasks, _):
        return tasks[0]


def _read(session: SessionCode, lines: list[str]) -> RawRace:
    task = _scheduled(session)
    with TemporaryDirectory(prefix="f1-damage-") as folder:
        path = Path(folder) / "session.txt"
        path.write_text("".join(lines))
        source = Source(Path(folder), offline=True, recording=(path,))
        configure(source)
        return load(task.key, to_fastf1(task.event, task.key.session), source)


def world(raw: RawRace, known: Known, lines: list[str] | None = None) -> World:
    frames = compute(raw, FPS)
    clock = frames.clock
    return World(raw, known, assess(raw, frames), clock.t0, clock.t0 + clock.duration, lines or [])


def kinds(given: World) -> dict[str, Kind]:
    """The kinds of damage that can be done to such a session."""
    race = SESSIONS[given.session].is_race
    return {name: kind for name, kind in KINDS.items() if kind.race in (None, race)}


def struck(given: World, blow: Blow) -> RawRace:
    """The session, or what is loaded from its recording, damaged.

    Raises:
        SourceError: that is refused.
    """
    kind = KINDS[blow.kind]
    return (
        _read(given.session, kind.damage(given.lines, blow))
        if kind.topic == "recording"
        else strike(given.raw, blow)
    )


def attempt(given: World, blow: Blow) -> Trial:
    """Damage, compute, judge."""
    car = _one_car(given, blow)
    try:
        raw = struck(given, blow)
        frames = compute(raw, FPS)
        quality = assess(raw, frames)
        head(raw, frames)
    except SourceError as refused:
        return Trial(blow, "-", refused=str(refused))
    except Exception:
        return Trial(blow, "-", error=f"crash: {traceback.format_exc(limit=-2)}", car=car)
    before = {check.name: check for check in given.quality.checks}
    said = [check for check in quality.checks if check.level != "ok" and check != before.get(check.name)]
    return Trial(blow, quality.grade, list(false(given.known, raw, frames)), said, car=car)


def false(known: Known, raw: RawRace, frames: RaceFrames) -> Iterator[Falsehood]:
    yield from falsehoods(known, frames)
    if known.parts:
        yield from of_parts_and_bests(known, raw, frames)


def _one_car(given: World, blow: Blow) -> str:
    """The code of the car that a blow hits, where it hits one alone."""
    codes = {d.number: d.code for d in given.raw.drivers}
    hit = blow.cars[:1] if KINDS[blow.kind].hits == 2 and "two cars" not in blow.kind else blow.cars
    if "alone" in blow.kind:
        return ""
    return codes[hit[0]] if len(hit) == 1 else ""


def drawn(given: World, kind: Kind, seed: int) -> Blow:
    """A blow of a kind, by its seed: sizes and spans evenly over their orders of magnitude."""
    random = np.random.default_rng([seed, *kind.id.encode()])

    def between(low: float, high: float) -> float:
        return round(float(np.exp(random.uniform(np.log(low), np.log(high)))), 3)

    numbers = list(random.permutation(given.numbers))
    cars = {0: [], 1: numbers if random.random() < 0.3 else numbers[:1], 2: numbers[:2]}[kind.hits]
    at = round(float(random.uniform(given.begin, given.end)), 1)
    return Blow(kind.id, tuple(map(str, cars)), at, between(*kind.span), between(*kind.size), seed)


def smaller(given: World, trial: Trial) -> Trial:
    """The same failure with rounder numbers, as far as it goes: what a test is made of."""
    best, going = trial, True
    while going:
        going = False
        for blow in _simpler(best.blow):
            found = attempt(given, blow)
            if found.wrong == best.wrong:
                best, going = found, True
                break
    return best


def _simpler(blow: Blow) -> Iterator[Blow]:
    if len(blow.cars) > 2:
        yield replace(blow, cars=blow.cars[:1])
    for digits in (-2, -1, 0):
        for name in ("at", "span", "size"):
            value = round(getattr(blow, name), digits)
            if value not in (0, getattr(blow, name)):
                yield replace(blow, **{name: value})
    if blow.seed > 1:
        yield replace(blow, seed=blow.seed % 2)
