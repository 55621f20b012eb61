"""Races to a bucket while others are still computed: one race after another, in a thread of its own."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from time import monotonic

from pipeline.contract.artifacts import SessionKey
from pipeline.errors import PipelineError
from pipeline.job import Outcome
from pipeline.publish import sync as syncing
from pipeline.publish.sending import Report
from pipeline.store.base import Place, Readable, Store
from pipeline.store.local import LocalStore


class Uploader:
    """Publishes what outcomes tell of; an outcome passes once its race is in the bucket, or has failed there.
    Without a `remote` nothing is published, and every outcome passes as it is.

    shelf: where finished races are to be found: the local folder, or the bucket where workers elsewhere write
    straight to it, and only the listings are left to publish from here. keep_better: a race that is better in
    the bucket stays there as it is.
    """

    def __init__(
        self, local: LocalStore, remote: Store | None, *, from_elsewhere: bool, keep_better: bool
    ) -> None:
        self.shelf: Readable = remote if remote is not None and from_elsewhere else local
        self.summary: str | None = None
        self.due: list[int] = []  # as in Report, once it has finished
        self._local, self._remote, self._elsewhere = local, remote, from_elsewhere
        self._keep_better = keep_better
        self._failed = False
        self._thread = ThreadPoolExecutor(1)
        self._under_way: deque[tuple[tuple[Outcome, ...], Future[Report]]] = deque()
        self._began = monotonic()
        if remote is not None:  # wrong credentials or names end the run before hours of work
            syncing.refuse_newer_catalog(remote)

    def add(self, *outcomes: Outcome) -> Iterator[Outcome]:
        """Begin to publish; yields earlier ones that have ended meanwhile, and those with nothing to send."""
        due = tuple(o for o in outcomes if self._is_due(o))
        yield from (o for o in outcomes if o not in due)
        if self._remote is not None and due:
            future = self._thread.submit(self._send, self._remote, [o.key for o in due])
            self._under_way.append((due, future))
        while self._under_way and self._under_way[0][1].done():
            yield from self._ended()

    def _is_due(self, outcome: Outcome) -> bool:
        if self._remote is None or outcome.state == "failed":
            return False
        return outcome.state == "published" or not self._elsewhere

    def drain(self) -> Iterator[Outcome]:
        """Wait for the races that are still under way."""
        while self._under_way:
            yield from self._ended()

    def finish(self, years: Iterable[int]) -> Iterator[Outcome]:
        """Wait for the rest; then listings with what failed, schemas and run logs."""
        yield from self.drain()
        if self._remote is None:
            return
        try:
            self.due = syncing.sync(self._local, self._remote, (), years).due
        except PipelineError:
            if not self._failed:  # else it is told already, for each race
                raise
        self.summary = self._remote.summary(monotonic() - self._began, whole=not self._failed)

    def retire(self, keys: Iterable[SessionKey]) -> None:
        """Take races away that no longer are what their number says."""
        if self._remote is not None:
            self._thread.submit(syncing.retire, self._local, self._remote, list(keys)).result()

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _send(self, remote: Store, keys: list[SessionKey]) -> Report:
        return syncing.sync_races(
            self._local, remote, keys, keep_better=self._keep_better, from_elsewhere=self._elsewhere
        )

    def _ended(self) -> Iterator[Outcome]:
        outcomes, future = self._under_way.popleft()
        kept: dict[SessionKey, str] = {}
        try:
            kept, problems = future.result().kept, future.result().problems
        except PipelineError as error:
            problems = {outcome.key: str(error) for outcome in outcomes}
        for outcome in outcomes:
            if (reason := problems.get(outcome.key)) is not None:
                self._failed = True
                yield _not_sent(outcome, reason)
            elif (lacks := kept.get(outcome.key)) is not None and outcome.state != "skipped":
                yield replace(outcome, state="kept", note=f"what S3 has is better ({lacks}) and stays there")
            else:
                yield outcome


def _not_sent(outcome: Outcome, reason: str) -> Outcome:
    error = f"{outcome.key} is computed, but not in S3: {reason}"
    return replace(outcome, state="failed", error=error, public="it is computed, but could not be uploaded")


@contextmanager
def uploading(
    local: LocalStore, place: Place | None, *, from_elsewhere: bool = False, keep_better: bool = False
) -> Iterator[Uploader]:
    """The uploader of a run.

    Raises:
        StoreError, NewerSchemaError: the bucket cannot be used.
    """
    with place.open() if place is not None else nullcontext() as remote:
        uploader = Uploader(local, remote, from_elsewhere=from_elsewhere, keep_better=keep_better)
        try:
            yield uploader
        finally:
            uploader.close()
