"""The result of qualifying and practice as the timing has it: places as it ends, best laps of the parts.

Of practice and sprint qualifying nobody publishes another one.
"""

from typing import Any

from pipeline.contract.sessions import SESSIONS
from pipeline.frames.lap_times import bests
from pipeline.frames.ranking import final_places
from pipeline.model import RaceFrames, RawRace


def by_lap_times(raw: RawRace, frames: RaceFrames) -> dict[str, dict[str, Any]]:
    """Racing number -> place, times, and gap to the best time of the last part, of who has one in it."""
    known = bests(raw, frames.lap_times, len(frames.parts))
    places = final_places(raw, frames.lap_times, frames.clock)
    last = {number: own[-1] for number, own in known.items()}
    first = min((time for time in last.values() if time is not None), default=None)
    qualifying = SESSIONS[raw.event.session].kind == "qualifying"
    found = {}
    for driver in raw.drivers:
        own = known.get(driver.number, [])
        time = last.get(driver.number)
        times = {f"q{n}_s": best for n, best in enumerate(own, 1)} if qualifying else {}
        gap = None if time is None or first is None else round(time - first, 3)
        found[driver.number] = {"position": places.get(driver.number), "time_s": None, "gap_s": gap, **times}
    return found


def ranked_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By place, who has none last."""
    told = [row | {"laps_down": None} for row in rows]
    return sorted(told, key=lambda row: row["position"] or len(rows) + 1)
