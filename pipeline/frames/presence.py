"""From when to when each car is in the race: off the grid, at the flag, or out."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.frames.clean import Clean
from pipeline.frames.flag import Flag
from pipeline.model import CarSamples, DriverInfo, Floats, Laps, OfficialTiming, PosSamples, RawRace

DRIVING_KMH = 30.0  # recovered cars are pushed and towed slower than any car drives
CREEPING_KMH = 3.0  # positions of a car that stands jitter
STILL_S = 10.0  # a car that stands as long as that when its samples end has halted
PIT_STOP_S = 60.0
AT_THE_FLAG_S = 5.0  # the feed of a car may end as it takes the flag, which looks like a halt
LINGER_S = 150.0  # what fastf1 assumes for a lap that was never completed
MOVED = 20.0  # 1/10 m
NEARLY = 0.97  # of a lap driven since the last crossing: the line was crossed once more
TOOK_THE_FLAG = ("finished", "lapped", "+")


@dataclass(frozen=True)
class Stay:
    """One car's race in session seconds; None where it did not happen.

    moved_off: first movement after the start. finished: took the flag. retired: came to its final halt.
    until: when the car leaves the frames, inf for finishers and for cars whose end the data do not show. A
    retired car stands where it stopped until its last lap in the timing ends; a car that never started is
    there in frame 0 alone.
    """

    moved_off: float | None
    finished: float | None
    retired: float | None
    until: float

    @property
    def unknown_end(self) -> bool:
        """Whether the car raced to the end, and nobody knows when it finished."""
        return self.finished is None and self.retired is None


@dataclass(frozen=True)
class _Car:
    """What is known of one car; `samples` and `pos` are None where the feed has none."""

    own: Laps
    driver: DriverInfo
    samples: CarSamples | None
    pos: PosSamples | None
    timing: OfficialTiming | None

    @cached_property
    def crossings(self) -> Floats:
        return self.own.end[self.own.completed]

    @cached_property
    def movement(self) -> tuple[Floats, Floats]:
        """Session seconds and km/h, (n,) each, by car data; by positions where it ends before them."""
        t, speed = np.empty(0), np.empty(0)
        if self.samples is not None and (known := ~np.isnan(self.samples.speed)).any():
            t, speed = self.samples.t[known], self.samples.speed[known]
        if self.pos is None:
            return t, speed
        later = ~np.isnan(self.pos.x) & (self.pos.t > t.max(initial=-np.inf))
        at, x, y = self.pos.t[later], self.pos.x[later], self.pos.y[later]
        by_path = np.hypot(np.diff(x), np.diff(y)) / np.diff(at) * 0.36
        by_path[by_path < CREEPING_KMH] = 0.0
        return np.concatenate((t, at[1:])), np.concatenate((speed, by_path))

    @cached_property
    def drove_until(self) -> float:
        """The last session second at which it drove; -inf where it never did, or nobody knows."""
        t, speed = self.movement
        return float(t[speed > DRIVING_KMH].max(initial=-np.inf))

    def seen_at(self, t: float) -> bool:
        """Whether its samples reach session second `t`."""
        return bool(len(self.movement[0])) and self.movement[0][-1] >= t

    @property
    def finisher(self) -> bool:
        """Whether the result counts it among those who took the flag."""
        return (self.driver.result or "").lower().startswith(TOOK_THE_FLAG)

    def silent(self, until: float) -> bool:
        """Whether the timing had no news of it for long before session second `until`."""
        news = self.crossings.max(initial=-np.inf)
        if self.timing is not None and len(self.timing.t) > 1:
            changed = np.diff(self.timing.gap) != 0  # NaN is unlike NaN: a lapped car's rows count
            news = max(news, self.timing.t[1:][changed].max(initial=-np.inf))
        return bool(news < until - LINGER_S)


def stays(raw: RawRace, clean: Clean, flag: Flag, start: float, end: float) -> dict[str, Stay]:
    """The stay of every driver with laps, by racing number; `start` and `end` are session seconds."""
    drivers = {d.number: d for d in raw.drivers}
    cars = {
        n: _Car(own, drivers[n], clean.cars.get(n), clean.positions.get(n), raw.timing.get(n))
        for n, own in raw.laps.items()
    }
    if (
        not flag.known
    ):  # who drove in the last minute of the field, stops in the pits included, is in the race
        last = [car.drove_until for car in cars.values() if car.drove_until > -np.inf]
        flag = replace(flag, raced=float(np.median(last)) - PIT_STOP_S if last else np.inf)
    return {number: _stay(car, flag, start, end) for number, car in cars.items()}


def _stay(car: _Car, flag: Flag, start: float, end: float) -> Stay:
    moved = moved_off(car.samples, car.pos, start, end)
    crossed = float(car.crossings[-1]) if len(car.crossings) else start
    if len(car.crossings) and flag.known and crossed >= flag.fell - 0.5:
        return Stay(moved, crossed, None, np.inf)
    halted = _halt(car, crossed)
    if _raced_to_the_end(car, halted, crossed, flag):
        # a red flag ends the race at the crossing before it; else the timing lost the last one
        return Stay(moved, crossed if flag.stopped else None, None, np.inf)
    limit = _timing_limit(car.own, crossed)
    retired = min(limit if halted is None else halted, end)
    started = moved is not None or len(car.crossings) or (car.samples is None and car.pos is None)
    until = min(max(retired, limit), retired + LINGER_S) if started else start
    return Stay(moved, None, retired, until)


def _raced_to_the_end(car: _Car, halted: float | None, crossed: float, flag: Flag) -> bool:
    """Whether the car was in the race when it ended: its own movement says so, whatever a result says.

    Where its samples do not tell, it was, but for one that the timing lost long before and no result counts.
    """
    if halted is not None:
        if halted < flag.raced - AT_THE_FLAG_S:
            return False
        return not flag.known or flag.stopped or car.finisher or _drove_a_lap(car, crossed)
    return car.seen_at(flag.raced) or flag.raced == np.inf or car.finisher or not car.silent(flag.raced)


def _halt(car: _Car, crossed: float) -> float | None:
    """The final standstill after the last line crossing; None where its samples do not show one."""
    t, speed = car.movement
    if not car.seen_at(crossed):
        return None
    if car.drove_until < crossed:
        return crossed
    if t[-1] < car.drove_until + STILL_S:
        return None
    standing = np.flatnonzero((t > car.drove_until) & (speed == 0))
    return float(t[standing[0]]) if len(standing) else car.drove_until


def _drove_a_lap(car: _Car, crossed: float) -> bool:
    """Whether the car drove as far after its last crossing as its laps are long: the feed lost the next."""
    t, speed = car.movement
    path = np.concatenate(([0.0], np.cumsum((speed[1:] + speed[:-1]) / 2 * np.diff(t))))
    lengths = np.diff(np.interp(car.crossings, t, path))
    return not len(lengths) or path[-1] - np.interp(crossed, t, path) >= NEARLY * np.median(lengths)


def moved_off(car: CarSamples | None, pos: PosSamples | None, start: float, end: float) -> float | None:
    """First session second after `start` at which the car moves; None if it never does or nobody knows."""
    if car is not None:
        moving = np.flatnonzero((car.t >= start) & (car.t <= end) & (car.speed > 0))
        if len(moving):
            return float(car.t[moving[0]])
    if pos is not None and (car is None or np.isnan(car.speed[car.t >= start]).all()):
        inside = (pos.t >= start) & (pos.t <= end) & ~np.isnan(pos.x)
        x, y, t = pos.x[inside], pos.y[inside], pos.t[inside]
        moving = np.flatnonzero(np.hypot(x - x[:1], y - y[:1]) > MOVED)
        return float(t[moving[0]]) if len(moving) else None
    return None


def _timing_limit(own: Laps, crossed: float) -> float:
    ends = own.end[~np.isnan(own.end)]
    return max(crossed, float(ends.max())) if len(ends) else crossed


def lights_out(stays_by_number: dict[str, Stay]) -> float | None:
    """When the field starts to move: the first quarter of the cars has, so no single jump start decides."""
    moved = sorted(s.moved_off for s in stays_by_number.values() if s.moved_off is not None)
    return moved[len(moved) // 4] if moved else None
