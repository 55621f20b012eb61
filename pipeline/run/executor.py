"""Where races are computed: processes of this machine, or the workers of an existing Dask cluster.

Both take calls and give back events and results as they come; which of them it is, only this module knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.errors import UsageError
from pipeline.run.processes import Call, Event, Pool, Result
from pipeline.store.base import Place


def check(executor: str, scheduler: str | None, remote: Place | None) -> str | None:
    """The address of the Dask scheduler, None for processes of this machine.

    Raises:
        UsageError: options that do not go together.
    """
    if executor != "dask":
        if scheduler:
            raise UsageError("--scheduler is for --executor dask: give both, or neither")
        return None
    if not scheduler:
        raise UsageError("which Dask cluster? name its scheduler with --scheduler, like tcp://10.0.0.5:8786")
    if remote is None:
        raise UsageError("--executor dask needs --publish: its workers write straight to S3")
    return scheduler


def run(
    calls: Iterable[Call], jobs: int, scheduler: str | None, remote: Place | None
) -> Iterator[Event | Result]:
    """Events and results; the tag is the call's place in `calls`."""
    if scheduler is None or remote is None:
        yield from Pool(jobs).run(calls)
        return
    from pipeline.run.dask_cluster import run_on  # noqa: PLC0415 - an optional extra

    yield from run_on(scheduler, calls, remote)
