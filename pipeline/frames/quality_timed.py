"""What qualifying and practice are asked: lap times against the result, the feed's order against lap times,
parts against those who drove in them.
"""

from collections.abc import Iterator

import numpy as np

from pipeline.contract.columns import COLUMNS, DRIVES, GARAGE
from pipeline.contract.models import Check, Level
from pipeline.contract.sessions import SESSIONS
from pipeline.frames.checks import invariant, lap_times, seen, share, telemetry_of_all
from pipeline.frames.clean import by_car
from pipeline.frames.lap_times import bests
from pipeline.model import Bools, Floats, RaceFrames, RawRace

LAG_S = 20  # within which the feed has ranked a lap, or taken one back
SAME_S = 5e-4


def by_lap_times(raw: RawRace, frames: RaceFrames) -> Iterator[Check]:
    """All checks of a session that goes by lap times."""
    yield from seen(frames, _on_the_move(frames))
    yield telemetry_of_all(raw, frames)
    yield lap_times(raw, frames)
    yield _off_lap(frames)
    place, gap = _sampled(frames, "position"), _sampled(frames, "gap")
    timed = ~np.isnan(gap)
    lacks = float((timed & np.isnan(place)).sum() / max(1, timed.sum()))
    yield share(
        "official_order", lacks, (0.01, 0.05), "of the time cars with a lap time have no official place"
    )
    yield _places_by_best(raw, frames, place, gap)
    yield _best_laps(raw, frames)
    if SESSIONS[raw.event.session].kind == "qualifying":
        yield _parts(raw, frames)
        yield _result(frames, place)
    yield _flag(frames)


def _on_the_move(frames: RaceFrames) -> dict[str, Bools]:
    """Code -> (n,) the frames in which a car neither stands in its garage nor has stopped for good."""
    moves = {code: np.asarray(car.columns["status"] != GARAGE) for code, car in frames.cars.items()}
    for driver in frames.drivers:
        if driver.retired_at is not None and driver.code in moves:
            moves[driver.code][round(driver.retired_at * frames.clock.fps) :] = False
    return moves


def places_once(frames: RaceFrames) -> Check:
    """No two cars may have one place."""
    seen_, total = np.zeros((2, frames.clock.frames), dtype=np.int64)
    for car in frames.cars.values():
        place = car.columns["position"].astype(np.int64)
        bit = np.where(place > 0, np.int64(1) << np.maximum(place - 1, 0), 0)
        seen_ |= bit
        total += bit
    return invariant("places_twice", int((seen_ != total).sum()))


def _sampled(frames: RaceFrames, name: str) -> Floats:
    """(cars, m) a column once a second, NaN unknown."""
    column, every = COLUMNS[name], max(1, round(frames.clock.fps))
    values = np.array([car.columns[name][::every] for car in frames.cars.values()], dtype=np.float64)
    return np.where(values == column.null, np.nan, values)


def _off_lap(frames: RaceFrames) -> Check:
    """Seconds on the track in another lap than the timing counts: race distance is not known there."""
    lost = 0
    for car in frames.cars.values():
        known = (car.columns["x"] != COLUMNS["x"].null) & (car.columns["dist"] == COLUMNS["dist"].null)
        lost += int((known & np.isin(car.columns["status"], DRIVES)).sum())
    seconds = round(lost / frames.clock.fps, 1)
    level: Level = "ok" if seconds < 2 else "note" if seconds < 5 * len(frames.cars) else "warn"
    text = f"{seconds:g} seconds on the track in another lap than the timing counts, race distance null"
    return Check(name="lap_contradicted", level=level, value=seconds, message="" if level == "ok" else text)


def _places_by_best(raw: RawRace, frames: RaceFrames, place: Floats, gap: Floats) -> Check:
    """For how long the official place is not that of the best laps, by more than the feed takes to see it."""
    ranked = ~np.isnan(place) & _still_in(frames)
    mine = np.where(ranked, gap, np.nan)
    better = np.zeros(gap.shape)
    level_ = np.zeros(gap.shape)
    for other in mine:
        better += other < mine - SAME_S
        level_ += np.abs(other - mine) < SAME_S
    wrong = ranked & ((place <= better) | (place > better + level_))
    numbers = {d.code: d.number for d in frames.drivers}
    seconds = {numbers[code]: float(_long(row).sum()) for code, row in zip(frames.cars, wrong, strict=True)}
    lost = sum(seconds.values()) / max(1, int(ranked.sum()))
    what = "seconds in which the official place is not that of the best laps"
    found = share("places_by_best_laps", lost, (0.01, 0.05), what)
    return (
        found
        if found.level == "ok"
        else found.model_copy(update={"message": by_car(raw, "", seconds, what).message})
    )


