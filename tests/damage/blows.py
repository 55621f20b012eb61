"""A blow to one session as loaded: its kind, whom it hits, when, for how long and how hard.

Kinds of damage are functions from a race to a damaged one, registered by the modules beside this one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.model import (
    CarSamples,
    Floats,
    Laps,
    OfficialTiming,
    PosSamples,
    RawRace,
)

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
S = TypeVar("S", CarSamples, PosSamples, OfficialTiming)


@dataclass(frozen=True)
class Blow:
    """One damage. cars: racing numbers. at: session second. span: seconds. size: in the kind's own unit."""

    kind: str
    cars: tuple[str, ...]
    at: float
    span: float
    size: float
    seed: int = 0

    @property
    def random(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def within(self, t: Floats) -> Bools:
        return np.asarray((t >= self.at) & (t < self.at + self.span))


@dataclass(frozen=True)
class Kind:
    """topic: of the feed. size, span: least and most. hits: how many cars: 0 none, 1 one or all, 2 a pair.

    damage: of a session as loaded, or of the lines of a `recording`. race: whether it is for races alone, or
    for all others alone; None for any.
    """

    topic: str
    name: str
    damage: Callable[[Any, Blow], Any]
    size: tuple[float, float]
    span: tuple[float, float]
    hits: int
    race: bool | None = None

    @property
    def id(self) -> str:
        return f"{self.topic}: {self.name}"


KINDS: dict[str, Kind] = {}
Damage = Callable[[RawRace, Blow], RawRace]


def kind(
    topic: str,
    name: str,
    size: tuple[float, float] = (1.0, 1.0),
    span: tuple[float, float] = (1.0, 1.0),
    hits: int = 1,
    race: bool | None = None,
) -> Callable[[Damage], Damage]:
    def register(damage: Damage) -> Damage:
        made = Kind(topic, name, damage, size, span, hits, race)
        KINDS[made.id] = made
        return damage

    return register


def strike(raw: RawRace, blow: Blow) -> RawRace:
    struck: RawRace = KINDS[blow.kind].damage(raw, blow)
    return struck


# ---- helpers


def each(raw: RawRace, blow: Blow, field: str, change: Callable[[Any], Any]) -> RawRace:
    """`change` applied to what the cars hit have of a field; None drops the car's part."""
    changed = dict(getattr(raw, field))
    for number in blow.cars:
        if number in changed:
            value = change(changed.pop(number))
            if value is not None and len(length(value)):
                changed[number] = value
    return with_field(raw, field, changed)


def with_field(raw: RawRace, field: str, values: dict[str, Any]) -> RawRace:
    fields: dict[str, Any] = {field: values}
    return replace(raw, **fields)


def length(value: Any) -> Any:
    return value.number if isinstance(value, Laps) else value.t


def rows(value: S, keep: Any) -> S:
    return replace(value, **{name: column[keep] for name, column in value.__dict__.items()})


def lap_rows(own: Laps, keep: Any) -> Laps:
    names = ("number", "start", "end", "pit_in", "pit_out", "tyre", "tyre_life", "generated")
    columns = {name: getattr(own, name)[keep] for name in names}
    return replace(own, **columns, extra={name: column[keep] for name, column in own.extra.items()})


def taken(samples: S, source: Indices, where: Bools) -> S:
    """Values of the rows `source` in the rows `where`; the times stay."""
    at = np.where(where, source, np.arange(len(samples.t)))
    return replace(samples, **{name: c[at] for name, c in samples.__dict__.items() if name != "t"})


def moved(pos: PosSamples, where: Bools, dx: Any, dy: Any) -> PosSamples:
    return replace(pos, x=np.where(where, pos.x + dx, pos.x), y=np.where(where, pos.y + dy, pos.y))


def direction(blow: Blow) -> tuple[float, float]:
    angle = blow.random.uniform(0, 2 * np.pi)
    return 10.0 * blow.size * np.cos(angle), 10.0 * blow.size * np.sin(angle)


def swap(raw: RawRace, blow: Blow, field: str) -> RawRace:
    """The two cars' samples change places in the stretch; each on the other's clock where clocks differ."""
    a, b = blow.cars
    values = dict(getattr(raw, field))
    if a not in values or b not in values:
        return raw
    one, other = values[a], values[b]
    for number, mine, theirs in ((a, one, other), (b, other, one)):
        at = np.clip(np.searchsorted(theirs.t, mine.t + 1e-6, "right") - 1, 0, None)
        inside = blow.within(mine.t)
        columns = {
            name: np.where(inside, getattr(theirs, name)[at], column)
            for name, column in mine.__dict__.items()
            if name != "t"
        }
        values[number] = replace(mine, **columns)
    return with_field(raw, field, values)


def late(samples: S, blow: Blow) -> S:
    """In the stretch the values of `size` seconds before."""
    source = np.clip(np.searchsorted(samples.t, samples.t - blow.size, "right") - 1, 0, None)
    return taken(samples, source, blow.within(samples.t))


def frozen(samples: S, blow: Blow) -> S:
    inside = blow.within(samples.t)
    return taken(samples, np.full(len(samples.t), np.argmax(inside)), inside)


def shuffled(samples: S, blow: Blow) -> S:
    """In the stretch, values of other moments up to `size` seconds away."""
    t = samples.t + blow.random.uniform(-blow.size, blow.size, len(samples.t))
    source = np.clip(np.searchsorted(samples.t, t, "right") - 1, 0, None)
    return taken(samples, source, blow.within(samples.t))


def stamped(samples: S, blow: Blow) -> S:
    """The stretch is stamped `size` seconds late, and what is late is sorted in where it says."""
    t = np.where(blow.within(samples.t), samples.t + blow.size, samples.t)
    order = np.argsort(t, kind="stable")
    order = order[np.diff(t[order], prepend=-np.inf) > 0]
    return replace(rows(samples, order), t=t[order])


def cut(samples: S, blow: Blow) -> S:
    return rows(samples, ~blow.within(samples.t))


def until(samples: S, blow: Blow) -> S:
    return rows(samples, samples.t < blow.at)


def one_row(t: Floats, blow: Blow) -> Bools:
    return np.asarray(np.arange(len(t)) == np.argmax(t >= blow.at))


def lap_at(own: Laps, blow: Blow) -> int:
    return int(np.clip(np.searchsorted(np.nan_to_num(own.end, nan=np.inf), blow.at), 0, len(own) - 1))
