"""Options of a command -> what a run is given; shared by the commands that compute."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.settings import to_s3
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.job import Source
    from pipeline.run.batch import Settings
    from pipeline.store.base import Place


def source_of(options: dict[str, Any], recording: tuple[Path, ...] = ()) -> Source:
    """Where to load from; makes the cache folder.

    Raises:
        UsageError: it cannot be made.
    """
    from pipeline.job import Source  # noqa: PLC0415

    cache: Path = options["fastf1_cache"]
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the fastf1 cache {cache} cannot be made: {error.strerror}; choose another with --fastf1-cache"
        ) from error
    return Source(cache, options["offline"], recording)


def settings_of(
    source: Source, options: dict[str, Any], tasks: int, limit_s: float | None = None
) -> Settings:
    """What all races of a run share; `tasks` is how many there are at most.

    Raises:
        UsageError: options of S3 or Dask that no server takes, or that do not go together.
    """
    from pipeline.run.batch import Settings  # noqa: PLC0415

    remote = to_s3(options) if options["publish"] else None
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = min(options["jobs"] or processors, max(1, tasks))
    return Settings(
        out=options["out"],
        source=source,
        fps=options["fps"],
        frame_skips=options["frame_skips"],
        jobs=jobs,
        threads=max(1, processors // jobs),
        force=options["force"],
        limit_s=limit_s,
        remote=remote,
        scheduler=_scheduler(options, remote),
    )


def _scheduler(options: dict[str, Any], remote: Place | None) -> str | None:
    """The address of the Dask scheduler, None for processes of this machine."""
    scheduler: str | None = options["scheduler"]
    if options["executor"] != "dask":
        if scheduler:
            raise UsageError("--scheduler is for --executor dask: give both, or neither")
        return None
    if not scheduler:
        raise UsageError("which Dask cluster? name its scheduler with --scheduler, like tcp://10.0.0.5:8786")
    if remote is None:
        raise UsageError("--executor dask needs --publish: its workers write straight to S3")
    return scheduler
