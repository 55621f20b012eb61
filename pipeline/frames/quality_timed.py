"""What qualifying and practice are asked: lap times against the result, the feed's order against lap times,
parts against those who drove in them.
"""

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.contract.columns import COLUMNS, DRIVES, GARAGE, IN, OUT, PIT, TIMED
from pipeline.contract.models import Check, Level
from pipeline.contract.sessions import SESSIONS
from pipeline.frames.checks import invariant, seen, share, telemetry_of_all, unknown
from pipeline.frames.clean import by_car
from pipeline.frames.lap_times import SAME_S, bests, can_count
from pipeline.frames.outings import lap_kinds
from pipeline.frames.quality_parts import flag, parts, result
from pipeline.frames.ranking import official_place
from pipeline.model import (
    CREEPS_KMH,
    PIT_LANE_KMH,
    Bools,
    CarFrames,
    Floats,
    Laps,
    LapTimes,
    RaceFrames,
    RawRace,
)

LAG_S, LONGEST_S = 20, 50  # in which the feed ranks a lap or takes one back, and does at the latest
SOON_S = 2  # by which the order is ahead of the laps
PASSES_S = 5.0  # between a car and its pit entry or exit
BOX = 80.0  # 1/10 m around where a car stands in its garage
SUM_S, LINE_S = 0.0015, 0.1  # which a lap time and its sectors, and its line crossings, never differ by


def by_lap_times(raw: RawRace, frames: RaceFrames) -> Iterator[Check]:
    """All checks of a session that goes by lap times."""
    yield from seen(frames, _on_the_move(frames))
    yield telemetry_of_all(raw, frames)
    yield _lap_times(raw, frames)
    yield _not_counted(raw, frames)
    yield _off_lap(raw, frames)
    yield _in_the_pits(raw, frames)
    place, gap = _sampled(frames, "position"), _sampled(frames, "gap")
    timed = ~np.isnan(gap)
    yield _placed(raw, frames, place, timed)
    yield _places_by_best(raw, frames, place, gap)
    yield _best_laps(raw, frames)
    yield parts(raw, frames)
    if SESSIONS[raw.event.session].kind == "qualifying":
        yield result(frames, place)
    yield flag(frames)


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


def _lap_times(raw: RawRace, frames: RaceFrames) -> Check:
    """Laps from line to line whose time is not that between the crossings, nor the sum of the sectors; and
    those without a time that would have been the driver's best of the part, by their sectors."""
    counts = {n: int(_false_times(own, frames.lap_times[n]).sum()) for n, own in raw.laps.items()}
    what = "lap times that are not those between the line crossings, or of the sectors, or are not there"
    return _of_cars("lap_times", raw, counts, (1, 1), what)


def _false_times(own: Laps, known: LapTimes) -> Bools:
    out, back = lap_kinds(own)
    times, through = own.floats("lap_time_s"), own.completed & ~out & ~back
    summed = np.sum([own.floats(f"sector{n}_s") for n in (1, 2, 3)], axis=0)
    took = np.where(np.diff(own.number, prepend=-1) == 1, np.diff(own.end, prepend=np.nan), np.nan)
    off = (np.abs(times - summed) > SUM_S) | (np.abs(times - took) > LINE_S)
    return np.asarray(through & (off | (np.isnan(times) & (summed < _bests(times, known)))))


def _bests(times: Floats, known: LapTimes) -> Floats:
    """(n,) the driver's best of the part in which each lap was driven, inf where there is none."""
    found = np.full(len(times), np.inf)
    for part in np.unique(known.part):
        own = known.part == part
        found[own] = times[own & known.valid].min(initial=np.inf)
    return found


def _not_counted(raw: RawRace, frames: RaceFrames) -> Check:
    """Laps that are faster than the driver's best of the part, and do not count: the feed does not call them
    a best, or nobody says since when they are deleted."""
    counts = {}
    for number, own in raw.laps.items():
        known, times = frames.lap_times[number], own.floats("lap_time_s")
        unsaid = (~known.counts & np.isnan(known.until)) | np.isneginf(known.until)
        counts[number] = int((can_count(own) & unsaid & (times < _bests(times, known) - SAME_S)).sum())
    what = "laps faster than the best that do not count, and nobody says why, or since when"
    return _of_cars("laps_not_counted", raw, counts, (1, 1), what)


