"""frames.parquet as arrays, to hold what the reader and the page say against."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from pipeline.contract.models import Manifest

LINES = ("x", "y", "z", "speed", "rpm", "throttle")
STEPS = ("gear", "drs", "brake", "lap", "position", "tyre", "tyre_life")
REST = ("dist", "rel_dist", "gap", "interval", "laps_down", "status")  # the last but status came later
Columns = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Truth:
    """Every car's columns from frame 0 until it is out; numbers as float64 with NaN for null."""

    manifest: Manifest
    cars: dict[str, Columns]

    @classmethod
    def read(cls, folder: Path) -> "Truth":
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        table = pq.read_table(folder / "frames.parquet")
        drivers = table["driver"].combine_chunks().dictionary_encode()
        columns = {n: _array(table[n]) for n in (*LINES, *STEPS, *REST) if n in table.column_names}
        numbers, codes = drivers.indices.to_numpy(), drivers.dictionary.to_pylist()
        own = {code: np.flatnonzero(numbers == number) for number, code in enumerate(codes)}
        cars = {code: {name: values[rows] for name, values in columns.items()} for code, rows in own.items()}
        return cls(manifest, cars)

    @property
    def fps(self) -> float:
        return self.manifest.clock.fps

    def order(self, t: float) -> list[str]:
        """Codes by position at the frame at `t`."""
        frame = round(t * self.fps)
        here = {code: car["position"][frame] for code, car in self.cars.items() if frame < len(car["lap"])}
        return sorted(here, key=lambda code: here[code])

    def frames(self, every: int) -> list[int]:
        """Every n-th frame, the last one, and those around every car's last."""
        ends = [len(car["lap"]) - 1 for car in self.cars.values()]
        around = {end + step for end in ends for step in (-1, 0, 1)}
        chosen = set(range(0, self.manifest.clock.frames, every)) | around
        return sorted(frame for frame in chosen if 0 <= frame < self.manifest.clock.frames)


def _array(column: Any) -> np.ndarray[Any, Any]:
    if str(column.type).startswith("dictionary"):
        return np.asarray(column.combine_chunks().cast("string").to_numpy(zero_copy_only=False))
    return np.asarray(column.cast("float64").to_numpy(), dtype=np.float64)
