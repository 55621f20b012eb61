"""Samples -> frames on a shared index: the search is done once for each clock, not for each car."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.frames.clean import HOLE_S
from pipeline.model import Floats


@dataclass(frozen=True)
class Index:
    """Where each of (n,) times falls between samples.

    before: intp, the sample at or before (0 where there is none). weight: float32, 0..1 towards the next.
    joined: whether both neighbours exist and are no hole apart. fresh: whether a sample at or before
    exists and is no older than a hole.
    """

    before: npt.NDArray[np.intp]
    after: npt.NDArray[np.intp]
    weight: npt.NDArray[np.float64]
    joined: npt.NDArray[np.bool_]
    fresh: npt.NDArray[np.bool_]


def make_index(samples: Floats, times: Floats) -> Index:
    """Place `times` (n,) among `samples` (m,), both increasing, m >= 1."""
    found = np.searchsorted(samples, times + 1e-6, "right") - 1
    before = np.clip(found, 0, None)
    after = np.minimum(before + 1, len(samples) - 1)
    span = samples[after] - samples[before]
    age = times - samples[before]
    exact = (found >= 0) & (age < 1e-6)
    joined = exact | ((found >= 0) & (span > 0) & (span <= HOLE_S))
    weight = np.where(joined & (span > 0), age / np.where(span > 0, span, 1.0), 0.0)
    return Index(before, after, np.clip(weight, 0.0, 1.0), joined, (found >= 0) & (age <= HOLE_S))


def interpolate(values: Floats, index: Index) -> Floats:
    """Straight lines between neighbouring samples; NaN across holes and next to unknown values."""
    low = values.take(index.before)
    found = values.take(index.after)
    found -= low
    found *= index.weight
    found += low
    # weight 0 must not pick up a NaN from the sample after
    np.copyto(found, low, where=index.weight == 0.0)
    found[~index.joined] = np.nan
    return found


def fixed(values: Floats, decimals: int, dtype: str) -> npt.NDArray[np.signedinteger]:
    """float64 -> rounded fixed point; NaN, and what the dtype cannot hold, as its minimum for unknown."""
    scaled = values * 10.0**decimals
    np.rint(scaled, out=scaled)
    scaled[~(np.abs(scaled) <= np.iinfo(dtype).max)] = np.iinfo(dtype).min
    return scaled.astype(dtype)


def step(values: npt.NDArray[np.signedinteger], index: Index, dtype: str) -> npt.NDArray[np.signedinteger]:
    """The sample at or before each time; negative samples and samples older than a hole are unknown."""
    picked = values[index.before]
    return np.where(index.fresh & (picked >= 0), picked, np.iinfo(dtype).min).astype(dtype)