def _of_cars(
    name: str, raw: RawRace, counts: dict[str, float] | dict[str, int], limits: tuple[float, float], what: str
) -> Check:
    found, (note, warn) = by_car(raw, name, counts, what), limits
    level: Level = "warn" if found.count >= warn else "note" if found.count >= note else "ok"
    return Check(name=name, level=level, value=found.count, message="" if level == "ok" else found.message)


def _off_lap(raw: RawRace, frames: RaceFrames) -> Check:
    """Seconds on the track in another lap than the timing counts: race distance is not known there."""
    lost = _seconds(
        frames,
        lambda car: ~unknown(car, "x") & unknown(car, "dist") & np.isin(car.columns["status"], DRIVES),
    )
    what = "seconds on the track in another lap than the timing counts, race distance null"
    return _of_cars("lap_contradicted", raw, lost, (2.0, 5.0), what)


def _in_the_pits(raw: RawRace, frames: RaceFrames) -> Check:
    """Seconds in which the timing has a car in the pits, and it drives as it cannot in there; or on the
    track, and it stands in its garage."""
    lost = _seconds(frames, lambda car: _long(_elsewhere(car), PASSES_S * frames.clock.fps))
    what = "seconds in the pits by the timing in which the car drives elsewhere, or the other way round"
    return _of_cars("pit_visits_contradicted", raw, lost, (2.0, 5.0), what)


def _elsewhere(car: CarFrames) -> Bools:
    """(n,) frames in which a car moves as it cannot where its status has it."""
    status, speed, known = car.columns["status"], car.columns["speed"], ~unknown(car, "x")
    false = np.isin(status, (PIT, GARAGE)) & (speed > PIT_LANE_KMH)
    if (stands := known & (status == GARAGE)).any():
        off = [car.columns[name] - np.median(car.columns[name][stands]) for name in ("x", "y")]
        slow = known & ~unknown(car, "speed") & (speed < CREEPS_KMH)
        false |= np.isin(status, (OUT, TIMED, IN)) & slow & (np.hypot(*off) < BOX)
    return np.asarray(false)


def _seconds(frames: RaceFrames, wrong: Callable[[CarFrames], Bools]) -> dict[str, float]:
    """Racing number -> for how long something is wrong with a car's frames."""
    shown = ((d.number, frames.cars[d.code]) for d in frames.drivers if d.code in frames.cars)
    return {number: float(wrong(car).sum()) / frames.clock.fps for number, car in shown}


def _numbers(frames: RaceFrames) -> dict[str, str]:
    return {driver.code: driver.number for driver in frames.drivers}


def _placed(raw: RawRace, frames: RaceFrames, place: Floats, timed: Bools) -> Check:
    """Share of the time in which cars with a lap time have an official place."""
    lacks = timed & np.isnan(place)
    what = "of the time cars with a lap time have no official place"
    found = share("official_order", float(lacks.sum() / max(1, timed.sum())), (0.01, 0.05), what)
    numbers = _numbers(frames)
    seconds = {numbers[code]: float(row.sum()) for code, row in zip(frames.cars, lacks, strict=True)}
    if silent := _without_news(raw, frames):
        text = f"the timing has no order of {', '.join(silent)}, in which laps were timed"
        return found.model_copy(update={"level": "warn", "message": text})
    text = "" if found.level == "ok" else by_car(raw, "", seconds, f"{found.message}, seconds by car").message
    return found.model_copy(update={"message": text})


def _without_news(raw: RawRace, frames: RaceFrames) -> list[str]:
    """Names of the parts in which laps count, and the feed has not changed its order."""
    told = np.concatenate([np.empty(0), *(own.t for own in raw.timing.values())]) - frames.clock.t0
    counted = [own.part[own.counts] for own in frames.lap_times.values()]
    starts = [*(part.start for part in frames.parts), np.inf]
    return [
        part.name
        for k, part in enumerate(frames.parts)
        if any((own == k).any() for own in counted)
        and not ((told > starts[k]) & (told < starts[k + 1])).any()
    ]


