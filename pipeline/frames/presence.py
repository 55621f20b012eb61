"""From when to when each car is in the race: off the grid, at the flag, or out."""

from dataclasses import dataclass

import numpy as np

from pipeline.frames.clean import Clean
from pipeline.model import CarSamples, DriverInfo, Laps, PosSamples, RawRace

DRIVING_KMH = 30.0  # recovered cars are pushed and towed slower than any car drives
PIT_STOP_S = 60.0
LINGER_S = 150.0  # what fastf1 assumes for a lap that was never completed
MOVED = 20.0  # 1/10 m
_TOOK_THE_FLAG = ("finished", "lapped", "+")


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


def flag_fell(raw: RawRace) -> bool:
    """Whether the data reach the end of the race; a recording may stop, or be asked for, before it.

    Race control says so, the leader has run all laps, or as many as the result counts, as where a red flag
    ended it. Where nobody says how long the race is, it is taken to be over.
    """
    if any(row.flag == "CHEQUERED" for row in raw.race_control):
        return True
    most = laps_run(raw) or 0
    counted = max((d.laps for d in raw.drivers if d.laps), default=None)
    long_enough = [most >= laps for laps in (raw.total_laps, counted) if laps is not None]
    return any(long_enough) or not long_enough


def laps_run(raw: RawRace) -> int | None:
    """Laps of the car that went furthest."""
    return max((own.done for own in _completed(raw)), default=None)


def winner_time(raw: RawRace) -> float:
    """Session second at which the winner on the road took the flag; inf where nobody did."""
    if not flag_fell(raw):
        return np.inf
    last = [(-own.done, float(own.end[own.completed][-1])) for own in _completed(raw)]
    return min(last)[1] if last else np.inf


def _completed(raw: RawRace) -> list[Laps]:
    return [own for own in raw.laps.values() if own.completed.any()]


def stays(raw: RawRace, clean: Clean, start: float, end: float) -> dict[str, Stay]:
    """The stay of every driver with laps, by racing number."""
    flag = winner_time(raw)
    drivers = {d.number: d for d in raw.drivers}
    return {
        number: _stay(
            own, drivers[number], clean.cars.get(number), clean.positions.get(number), start, end, flag
        )
        for number, own in raw.laps.items()
    }


def _stay(
    own: Laps,
    driver: DriverInfo,
    car: CarSamples | None,
    pos: PosSamples | None,
    start: float,
    end: float,
    flag: float,
) -> Stay:
    moved = moved_off(car, pos, start, end)
    crossed = float(own.end[own.completed][-1]) if own.completed.any() else start
    if own.completed.any() and flag < np.inf and (crossed >= flag - 0.5 or _classified_finisher(driver)):
        lost = driver.laps is not None and driver.laps > own.done
        # the timing lost the last laps: it finished, but nobody knows when
        return Stay(moved, None if lost and crossed < flag - 0.5 else crossed, None, np.inf)
    if flag == np.inf and _drives_at_the_end(car):
        return Stay(moved, None, None, np.inf)
    retired = min(_halt(car, pos, crossed, own), end)
    started = moved is not None or own.completed.any() or (car is None and pos is None)
    until = min(max(retired, _timing_limit(own, crossed)), retired + LINGER_S) if started else start
    return Stay(moved, None, retired, until)


def _classified_finisher(driver: DriverInfo) -> bool:
    """A lapped car whose race a red flag ended crossed the line before the winner did."""
    return (driver.result or "").lower().startswith(_TOOK_THE_FLAG)


def _drives_at_the_end(car: CarSamples | None) -> bool:
    """Whether the data stop while the car is in the race: it drove in their last minute, stops in the pits
    included. Without car data nothing says that it did not.
    """
    if car is None or not len(car.t):
        return True
    return bool((car.speed[car.t >= car.t[-1] - PIT_STOP_S] > DRIVING_KMH).any())


def moved_off(car: CarSamples | None, pos: PosSamples | None, start: float, end: float) -> float | None:
    """First session second after `start` at which the car moves; None if it never does or nobody knows."""
    if car is not None:
        moving = np.flatnonzero((car.t >= start) & (car.t <= end) & (car.speed > 0))
        if len(moving):
            return float(car.t[moving[0]])
    if pos is not None and (car is None or not (car.t >= start).any()):
        inside = (pos.t >= start) & (pos.t <= end) & ~np.isnan(pos.x)
        x, y, t = pos.x[inside], pos.y[inside], pos.t[inside]
        moving = np.flatnonzero(np.hypot(x - x[:1], y - y[:1]) > MOVED)
        return float(t[moving[0]]) if len(moving) else None
    return None


def _halt(car: CarSamples | None, pos: PosSamples | None, crossed: float, own: Laps) -> float:
    """The final standstill after the last line crossing; without telemetry, what the timing assumes."""
    limit = _timing_limit(own, crossed)
    if car is not None and len(car.t):
        driven = np.flatnonzero((car.t >= crossed) & (car.speed > DRIVING_KMH))
        if not len(driven):
            return crossed
        standing = np.flatnonzero((car.t > car.t[driven[-1]]) & ~(car.speed > 0))
        return float(car.t[standing[0]] if len(standing) else car.t[driven[-1]])
    if pos is not None and len(pos.t):
        return min(_last_move(pos, crossed), limit)
    return limit


def _timing_limit(own: Laps, crossed: float) -> float:
    ends = own.end[~np.isnan(own.end)]
    return max(crossed, float(ends.max())) if len(ends) else crossed


def _last_move(pos: PosSamples, crossed: float) -> float:
    speed = np.hypot(np.diff(pos.x), np.diff(pos.y)) / np.diff(pos.t) * 0.36  # km/h
    moving = np.flatnonzero((pos.t[1:] >= crossed) & (speed > DRIVING_KMH))
    return float(pos.t[moving[-1] + 1]) if len(moving) else crossed


def lights_out(stays_by_number: dict[str, Stay]) -> float | None:
    """When the field starts to move: the first quarter of the cars has, so no single jump start decides."""
    moved = sorted(s.moved_off for s in stays_by_number.values() if s.moved_off is not None)
    return moved[len(moved) // 4] if moved else None
