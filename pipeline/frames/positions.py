"""All cars' positions, held against the track they drove on: what is false becomes unknown, and is named."""

from dataclasses import replace

import numpy as np

from pipeline.frames.clean import Clean, by_car, holes, without
from pipeline.frames.laps import LapLine, inside, lap_line, pit_stretches
from pipeline.frames.line import Line
from pipeline.frames.plausible import BESIDE, Limits, Sight, Verdict, judge
from pipeline.frames.race import STRAY, Race
from pipeline.frames.resample import interpolate, make_index
from pipeline.frames.track import Placed, place
from pipeline.model import Bools, CarSamples, Finding, Floats, Laps, PosSamples, RawRace

MOVING_M_S = 14.0
NEAR_PITS_S = 10.0
_WHAT = {
    "impossible_positions": "position samples that the car cannot have reached and that are null",
    "misplaced_positions": "position samples beside the track, or not where the car's own line crossings and "
    "speed put it, that are null",
    "position_jumps": "steps between positions that no car can drive",
}


def believed(
    raw: RawRace, cleaned: Clean, line: Line | None, start: float, end: float
) -> tuple[dict[str, PosSamples], dict[str, Placed], dict[str, Verdict]]:
    """Of each car: its samples without false positions, these on the line, and what was false.

    Args:
        start, end: session seconds of the race.
    """
    positions = dict(cleaned.positions)
    laps = {number: lap_line(own, goes_on=True) for number, own in raw.laps.items()}
    seen = {number: pos for number, pos in cleaned.positions.items() if number in laps}
    placed = {n: place(line, pos, cleaned.cars.get(n), laps[n], start, end) for n, pos in seen.items()}
    sights = {
        n: _sight(raw.laps[n], laps[n], pos, cleaned.cars.get(n), placed[n].driven, end)
        for n, pos in seen.items()
    }
    limits = Limits(_usual(placed, sights))
    verdicts = {}
    for number, pos in seen.items():
        verdict = judge(pos, placed[number], sights[number], 0.0 if line is None else line.length_m, limits)
        verdicts[number] = verdict
        positions[number] = without(pos, verdict.false)
        placed[number] = _without(placed[number], verdict.false)
    return positions, placed, verdicts


def false_positions(race: Race) -> list[Finding]:
    """What was false while the car was in the race, kind by kind and car by car."""
    counts: dict[str, dict[str, int]] = {name: {} for name in _WHAT}
    for number, verdict in race.verdicts.items():
        t = race.clean.positions[number].t
        within = (t >= race.clock.t0) & (t <= min(race.stays[number].until, race.times[-1]))
        kinds = (verdict.leaps, verdict.elsewhere, verdict.jumps)
        for name, false in zip(_WHAT, kinds, strict=True):
            counts[name][number] = int((false & within).sum())
    found = [by_car(race.raw, name, counts[name], what) for name, what in _WHAT.items()]
    crossings = {number: _contradicted(race, number) for number in race.placed}
    found.append(
        by_car(race.raw, "crossings", crossings, "line crossings that the car's positions contradict")
    )
    leapt = sum(counts["impossible_positions"][n] + counts["position_jumps"][n] > 0 for n in race.verdicts)
    if leapt >= max(3, len(race.verdicts) / 2):
        text = f"the positions of {leapt} cars leap: the feed may have moved the whole field"
        found.append(Finding("field_moved", leapt, text))
    return [finding for finding in found if finding.count]


def _contradicted(race: Race, number: str) -> int:
    """Line crossings at which the positions that are left, and the speed with them, put a car elsewhere."""
    placed, t, lap = race.placed[number], race.clean.positions[number].t, race.laps[number]
    ends, laps = lap.ends[~np.isnan(lap.ends)], lap.number[~np.isnan(lap.ends)]
    known = np.flatnonzero(np.abs(placed.side) <= BESIDE)
    if len(known) < 2:
        return 0
    index = make_index(t[known], ends)
    return int((np.abs(interpolate(placed.at[known], index) - laps) > STRAY).sum())


def _usual(placed: dict[str, Placed], sights: dict[str, Sight]) -> float:
    """Metres that half of all samples on plain laps are off from where speed and line crossings put them."""
    off = [
        np.abs(p.ahead[np.isfinite(p.slack) & sights[n].plain & ~np.isnan(p.ahead)])
        for n, p in placed.items()
    ]
    every = np.concatenate(off) if off else np.empty(0)
    return float(np.median(every)) if len(every) else np.inf


def _without(placed: Placed, false: Bools) -> Placed:
    return replace(placed, at=np.where(false, np.nan, placed.at)) if false.any() else placed


def _sight(
    own: Laps, lap: LapLine, pos: PosSamples, car: CarSamples | None, path: Floats, end: float
) -> Sight:
    """Laps with a hole in the car data are not plain either: what was driven is not known well."""
    row = lap.at(pos.t)
    pits = pit_stretches(own, float(pos.t[0]), end)
    blind = [] if car is None else holes(car.t, float(pos.t[0]), end)
    around = [(entry - NEAR_PITS_S, out + NEAR_PITS_S) for entry, out in pits]
    odd = np.zeros(len(lap.number), dtype=bool)
    odd[lap.at(np.array(pits + blind).ravel())] = True
    odd[0] = True
    speed = np.gradient(path, pos.t) if len(path) > 1 else np.zeros(len(path))
    return Sight(row, ~odd[row], (speed > MOVING_M_S) & ~inside(pos.t, around))
