"""What in a race's events contradicts itself, the official timing, or the laps."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from pipeline.frames.messages import read
from pipeline.model import OfficialTiming, RaceFrames, RawRace
from pipeline.timing.laps import counts

SETTLED_S = 0.5  # after a crossing the places of it have arrived

Row = dict[str, Any]
Found = Iterator[tuple[str, str]]


def contradictions(raw: RawRace, frames: RaceFrames, rows: list[Row]) -> Found:
    """(what, where) of each. rows: of the events table."""
    kinds = defaultdict[str, list[Row]](list)
    for row in rows:
        kinds[row["kind"]].append(row)
    yield from _order(raw, frames, kinds["overtake"])
    yield from _pairs(kinds["overtake"])
    yield from _ends(frames, kinds)
    yield from _fastest(raw, kinds["fastest_lap"])
    yield from _phases(kinds)
    yield from _rulings(raw, kinds)
    for message in raw.race_control:
        if read(message).kind is None:
            yield "message of no kind", message.message


def crossings(raw: RawRace, frames: RaceFrames) -> list[tuple[float, str, int]]:
    """(session second, code, lap) of every line crossing of a car that is in the frames."""
    codes = {driver.number: driver.code for driver in frames.drivers}
    return sorted(
        (float(end), codes[number], int(lap))
        for number, own in raw.laps.items()
        for end, lap in zip(own.end[own.completed], own.number[own.completed], strict=True)
        if codes[number] in frames.cars
    )


def _order(raw: RawRace, frames: RaceFrames, overtakes: list[Row]) -> Found:
    """At each crossing the car's place is that on the grid, less whom it passed, and who passed it.

    Its place is the official one among the cars that are still there.
    """
    numbers = {driver.code: driver.number for driver in frames.drivers}
    place = {code: int(car.columns["position"][0]) for code, car in frames.cars.items()}
    due = sorted(overtakes, key=lambda row: row["t_s"])
    for end, code, lap in crossings(raw, frames):
        t = end + SETTLED_S
        while due and due[0]["t_s"] + frames.clock.t0 <= t:
            row = due.pop(0)
            place[row["driver"]] -= 1
            place[row["other"]] += 1
        at = min(frames.clock.index(t), frames.clock.frames) - 1
        there = [other for other, car in frames.cars.items() if len(car) > at]
        official = {other: _place(raw.timing.get(numbers[other]), t) for other in there}
        if code in official and None not in official.values():
            wanted = 1 + sum(official[other] < official[code] for other in there)  # type: ignore[operator]
            if wanted != place[code]:
                yield "place at the line", f"{code} lap {lap}: {place[code]}, the timing has {wanted}"


def _place(timing: OfficialTiming | None, t: float) -> int | None:
    row = -1 if timing is None else int(np.searchsorted(timing.t, t, "right")) - 1
    return None if timing is None or row < 0 else int(timing.place[row])


def _pairs(overtakes: list[Row]) -> Found:
    of = defaultdict[frozenset[str], list[Row]](list)
    for row in overtakes:
        of[frozenset((row["driver"], row["other"]))].append(row)
    for rows in of.values():
        for before, after in pairwise(rows):
            if before["driver"] == after["driver"]:
                yield "passed twice", f"{after['driver']} {after['other']} at {after['t_s']:.0f} s"


def _ends(frames: RaceFrames, kinds: dict[str, list[Row]]) -> Found:
    out = {d.code: d.retired_at for d in frames.drivers if d.retired_at is not None}
    told = {row["driver"]: row["t_s"] for row in kinds["retirement"]}
    if out.keys() != told.keys():
        yield "retirements", " ".join(sorted(out.keys() ^ told.keys()))
    for kind in ("overtake", "pit_stop", "fastest_lap"):
        for row in kinds[kind]:
            if row["t_s"] > told.get(row["driver"], np.inf) + 1.0:
                yield f"{kind} after the retirement", f"{row['driver']} at {row['t_s']:.0f} s"


def _fastest(raw: RawRace, rows: list[Row]) -> Found:
    times = [
        float(seconds)
        for own in raw.laps.values()
        for seconds in own.extra["lap_time_s"][counts(own)]
        if seconds > 0
    ]
    if any(after["seconds"] >= before["seconds"] for before, after in pairwise(rows)):
        yield "fastest laps do not get faster", ""
    if (rows[-1]["seconds"] if rows else None) != (round(min(times), 3) if times else None):
        yield "the last fastest lap is not the fastest", ""


def _phases(kinds: dict[str, list[Row]]) -> Found:
    for kind in ("start", "chequered_flag"):
        if len(kinds[kind]) != 1:
            yield f"{len(kinds[kind])} times {kind}", ""
    changes = sorted((*kinds["stop"], *kinds["restart"]), key=lambda row: row["t_s"])
    if any(before["kind"] == after["kind"] for before, after in pairwise(changes)):
        yield "stops and restarts do not alternate", ""
    reds = [row["t_s"] for row in kinds["flag"] if row["detail"] == "red"]
    for row in kinds["stop"]:
        if not any(abs(t - row["t_s"]) < 60 for t in reds):
            yield "stop without a red flag", f"{row['t_s']:.0f} s"


def _rulings(raw: RawRace, kinds: dict[str, list[Row]]) -> Found:
    for kind in ("noted", "investigation", "penalty", "served"):
        for row in kinds[kind]:
            if row["driver"] is None:
                yield f"{kind} of nobody", f"{row['t_s']:.0f} s {row['detail']}"
    for row in kinds["served"]:
        if not any(p["driver"] == row["driver"] and p["t_s"] < row["t_s"] for p in kinds["penalty"]):
            yield "served without a penalty", f"{row['driver']} at {row['t_s']:.0f} s"
    codes = {driver.code: driver.number for driver in raw.drivers}
    told = {(row["driver"], row["lap"]) for row in kinds["deleted_lap"]}
    for code, number in codes.items():
        own = raw.laps.get(number)
        for lap in () if own is None else own.number[own.extra["deleted"].astype(bool)]:
            if (code, lap) not in told:
                yield "deleted lap without an event", f"{code} lap {lap}"
