"""One race into a bucket: only what differs, in an order that never shows a manifest over other files.

Two that publish other versions of a race at one moment may write in turns. So each looks again when it is
done, and whoever finds that the other has written since does it once more, or fails: the last to look saw
its own.
"""

import random
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Executor, wait
from dataclasses import dataclass, field, replace
from time import sleep

from pipeline.contract.artifacts import SessionKey, media_of
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Artifact, Manifest
from pipeline.errors import ContestedError, DamagedError
from pipeline.publish.bucket_listings import same_meeting
from pipeline.publish.documents import parsed, read_manifest, refuse_newer, to_json
from pipeline.publish.race import leftovers, reduced, same_content
from pipeline.publish.thinner import thinner
from pipeline.store.base import Fetched, Store, Stored
from pipeline.store.local import LocalStore

TRIES = 4
_PAUSE_S = 2.0


@dataclass
class Report:
    """How a sync went: races that are in the bucket, those better there than here, and why others are not.

    kept: what the version here lacks. problems: why a race could not be sent. due: seasons whose own files
    the bucket has of other sessions than it has now, and cannot get from here.
    """

    races: list[SessionKey] = field(default_factory=list)
    kept: dict[SessionKey, str] = field(default_factory=dict)
    problems: dict[SessionKey, str] = field(default_factory=dict)
    due: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Race:
    """A race here, and what the bucket held of it before.

    before: its manifest there, as stored. contested: somebody else has written to it a moment ago, so that a
    file that is older than the manifest need not be what that says.
    """

    key: SessionKey
    manifest: Manifest
    content: bytes
    before: Fetched | None
    listed: dict[str, Stored]
    contested: bool = False

    @property
    def old(self) -> Manifest | None:
        return None if self.before is None else parsed(self.before.data, Manifest)


def race_here(local: LocalStore, key: SessionKey, before: Fetched | None, listed: dict[str, Stored]) -> Race:
    if before is not None:
        refuse_newer(before.data, key.manifest)
    content, manifest = local.read(key.manifest), read_manifest(local, key)
    if content is None or manifest is None:
        raise DamagedError(f"{local.path(key.manifest)} is missing or damaged: compute it again with --force")
    return Race(key, manifest, content, before, listed)


