"""Reading frames.parquet as an analyst does: one driver, and all."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

REPEATS = 7


def measure(path: Path) -> dict[str, float]:
    """Median milliseconds of each way to read."""
    import duckdb  # noqa: PLC0415 - only this child needs them
    import pyarrow.parquet as pq  # noqa: PLC0415

    driver = str(pq.read_table(path, columns=["driver"])["driver"][0])
    one = f"select * from '{path}' where driver = '{driver}'"
    mean = f"select avg(speed) from '{path}' where driver = '{driver}'"
    connection = duckdb.connect()
    return {
        "pyarrow, one driver, all columns": _median(
            lambda: pq.read_table(path, filters=[("driver", "=", driver)])
        ),
        "pyarrow, all drivers, all columns": _median(lambda: pq.read_table(path)),
        "DuckDB, one driver, all columns": _median(lambda: connection.execute(one).fetchnumpy()),
        "DuckDB, all drivers, all columns": _median(
            lambda: connection.execute(f"select * from '{path}'").fetchnumpy()
        ),
        "DuckDB, one driver, mean speed": _median(lambda: connection.execute(mean).fetchone()),
    }


def _median(read: Callable[[], object]) -> float:
    read()  # opens the libraries' own caches
    taken = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        read()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)
