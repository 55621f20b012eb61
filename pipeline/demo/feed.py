"""Writes a simulated race as a raw recording, line by line as F1's live timing sends it.

The lines are those of `python -m fastf1.livetiming save`: the text of a Python list of topic, message
and time. Only the subscription's first answer differs: the client saves it in a form that fastf1 itself
cannot read, so the full initial state is written here as ordinary messages at the feed's first moment.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.demo.messages import race_control, session_lines, weather
from pipeline.demo.timing import timing_lines, tyre_lines
from pipeline.demo.truth import DemoEvent, Floats, Line, Truth

_POS_BATCH, _CAR_BATCH = 4, 5


def write_recording(truth: Truth, path: Path, event: DemoEvent) -> None:
    """Write the recording that fastf1's LiveTimingData reads; the same truth makes the same bytes."""
    lines = [
        *session_lines(truth, event),
        *timing_lines(truth),
        *tyre_lines(truth),
        *race_control(truth, event),
        *weather(truth),
        *_positions(truth, event),
        *_car_data(truth, event),
    ]
    lines.sort(key=lambda line: line[0])  # stable: within a moment the order above holds
    text = "".join(f"{[topic, message, event.utc(when)]!s}\n" for when, topic, message in lines)
    path.write_text(text, encoding="ascii", newline="\n")


def _positions(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    x, y, z = (np.rint(truth.at(c, truth.pos_t)).astype(int).tolist() for c in (truth.x, truth.y, truth.z))
    off = {code: when - 10 for code, when in truth.retired_s.items()}
    never = float(truth.t[-1]) + 1
    for batch in _batches(truth.pos_t, _POS_BATCH):
        samples = [
            {
                "Timestamp": _long(event, float(truth.pos_t[k])),
                "Entries": {
                    car.number: {
                        "Status": "OffTrack" if truth.pos_t[k] > off.get(car.code, never) else "OnTrack",
                        "X": x[i][k],
                        "Y": y[i][k],
                        "Z": z[i][k],
                    }
                    for i, car in enumerate(truth.cars)
                },
            }
            for k in batch
        ]
        yield float(truth.pos_t[batch[-1]]), "Position.z", _packed({"Position": samples})


def _car_data(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    times = truth.car_t
    linear = {
        key: np.rint(truth.at(c, times)).astype(int).tolist()
        for key, c in (("0", truth.rpm), ("2", truth.speed), ("4", truth.throttle))
    }
    held = {
        key: truth.held(c, times).tolist()
        for key, c in (("3", truth.gear), ("5", truth.brake), ("45", truth.drs))
    }
    rows = {key: (linear | held)[key] for key in ("0", "2", "3", "4", "5", "45")}
    codes = [car.code for car in truth.cars]
    for code, when in truth.bad_samples:
        k = int(np.searchsorted(times, when - 1e-6))
        rows["3"][codes.index(code)][k], rows["4"][codes.index(code)][k] = 12, 104
    for batch in _batches(times, _CAR_BATCH):
        entries = [
            {
                "Utc": _long(event, float(times[k])),
                "Cars": {
                    car.number: {"Channels": {key: row[i][k] for key, row in rows.items()}}
                    for i, car in enumerate(truth.cars)
                },
            }
            for k in batch
        ]
        yield float(times[batch[-1]]), "CarData.z", _packed({"Entries": entries})


def _batches(times: Floats, size: int) -> Iterator[range]:
    return (range(i, min(i + size, len(times))) for i in range(0, len(times), size))


def _long(event: DemoEvent, when: float) -> str:
    """The samples' own stamps have seven decimals."""
    return f"{event.utc(when)[:-1]}0000Z"


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