def _still_in(frames: RaceFrames) -> Bools:
    """(cars, m) once a second, whether a car has not been knocked out."""
    every = max(1, round(frames.clock.fps))
    n = len(range(0, frames.clock.frames, every))
    still = np.ones((len(frames.cars), n), dtype=bool)
    for part, following in zip(frames.parts, frames.parts[1:], strict=False):
        out = np.isin(list(frames.cars), part.knocked_out)
        still[np.ix_(out, np.arange(n) >= following.start - 1.0)] = False
    return still


def _long(wrong: Bools) -> Bools:
    """(m,) the seconds of stretches that last longer than LAG_S."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], wrong, [False]))))
    found = np.zeros(len(wrong), dtype=bool)
    for begin, end in edges.reshape(-1, 2):
        found[begin:end] = end - begin > LAG_S
    return found


def _best_laps(raw: RawRace, frames: RaceFrames) -> Check:
    """Best laps against those of the official result, part by part, to the millisecond."""
    found, wrong = bests(raw, frames.lap_times, len(frames.parts)), []
    for driver in raw.drivers:
        own = found.get(driver.number, [])
        for k, official in enumerate(driver.parts):
            best = own[k] if k < len(own) else None
            if official is not None and (best is None or abs(best - official) > SAME_S):
                said = "none" if best is None else f"{best:.3f}"
                wrong.append(f"{driver.code} {official:.3f} in part {k + 1}, timing {said}")
    level: Level = "ok" if not wrong else "note" if len(wrong) <= 2 else "warn"
    text = "best laps that the result has otherwise: " + "; ".join(wrong) if wrong else ""
    return Check(name="best_laps", level=level, value=len(wrong), message=text)


def _parts(raw: RawRace, frames: RaceFrames) -> Check:
    """Parts against the times of the result, and against laps that were driven by who was out."""
    wrong = []
    official = max((k + 1 for d in raw.drivers for k, part in enumerate(d.parts) if part), default=0)
    if official > len(frames.parts):
        wrong.append(f"the result has times of {official} parts, the session's status {len(frames.parts)}")
    if len(raw.splits) > len(frames.parts):
        wrong.append(
            f"the timing speaks of {len(raw.splits)} parts, the session's status of {len(frames.parts)}"
        )
    out = {code: k for k, part in enumerate(frames.parts) for code in part.knocked_out}
    for driver in raw.drivers:
        own = raw.laps.get(driver.number)
        if own is not None and driver.code in out:
            later = (frames.lap_times[driver.number].part > out[driver.code]) & (own.floats("lap_time_s") > 0)
            if later.any():
                wrong.append(f"{driver.code} was knocked out and drove on")
    return Check(
        name="parts", level="warn" if wrong else "ok", value=len(frames.parts), message="; ".join(wrong)
    )


def _result(frames: RaceFrames, place: Floats) -> Check:
    """Places in the last frame against the result: penalties come later."""
    last = {code: row[-1] for code, row in zip(frames.cars, place, strict=True)}
    other = [
        driver.code
        for driver in frames.drivers
        if (driver.classified or "").isdigit()
        and last.get(driver.code, np.nan) not in (np.nan, int(driver.classified or 0))
    ]
    other = [code for code in other if not np.isnan(last.get(code, np.nan))]
    text = f"the result has another place than the timing at its end: {', '.join(other)}" if other else ""
    return Check(name="result_agrees", level="note" if other else "ok", value=len(other), message=text)


def _flag(frames: RaceFrames) -> Check:
    """Whether the data reach the flag of the last part."""
    over = bool(frames.parts) and frames.parts[-1].end is not None
    text = "" if over else "the timing ends before the flag, or nobody says when it fell"
    return Check(name="chequered_flag", level="ok" if over else "warn", message=text)
