"""The steps from RawRace to RaceFrames, in order."""

import numpy as np
import numpy.typing as npt

from pipeline.contract import FPS
from pipeline.contract.columns import COLUMNS, FINISHED, GRID, PIT, TRACK
from pipeline.contract.sessions import SESSIONS
from pipeline.frames import laps as lap_rules
from pipeline.frames.about import driver, findings
from pipeline.frames.agree import places_and_gaps
from pipeline.frames.car import all_columns, all_progress
from pipeline.frames.circuit import circuit
from pipeline.frames.clean import clean
from pipeline.frames.flag import flag_of, laps_run
from pipeline.frames.interval import cars_ahead, interval, laps_down
from pipeline.frames.laps import lap_line, pit_stretches
from pipeline.frames.mend import mended
from pipeline.frames.order import (
    Finish,
    before_penalties,
    finishing_order,
    gaps,
    official_keys,
    order_at_flag,
    places,
)
from pipeline.frames.positions import false_positions
from pipeline.frames.prepare import judged
from pipeline.frames.presence import Stay, lights_out, stays
from pipeline.frames.race import CLEAR, Columns, Race
from pipeline.frames.reference import reference_line
from pipeline.frames.resample import fixed
from pipeline.frames.samples import replay_source
from pipeline.frames.timed import compute_timed
from pipeline.model import Bools, CarFrames, Floats, FrameClock, OfficialTiming, RaceFrames, RawRace


def compute(raw: RawRace, fps: float = FPS) -> RaceFrames:
    """Compute all frames of a session: of a race here, of all others, which go by lap times, in `timed`.

    Args:
        raw: as loaded; needs laps with at least one start time.
        fps: frames a second, 1 to 50.
    """
    if not SESSIONS[raw.event.session].is_race:
        return compute_timed(raw, fps)
    race = _prepare(raw, fps)
    along = all_progress(race)
    cars = all_columns(race, along)
    _add_places(race, cars, along)
    for number, columns in cars.items():
        _add_status(race, number, columns)
    disagreements = places_and_gaps(race, cars)
    codes = {d.number: d.code for d in raw.drivers}
    return RaceFrames(
        clock=race.clock,
        cars={codes[number]: CarFrames(columns) for number, columns in cars.items()},
        drivers=[driver(race, d.number) for d in raw.drivers],
        circuit=circuit(race, along),
        lights_out=None if race.lights_out is None else race.lights_out - race.clock.t0,
        total_laps=raw.total_laps or laps_run(raw),
        replay=replay_source(race, cars, along, codes),
        findings=[
            *raw.noticed,
            *race.clean.findings,
            *false_positions(race),
            *findings(race),
            *disagreements,
        ],
    )


def _prepare(raw: RawRace, fps: float) -> Race:
    starts = [float(np.nanmin(own.start)) for own in raw.laps.values() if not np.isnan(own.start).all()]
    ends = [float(np.nanmax(own.end)) for own in raw.laps.values() if not np.isnan(own.end).all()]
    t0, last = min(starts), max(ends)
    clock = FrameClock(t0, fps, int(np.ceil((last - t0) * fps - 1e-6)) + 1)
    possible = clean(raw, t0, last)
    timed = raw.laps
    raw, mends = mended(raw, possible.positions, possible.cars, t0)
    few = 2 * sum(own is not timed.get(number) for number, own in raw.laps.items()) < len(raw.laps)
    # laps mended for false positions would move the track for all; those of most cars were lost indeed
    line = reference_line(possible.positions, possible.cars, timed if few else raw.laps)
    cleaned, placed, verdicts = judged(raw, possible, line, (t0, last), mends)
    flag = flag_of(raw)
    who = stays(raw, cleaned, flag, t0, last)
    return Race(
        raw=raw,
        clock=clock,
        times=clock.times(),
        clean=cleaned,
        flag=flag,
        stays=who,
        laps={n: lap_line(own, goes_on=who[n].finished is None) for n, own in raw.laps.items()},
        line=line,
        placed=placed,
        verdicts=verdicts,
        lights_out=lights_out(who),
    )


def _add_places(race: Race, cars: dict[str, Columns], along: dict[str, Floats]) -> None:
    standing = np.stack([lap_rules.inside(race.times, _standing(race, number)) for number in cars])
    finish = {
        i: Finish(race.raw.laps[number].done, finished, race.raw.timing.get(number), _seen(race, number))
        for i, number in enumerate(cars)
        if (finished := race.stays[number].finished) is not None
    }
    by_flag = finishing_order(finish)
    ranks = _ranks(race, cars, along, standing, finish, by_flag)
    for i, number in enumerate(cars):
        cars[number]["position"] = ranks[i, : len(cars[number]["lap"])]
    _add_gaps(race, cars, ranks, standing, finish, finish[by_flag[0]] if by_flag else None)


