"""The rows of the pit stops table: what each visit to the pit lane was for, and what it cost.

Who is believed. Entry and exit: the laps. Lane time: the feed's own, else exit less entry. Stand: the feed's
own, else the car's speed. Tyres: the laps, which input resolves from the feed's stints and the pit visits.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.contract.models import Driver
from pipeline.frames import stewards
from pipeline.frames.race import RED
from pipeline.model import CarFrames, Laps, RaceFrames, RawRace, Rows, Status
from pipeline.timing.rows import of_rows
from pipeline.timing.visits import Visit, team_mates, visits

JITTER_S = 1.0  # by which two sources of one time may differ


def pit_stops(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row per driver and visit, by driver and time."""
    found, mates = visits(raw, frames), team_mates(raw.drivers)
    rows: list[dict[str, Any]] = []
    for driver in sorted(frames.drivers, key=lambda d: d.code):
        others = [visit for mate in mates.get(driver.number, ()) for visit in found.get(mate, ())]
        rows += _of_car(raw, frames, driver, found.get(driver.number, []), others)
    return of_rows(rows)


def _of_car(
    raw: RawRace, frames: RaceFrames, driver: Driver, own: list[Visit], mates: list[Visit]
) -> Iterator[dict[str, Any]]:
    orders, laps = _stop_and_go(driver), raw.laps.get(driver.number)
    for stop, visit in enumerate(own, 1):
        if laps is None:
            return
        kind = _kind(visit, laps, raw.track_status, driver)
        entry = visit.entry - frames.clock.t0
        if kind == "no_change" and (due := [t for t in orders if t < entry]):
            kind = "stop_and_go"
            orders.remove(due[0])
        yield (
            {"driver": driver.code, "stop": stop, "lap": int(laps.number[visit.row]), "kind": kind}
            | _times(visit, frames.clock.t0, kind)
            | _tyres(visit, laps)
            | _places(visit, frames, frames.cars.get(driver.code))
            | {
                "track_status": str(raw.track_status.at(np.array(visit.inside[0]))) or None,
                "double_stop": None if kind == "red_flag" else _behind_mate(visit, mates),
                "conflict": _conflict(visit, kind),
            }
        )


def _stop_and_go(driver: Driver) -> list[float]:
    """When stop-and-go penalties of the driver were announced, on the frame clock."""
    ruled = [(p.t, stewards.parse(p.message)) for p in driver.penalties]
    return [t for t, ruling in ruled if ruling is not None and "STOP" in (ruling.penalty or "")]


def _kind(visit: Visit, laps: Laps, status: Status, driver: Driver) -> str:
    """One of `STOP_KINDS` but stop_and_go."""
    if np.isnan(visit.out) and not visit.goes_on and driver.retired_at is not None:
        return "retired"
    if _red(status, *visit.inside):
        return "red_flag"
    changed = _changed(visit, laps)
    if changed:
        return "tyres"
    stood = visit.stood if visit.said is None or visit.said.stationary is None else visit.said.stationary
    if stood == 0:
        return "drive_through"
    return "unknown" if np.isnan(stood) or changed is None else "no_change"


def _red(status: Status, begin: float, end: float) -> bool:
    """Whether the session was stopped at some moment in between."""
    until = np.append(status.t, np.inf)[1:]
    return any(
        code == RED and since < end and till > begin
        for since, till, code in zip(status.t, until, status.code, strict=True)
    )


def _changed(visit: Visit, laps: Laps) -> bool | None:
    """Whether the car left on other tyres; None where nobody says, or it did not leave."""
    stint = laps.extra.get("stint")
    if stint is None or visit.row + 1 >= len(laps):
        return None
    before, after = stint[visit.row : visit.row + 2].astype(np.float64)
    return None if np.isnan(before) or np.isnan(after) else bool(before != after)


def _times(visit: Visit, t0: float, kind: str) -> dict[str, Any]:
    said = visit.said
    lane = visit.out - visit.entry if said is None or said.lane is None else said.lane
    by_feed = said is not None and said.stationary is not None
    stood = said.stationary if said is not None and by_feed else visit.stood
    known = stood is not None and not np.isnan(stood) and kind != "retired"
    return {
        "pit_in_s": round(visit.entry - t0, 3),
        "pit_out_s": round(visit.out - t0, 3),
        "lane_time_s": round(lane, 3),
        "stationary_s": round(stood, 1) if stood is not None and known else None,
        "stationary_from": ("feed" if by_feed else "speed") if known else None,
    }


def _tyres(visit: Visit, laps: Laps) -> dict[str, Any]:
    left = visit.row + 1 < len(laps) and not (np.isnan(visit.out) and not visit.goes_on)
    after, life = visit.row + 1, int(laps.tyre_life[visit.row])
    fresh = laps.extra.get("fresh_tyre")
    return {
        "tyre_before": int(laps.tyre[visit.row]),
        "tyre_after": int(laps.tyre[after]) if left else None,
        "tyre_life_before": life if life >= 0 else None,
        "fresh_tyre": bool(fresh[after]) if left and fresh is not None and _changed(visit, laps) else None,
    }


def _places(visit: Visit, frames: RaceFrames, car: CarFrames | None) -> dict[str, Any]:
    """As the frames show them."""
    found = {}
    for name, t in (("position_before", visit.entry), ("position_after", visit.out)):
        frame = None if np.isnan(t) else frames.clock.index(t)
        shown = car is not None and frame is not None and frame < len(car)
        place = int(car.columns["position"][frame]) if car is not None and shown else 0
        found[name] = place if place > 0 else None
    return found


def _behind_mate(visit: Visit, mates: list[Visit]) -> bool | None:
    """Whether a team mate, who had come before, still stood when the car came; None where nobody knows."""
    there = [mate for mate in mates if mate.entry < visit.entry < mate.inside[1]]
    if any(visit.entry < mate.stand[1] for mate in there):
        return True
    return None if np.isnan(visit.entry) or any(np.isnan(mate.stood) for mate in there) else False


def _conflict(visit: Visit, kind: str) -> str | None:
    said, lane = visit.said, visit.out - visit.entry
    told = []
    if said is not None and said.lane is not None and abs(said.lane - lane) > JITTER_S:
        told.append(f"{lane:.3f} s in the lane by its entry and exit")
    if said is not None and said.stationary is not None and abs(said.stationary - visit.stood) > JITTER_S:
        told.append(f"stood {visit.stood:.1f} s by its speed")
    elif kind == "tyres" and visit.stood == 0:
        told.append("did not stand by its speed")
    return "; ".join(told) or None
