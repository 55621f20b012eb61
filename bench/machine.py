"""What this machine gives to a second process of plain work: no two jobs can do better than that."""

import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from statistics import mean

import numpy as np

from bench.child import run

ROUNDS = 40


def speedups(repeats: int) -> dict[str, float]:
    """How many times the work of one process two do side by side, in the fastest of several runs."""
    found = {}
    for name in ("deflate", "copy_memory"):
        with ThreadPoolExecutor(2) as pool:
            alone, beside = (_seconds(pool, name, processes, repeats) for processes in (1, 2))
        found[name.replace("_", " ")] = 2 * alone / beside
    return found


def _seconds(pool: ThreadPoolExecutor, name: str, processes: int, repeats: int) -> float:
    """Mean over the processes, in the fastest run."""
    return min(float(mean(pool.map(run, [f"bench.machine:{name}"] * processes))) for _ in range(repeats))


def deflate() -> float:
    """Seconds of work that stays in a processor's own cache."""
    block = np.random.default_rng(1).integers(ord("0"), ord("9"), 200_000, dtype=np.uint8).tobytes()
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        zlib.compress(block, 6)
    return time.perf_counter() - begin


def copy_memory() -> float:
    """Seconds of work that goes through memory."""
    source = np.ones(20_000_000)
    target = np.empty_like(source)
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        np.copyto(target, source)
    return time.perf_counter() - begin
