"""One race on a Dask worker: the code of any other run, in a folder of its own, straight to S3.

A worker computes one race at a time, however many threads it has: fastf1's cache and log are its process's.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from distributed import get_worker

from pipeline import __version__
from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.events import EventSink, to_line
from pipeline.contract.models import ProgressEvent
from pipeline.errors import PipelineError, UnavailableError
from pipeline.job import Job, Outcome
from pipeline.publish.sync import push
from pipeline.run.race import run
from pipeline.store.base import Place, Store
from pipeline.store.local import LocalStore

VERSIONS = (__version__, SCHEMA_VERSION)

_one_race = Lock()


def compute(job: Job, remote: Place, topic: str, tag: int, asked_by: tuple[str, int]) -> Outcome:
    """Compute a race and put it into the bucket; its progress goes to the scheduler under `topic`.

    Args:
        asked_by: `VERSIONS` of who asks. What another version makes is not what was asked for.
    """
    worker = get_worker()
    if asked_by != VERSIONS:
        return Outcome.failed(
            job.key,
            UnavailableError(
                f"{job.key}: the Dask worker {worker.address} has f1-precompute {_named(VERSIONS)}, and "
                f"was asked by {_named(asked_by)}: install the same on both"
            ),
        )

    def sink(event: ProgressEvent) -> None:
        worker.log_event(topic, {"tag": tag, "line": to_line(event).decode()})

    with _one_race, TemporaryDirectory(prefix="race-", dir=worker.local_directory) as scratch:
        worker.log_event(topic, {"tag": tag, "line": ""})  # its time begins, before anything can hang
        try:
            with remote.open() as store:
                return _compute(replace(job, out=Path(scratch)), store, sink)
        except PipelineError as error:
            return Outcome.failed(job.key, error, f"{job.key} ({job.event.name}): {error}")
        except SystemExit as error:  # fastf1 may ask for it; the worker has other races to do
            return Outcome.failed(job.key, PipelineError(f"{job.key}: it asked to exit (code {error.code})"))


def _named(versions: tuple[str, int]) -> str:
    return f"{versions[0]}, format {versions[1]}"


def _compute(job: Job, store: Store, sink: EventSink) -> Outcome:
    """What is published is the old version that a new one is held against."""
    local = LocalStore(job.out)
    published = store.read(job.key.manifest)
    if published is not None:
        local.put_bytes(job.key.manifest, published)
    outcome = run(job, sink)
    if outcome.state not in ("published", "unchanged"):
        return outcome
    changed = push(local, store, job.key)
    return replace(outcome, state="published" if changed else "unchanged")
