"""The frames of qualifying and practice, where cars go by lap times and stand in garages."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.contract.columns import COLUMNS
from pipeline.frames.about import driver, of_feed
from pipeline.frames.at_rest import at_rest, unjudged
from pipeline.frames.car import all_columns, all_progress
from pipeline.frames.circuit import circuit
from pipeline.frames.clean import by_car, clean
from pipeline.frames.flag import Flag
from pipeline.frames.lap_times import lap_times
from pipeline.frames.laps import inside, lap_line
from pipeline.frames.outings import HALTED_S, Outings, outings
from pipeline.frames.parts import Parts, parts_of
from pipeline.frames.positions import false_positions
from pipeline.frames.prepare import judged
from pipeline.frames.presence import Stay
from pipeline.frames.race import Columns, Race
from pipeline.frames.ranking import Ranking, final_places, keep, knocked_out, ranking, taken_back, unsaid
from pipeline.frames.reference import reference_line
from pipeline.frames.resample import fixed
from pipeline.frames.samples import replay_source
from pipeline.model import (
    PIT_LANE_KMH,
    Bools,
    CarFrames,
    Finding,
    Floats,
    FrameClock,
    Ints,
    Laps,
    LapTimes,
    RaceFrames,
    RawRace,
)

IN_LAP_S = 600.0  # after the flag; who has not come in by then is carried in
NOBODY_WON = Flag(np.inf, np.inf)


@dataclass(frozen=True)
class Session(Race):
    """As a race, with the session's parts, and what each car does when, by racing number."""

    parts: Parts
    outings: dict[str, Outings]

    def on_lap(self, number: str, t: Floats, along: Floats) -> Bools:
        """As in a race; and not in the garage, where a car has no place along the lap, nor beyond the line of
        a lap that ended in the pits, and nobody knows when."""
        lap = self.laps[number]
        row = lap.at(t)
        beyond = np.isnan(lap.ends[row]) & (along > lap.number[row])
        return super().on_lap(number, t, along) & ~beyond & ~inside(t, self.outings[number].garage)


def compute_timed(given: RawRace, fps: float) -> RaceFrames:
    """All frames, from the first green light to the last car's way in after the last flag."""
    session = _prepare(given, fps)
    raw = session.raw
    along = all_progress(session)
    cars = all_columns(session, along)
    said = lap_times(raw, session.parts)
    known = taken_back(raw, session.parts, said, session.clock)
    table = ranking(raw, session.parts, known, session.clock)
    published, out = knocked_out(raw, session.parts, table, session.clock)
    keep(raw, table, session.parts, out, session.clock)
    _add_ranking(session, table, cars)
    for number, columns in cars.items():
        line = session.laps[number]
        columns["status"] = session.outings[number].status(raw.laps[number], line, session.times)
    codes = {d.number: d.code for d in raw.drivers}
    return RaceFrames(
        clock=session.clock,
        cars={codes[number]: CarFrames(columns) for number, columns in cars.items()},
        drivers=[driver(session, number) for number in _in_order(raw, known, session.clock)],
        circuit=circuit(session, along),
        lights_out=None,
        total_laps=None,
        replay=replay_source(session, cars, along, codes),
        findings=[
            *raw.noticed,
            *session.clean.findings,
            *false_positions(session),
            *of_feed(session),
            *_stayed_in(session),
            *_taken_back(raw, unsaid(said, known)),
        ],
        parts=published,
        lap_times={number: own for number, own in known.items() if number in given.laps},
    )


