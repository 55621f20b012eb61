"""A nightly run: look at each season, decide, take away what has the wrong number, compute, publish, sum up.

Whatever fails for one race or one season is noted and the rest goes on; only another run, or files of a newer
version, end it.
"""

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic

from pipeline.contract import DEMO_YEAR
from pipeline.contract.artifacts import IDLE, SessionKey, key_of, season_key
from pipeline.contract.models import RunSummary, SeasonListing
from pipeline.contract.sessions import SESSIONS
from pipeline.errors import (
    NewerSchemaError,
    PipelineError,
    StoreError,
    UnavailableError,
    UnreachableError,
    UsageError,
)
from pipeline.input.cache import restore_all
from pipeline.input.ended import ask, may_be_asked
from pipeline.job import Job, Outcome, ScheduledEvent, Word
from pipeline.night.moves import Moves
from pipeline.night.revisions import revise
from pipeline.night.summary import ONLINE_AFTER, Problem, summarise
from pipeline.publish.documents import publish_schemas, read_model, to_json
from pipeline.publish.listings import publish_season
from pipeline.publish.mend import listed_years, mend_what_is_gone
from pipeline.publish.race import remove_race
from pipeline.publish.uploader import Uploader, uploading
from pipeline.run.batch import (
    Listener,
    Settings,
    Task,
    compute,
    load_schedule,
    new_run_id,
)
from pipeline.run.budget import NetworkBudget
from pipeline.run.decide import WORK, Asked, Decision, Season, beside, decide
from pipeline.run.found import any_older, find
from pipeline.run.history import History
from pipeline.run.season import refresh, refresh_there
from pipeline.store.local import LocalStore
from pipeline.store.lock import only_run

NIGHTLY = timedelta(hours=20)  # what is done once a night, however often it runs
MOVING = "a race that was published under another number has to be made under its own first"
OLDER = "an older version made it, and there is no more time for those tonight"


@dataclass(frozen=True)
class Plan:
    """What a night is asked to do. `explicit`: the seasons were named, so one without a schedule is wrong.

    upgrade_s: how long it may work on races that an older version made, of any season; once in a night.
    """

    settings: Settings
    years: list[int]
    sessions: frozenset[str] = frozenset(SESSIONS)
    explicit: bool = True
    network_s: float = 1200.0
    upgrade_s: float = 0.0
    dry_run: bool = False


