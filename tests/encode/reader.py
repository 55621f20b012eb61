"""A replay client in a few lines of numpy, written from the format's description alone."""

import numpy as np
import numpy.typing as npt

from pipeline.contract.models import Replay, ReplayChunkDocument

Floats = npt.NDArray[np.float64]


class Replayed:
    def __init__(self, replay: Replay, chunks: list[ReplayChunkDocument]) -> None:
        self._replay = replay
        self._chunks = chunks

    def line(self, code: str, name: str, t_ms: npt.NDArray[np.integer]) -> Floats:
        """A clocked column at the given times: straight lines, NaN across holes and next to unknowns."""
        column = self._replay.columns[name]
        out = np.full(len(t_ms), np.nan)
        for chunk in self._chunks:
            inside = (t_ms >= chunk.start_ms) & (t_ms <= chunk.end_ms)
            if not inside.any() or name not in chunk.cars.get(code, {}):
                continue
            t = np.cumsum(chunk.pos_t if column.clock == "pos" else chunk.car_t)
            values = _undelta(chunk.cars[code][name]) * column.scale
            out[inside] = _join(t, values, t_ms[inside], self._replay.hole_ms)
        return out

    def step(self, code: str, name: str, t_ms: npt.NDArray[np.integer]) -> Floats:
        """A stepped column at the given times."""
        column = self._replay.columns[name]
        out = np.full(len(t_ms), np.nan)
        for chunk in self._chunks:
            inside = (t_ms >= chunk.start_ms) & (t_ms <= chunk.end_ms)
            if not inside.any() or code not in chunk.cars:
                continue
            pairs = chunk.cars[code][name]
            t = np.cumsum([step or 0 for step in pairs[::2]])
            values = np.array([np.nan if v is None else v for v in pairs[1::2]], dtype=float)
            out[inside] = values[np.searchsorted(t, t_ms[inside], "right") - 1] * column.scale
        return out


def _undelta(steps: list[int | None]) -> Floats:
    known = np.array([step is not None for step in steps])
    out = np.full(len(steps), np.nan)
    out[known] = np.cumsum([step for step in steps if step is not None])
    return out


def _join(t: npt.NDArray[np.int64], values: Floats, at: npt.NDArray[np.integer], hole_ms: int) -> Floats:
    before = np.clip(np.searchsorted(t, at, "right") - 1, 0, len(t) - 1)
    after = np.minimum(before + 1, len(t) - 1)
    span = t[after] - t[before]
    part = (at - t[before]) / np.where(span == 0, 1, span)
    low, high = values[before], values[after]
    joined = np.where(part == 0, low, low + (high - low) * part)
    return np.where((at >= t[before]) & ((span <= hole_ms) | (part == 0)), joined, np.nan)