def _prepare(raw: RawRace, fps: float) -> Session:
    raw = _with_all_cars(raw)
    parts = parts_of(raw)
    t0, last = float(parts.starts[0]), _last(raw, parts)
    clock = FrameClock(t0, fps, max(1, int(np.ceil((last - t0) * fps - 1e-6)) + 1))
    who = {
        n: outings(own, raw.cars.get(n), raw.positions.get(n), t0, last + 1.0) for n, own in raw.laps.items()
    }
    parked = {n: [*own.lane, *own.halts] for n, own in who.items()}
    possible = at_rest(clean(raw, t0, last, parked), who)
    line = reference_line(possible.positions, possible.cars, raw.laps)
    cleaned, placed, verdicts = judged(raw, possible, line, (t0, last), [], parked)
    cleaned, verdicts = unjudged(cleaned, verdicts, possible, who)
    over = parts.spans[-1].end - HALTED_S  # who stands after the flag has driven all that there was
    stopped = {n: own.halts[-1][0] for n, own in who.items() if own.halted and own.halts[-1][0] <= over}
    return Session(
        raw=raw,
        clock=clock,
        times=clock.times(),
        clean=cleaned,
        flag=NOBODY_WON,
        stays={n: Stay(None, None, stopped.get(n), np.inf) for n in raw.laps},
        laps={n: lap_line(own, goes_on=True) for n, own in raw.laps.items()},
        line=line,
        placed=placed,
        verdicts=verdicts,
        lights_out=None,
        parts=parts,
        outings=who,
    )


def _with_all_cars(raw: RawRace) -> RawRace:
    """With a lap that never ends for the cars that have samples and no laps: they stand in their garages."""
    nothing = np.full(1, np.nan)
    still = Laps(
        number=np.ones(1, dtype=np.int64),
        start=nothing,
        end=nothing,
        pit_in=nothing,
        pit_out=nothing,
        tyre=np.zeros(1, dtype=np.int64),
        tyre_life=np.full(1, -1, dtype=np.int64),
        generated=np.ones(1, dtype=bool),
    )
    idle = [
        d.number
        for d in raw.drivers
        if d.number not in raw.laps and (d.number in raw.cars or d.number in raw.positions)
    ]
    return replace(raw, laps={**raw.laps, **dict.fromkeys(idle, still)}) if idle else raw


def _last(raw: RawRace, parts: Parts) -> float:
    """The last car's way in after the flag; where the data end before it, what they say last."""
    told = [np.concatenate((own.pit_in, own.end[own.completed])) for own in raw.laps.values()]
    moments = np.concatenate([*told, parts.starts])
    flag = parts.spans[-1].end
    return float(np.nanmax(np.append(moments[moments <= flag + IN_LAP_S], flag if flag < np.inf else np.nan)))


def _add_ranking(session: Session, table: Ranking, cars: dict[str, Columns]) -> None:
    n = session.clock.frames
    for i, number in enumerate(table.numbers):
        if number in cars:
            for name, values in (("position", table.place), ("gap", table.gap), ("interval", table.interval)):
                column = COLUMNS[name]
                cars[number][name] = fixed(table.in_frames(values[i], n), column.decimals, column.dtype)


def _in_order(raw: RawRace, known: dict[str, LapTimes], clock: FrameClock) -> list[str]:
    """Racing numbers in the order of the result; where there is none, of the timing."""
    numbers = [d.number for d in raw.drivers]
    if any(d.classified for d in raw.drivers):
        return numbers
    places = final_places(raw, known, clock)
    return sorted(numbers, key=lambda number: places.get(number, len(numbers) + 1))


def _stayed_in(session: Session) -> list[Finding]:
    """Cars that never left their garages: nothing is wrong with them."""
    never = {d.number: 1 for d in session.raw.drivers if _never_left(session, d.number)}
    return [by_car(session.raw, "never_left", never, "cars that never left the pits")] if never else []


def _taken_back(raw: RawRace, laps: dict[str, Ints]) -> list[Finding]:
    counts = {number: len(rows) for number, rows in laps.items()}
    what = "laps that the feed's order counts no more, though nobody says that they were deleted"
    return [found] if (found := by_car(raw, "laps_taken_back", counts, what)).count else []


def _never_left(session: Session, number: str) -> bool:
    own, car = session.raw.laps.get(number), session.clean.cars.get(number)
    drove = car is not None and bool((car.speed[car.t >= session.clock.t0] > PIT_LANE_KMH).any())
    return own is None or (bool(own.generated.all()) and not drove)
