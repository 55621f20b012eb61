"""Publishing, verifying, pruning and doctor know stores by their interface: a folder, one in memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.contract.artifacts import is_public
from pipeline.errors import DamagedError
from pipeline.job import Outcome
from pipeline.night.doctor import bucket
from pipeline.publish.prune import abandoned, remove, unused
from pipeline.publish.sync import push, retire, sync
from pipeline.publish.uploader import uploading
from pipeline.publish.verify import published, verify
from pipeline.store.base import Fetched, Store, Stored, Unfinished, checked
from pipeline.store.local import LocalStore
from tests.s3.remake import remake
from tests.serve.support import OTHER, RACE, SPRINT, make_tree

LAPS = RACE.file("laps_parquet")
LONG_AGO = datetime.now(UTC) - timedelta(days=9)


class MemoryStore(Store):
    """Another kind of store, all of it."""

    parallel = 3

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.begun = [Unfinished("telemetry/2025/1/frames.parquet", "7", LONG_AGO)]
        self.closed = 0

    def where(self, key: str = "") -> str:
        return f"memory:{key}"

    def public_url(self, key: str) -> str | None:
        return f"http://127.0.0.1:9/{key}"  # where nothing answers

    def put_file(self, key: str, path: Path, digest: str) -> Stored:
        with checked(path, digest) as body:
            return self.put_bytes(key, body.read())

    def put_bytes(self, key: str, data: bytes) -> Stored:
        self.objects[key] = data, datetime.now(UTC)
        self.sent.append(len(data))
        return Stored(key, len(data))

    def fetch(self, key: str) -> Fetched | None:
        found = self.digest(key)
        return None if found is None else Fetched(found, self.objects[key][0])

    def stat(self, key: str) -> Stored | None:
        return next((stored for stored in self.list(key) if stored.key == key), None)

    def digest(self, key: str) -> Stored | None:
        found = self.stat(key)
        return found and replace(found, sha256=hashlib.sha256(self.objects[key][0]).hexdigest())

    def list(self, prefix: str) -> Iterator[Stored]:
        for key, (data, written) in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield Stored(key, len(data), modified=written)

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        return (upload for upload in self.begun if upload.key.startswith(prefix))

    def abort(self, upload: Unfinished) -> None:
        self.begun.remove(upload)

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class Place:
    store: Store

    def open(self) -> Store:
        return self.store


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(make_tree(tmp_path / "out"))


@pytest.fixture(params=["folder", "memory"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return LocalStore(tmp_path / "elsewhere") if request.param == "folder" else MemoryStore()


def keys_of(store: Store) -> set[str]:
    return {stored.key for prefix in ("telemetry/", "sessions/", "runs/") for stored in store.list(prefix)}


def same(store: Store, local: LocalStore) -> bool:
    """Whether the store has the races as they are here."""
    here = {stored.key for stored in local.list("telemetry/") if is_public(stored.key)}
    return here <= keys_of(store) and all(store.read(key) == local.read(key) for key in here)


def test_a_sync_makes_a_copy_and_a_second_sends_nothing(local: LocalStore, remote: Store) -> None:
    keys = published(local, None, None)
    before = {stored.key: local.read(stored.key) for stored in local.list("")}
    assert sync(local, remote, keys).races == keys == [RACE, SPRINT, OTHER]
    assert same(remote, local)
    assert {stored.key: local.read(stored.key) for stored in local.list("")} == before
    assert [verdict.problems for verdict in verify(remote)] == [[], [], [], []]
    assert remote.summary(0).startswith(f"{len(remote.sent)} files uploaded to {remote.where()}, ")
    files = len(remote.sent)
    sync(local, remote, keys)
    assert len(remote.sent) == files
    push(local, remote, RACE)
    assert len(remote.sent) == files


def test_what_is_replaced_here_is_replaced_there_and_its_old_replay_pruned(
    local: LocalStore, remote: Store
) -> None:
    keys = published(local, None, None)
    sync(local, remote, keys)
    remake(local.root, 2)
    sync(local, remote, keys)
    assert same(remote, local)
    soon = datetime.now(UTC) + timedelta(hours=1)
    old = list(unused(remote, "telemetry/", timedelta(0), soon))
    assert len(old) == 3
    for generation in old:
        remove(remote, generation)
    assert [verdict.problems for verdict in verify(remote)] == [[], [], [], []]
    assert not list(unused(remote, "telemetry/", timedelta(0), soon))


def test_what_is_altered_there_is_found_and_mended(local: LocalStore, remote: Store) -> None:
    sync(local, remote, [RACE])
    data = bytearray(remote.read(LAPS) or b"")
    data[5] ^= 1
    remote.put_bytes(LAPS, bytes(data))
    assert [v.key for v in verify(remote) if v.problems] == [RACE]
    sync(local, remote, [RACE], reread=True)
    assert same_race(remote, local)


def same_race(store: Store, local: LocalStore) -> bool:
    return all(store.read(s.key) == local.read(s.key) for s in local.list(RACE.prefix))


def test_a_file_that_is_not_what_its_manifest_says_is_not_put(local: LocalStore, remote: Store) -> None:
    path = local.path(LAPS)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + b"x")
    report = sync(local, remote, [RACE, OTHER])
    assert "is not what its manifest says" in report.problems[RACE]
    assert report.races == [OTHER]
    assert remote.read(RACE.manifest) is None
    with pytest.raises(DamagedError, match="cannot read"):
        remote.put_file(LAPS, path.with_name("none"), "0")


def test_races_are_retired(local: LocalStore, remote: Store) -> None:
    sync(local, remote, [RACE, OTHER])
    retire(local, remote, [RACE])
    assert not list(remote.list(RACE.prefix + "skip"))
    assert remote.read(RACE.manifest) is None
    assert remote.read(OTHER.manifest) is not None


def test_a_run_publishes_through_any_place(local: LocalStore, remote: Store) -> None:
    with uploading(local, Place(remote)) as uploader:
        outcomes = [*uploader.add(Outcome(RACE, "published")), *uploader.finish([RACE.year])]
    assert [outcome.state for outcome in outcomes] == ["published"]
    assert same_race(remote, local)
    assert uploader.summary is not None
    assert remote.where() in uploader.summary
    assert getattr(remote, "closed", 1) == 1


def test_uploads_that_never_ended_are_found() -> None:
    store = MemoryStore()
    assert list(abandoned(store, timedelta(days=10))) == []
    (upload,) = abandoned(store, timedelta(days=8))
    store.abort(upload)
    assert list(abandoned(store, timedelta(days=8))) == []


def test_doctor_tries_any_place(remote: Store) -> None:
    checks = {check.name: check for check in bucket(Place(remote))}
    assert checks["bucket"].state == "ok"
    assert remote.where() in checks["bucket"].found
    assert ("cors" in checks) == (remote.public_url("") is not None)
    assert keys_of(remote) == set()
