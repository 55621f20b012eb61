"""Rows as columns: put together from parts, or from models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.contract.models import Model
from pipeline.model import Floats, Rows


def rounded(seconds: Floats) -> Floats:
    """Moments and durations as tables have them, to the millisecond."""
    return np.asarray(np.round(seconds, 3), dtype=np.float64)


def joined(parts: Iterable[Rows]) -> Rows:
    """The parts' rows one after the other, all of the same columns."""
    known = list(parts)
    return {
        name: np.concatenate([part[name] for part in known])
        if isinstance(values, np.ndarray)
        else [value for part in known for value in part[name]]
        for name, values in (known[0] if known else {}).items()
    }


def of_rows(rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Rows that all have the same columns."""
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def of_models(models: Sequence[Model], t0: float) -> Rows:
    """A row a model, whose `t` becomes `t_s` on the frame clock."""
    rows = [dict(model) for model in models]
    names = rows[0].keys() - {"t"} if rows else set()
    moments: Rows = {"t_s": [round(row["t"] - t0, 3) for row in rows]}
    return moments | {name: [row[name] for row in rows] for name in sorted(names)}
