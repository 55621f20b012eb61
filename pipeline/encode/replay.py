"""RaceFrames -> the compact replay: the feed's own samples in one-minute chunks.

Straight lines between samples are all that anyone adds, so the samples are what is sent: delta-coded
integers on two clocks shared by all cars, and change points for what is stepped. A chunk stands alone.
"""

from collections.abc import Iterator

import numpy as np
import orjson

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.columns import COLUMNS, REPLAY
from pipeline.contract.models import ReplayColumn
from pipeline.contract.sessions import SessionCode
from pipeline.contract.tables import FRAMES
from pipeline.frames.clean import HOLE_S
from pipeline.model import Floats, RaceFrames

CHUNK_S = 60.0
HOLE_MS = round(HOLE_S * 1000)

Pairs = list[int | None]
"""[ms, value, ms, value, ...]; ms are differences, the first from frame 0; None is unknown."""

_STEPPED = [name for name, form in REPLAY.items() if form.clock == "step"]


def columns(session: SessionCode) -> dict[str, ReplayColumn]:
    """How a client reads each column, as the manifest of a session says it."""
    declared = {column.name: column for column in FRAMES.of(session).columns}
    return {
        name: ReplayColumn(
            clock=form.clock,
            scale=form.scale,
            unit=declared[name].coded if declared[name].words else declared[name].unit,
        )
        for name, form in REPLAY.items()
    }


def chunks(race: RaceFrames) -> Iterator[tuple[float, float, bytes]]:
    """All chunks of the race in order: the first and last second of the frame clock, and the JSON text."""
    pos_ms, car_ms = (
        np.rint((t - race.clock.t0) * 1000).astype(np.int64) for t in (race.replay.pos_t, race.replay.car_t)
    )
    samples = {
        code: {name: np.rint(values / REPLAY[name].scale) for name, values in columns.items()}
        for code, columns in race.replay.values.items()
    }
    t_ms = race.clock.t_ms().astype(np.int64)
    last_ms = int(t_ms[-1])
    starts = np.arange(0, last_ms + 1, round(CHUNK_S * 1000))
    ends = np.minimum(starts + round(CHUNK_S * 1000), last_ms)
    changes = {
        code: {name: _changes(car.columns[name], COLUMNS[name].null, t_ms, starts, ends) for name in _STEPPED}
        for code, car in race.cars.items()
    }
    lasts = {code: int(t_ms[len(car) - 1]) for code, car in race.cars.items()}
    for index, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        pos, car = _window(pos_ms, start, end), _window(car_ms, start, end)
        document = {
            "schema_version": SCHEMA_VERSION,
            "index": index,
            "start_ms": start,
            "end_ms": end,
            "pos_t": np.diff(pos_ms[pos], prepend=0).tolist(),
            "car_t": np.diff(car_ms[car], prepend=0).tolist(),
            "cars": {
                code: {
                    name: _delta(values[pos if REPLAY[name].clock == "pos" else car])
                    for name, values in samples[code].items()
                }
                | {name: next(pairs) for name, pairs in changes[code].items()}
                for code in race.cars
                if lasts[code] >= start
            },
            "until": {code: last for code, last in lasts.items() if start <= last < end},
        }
        yield start / 1000, end / 1000, orjson.dumps(document)


def _window(t_ms: np.ndarray, start: int, end: int) -> slice:
    """Samples from the last at or before `start` to the first at or after `end`."""
    first = int(np.searchsorted(t_ms, start, "right")) - 1
    last = int(np.searchsorted(t_ms, end, "left")) + 1
    return slice(max(first, 0), last)


def _delta(values: Floats) -> list[int | None]:
    """First known value, then differences to the last known one; None where unknown."""
    known = ~np.isnan(values)
    steps: list[int | None] = np.diff(values[known], prepend=0.0).astype(np.int64).tolist()
    if len(steps) == len(values):
        return steps
    rest = iter(steps)
    return [next(rest) if there else None for there in known.tolist()]


def _changes(
    values: np.ndarray, null: int, t_ms: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> Iterator[Pairs]:
    """A stepped column's changes, chunk by chunk: first what holds at its start, then up to its end."""
    frames = np.flatnonzero(np.concatenate(([True], np.diff(values) != 0)))
    t, held = t_ms[frames], values[frames]
    first = np.maximum(np.searchsorted(t, starts, "right") - 1, 0).tolist()
    last = np.searchsorted(t, ends, "right").tolist()
    for start, low, high in zip(starts.tolist(), first, last, strict=True):
        steps = np.diff(np.maximum(t[low:high], start), prepend=0).tolist()
        known = (None if value == null else value for value in held[low:high].tolist())
        yield [item for pair in zip(steps, known, strict=True) for item in pair]
