"""Many races: which are due, run side by side each in its own process, published season by season."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from pipeline.contract.artifacts import SessionKey, key_of
from pipeline.contract.events import ProgressLog, to_line
from pipeline.contract.models import Manifest, Options, ProgressEvent
from pipeline.contract.sessions import turn
from pipeline.errors import PipelineError, UsageError
from pipeline.input.cache import restore_all, tidy
from pipeline.input.kept import recall, remember
from pipeline.input.schedule import check_year, none_of, pick
from pipeline.job import AS_USUAL, Job, Outcome, ScheduledEvent, Source
from pipeline.publish.documents import publish_schemas
from pipeline.publish.listings import publish_season
from pipeline.publish.mend import mend_what_is_gone
from pipeline.publish.uploader import Uploader, uploading
from pipeline.run.budget import NetworkBudget
from pipeline.run.decide import WORK, Asked, Decision, Published, Season, decide
from pipeline.run.found import find
from pipeline.run.processes import Call, Event, Result, call, run_all
from pipeline.run.season import refresh, refresh_there
from pipeline.store.base import Place, Readable
from pipeline.store.local import LocalStore, explain
from pipeline.store.lock import only_run

SCHEDULE_LIMIT_S = 300.0  # beside what it may wait for hosts


@dataclass(frozen=True)
class Settings:
    """What all races of a run share.

    limit_s: seconds that one race may take. remote: where to publish, None to stay local. scheduler: the Dask
    cluster that computes, None for processes of this machine. network_s: how long a season may wait for hosts
    that fail.
    """

    out: Path
    source: Source
    options: Options = AS_USUAL
    jobs: int = 1
    threads: int = 1
    force: bool = False
    limit_s: float | None = None
    remote: Place | None = None
    scheduler: str | None = None
    network_s: float = 0.0


@dataclass
class Listener:
    """What a run tells whoever watches: events as they come, outcomes as races end."""

    on_decision: Callable[[Decision], None] = lambda decision: None
    on_event: Callable[[ProgressEvent], None] = lambda event: None
    on_outcome: Callable[[Outcome], None] = lambda outcome: None
    on_uploaded: Callable[[str], None] = lambda summary: None


def new_run_id(now: datetime | None = None) -> str:
    """Sorts by time, and two runs in one second differ."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}-{token_hex(2)}"


def load_schedule(year: int, source: Source) -> list[ScheduledEvent]:
    """A season's events, asked for in a child process so that this one stays small.

    Raises:
        UsageError: a year that has no telemetry, or no such season.
        SourceError: the schedule cannot be had.
    """
    check_year(year)
    now = datetime.now(UTC)
    if not source.offline and (kept := recall(year, source, now)) is not None:
        return kept
    events: list[ScheduledEvent] = call(
        "pipeline.input.seasons:season", year, source, limit_s=source.patience_s + SCHEDULE_LIMIT_S
    )
    if not events:
        raise UsageError(f"{year} has no schedule (yet)")
    if not source.offline:
        remember(year, source, events, now)
    return events


def due(
    events: list[ScheduledEvent], rounds: set[int] | None, sessions: set[str], now: datetime
) -> list[tuple[SessionKey, ScheduledEvent]]:
    """Sessions of the wanted rounds that are over.

    Raises:
        UsageError: a wanted round that the schedule does not have, or no wanted session in any of them.
    """
    if rounds is not None:
        for unknown in sorted(rounds - {e.round for e in events}):
            pick(events, SessionKey(events[0].year, unknown), now)
    wanted = [event for event in events if rounds is None or event.round in rounds]
    if not any(session.code in sessions for event in wanted for session in event.sessions):
        raise UsageError(none_of(wanted, sessions))
    return [
        (SessionKey(event.year, event.round, session.code), event)
        for event in wanted
        for session in event.sessions
        if session.code in sessions and not session.not_over(now)
    ]


@dataclass(frozen=True)
class Task:
    """One session asked for; `source` differs from the run's where each has a recording of its own."""

    key: SessionKey
    event: ScheduledEvent
    source: Source

    def job(self, decision: Decision, settings: Settings, run_id: str, keep_better: bool = False) -> Job:
        """What is to be done: what was fetched before is asked for anew, or taken."""
        refresh, fetches = decision.action == "refresh", not self.source.offline
        return Job(
            key=self.key,
            event=self.event,
            source=replace(self.source, fresh=fetches and decision.action in ("refresh", "move")),
            out=settings.out,
            run=run_id,
            options=settings.options,
            threads=settings.threads,
            renew=fetches and refresh,
            keep_better=(keep_better or refresh) and decision.keep_better,
        )


def run(
    tasks: list[Task], settings: Settings, listener: Listener, schedule: list[ScheduledEvent] | None = None
) -> list[Outcome]:
    """Compute and publish what is not up to date; one outcome a task, in the order of `tasks`.

    Args:
        schedule: all events of the season for its listing; without, those of the tasks are added to it.
    Raises:
        StoreError, BusyError, NewerSchemaError: nothing can be written at all.
    """
    store = LocalStore(settings.out)
    store.make()
    elsewhere = settings.scheduler is not None
    outcomes: dict[SessionKey, Outcome] = {}
    with only_run(settings.out), uploading(store, settings.remote, from_elsewhere=elsewhere) as uploader:
        store.clear_staging()
        mend_what_is_gone(store)
        for outcome in _work(tasks, settings, store, listener, schedule, uploader):
            outcomes[outcome.key] = outcome
            listener.on_outcome(outcome)
    if uploader.summary is not None:
        listener.on_uploaded(uploader.summary)
    return [outcomes[task.key] for task in tasks]