@dataclass(frozen=True)
class Copy:
    """Races from here into the bucket.

    reread: trust only what the bucket really serves, which is to read every byte of it. keep_better: leave
    the bucket's version where the one here is thinner, as it may be after the local folder was lost.
    """

    local: LocalStore
    remote: Store
    pool: Executor
    report: Report
    reread: bool = False
    keep_better: bool = False

    def races(self, asked: Mapping[SessionKey, Fetched | None], listed: dict[str, Stored]) -> Iterator[Race]:
        """What is here of what was asked for; raises NewerSchemaError. `asked`: their manifests there."""
        for key, before in asked.items():
            try:
                yield race_here(self.local, key, before, listed)
            except DamagedError as error:
                self.report.problems[key] = str(error)

    def attempt(self, race: Race) -> Manifest | None:
        """Send a race; one that is damaged here must not keep the others from being published."""
        try:
            there = self.send(race)
        except (DamagedError, ContestedError) as error:
            self.report.problems[race.key] = str(error)
            return None
        self.report.races.append(race.key)
        if there is not race.manifest and (lacks := self._lacks(race, there)):
            self.report.kept[race.key] = lacks
        return there

    def send(self, race: Race) -> Manifest:
        """Make the bucket hold a race; the manifest that it then has.

        It keeps its own where another machine, or an earlier run, has put the same race there: two that
        publish to one place would otherwise replace each other's manifest and progress log.
        """
        for _ in range(TRIES):
            manifest, put = self._send(race)
            if put is None or self._is_settled(race, manifest, put):
                return manifest
            sleep(random.uniform(0, _PAUSE_S))  # noqa: S311 - so that two do not go on in step
            race = self._look_again(race)
        raise ContestedError(
            f"somebody else publishes {race.key} at the same time: run again when that has ended"
        )

    def _send(self, race: Race) -> tuple[Manifest, dict[str, Stored] | None]:
        """The manifest that the bucket then has, and what was put; None where nothing was changed."""
        old, before = race.old, race.before
        if before is not None and old is not None and before.data != race.content:
            stays = same_content(race.manifest, old) or self._lacks(race, old) is not None
            if stays and not self._wrong(race, old):
                put = {}
                if before.stored.mislabelled:
                    put[race.key.manifest] = self.remote.put_bytes(race.key.manifest, before.data)
                return old, put if self._clear(race, old) or put else None
        put = self._replace(race)
        return race.manifest, put if self._clear(race, race.manifest) or put else None

    def _is_settled(self, race: Race, manifest: Manifest, put: dict[str, Stored]) -> bool:
        """Whether nobody else has written since what can be written again: each looks when it is done."""
        now = {stored.key: stored for stored in self.remote.list(race.key.prefix)}
        stable = [a.key for a in manifest.artifacts if media_of(a.key).cache_control != IMMUTABLE]
        return not leftovers(manifest, now) and all(
            self._is_as_left(key, now.get(key), race.listed.get(key), put.get(key))
            for key in (race.key.manifest, *stable)
        )

    def _is_as_left(self, key: str, now: Stored | None, listed: Stored | None, put: Stored | None) -> bool:
        """Listings are held against listings: a server may give other versions there than for an object."""
        if put is None:
            return now is not None and listed is not None and now.version == listed.version
        if now is not None and now.version == put.version:
            return True
        found = self.remote.stat(key)
        return found is not None and found.version == put.version

    def _look_again(self, race: Race) -> Race:
        listed = {stored.key: stored for stored in self.remote.list(race.key.prefix)}
        found = race_here(self.local, race.key, self.remote.fetch(race.key.manifest), listed)
        return replace(found, contested=True)

    def _lacks(self, race: Race, old: Manifest) -> str | None:
        """What the version here lacks, where that is a reason to leave the bucket's."""
        if not self.keep_better or not same_meeting(race.manifest.event, old.event):
            return None
        return thinner(race.manifest, race.manifest.quality, old)

    def _replace(self, race: Race) -> dict[str, Stored]:
        wrong = self._wrong(race, race.manifest)
        fresh = [a for a in wrong if media_of(a.key).cache_control == IMMUTABLE]
        replaced = [a for a in wrong if media_of(a.key).cache_control != IMMUTABLE]
        before = race.before
        changed = before is None or before.data != race.content or bool(before.stored.mislabelled)
        self._check_local(race, wrong)
        put = self._upload(fresh)
        if replaced and changed and before is not None:
            half = reduced(race.manifest, [a.key for a in replaced])
            self.remote.put_bytes(race.key.manifest, to_json(half))
        put |= self._upload(replaced)
        if changed:
            put[race.key.manifest] = self.remote.put_bytes(race.key.manifest, race.content)
        return put

    def _clear(self, race: Race, manifest: Manifest) -> bool:
        """Whether there was something to take away."""
        names = leftovers(manifest, race.listed)
        for name in names:
            self.remote.delete(name)
        return bool(names)

    def _check_local(self, race: Race, artifacts: list[Artifact]) -> None:
        """Before the first byte of a race goes: a replacement must not end halfway for want of a file."""
        for artifact in artifacts:
            stored = self.local.stat(artifact.key)
            if stored is None or stored.bytes != artifact.bytes:
                raise DamagedError(
                    f"{self.local.path(artifact.key)} is missing or truncated: "
                    f"compute {race.key} again with --force"
                )

    def _wrong(self, race: Race, manifest: Manifest) -> list[Artifact]:
        """What the bucket lacks or holds otherwise of a manifest; its own is its newest file."""
        old, written = race.old, race.listed.get(race.key.manifest)
        named = {a.key: a.sha256 for a in old.artifacts} if old is not None else {}

        def is_right(artifact: Artifact) -> bool:
            stored = race.listed.get(artifact.key)
            if stored is None or stored.bytes != artifact.bytes:
                return False
            trusted = not self.reread and not race.contested
            if trusted and named.get(artifact.key) == artifact.sha256 and stored.is_before(written):
                return True
            found = (self.remote.digest if self.reread else self.remote.stat)(artifact.key)
            return found is not None and found.holds(artifact)

        right = self.pool.map(is_right, manifest.artifacts)
        return [a for a, is_there in zip(manifest.artifacts, right, strict=True) if not is_there]

    def _upload(self, artifacts: list[Artifact]) -> dict[str, Stored]:
        """Side by side; at the first failure the waiting ones are given up."""
        put, path = self.remote.put_file, self.local.path
        futures = [self.pool.submit(put, a.key, path(a.key), a.sha256) for a in artifacts]
        done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
        wait(waiting)
        return {stored.key: stored for stored in (future.result() for future in done)}
