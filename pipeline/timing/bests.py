"""The best times so far, as they stood at a moment."""

import numpy as np

from pipeline.model import Floats

TIMED = ("lap_time_s", "sector1_s", "sector2_s", "sector3_s")


def best_so_far(moments: Floats, times: Floats, at: Floats) -> Floats:
    """The least of the times at or before each moment of `at`; NaN where there is none."""
    order = np.argsort(moments, kind="stable")
    least = np.concatenate(([np.nan], np.fmin.accumulate(times[order])))
    return np.where(np.isnan(at), np.nan, least[np.searchsorted(moments[order], at, "right")])