def _places_by_best(raw: RawRace, frames: RaceFrames, place: Floats, gap: Floats) -> Check:
    """For how long the official place is not that of the best laps, by more than the feed takes to see it, or
    never was; or is that of a car with a lap time, and there is none; or changes though the car was knocked
    out. Cars whose laps the feed has ranked before it tells of them may stand in between."""
    numbers, clock = _numbers(frames), frames.clock
    times = clock.times()[:: max(1, round(clock.fps))]
    told = np.array([official_place(raw.timing.get(numbers[code]), times) for code in frames.cars])
    wrong, never = _not_by_best(place, gap, told, _still_in(frames))
    moved = _moved(frames, told)
    late = np.array([_long(row, LAG_S) for row in wrong]) | never
    lost = dict(
        zip((numbers[code] for code in frames.cars), (late | moved).sum(axis=1).tolist(), strict=True)
    )
    what = "seconds in which the official place is not that of the best laps"
    found = _of_cars("places_by_best_laps", raw, lost, (1, np.inf), what)
    false = bool(never.any()) or max(lost.values(), default=0) > LONGEST_S
    false |= moved.sum(axis=1).max(initial=0) > 1
    share_ = 1.0 - sum(lost.values()) / max(1, int((~np.isnan(place)).sum()))
    return found.model_copy(update={"level": "warn" if false else found.level, "value": round(share_, 5)})


def _not_by_best(place: Floats, gap: Floats, told: Floats, still: Bools) -> tuple[Bools, Bools]:
    """(cars, m) each, once a second: whether the place is not that of the best laps; and whether it was not
    for as long as the feed may take, either."""
    ranked, timed = ~np.isnan(place) & still, ~np.isnan(gap) & still
    mine = np.where(ranked, gap, np.nan)
    better, level_ = np.zeros((2, *gap.shape))
    for other in mine:
        better += other < mine - SAME_S
        level_ += np.abs(other - mine) < SAME_S
    first = np.where(ranked, better + 1, np.inf)
    last = np.where(ranked, better + level_, -np.inf)
    wrong = ranked & ((place < first) | (place > last))
    never = np.zeros(wrong.shape, dtype=bool)
    for i, now in zip(*np.nonzero(wrong), strict=True):
        unseen = still[:, now] & ~ranked[:, now] & (told[:, now] < place[i, now])
        were = slice(max(0, now - LONGEST_S), now + SOON_S + 1)
        over = place[i, now] - unseen.sum() > last[i, were].max()
        never[i, now] = over or place[i, now] < first[i, were].min()
    return np.asarray(wrong | (still & ~timed & (told <= timed.sum(axis=0)))), never


def _moved(frames: RaceFrames, told: Floats) -> Bools:
    """(cars, m) the seconds in which a car that was knocked out has another place than when the next part
    began."""
    found = np.zeros(told.shape, dtype=bool)
    for part, following in zip(frames.parts, frames.parts[1:], strict=False):
        rows, start = np.isin(list(frames.cars), part.knocked_out), int(following.start)
        found[rows, start:] = told[rows, start:] != told[rows, start : start + 1]
    return found & ~np.isnan(told)


def _still_in(frames: RaceFrames) -> Bools:
    """(cars, m) once a second, whether a car has not been knocked out."""
    every = max(1, round(frames.clock.fps))
    n = len(range(0, frames.clock.frames, every))
    still = np.ones((len(frames.cars), n), dtype=bool)
    for part, following in zip(frames.parts, frames.parts[1:], strict=False):
        out = np.isin(list(frames.cars), part.knocked_out)
        still[np.ix_(out, np.arange(n) >= following.start - 1.0)] = False
    return still


def _long(wrong: Bools, least: float) -> Bools:
    """(m,) the rows of stretches of more than `least`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], wrong, [False]))))
    found = np.zeros(len(wrong), dtype=bool)
    for begin, end in edges.reshape(-1, 2):
        found[begin:end] = end - begin > least
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
