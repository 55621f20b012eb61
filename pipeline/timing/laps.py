"""The rows of the laps table: what the feed says of a lap, and what was known when it ended."""

from collections.abc import Iterable

import numpy as np

from pipeline.contract.sessions import SESSIONS
from pipeline.model import (
    Bools,
    CarFrames,
    Floats,
    FrameClock,
    Laps,
    OfficialTiming,
    RaceFrames,
    RawRace,
    Rows,
)
from pipeline.timing import timed_laps
from pipeline.timing.bests import TIMED, best_so_far
from pipeline.timing.rows import joined, rounded
from pipeline.timing.weather import weather_at

AT_LINE_S = (-0.15, 1.0)  # the feed tells of a crossing that soon
JITTER_S = 0.5  # gaps that differ more from the crossings are older, or have penalties in them


def laps(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row per driver and lap, by driver and lap; durations end in `_time_s`."""
    codes = {d.number: d.code for d in raw.drivers}
    if not SESSIONS[raw.event.session].is_race:
        session = timed_laps.Told(raw, frames)
        return joined(
            _own(raw.laps[number], codes[number], frames)
            | timed_laps.told(raw, frames, number, session)
            | weather_at(raw.weather, begun(raw.laps[number]))
            for number in sorted(raw.laps, key=lambda number: codes[number])
        )
    crossed, bests = crossings(raw), _bests(raw)
    return joined(
        _own(raw.laps[number], codes[number], frames)
        | {"kind": kinds(raw.laps[number], frames.clock.t0)}
        | _at_line(raw.laps[number], raw.timing.get(number), crossed)
        | bests[number]
        | weather_at(raw.weather, begun(raw.laps[number]))
        for number in sorted(raw.laps, key=lambda number: codes[number])
    )


def _own(own: Laps, code: str, frames: RaceFrames) -> Rows:
    """What one driver's laps and frames say."""
    t0 = frames.clock.t0
    columns = own.columns()
    moments = {
        name: rounded(np.asarray(values, dtype=np.float64) - t0)
        for name, values in columns.items()
        if name in ("start_s", "end_s", "pit_in_s", "pit_out_s") or name.endswith("_end_s")
    }
    first, last = _frames(own, frames.cars.get(code), frames.clock)
    return {
        "driver": [code] * len(own),
        **columns,
        **moments,
        "first_frame": first,
        "last_frame": last,
    }


def begun(own: Laps) -> Floats:
    """(n,) when each lap began: as fastf1 says, else with the end of the one before."""
    return np.where(np.isnan(own.start), np.concatenate(([np.nan], own.end[:-1])), own.start)


def kinds(own: Laps, t0: float) -> list[str]:
    """One of `LAP_KINDS` for each lap; who drives to the grid before the start leaves no pits in lap 1."""
    out, back = own.pit_out > t0, ~np.isnan(own.pit_in)
    return [("timed", "in", "out", "out_in")[2 * o + b] for o, b in zip(out, back, strict=True)]


def _frames(own: Laps, car: CarFrames | None, clock: FrameClock) -> tuple[Floats, Floats]:
    """The first and last frame of each lap, NaN where it has none; the last ends with the crossing."""
    if car is None:
        return np.full(len(own), np.nan), np.full(len(own), np.nan)
    shown = car.columns["lap"]
    first = np.searchsorted(shown, own.number, "left")
    last = np.searchsorted(shown, own.number, "right") - 1
    ends = np.where(own.completed, own.end, np.inf)
    crossed = [clock.index(end) - 1 if end < np.inf else np.inf for end in ends]
    last = np.minimum(last, crossed)
    there = last >= first
    return np.where(there, first, np.nan), np.where(there, last, np.nan)


def crossings(raw: RawRace) -> dict[int, Floats]:
    """Lap -> when cars crossed the line at its end, sorted."""
    found: dict[int, list[float]] = {}
    for own in raw.laps.values():
        for lap, end in zip(own.number[own.completed], own.end[own.completed], strict=True):
            found.setdefault(int(lap), []).append(float(end))
    return {lap: np.sort(ends) for lap, ends in found.items()}


def _at_line(own: Laps, timing: OfficialTiming | None, crossed: dict[int, Floats]) -> Rows:
    """Gap and interval at each lap's end as the feed told them, if the crossings agree; and laps down."""
    ends = np.where(own.completed, own.end, np.nan)
    first, ahead = np.full((2, len(own)), np.nan)
    for i in np.flatnonzero(own.completed):
        before = crossed[int(own.number[i])]
        first[i] = before[0]
        ahead[i] = before[max(0, np.searchsorted(before, ends[i]) - 1)]
    led = np.array([crossed[lap][0] for lap in sorted(crossed)])
    led = np.minimum.accumulate(led[::-1])[::-1]  # whoever ended a later lap has led this one
    laps_led = np.array([0, *sorted(crossed)])[np.searchsorted(led, ends, "right")]
    return {
        "gap_s": _told(timing, "gap", ends, ends - first),
        "interval_s": _told(timing, "interval", ends, ends - ahead),
        "laps_down": np.where(own.completed, np.maximum(laps_led - own.number, 0), np.nan),
    }


def _told(timing: OfficialTiming | None, name: str, ends: Floats, driven: Floats) -> Floats:
    """What a column of the timing stream says at each of `ends`, where it is within JITTER_S of `driven`."""
    found = np.full(len(ends), np.nan)
    if timing is None:
        return found
    values: Floats = getattr(timing, name)
    begin, end = (np.searchsorted(timing.t, ends + late) for late in AT_LINE_S)
    for i in np.flatnonzero((end > begin) & ~np.isnan(driven)):
        said = values[begin[i] : end[i]]
        off = np.where(np.isnan(said), np.inf, np.abs(said - driven[i]))
        if off.min() < JITTER_S:
            found[i] = said[off.argmin()]
    return found


def valid(raw: RawRace, frames: RaceFrames, number: str) -> Bools:
    """(n,) whether each of a driver's lap times counts, and was not deleted."""
    known = frames.lap_times.get(number)
    return counts(raw.laps[number]) if known is None else known.valid


def counts(own: Laps, name: str = "lap_time_s") -> Bools:
    """(n,) whether each lap's time, or a sector's, counts for a best: driven to its end, and not deleted.

    As in the feed the first lap does not, which begins on the grid, and no lap time that began or ended in
    the pits: where the lane cuts a corner these are the shortest.
    """
    deleted: Bools = np.asarray(own.extra.get("deleted", np.zeros(len(own))), dtype=bool)
    through = np.isnan(own.pit_in) & np.isnan(own.pit_out) if name == "lap_time_s" else True
    return own.completed & (own.number > 1) & ~deleted & through


def _bests(raw: RawRace) -> dict[str, Rows]:
    """Racing number -> the driver's and everyone's best at the end of each lap, of laps that count."""
    found: dict[str, Rows] = {number: {} for number in raw.laps}
    for name in TIMED if raw.laps else ():
        part = name.removesuffix("_s").removesuffix("_time")
        marks = {number: _marks(own, name) for number, own in raw.laps.items()}
        overall = _marks_of_all(marks.values())
        for number, own in raw.laps.items():
            found[number] |= {
                f"{part}_best_s": best_so_far(*marks[number], own.end),
                f"{part}_overall_s": best_so_far(*overall, own.end),
            }
    return found


def _marks(own: Laps, name: str) -> tuple[Floats, Floats]:
    """(moments, times) of a driver's laps that count."""
    times = own.floats(name)
    known = counts(own, name) & ~np.isnan(times)
    return own.end[known], times[known]


def _marks_of_all(marks: Iterable[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    moments, times = (np.concatenate(side) for side in zip(*marks, strict=True))
    return moments, times