def _work(
    tasks: list[Task],
    settings: Settings,
    store: LocalStore,
    listener: Listener,
    schedule: list[ScheduledEvent] | None,
    uploader: Uploader,
) -> Iterator[Outcome]:
    """Outcomes as races end, which is once they are uploaded where that is asked for."""
    known: dict[SessionKey, Outcome] = {}
    jobs = []
    for found in _decided(tasks, settings, uploader.shelf, schedule or []):
        if isinstance(found, Job):
            jobs.append(found)
        else:
            known[found.event_key] = Outcome.of(found, "skipped")
    if not jobs:
        _publish_listings(store, tasks, known, schedule)
    yield from uploader.add(*known.values())
    for outcome in compute(jobs, settings, store, listener, NetworkBudget(settings.network_s)):
        known[outcome.key] = outcome
        _publish_listings(store, tasks, known, schedule)
        yield from uploader.add(outcome)
    years = {task.key.year for task in tasks}
    refresh(store, years)
    yield from uploader.finish(years)
    refresh_there(settings.remote, uploader.due)


def _decided(
    tasks: list[Task], settings: Settings, shelf: Readable, schedule: list[ScheduledEvent]
) -> Iterator[Job | Manifest]:
    """What is to be done about each task: a job, or the manifest of a race that needs none."""
    source, by_key, run_id = settings.source, {task.key: task for task in tasks}, new_run_id()
    offline = source.offline or bool(source.recording)
    asked = Asked(datetime.now(UTC), offline=offline, force=settings.force, by_hand=frozenset(by_key))
    for year in sorted({key.year for key in by_key}):
        restore_all(source.cache, year)
        there = find(shelf, year)
        published = {
            key: there.examine(key, settings.options, by_key[key].source)
            if key in by_key
            else Published(manifest.event, manifest.provenance.created_at)
            for key, manifest in there.manifests.items()
        }
        events = {e.round: e for e in [*schedule, *(t.event for t in tasks)] if e.year == year}
        for decision in decide(Season(list(events.values()), published, []), asked):
            if decision.action in WORK:
                yield by_key[decision.key].job(decision, settings, run_id)
            else:
                yield there.manifests[decision.key]


def _publish_listings(
    store: LocalStore,
    tasks: list[Task],
    outcomes: dict[SessionKey, Outcome],
    schedule: list[ScheduledEvent] | None,
) -> None:
    """Schemas, season listings and catalog as they stand after the races so far."""
    publish_schemas(store)
    events = {(e.year, e.round): e for e in [task.event for task in tasks] + (schedule or [])}
    errors = {key: o.public for key, o in outcomes.items() if o.public is not None}
    for year in sorted({year for year, _ in events}):
        publish_season(store, year, [e for (y, _), e in sorted(events.items()) if y == year], errors)


def compute(
    jobs: list[Job], settings: Settings, store: LocalStore, listener: Listener, network: NetworkBudget
) -> Iterator[Outcome]:
    """Outcomes as sessions end, begun with all races; every event of every one goes to the run's log."""
    if not jobs:
        return
    jobs = sorted(jobs, key=lambda job: (job.key.year, turn(job.key.session)))
    given = (replace(job, source=network.apply(job.source, settings.limit_s)) for job in jobs)
    calls = (Call("pipeline.run.race:run", (job,), True, settings.limit_s) for job in given)
    with _run_log(store.path(key_of("run_log", run=jobs[0].run))) as stream:
        for message in _called(calls, settings):
            if isinstance(message, Event):
                stream.write(to_line(message.value))
                listener.on_event(message.value)
                continue
            outcome = message.value
            if message.error is not None:
                outcome = _crashed(jobs[message.tag], store, message.error)
            network.learn(outcome)
            yield outcome
    for year in {job.key.year for job in jobs}:
        tidy(settings.source.cache, year)


def _called(calls: Iterable[Call], settings: Settings) -> Iterator[Event | Result]:
    """Events and results as they come, from processes of this machine or the workers of a Dask cluster."""
    if settings.scheduler is None or settings.remote is None:
        return run_all(calls, settings.jobs)
    from pipeline.run.dask_cluster import run_on  # noqa: PLC0415 - an optional extra

    return run_on(settings.scheduler, calls, settings.remote)


@contextmanager
def _run_log(path: Path) -> Iterator[BinaryIO]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as stream:
            yield stream
    except OSError as error:
        raise explain(error, Path(error.filename or path)) from error


def _crashed(job: Job, store: LocalStore, error: PipelineError) -> Outcome:
    """A child that died could not finish its progress log: say in its place how it ended."""
    log = ProgressLog(job.key, job.run, store.path(job.key.live_progress))
    log.error(error.public)
    log.close()
    return Outcome.failed(job.key, error, f"{job.key} ({job.event.name}): {error}")
