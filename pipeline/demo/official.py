"""The official timing of a simulated race: when lines are crossed, and who is where."""

import numpy as np

from pipeline.demo.truth import Floats


def line_times(t: Floats, progress: Floats, levels: Floats) -> Floats:
    """When a car's progress reaches each level, rounded up to the ms: by then it has. NaN if never."""
    exact = np.interp(levels, progress, t, left=np.nan, right=np.nan)
    return np.round(np.ceil(exact * 1000 - 1e-6) / 1000, 3)


def look_times(rng: np.random.Generator, end: float) -> Floats:
    """When the timing looks at all cars: about twice a second until the last flag."""
    ticks = np.round(np.cumsum(rng.integers(400, 601, size=int(end / 0.4))) / 1000, 3)
    return np.asarray(ticks[ticks < end])


def official_orders(
    t: Floats,
    progress: Floats,
    codes: list[str],
    *,
    looks: Floats,
    line_s: dict[str, Floats],
    finished_s: dict[str, float],
) -> list[tuple[float, tuple[str, ...]]]:
    """Every change of the order: by distance, at each look and each crossing of the line.

    A finisher's distance ends at the flag; equal distances are in the order of the flag.
    """
    times = np.unique(np.concatenate([looks, *line_s.values()]))
    key = np.stack([np.interp(times, t, row) for row in progress])
    by_flag = sorted(finished_s, key=lambda code: finished_s[code])
    for rank, code in enumerate(by_flag):
        laps = len(line_s[code])
        key[codes.index(code), times >= finished_s[code]] = laps + 1e-9 * (len(codes) - rank)
    ranked = np.argsort(-key, axis=0, kind="stable")
    orders = [(float(t[0]), tuple(codes))]
    for k, when in enumerate(times):
        order = tuple(codes[i] for i in ranked[:, k])
        if order != orders[-1][1]:
            orders.append((float(when), order))
    return orders
