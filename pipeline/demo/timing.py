"""The feed's topics about each car's race: TimingData (laps, sectors, gaps, places) and the tyres."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pipeline.demo.segments import SIZES, segment_changes
from pipeline.demo.truth import Floats, Line, Stint, Truth, lap_time

Change = tuple[float, str, dict[str, Any]]
"""session seconds, code, what changes in the car's line"""

_SPEED_TRAP = 0.04  # laps after the line


def timing_lines(truth: Truth, changes: Iterable[Change], **begin: Any) -> Iterator[Line]:
    """The full initial state, then one message a moment with the lines that change.

    Args:
        begin: what else the first state says of each car.
    """
    grid = {car.number: _initial(car.number, car.grid) | begin for car in truth.cars}
    yield float(truth.t[0]), "TimingData", {"Lines": grid, "Withheld": False}
    patches: dict[float, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for when, code, patch in changes:
        merge(patches[when][code], patch)
    for when, changed in sorted(patches.items()):
        moment = {car.number: changed[car.code] for car in truth.cars if car.code in changed}
        yield when, "TimingData", {"Lines": moment}
        lines = {number: {"Line": patch["Line"]} for number, patch in moment.items() if "Line" in patch}
        if lines:
            yield when, "DriverList", lines


def race_changes(truth: Truth) -> Iterator[Change]:
    for add in (_gaps, _laps, segment_changes, _pits, _ends, places):
        yield from add(truth)


def merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if isinstance(value, dict):
            merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def _initial(number: str, grid: int) -> dict[str, Any]:
    lap = {"Value": "", "Status": 0, "OverallFastest": False, "PersonalFastest": False}
    return {
        "GapToLeader": "",
        "IntervalToPositionAhead": {"Value": "", "Catching": False},
        "Line": grid,
        "Position": str(grid),
        "ShowPosition": True,
        "RacingNumber": number,
        "Retired": False,
        "InPit": False,
        "PitOut": False,
        "Stopped": False,
        "Status": 64,
        "Sectors": [
            {"Stopped": False, **lap, "Segments": [{"Status": 0} for _ in range(size)]} for size in SIZES
        ],
        "Speeds": {trap: dict(lap) for trap in ("I1", "I2", "FL", "ST")},
        "BestLapTime": {"Value": ""},
        "LastLapTime": dict(lap),
    }


def places(truth: Truth) -> Iterator[Change]:
    """Both sides of a swap change at one moment."""
    for (_, before), (when, order) in zip(truth.orders, truth.orders[1:], strict=False):
        for place, code in enumerate(order, start=1):
            if before[place - 1] != code:
                yield when, code, {"Position": str(place), "Line": place}


def _gaps(truth: Truth) -> Iterator[Change]:
    """Gaps and intervals about once a second, from the start to each car's end."""
    end = {**truth.finished_s, **truth.retired_s}
    codes = [car.code for car in truth.cars]
    times = truth.looks[::2]
    progress = truth.at(truth.progress, times)
    since = np.array([when for when, _ in truth.orders])
    for k, when in enumerate(times):
        order = truth.orders[int(np.searchsorted(since, when + 1e-6, side="right")) - 1][1]
        leader_lap = f"LAP {min(int(max(progress[codes.index(order[0]), k], 0)) + 1, truth.laps)}"
        for place, code in enumerate(order):
            if when >= end[code]:
                continue
            if place == 0:
                gap = ahead = leader_lap
            else:
                gap, ahead = (
                    _behind(truth, codes.index(other), codes.index(code), float(when), progress[:, k])
                    for other in (order[0], order[place - 1])
                )
            yield float(when), code, _gap(gap, ahead)


def _gap(gap: str, ahead: str) -> dict[str, Any]:
    return {"GapToLeader": gap, "IntervalToPositionAhead": {"Value": ahead}}


def _behind(truth: Truth, front: int, back: int, when: float, progress: Floats) -> str:
    """How long ago the front car was where the back car is, or how many laps it is ahead."""
    if progress[front] - progress[back] >= 1:
        return f"{int(progress[front] - progress[back])}L"
    passed = float(np.interp(progress[back], truth.progress[front], truth.t))
    return f"+{max(when - passed, 0.0):.3f}"


def _laps(truth: Truth) -> Iterator[Change]:
    """Sectors, lap times, speed traps, lap counts, and the gap at the line.

    As in the real feed the first lap has neither a lap time nor a first sector time; a lap into the pits or
    out of them is nobody's best.
    """
    for i, car in enumerate(truth.cars):
        yield from _sectors(truth, i)
        yield from trap_speeds(truth, i)
        starts = np.concatenate([[truth.start_s], truth.line_s[car.code]])
        best, outs = np.inf, [stint.first_lap for stint in truth.stints[car.code][1:]]
        for lap, end in enumerate(starts[1:].tolist(), start=1):
            patch = {"NumberOfLaps": lap} | _line_gap(truth, car.code, lap)
            seconds = end - starts[lap - 1]
            if lap > 1:
                patch["LastLapTime"] = {"Value": lap_time(seconds)}
            if lap > 1 and not {lap, lap + 1} & {*outs} and seconds < best - 5e-4:
                best = seconds
                patch["BestLapTime"] = {"Value": lap_time(seconds), "Lap": lap}
            yield end, car.code, patch


def _sectors(truth: Truth, i: int) -> Iterator[Change]:
    code = truth.cars[i].code
    in_laps = [stint.first_lap - 1 for stint in truth.stints[code][1:]]
    for lap, (first, second) in enumerate(truth.sector_s[code].tolist(), start=1):
        begin = truth.line_s[code][lap - 2] if lap > 1 else None
        if not np.isnan(first):
            yield first, code, sector(0, first - begin if begin else None, "I1", speed_at(truth, i, first))
        if not np.isnan(second):
            yield second, code, sector(1, second - first, "I2", speed_at(truth, i, second))
        if lap <= len(truth.line_s[code]):
            end = float(truth.line_s[code][lap - 1])
            trap = None if lap in in_laps else speed_at(truth, i, end)
            yield end, code, sector(2, end - second, "FL", trap)


def _line_gap(truth: Truth, code: str, lap: int) -> dict[str, Any]:
    """At the line gaps are exact: to the first over it in that lap (fastf1 aligns the cars by them)."""
    here = float(truth.line_s[code][lap - 1])
    before = [float(times[lap - 1]) for times in truth.line_s.values() if len(times) >= lap]
    before = [when for when in before if when < here]
    if not before:
        label = f"LAP {min(lap + 1, truth.laps)}"
        return _gap(label, label)
    lead = max(int(np.searchsorted(times, here, side="right")) for times in truth.line_s.values())
    ahead = f"+{here - max(before):.3f}"
    return _gap(f"{lead - lap}L" if lead - lap > 0 else f"+{here - min(before):.3f}", ahead)


def sector(index: int, seconds: float | None, trap: str, speed: int | None) -> dict[str, Any]:
    value = {} if seconds is None else {"Sectors": {str(index): {"Value": f"{seconds:.3f}"}}}
    return value if speed is None else {**value, "Speeds": {trap: {"Value": str(speed)}}}


def trap_speeds(truth: Truth, i: int) -> Iterator[Change]:
    code = truth.cars[i].code
    for lap in range(1, len(truth.sector_s[code])):
        when = round(float(np.interp(lap + _SPEED_TRAP, truth.progress[i], truth.t)), 3)
        yield when, code, {"Speeds": {"ST": {"Value": str(speed_at(truth, i, when))}}}


def speed_at(truth: Truth, i: int, when: float) -> int:
    return round(float(np.interp(when, truth.t, truth.speed[i])))


def _pits(truth: Truth) -> Iterator[Change]:
    for code, pits in truth.pits.items():
        for count, (entry, leave) in enumerate(pits, start=1):
            yield entry, code, {"InPit": True, "Status": 80, "NumberOfPitStops": count}
            yield leave, code, {"InPit": False, "PitOut": True, "Status": 96}
            yield round(leave + 6.5, 3), code, {"PitOut": False, "Status": 64}


def _ends(truth: Truth) -> Iterator[Change]:
    for code, when in truth.retired_s.items():
        yield round(when + 4.2, 3), code, {"Stopped": True}
        yield round(when + 21.7, 3), code, {"Retired": True, "Status": 4}
    for code, when in truth.finished_s.items():
        yield when, code, {"Status": 1088}


def tyre_lines(truth: Truth) -> Iterator[Line]:
    """The stints: known on the grid and at each pit exit; a growing age in between."""
    grid = {
        car.number: {
            "RacingNumber": car.number,
            "Line": car.grid,
            "GridPos": str(car.grid),
            "Stints": [_stint(truth.stints[car.code][0])],
        }
        for car in truth.cars
    }
    yield float(truth.t[0]), "TimingAppData", {"Lines": grid}
    for when, number, stint, patch in tyre_changes(truth):
        if when > truth.t[0]:
            yield when, "TimingAppData", {"Lines": {number: {"Stints": {str(stint): patch}}}}


def tyre_changes(truth: Truth) -> Iterator[tuple[float, str, int, dict[str, Any]]]:
    """When the feed says what of which stint: (session second, racing number, stint from 0, change)."""
    for car in truth.cars:
        stints = truth.stints[car.code]
        pits = truth.pits[car.code]
        changes = [(float(truth.t[0]), 0, _stint(stints[0]))]
        changes += [
            (round(leave + 0.4, 3), k, _stint(stints[k])) for k, (_, leave) in enumerate(pits, start=1)
        ]
        for lap, end in enumerate(truth.line_s[car.code].tolist(), start=1):
            k = sum(stint.first_lap <= lap for stint in stints) - 1
            changes.append((end, k, {"TotalLaps": truth.tyre_life[car.code][lap - 1]}))
        yield from ((when, car.number, k, patch) for when, k, patch in changes)


def _stint(stint: Stint) -> dict[str, Any]:
    return {
        "LapFlags": 0,
        "Compound": stint.compound,
        "New": "true" if stint.age == 0 else "false",
        "TyresNotChanged": "0",
        "TotalLaps": stint.age,
        "StartLaps": stint.age,
    }
