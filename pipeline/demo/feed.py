"""Writes a simulated session as a raw recording, line by line as F1's live timing sends it.

The lines are those of `python -m fastf1.livetiming save`: the text of a Python list of topic, message
and time. Only the subscription's first answer differs: the client saves it in a form that fastf1 itself
cannot read, so the full initial state is written here as ordinary messages at the feed's first moment.
"""

import base64
import json
import math
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.demo.messages import race_control, session_lines, weather
from pipeline.demo.timed_timing import IN_GARAGE, timed_changes
from pipeline.demo.timing import race_changes, timing_lines, tyre_lines
from pipeline.demo.topics import topic_lines
from pipeline.demo.truth import DemoEvent, Floats, Line, Truth

Entry = Callable[[int, int], dict[str, Any]]
"""(row of the car, number of the sample) -> what the feed says of it"""


def write_recording(truth: Truth, path: Path, event: DemoEvent) -> None:
    """Write the recording that fastf1's LiveTimingData reads; the same truth makes the same bytes."""
    timing = timing_lines(truth, race_changes(truth))
    if truth.parts:
        timing = timing_lines(truth, timed_changes(truth), **IN_GARAGE)
    lines = [
        *session_lines(truth, event),
        *timing,
        *tyre_lines(truth),
        *topic_lines(truth, event),
        *race_control(truth, event),
        *weather(truth),
        *_positions(truth, event),
        *_car_data(truth, event),
    ]
    lines.sort(key=lambda line: line[0])  # stable: within a moment the order above holds
    text = "".join(f"{[topic, message, event.utc(when)]!s}\n" for when, topic, message in lines)
    path.write_text(text, encoding="ascii", newline="\n")


def _positions(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    x, y, z = (_rounded(truth.at(c, truth.pos_t)) for c in (truth.x, truth.y, truth.z))
    off = [truth.retired_s.get(car.code, math.inf) - 10 for car in truth.cars]

    def entry(i: int, k: int) -> dict[str, Any]:
        status = "OffTrack" if truth.pos_t[k] > off[i] else "OnTrack"
        return {"Status": status, "X": x[i][k], "Y": y[i][k], "Z": z[i][k]}

    return _batches(truth, event, truth.pos_t, 4, ("Position.z", "Position", "Timestamp", "Entries"), entry)


def _car_data(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    times = truth.car_t
    rows = {
        "0": _rounded(truth.at(truth.rpm, times)),
        "2": _rounded(truth.at(truth.speed, times)),
        "3": truth.held(truth.gear, times).tolist(),
        "4": _rounded(truth.at(truth.throttle, times)),
        "5": truth.held(truth.brake, times).tolist(),
        "45": truth.held(truth.drs, times).tolist(),
    }
    codes = [car.code for car in truth.cars]
    for code, when in truth.bad_samples:
        k = int(np.searchsorted(times, when - 1e-6))
        rows["3"][codes.index(code)][k], rows["4"][codes.index(code)][k] = 12, 104

    def entry(i: int, k: int) -> dict[str, Any]:
        return {"Channels": {key: row[i][k] for key, row in rows.items()}}

    return _batches(truth, event, times, 5, ("CarData.z", "Entries", "Utc", "Cars"), entry)


def _rounded(values: Floats) -> list[list[int]]:
    rows: list[list[int]] = np.rint(values).astype(int).tolist()
    return rows


def _batches(
    truth: Truth, event: DemoEvent, times: Floats, size: int, names: tuple[str, str, str, str], entry: Entry
) -> Iterator[Line]:
    """The samples, `size` a line; `names` are those of topic, list, stamp and cars."""
    topic, samples, stamp, cars = names
    for first in range(0, len(times), size):
        batch = times[first : first + size].tolist()
        message = [
            {
                stamp: f"{event.utc(when)[:-1]}0000Z",  # the samples' own stamps have seven decimals
                cars: {car.number: entry(i, k) for i, car in enumerate(truth.cars)},
            }
            for k, when in enumerate(batch, start=first)
        ]
        yield batch[-1], topic, _packed({samples: message})


def _packed(message: dict[str, Any]) -> str:
    """Raw deflate in base64, as the .z topics are.

    fastf1 replaces "True" and "False" in the whole line before it parses it, packed data included;
    where chance puts one there, another compression level makes other text.
    """
    data = json.dumps(message, separators=(",", ":")).encode()
    for level in (6, 9, 5, 4, 3, 1):
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        text = base64.b64encode(packer.compress(data) + packer.flush()).decode()
        if "True" not in text and "False" not in text:
            return text
    raise ValueError("no compression level avoids the words fastf1 replaces")
