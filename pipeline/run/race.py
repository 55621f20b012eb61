"""One race from key to published artifacts, emitting progress. Runs in a process of its own."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from pipeline import __version__
from pipeline.contract.events import EventSink, ProgressLog
from pipeline.contract.models import Manifest, Provenance, Results
from pipeline.encode.artifacts import write_all
from pipeline.encode.staged import staged, written
from pipeline.errors import BlockedError, NotYetError, PipelineError, UnreachableError
from pipeline.frames import compute
from pipeline.frames.head import head
from pipeline.frames.quality import assess
from pipeline.input import recording
from pipeline.input.cache import renewing
from pipeline.input.load import HTTP_CACHE, configure, load
from pipeline.input.same_event import is_event
from pipeline.input.seasons import to_fastf1
from pipeline.job import Blame, Job, Outcome, Source, settles_at
from pipeline.model import RawRace
from pipeline.network.patience import Watch
from pipeline.publish.documents import read_manifest, read_model
from pipeline.publish.race import publish_race
from pipeline.publish.thinner import thinner
from pipeline.run.found import TOO_SOON
from pipeline.run.memory import give_back, in_one_heap
from pipeline.run.revise import as_revised, results_are_new
from pipeline.store.local import LocalStore, explain
from pipeline.store.scratch import scratch

_FOLDERS = re.compile(
    r"(?<![\w.])(?:\w+:/)?/(?:[^\s'\",;]*/)?"
)  # of a path or an address: all but its last name
_BLAME: dict[type[PipelineError], Blame] = {
    UnreachableError: "network",
    BlockedError: "blocked",
    NotYetError: "not_yet",
}


def run(job: Job, sink: EventSink) -> Outcome:
    """Compute and publish one race; never raises what a user can act on, but returns it as a failure."""
    began = monotonic()
    in_one_heap()
    store = LocalStore(job.out)
    live = store.path(job.key.live_progress)
    log = ProgressLog(job.key, job.run, live, (sink,))
    watch = Watch()
    try:
        with _own_cache(job.source) as from_source:
            watch = configure(from_source)
            outcome = _run(replace(job, source=from_source), store, log, watch)
    except (PipelineError, OSError) as raised:
        error = explain(raised, Path(raised.filename or job.out)) if isinstance(raised, OSError) else raised
        log.error(error.public)
        outcome = Outcome.failed(job.key, error, blame=_BLAME.get(type(error), "race"))
    finally:
        log.close()
    if outcome.state != "failed":
        live.unlink(missing_ok=True)
    return replace(
        outcome, seconds=monotonic() - began, waited_s=watch.waited, down=tuple(watch.down.values())
    )


def _run(job: Job, store: LocalStore, log: ProgressLog, watch: Watch) -> Outcome:
    old = read_manifest(store, job.key)
    if old is not None and not is_event(old.event, job.event):
        old = None  # another race's, which had this number before
    log.progress(0, "load", f"loading {job.key} ({job.event.name}) through fastf1")
    if job.source.recording:
        recording.check(job.source.recording, job.event, job.key)
    with renewing(_parsed_files(job, old)) as renewal:
        outcome = _make(job, _loaded(job, watch), store, log, watch, old)
        renewal.keep_new = outcome.state != "kept"
    return outcome


def _loaded(job: Job, watch: Watch) -> RawRace:
    raw = load(job.key, to_fastf1(job.event, job.key.session), job.source, watch)
    give_back()  # fastf1's tables: frames take as much again
    return raw


def _parsed_files(job: Job, old: Manifest | None) -> Path | None:
    """The cache folder of what the published race was made from, where it is to be renewed."""
    if not job.renew or old is None or old.provenance.input.kind != "cache":
        return None
    return job.source.cache / old.provenance.input.path


def _make(
    job: Job, raw: RawRace, store: LocalStore, log: ProgressLog, watch: Watch, old: Manifest | None
) -> Outcome:
    """Frames, files and manifest of what was loaded, published; or what is published kept."""
    for message in raw.messages:
        log.progress(30, "load", f"fastf1: {_for_strangers(message)}")
    before = None if old is None else read_model(store, job.key.file("results"), Results)
    if before is not None and not results_are_new(watch):
        raw = as_revised(raw, before)
    log.progress(30, "frames", f"computing frames at {job.options.fps:g} a second")
    frames = compute(raw, job.options.fps)
    log.progress(45, "quality", "checking the frames")
    quality, about = assess(raw, frames), head(raw, frames)
    if job.keep_better and old is not None and (lacks := thinner(about, quality, old)):
        return _kept(job, old, lacks, log)
    raw = replace(raw, cars={}, positions={})  # nobody needs the samples any more
    give_back()
    folder = store.staging(job.key.slug)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files, chunks = write_all(job, raw, frames, about, folder, log, before)
    log.progress(95, "publish", f"grade {quality.grade}: publishing {len(files)} files")
    log.complete({"grade": quality.grade, "frames": frames.clock.frames, "manifest": job.key.manifest})
    files.append(staged(job.key.progress, written(folder / "progress.jsonl", log.content())))
    manifest = Manifest(
        **about.model_dump(),
        circuit=frames.circuit,
        quality=quality,
        artifacts=[file.artifact() for file in files],
        replay=chunks,
        provenance=_provenance(job, raw, watch, old),
    )
    changed = publish_race(store, manifest, files, old)
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome.of(manifest, "published" if changed else "unchanged")


def _for_strangers(message: str) -> str:
    """What a library says, without the folders and hosts in which this machine has its files."""
    return _FOLDERS.sub("", message)


def _kept(job: Job, old: Manifest, lacks: str, log: ProgressLog) -> Outcome:
    note = f"the new load is thinner ({lacks}); the published version stays"
    log.progress(100, "publish", note)
    log.complete({"grade": old.quality.grade, "frames": old.clock.frames, "manifest": job.key.manifest})
    return Outcome.of(old, "kept", note)


@contextmanager
def _own_cache(given: Source) -> Iterator[Source]:
    """A recording gets a cache of its own, so that what it gives is never taken for the archive's data."""
    if not given.recording:
        yield given
        return
    with scratch("recording") as folder:
        known = given.cache / HTTP_CACHE  # schedules and results that are already there
        if known.is_file():
            shutil.copy(known, folder)
        yield replace(given, cache=folder)


def _provenance(job: Job, raw: RawRace, watch: Watch, old: Manifest | None) -> Provenance:
    now = datetime.now(UTC)
    reasons = provisional_reasons(raw, job, now, watch)
    return Provenance(
        version=__version__,
        fastf1=raw.fastf1,
        created_at=now,
        revised_at=None if old is None or results_are_new(watch) else old.provenance.revised_at,
        run=job.run,
        provisional=bool(reasons),
        reasons=reasons,
        options=job.options,
        input=raw.identity,
    )


def provisional_reasons(raw: RawRace, job: Job, now: datetime, watch: Watch) -> list[str]:
    """Why the race may still change; empty once it is final."""
    reasons = []
    start, fetched = raw.event.date_utc, raw.identity.fetched_at or now
    if start is not None and fetched < settles_at(start, job.key.session):
        reasons.append(TOO_SOON)
    if not raw.official_results and not job.source.recording:
        reasons.append("the official classification is not out yet")
    lost = sorted({trouble.host.what for trouble in watch.lost.values()})
    if lost:
        reasons.append(f"not everything could be fetched from {' and '.join(lost)}")
    return reasons
