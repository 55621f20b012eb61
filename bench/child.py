"""Run one function in a fresh interpreter, so that no measurement inherits another's memory or imports.

`python -m bench.child` reads a pickled call from its standard input and writes the pickled answer to the
file that the call names: what the measured code prints cannot get between.
"""

import importlib
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from typing import Any

from bench.memory import peak_mb, reset_peak, resident_mb


@dataclass
class Cost:
    """Wall and processor seconds of a stretch, peak memory in it, and how much of that it added."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    grew_mb: float = 0.0


def middle(costs: list[Cost]) -> Cost:
    """Median times and largest memory of several runs."""
    return Cost(
        seconds=median(cost.seconds for cost in costs),
        cpu_s=median(cost.cpu_s for cost in costs),
        peak_mb=max(cost.peak_mb for cost in costs),
        grew_mb=max(cost.grew_mb for cost in costs),
    )


def run(target: str, *args: Any) -> Any:
    """Call "module:function" in a fresh interpreter and return its value."""
    with NamedTemporaryFile(prefix="bench-answer-") as answer:
        call = pickle.dumps((answer.name, target, args))
        subprocess.run([sys.executable, "-m", "bench.child"], input=call, stdout=sys.stderr, check=True)
        return pickle.loads(answer.read())


@contextmanager
def measured() -> Iterator[Cost]:
    """What the block costs; filled in when it ends."""
    cost, before = Cost(), resident_mb()
    reset_peak()
    begin, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.seconds = time.perf_counter() - begin
    cost.cpu_s = time.process_time() - cpu
    cost.peak_mb = peak_mb()
    cost.grew_mb = cost.peak_mb - before


def _main() -> None:
    answer, target, args = pickle.loads(sys.stdin.buffer.read())
    module, name = target.split(":")
    value = getattr(importlib.import_module(module), name)(*args)
    Path(answer).write_bytes(pickle.dumps(value))


if __name__ == "__main__":
    _main()
