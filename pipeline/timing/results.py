"""The rows of the results table: the official classification, and beside it what the timing says.

Before the classification is out there are no points, times and grid. Place, laps and gaps are then F1's own
timing at its end, which has counted the time penalties in, and what the stewards decide later is not in them.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.contract.models import Driver
from pipeline.contract.sessions import SESSIONS
from pipeline.frames import stewards
from pipeline.model import DriverInfo, RaceFrames, RawRace, Rows
from pipeline.timing.laps import valid
from pipeline.timing.rows import of_rows
from pipeline.timing.timed_results import by_lap_times, ranked_rows

Ruled = tuple[float, stewards.Ruling]
"""When race control said it, session seconds, and what it rules."""

CLASSIFIED = 0.9  # of the winner's laps: by the rules who has driven these is classified, flag or not
_TIME_PENALTY = re.compile(r"(\d+) ?S\w* TIME PENALT")


def results(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row per driver: in the order of the classification, else by what the timing says."""
    known = {d.number: d for d in raw.drivers}
    race = SESSIONS[raw.event.session].is_race
    by_timing = _by_timing(raw, frames) if race else by_lap_times(raw, frames)
    rulings = [(row.t, ruling) for row in raw.race_control if (ruling := stewards.parse(row.message))]
    out = {number: _disqualified(rulings, info) for number, info in known.items()}
    fastest = {number: _fastest(raw, frames, number) for number in known}
    ranked = sorted(best for number, (_, best) in fastest.items() if best is not None and not out[number])
    rows = []
    for driver in frames.drivers:
        (lap, best), gone = fastest[driver.number], out[driver.number]
        official = _official(known, driver.number, by_timing) if race else _place(known[driver.number])
        row = _who(known[driver.number]) | by_timing[driver.number] | official
        rows.append(
            row
            | {
                "laps": known[driver.number].laps or driver.laps,
                "disqualified": gone,
                "grid_penalty": _grid_penalty(rulings, frames.clock.t0, driver.number),
                "fastest_lap": lap,
                "fastest_lap_s": best,
                "fastest_lap_rank": None if best is None or gone else ranked.index(best) + 1,
                "penalty_s": float(sum(_penalties(driver))) if raw.race_control else None,
            }
        )
    return of_rows(list(_finished(rows)) if race else ranked_rows(rows))


def _who(info: DriverInfo) -> dict[str, Any]:
    parts = (*info.parts, None, None, None)[:3]
    return {
        "driver": info.code,
        "number": info.number,
        "name": info.name,
        "team": info.team,
        "driver_id": info.driver_id,
        "team_id": info.team_id,
        "classified": info.classified,
        "status": info.result,
        "grid": info.grid,
        "points": info.points,
        **{f"q{n}_s": part for n, part in enumerate(parts, 1)},
    }


def _place(info: DriverInfo) -> dict[str, Any]:
    """The official place and times of a session that goes by lap times; what lacks is the timing's."""
    place = {"position": int(info.classified)} if info.classified and info.classified.isdigit() else {}
    return place | {f"q{n}_s": part for n, part in enumerate(info.parts, 1) if part is not None}


def _official(known: dict[str, DriverInfo], number: str, timing: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Place, time and gap of the official result; nothing where there is none.

    A gap that it lacks is the timing's, if that has the same winner: before the stewards decide they are one.
    """
    if not any(info.classified for info in known.values()):
        return {}
    info = known[number]
    winner = next((d for d in known.values() if d.classified == "1"), None)
    if not (info.classified or "").isdigit() or winner is None:
        return {"position": None, "gap_s": None}
    same = timing[winner.number]["position"] == 1
    gap = (
        0.0 if info is winner else info.time if info.time is not None or not same else timing[number]["gap_s"]
    )
    time = None if winner.time is None or gap is None else round(winner.time + gap, 3)
    return {"position": int(info.classified or 0), "time_s": time, "gap_s": gap}


def _by_timing(raw: RawRace, frames: RaceFrames) -> dict[str, dict[str, Any]]:
    """Place and gap of each driver as F1's timing ends, of those who took the flag or are classified yet."""
    most = max((d.laps for d in frames.drivers if d.finished_at is not None), default=None)
    found = {}
    for driver in frames.drivers:
        timing = raw.timing.get(driver.number)
        told = most is not None and timing is not None and len(timing.t) > 0
        home = driver.finished_at is not None
        gap = (
            float(timing.gap[-1]) if timing is not None and told and home and driver.laps == most else np.nan
        )
        classified = home or (most is not None and driver.laps >= int(CLASSIFIED * most))
        found[driver.number] = {
            "position": int(timing.place[-1]) if timing is not None and told and classified else None,
            "time_s": None,
            "gap_s": None if np.isnan(gap) else round(gap, 3),
        }
    return found


def _finished(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """With laps behind the winner; a lapped car has no gap in seconds. By place, where it is the timing's."""
    winner = next((row["laps"] for row in rows if row["position"] == 1), None)
    if not any(row["classified"] for row in rows):
        rows = sorted(rows, key=lambda row: (row["position"] or len(rows) + 1, -row["laps"]))
    for row in rows:
        down = None if winner is None or row["position"] is None else max(0, winner - row["laps"])
        lapped = {"gap_s": None, "time_s": None} if down else {}
        yield row | lapped | {"laps_down": down}


def _disqualified(rulings: list[Ruled], info: DriverInfo) -> bool | None:
    """By the classification; before it is out by race control, whose silence says nothing."""
    if info.classified is not None:
        return info.classified in ("D", "E")
    return any(r.kind == "disqualified" and info.number in r.cars for _, r in rulings) or None


def _grid_penalty(rulings: list[Ruled], start: float, number: str) -> str | None:
    """What was announced before the start; what comes later is for the next race."""
    told = [r.penalty for t, r in rulings if t < start and r.kind == "penalty" and number in r.cars]
    return "; ".join(penalty for penalty in told if penalty and "GRID" in penalty) or None


def _fastest(raw: RawRace, frames: RaceFrames, number: str) -> tuple[int | None, float | None]:
    """Lap and time of a driver's fastest lap that was not deleted."""
    own = raw.laps.get(number)
    if own is None or "lap_time_s" not in own.extra:
        return None, None
    times = np.where(valid(raw, frames, number), own.extra["lap_time_s"].astype(np.float64), np.nan)
    if np.isnan(times).all():
        return None, None
    best = int(np.nanargmin(times))
    return int(own.number[best]), round(float(times[best]), 3)


def _penalties(driver: Driver) -> Iterator[int]:
    """Seconds of each time penalty that was announced for the driver and stands."""
    for penalty in driver.penalties:
        ruling = stewards.parse(penalty.message)
        if ruling is not None and (found := _TIME_PENALTY.match(ruling.penalty or "")):
            yield int(found[1])