def _ranks(
    race: Race,
    cars: dict[str, Columns],
    along: dict[str, Floats],
    standing: Bools,
    finish: dict[int, Finish],
    by_flag: list[int],
) -> npt.NDArray[np.int8]:
    """The place of every car in every frame, (cars, frames), 0 where it is absent."""
    racing = race.settled(race.times) & (race.status(race.times) == CLEAR) & ~standing
    keys = np.stack(
        [official_keys(race.raw.timing.get(n), race.times, racing[i]) for i, n in enumerate(cars)]
    )
    length = np.array([len(columns["lap"]) for columns in cars.values()])
    return places(
        order_at_flag(keys, by_flag, finish, race.clock),
        lambda rows: np.stack([_far(race, n, along.get(n), race.times[rows]) for n in cars]),
        present=np.arange(race.clock.frames) < length[:, None],
    )


def _add_gaps(
    race: Race,
    cars: dict[str, Columns],
    ranks: npt.NDArray[np.int8],
    standing: Bools,
    finish: dict[int, Finish],
    winner: Finish | None,
) -> None:
    last = np.iinfo(ranks.dtype).max
    led = race.times[1:][np.diff(np.argmin(np.where(ranks > 0, ranks, last), axis=0)) != 0]
    ahead = cars_ahead(ranks)
    for i, number in enumerate(cars):
        n, finished = len(cars[number]["lap"]), race.stays[number].finished
        times, place = race.times[:n], ranks[i, :n]
        timing, after = _timing_to_the_flag(race, number, winner)
        ends = _ends_of_gaps(race, number, led)
        gap = gaps(timing, times, place, ends, finished, after)
        down = laps_down(timing, times, place, ends, finished)
        gap[standing[i, :n] & (place > 1)] = np.nan
        down[(standing[i, :n] & (place > 1)) | (np.isnan(gap) & (down == 0))] = np.nan
        behind = interval(timing, times, ahead[i, :n], standing, finish, i)
        for name, values in (("gap", gap), ("interval", behind), ("laps_down", down)):
            cars[number][name] = fixed(values, COLUMNS[name].decimals, COLUMNS[name].dtype)


def _seen(race: Race, number: str) -> tuple[Floats, Floats]:
    """Session seconds and progress by the positions alone, no line crossing, (n,) each."""
    placed = race.placed.get(number)
    return (np.empty(0), np.empty(0)) if placed is None else (race.clean.positions[number].t, placed.at)


def _ends_of_gaps(race: Race, number: str, led: Floats) -> Floats:
    """Session seconds at which a car's gap ends: another place, another leader, a stop, its halt."""
    timing = race.raw.timing.get(number)
    moved = np.empty(0) if timing is None else timing.moved
    return np.sort(np.concatenate((moved, led, np.array(_standing(race, number)).ravel())))


def _standing(race: Race, number: str) -> list[tuple[float, float]]:
    """Stretches in the pits, and from the halt on, in session seconds."""
    stay, end = race.stays[number], race.times[-1] + 1.0
    if stay.finished is not None:
        end = stay.finished
    pits = pit_stretches(race.raw.laps[number], race.clock.t0, end)
    return pits if stay.retired is None else [*pits, (stay.retired, end)]


def _timing_to_the_flag(
    race: Race, number: str, winner: Finish | None
) -> tuple[OfficialTiming | None, float | None]:
    """A car's official timing; of those on the winner's lap without what the stewards add after the flag, and
    the seconds between the winner's flag and theirs."""
    timing, finished = race.raw.timing.get(number), race.stays[number].finished
    if timing is None or winner is None or finished is None or race.raw.laps[number].done < winner.laps:
        return timing, None
    behind = finished - winner.at
    return before_penalties(timing, finished, behind), behind


def _far(race: Race, number: str, along: Floats | None, times: Floats) -> npt.NDArray[np.float32]:
    """Progress in laps at session seconds `times` for ranking, over holes; by the lap count where unknown.

    A car that never started is behind all that did.
    """
    lap = race.laps[number]
    if along is not None and (known := ~np.isnan(along)).sum() > 1:
        t = race.clean.positions[number].t
        return np.asarray(np.interp(times, t[known], along[known]), dtype=np.float32)
    if race.stays[number].until <= race.clock.t0:
        return np.full(len(times), -1.0, dtype=np.float32)
    crossed = ~np.isnan(lap.ends)
    begin = np.concatenate(([race.clock.t0], lap.begin[1:], lap.ends[crossed][-1:]))
    count = np.concatenate((lap.number - 1.0, lap.number[crossed][-1:]))
    return np.asarray(np.interp(times, begin, count), dtype=np.float32)


def _add_status(race: Race, number: str, out: Columns) -> None:
    n = len(out["lap"])
    times, stay = race.times[:n], race.stays[number]
    status = np.full(n, TRACK, dtype=np.int8)
    status[: _grid_frames(race, stay, n)] = GRID
    pits = pit_stretches(race.raw.laps[number], race.clock.t0, race.times[-1] + 1.0)
    status[lap_rules.inside(times, pits)] = PIT
    if stay.finished is not None:
        status[race.clock.index(stay.finished) :] = FINISHED
    out["status"] = status


def _grid_frames(race: Race, stay: Stay, n: int) -> int:
    if stay.until <= race.clock.t0:  # never started
        return n
    off = stay.moved_off or race.lights_out or race.clock.t0
    return min(n, race.clock.index(off))