def run(
    plan: Plan, listener: Listener, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> RunSummary:
    """Do a night's work.

    Raises:
        BusyError: another run holds the output.
        NewerSchemaError: a newer version wrote what is there; nothing was changed.
        StoreError: the output cannot be written at all.
    """
    store, settings = LocalStore(plan.settings.out), plan.settings
    to = uploading(store, settings.remote, from_elsewhere=settings.scheduler is not None, keep_better=True)
    if plan.dry_run:
        with to as uploader:
            return _Night(plan, listener, store, uploader, now).work()
    store.make()
    with only_run(settings.out), to as uploader:
        store.clear_staging()
        mend_what_is_gone(store)
        return _Night(plan, listener, store, uploader, now).work()


class _Night:
    """One run's state, from the first look to the summary."""

    def __init__(
        self,
        plan: Plan,
        listener: Listener,
        store: LocalStore,
        uploader: Uploader,
        now: Callable[[], datetime],
    ) -> None:
        self.plan, self.listener, self.store, self.uploader = plan, listener, store, uploader
        self.run_id, self.started, self.began = new_run_id(now()), now(), monotonic()
        self.network = NetworkBudget(plan.network_s)
        self.history = History.read(store)
        self.seasons: dict[int, Season] = {}
        self.decisions: list[Decision] = []
        self.due: set[SessionKey] = set()
        self.moves = Moves()
        self.errors: dict[SessionKey, str] = {}
        self.ended: dict[SessionKey, Outcome] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.upgrading = False

    def work(self) -> RunSummary:
        older = self._older_seasons()
        for year in [*self.plan.years, *older]:
            if not self.plan.dry_run:
                restore_all(self.plan.settings.source.cache, year)
            self._look(year)
        for decision in self.decisions:
            self.listener.on_decision(decision)
        if not self.plan.dry_run:
            self._compute()
            for year in self.seasons.keys() & set(self.plan.years):
                with self._noting():
                    self._revise(year)
            with self._noting():
                self.history.write(self.store)
        return self._sum_up()

    def _older_seasons(self) -> list[int]:
        """Seasons that were not asked for and have races of an older version, where their turn has come."""
        due = self.plan.upgrade_s > 0 and self.plan.settings.scheduler is None
        if not due or not self.history.is_due("upgrades", NIGHTLY, self.started):
            return []
        self.upgrading = True
        others = listed_years(self.store) - {DEMO_YEAR, *self.plan.years}
        return [year for year in sorted(others, reverse=True) if any_older(self.store, year)]

    def _look(self, year: int) -> None:
        """A season's schedule and what is there of it -> decisions."""
        began = monotonic()
        try:
            schedule = load_schedule(year, self.network.apply(self.plan.settings.source))
        except UsageError:
            if self.plan.explicit and year in self.plan.years:
                raise
            return
        except PipelineError as error:
            self.problems.append(Problem(str(error), error.public, isinstance(error, UnreachableError)))
            return
        finally:
            self.network.spend(monotonic() - began)
        settings, there = self.plan.settings, find(self.uploader.shelf, year)
        published = {key: there.examine(key, settings.options, settings.source) for key in there.manifests}
        listing = read_model(self.store, season_key(year), SeasonListing)
        listed = listing.events if listing else []
        said = self._ask_feed(schedule, published.keys())
        self.seasons[year] = Season(schedule, published, listed, self.history, said)
        asked = Asked(self.started, self.plan.sessions, settings.source.offline, settings.force)
        decisions = decide(self.seasons[year], replace(asked, upgrade=self.upgrading))
        if year not in self.plan.years:
            decisions = [decision for decision in decisions if decision.action == "upgrade"]
        self.decisions += decisions
        self.moves.add(decisions, there.manifests)

    def _ask_feed(self, schedule: list[ScheduledEvent], published: Set[SessionKey]) -> dict[SessionKey, Word]:
        """What F1's feed says of sessions that may just be over: a request each."""
        if self.plan.settings.source.offline:
            return {}
        asked = {
            SessionKey(event.year, event.round, session.code): ask(event, session)
            for event in schedule
            for session in event.sessions
            if session.code in self.plan.sessions
            and may_be_asked(session, self.started)
            and SessionKey(event.year, event.round, session.code) not in published
        }
        return {key: word for key, word in asked.items() if word is not None}

    def _revise(self, year: int) -> None:
        """Results of any age that are others by now; not where the files are elsewhere."""
        source = self.plan.settings.source
        if source.offline or self.plan.settings.scheduler is not None:
            return
        if not self.history.is_due(f"results-{year}", NIGHTLY, self.started):
            return
        told = revise(self.store, year, source, self.network)
        self.notes += told.notes
        if told.keys:
            self._list(year)
            self._pass(*(Outcome(key, "skipped") for key in told.keys))

    def _retire(self, gone: set[SessionKey]) -> None:
        """Take races away whose number is another's: out of the bucket, then the manifest, then the rest."""
        with self._noting():
            self.uploader.retire(gone)  # where this fails they stay here too, for the next night to try again
            for key in gone:
                with self._noting():
                    remove_race(self.store, key)
                    self.history.settled(key)

    def _compute(self) -> None:
        """The races that are due; those that are up to date pass too, so that the bucket has them all."""
        jobs = {d.key: self._job(d) for d in self.decisions if d.action in WORK}
        self.due = set(jobs)
        upgrades = {d.key: jobs.pop(d.key) for d in self.decisions if d.action == "upgrade"}
        published = {key for season in self.seasons.values() for key in season.published}
        retired = {decision.key for decision in self.decisions if decision.action == "retire"}
        with self._noting():
            for year in self.seasons:
                self._list(year)
        self._pass(*(Outcome(key, "skipped") for key in sorted(published - self.due - retired)))
        if gone := retired - self.moves.leaving.keys():
            self._retire(gone)
        try:
            while ready := self.moves.ready(jobs):
                self._work([jobs.pop(key) for key in ready])
            self._upgrade(upgrades)
        finally:
            for year in self.seasons:
                restore_all(self.plan.settings.source.cache, year)
        self._put_off(jobs.keys() | self.moves.leaving.keys(), MOVING)
        self._put_off(upgrades.keys(), OLDER)

    def _upgrade(self, jobs: dict[SessionKey, Job]) -> None:
        """Make races of an older version anew, the newest first, for as long as a night may."""
        began = monotonic()
        while jobs and monotonic() - began < self.plan.upgrade_s:
            some = sorted(jobs, reverse=True)[: self.plan.settings.jobs]
            self._work([jobs.pop(key) for key in some])

    def _work(self, jobs: list[Job]) -> None:
        """Make races, and take away from their old numbers those that are there under their new ones."""
        settings = self.plan.settings
        with self._noting():
            for outcome in compute(jobs, settings, self.store, self.listener, self.network):
                if outcome.state != "failed":
                    self.moves.made(outcome.key)
                self._learn(outcome)
                self._pass(outcome)
        if self.moves.leaving:
            with self._noting():
                self._done(self.uploader.drain())
            done = {key for key, outcome in self.ended.items() if outcome.state in ("published", "unchanged")}
            self._retire(self.moves.arrived(done))

    def _put_off(self, keys: Set[SessionKey], reason: str) -> None:
        """Races that stay as they are for now."""
        self.decisions = [
            replace(d, action="wait", reason=reason) if d.key in keys and d.action in {*WORK, "retire"} else d
            for d in self.decisions
        ]

    def _job(self, decision: Decision) -> Job:
        if decision.event is None:
            raise AssertionError(f"{decision.key} has no event to compute")
        settings = self.plan.settings
        task = Task(decision.key, decision.event, settings.source)
        return task.job(decision, settings, self.run_id, keep_better=True)

    def _pass(self, *outcomes: Outcome) -> None:
        """Hand races on to be uploaded; note those that have come through."""
        with self._noting():
            self._done(self.uploader.add(*outcomes))

    def _done(self, outcomes: Iterator[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.state == "skipped":
                continue
            if self._is_early(outcome) or _is_absent(outcome):
                outcome = replace(outcome, state="waiting")  # noqa: PLW2901
            self.ended[outcome.key] = outcome
            if outcome.key not in self.due:
                self.problems.append(Problem(outcome.error or "", outcome.public or ""))
            self.listener.on_outcome(outcome)

    def _learn(self, outcome: Outcome) -> None:
        """Note how the work on a race ended, and list it."""
        early = self._is_early(outcome)
        if early and not self._is_said(outcome.key):
            self.history.early(outcome.key, outcome.public or "", self.started)
        elif outcome.state not in ("failed", "kept") and not outcome.provisional:
            self.history.settled(outcome.key)
        elif outcome.blame != "network" and not early:
            reason = outcome.public or outcome.note or "still provisional"
            self.history.unsettled(outcome.key, reason, self.started, _is_absent(outcome))
        if outcome.public is not None and not early:
            self.errors[outcome.key] = outcome.public
        with self._noting():
            self._list(outcome.key.year)
            self.history.write(self.store)

    def _is_said(self, key: SessionKey) -> bool:
        """Whether a session's data may come at any moment, or comes by hand."""
        return self.plan.settings.source.offline or key in self.seasons[key.year].said

    def _is_early(self, outcome: Outcome) -> bool:
        """Whether a race failed only because its data is not out yet, or not in the cache to do with."""
        if outcome.blame != "not_yet" or self.plan.settings.source.offline:
            return outcome.blame == "not_yet"
        events, key = self.seasons[outcome.key.year].schedule, outcome.key
        session = next((e.session(key.session) for e in events if e.round == key.round), None)
        return (
            session is not None and session.start is not None and self.started - session.start < ONLINE_AFTER
        )

    def _list(self, year: int) -> None:
        """The season's listing and the catalog as they stand."""
        season = self.seasons[year]
        publish_schemas(self.store)
        publish_season(
            self.store, year, season.schedule, self.errors, beside=beside(season), moving=self.moves.moving
        )

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Errors become problems of the night; only files of a newer version end it."""
        try:
            yield
        except NewerSchemaError:
            raise
        except (PipelineError, OSError) as error:
            public = error.public if isinstance(error, PipelineError) else StoreError.public
            problem = Problem(str(error), public, isinstance(error, UnavailableError | UnreachableError))
            if problem not in self.problems:
                self.problems.append(problem)

    def _sum_up(self) -> RunSummary:
        """The summary; written when every race has ended, before the last upload, which takes it along."""
        if self.plan.dry_run:
            return self._summary(monotonic() - self.began)
        with self._noting():
            refresh(self.store, self.seasons)
        with self._noting():
            self._done(self.uploader.drain())
        known = len(self.problems)
        summary = self._write_summary()
        with self._noting():
            self._done(self.uploader.finish(self.seasons))
            refresh_there(self.plan.settings.remote, self.uploader.due)
        if self.uploader.summary is not None:
            self.listener.on_uploaded(self.uploader.summary)
        return summary if len(self.problems) == known else self._write_summary()

    def _write_summary(self) -> RunSummary:
        """Write what is for strangers; what is for the operator."""
        seconds = monotonic() - self.began
        with self._noting():
            public = self._summary(seconds, public=True)
            # nights with nothing to do are many, and the last of them says it for all
            busy = any(decision.action in {*WORK, "retire"} for decision in self.decisions)
            own = key_of("run_summary", run=self.run_id)
            self.store.put_bytes(own if busy or self.problems or self.notes else IDLE, to_json(public))
        return self._summary(seconds)

    def _summary(self, seconds: float, public: bool = False) -> RunSummary:
        return summarise(
            public=public,
            run=self.run_id,
            seasons=self.plan.years,
            started_at=self.started,
            seconds=seconds,
            waited=self.plan.network_s - self.network.left_s,
            decisions=self.decisions,
            ended=self.ended,
            problems=self.problems,
            notes=self.notes,
        )


def _is_absent(outcome: Outcome) -> bool:
    """Whether there is no data of a session that may have been cancelled, which is nobody's to mend."""
    return outcome.blame == "not_yet" and not SESSIONS[outcome.key.session].is_race
