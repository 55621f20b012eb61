"""verify finds every damage of the table, in a folder and in a bucket, and says what mends it."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.artifacts import media_of
from pipeline.contract.models import RunSummary
from pipeline.publish.documents import publish_schemas, to_json
from pipeline.publish.mend import mend
from pipeline.publish.sync import sync
from pipeline.publish.verify import Verdict, cure, published, verify
from pipeline.store.base import Store
from pipeline.store.local import LocalStore
from pipeline.store.s3 import S3Store
from tests.cases import some
from tests.publish.damages import ABOVE, DAMAGES, HEADERS, KINDS, RUN, STORED, Damage, Tree
from tests.s3.support import Place, options, place
from tests.s3.swift import SwiftServer
from tests.serve.support import NOW, make_tree


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    """A whole tree. Read only."""
    store = LocalStore(make_tree(tmp_path_factory.mktemp("whole") / "out", big=1000))
    publish_schemas(store)
    summary = RunSummary(
        run="r", seasons=[2025], started_at=NOW, seconds=1, exit_code=0, line="", counts={}, races=[]
    )
    store.put_bytes(RUN, to_json(summary))
    mend(store)
    assert wrong(store) == []
    return store


@dataclass
class Folder:
    root: Path

    def get(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def put(self, key: str, data: bytes, **_: Any) -> None:
        (self.root / key).parent.mkdir(parents=True, exist_ok=True)
        (self.root / key).write_bytes(data)

    def delete(self, key: str) -> None:
        (self.root / key).unlink()

    def names(self) -> set[str]:
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}


@dataclass
class Bucket:
    """Objects keep their headers, unless others are given."""

    place: Place

    def get(self, key: str) -> bytes:
        return self.place.get(key)

    def put(self, key: str, data: bytes, **headers: Any) -> None:
        media, right = media_of(key), dict[str, Any](Metadata={})
        if key in self.names():
            right["Metadata"] = self.place.head(key)["Metadata"]
        right |= {"ContentType": media.content_type, "CacheControl": media.cache_control}
        right |= {"ContentEncoding": media.content_encoding} if media.content_encoding else {}
        self.place.put(key, data, **(right | headers))

    def delete(self, key: str) -> None:
        self.place.client.delete_object(**self.place.name(key))

    def names(self) -> set[str]:
        return self.place.names()


def wrong(store: Store) -> list[Verdict]:
    return [verdict for verdict in verify(store) if verdict.problems]


def check(found: list[Verdict], damage: Damage) -> None:
    said = [problem for verdict in found for problem in verdict.problems]
    assert any(re.search(damage.says, sentence) for sentence in said), said
    assert all(cure(verdict.key, True) and cure(verdict.key, False) for verdict in found)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_in_a_folder(whole: LocalStore, tmp_path: Path, damage: Damage) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole.root, out, copy_function=os.link)
    damage.do(_unlinked(out))
    store = LocalStore(out)
    check(wrong(store), damage)
    mend(store)
    left = wrong(store)
    if damage in ABOVE:
        assert left == []
    assert all(verdict.key is not None for verdict in left)


def _unlinked(out: Path) -> Tree:
    """A folder whose files are other folders' too: each is taken away before it is written."""

    class Linked(Folder):
        def put(self, key: str, data: bytes, **headers: Any) -> None:
            (self.root / key).unlink(missing_ok=True)
            super().put(key, data, **headers)

    return Linked(out)


@pytest.fixture(scope="module")
def bucket(s3_server: SwiftServer, whole: LocalStore) -> Iterator[Place]:
    with place(s3_server) as made:
        with S3Store(options(made)) as remote:
            sync(whole, remote, published(whole, None, None))
            assert wrong(remote) == []
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("damage", some(STORED + HEADERS, 20), ids=lambda damage: damage.name)
def test_in_a_bucket(whole: LocalStore, bucket: Place, damage: Damage) -> None:
    """And one publish --reread makes it right."""
    keys = published(whole, None, None)
    with S3Store(options(bucket)) as remote:
        damage.do(Bucket(bucket))
        found = wrong(remote)
        check(found, damage)
        if damage in HEADERS:
            said = " ".join(problem for verdict in found for problem in verdict.problems)
            assert [key for key in KINDS if f"{key} is served with" not in said] == []
        sync(whole, remote, keys, reread=True)
        ours = {stored.key for stored in whole.list("")}
        for key in bucket.names() - ours:  # what is only there, `prune` takes away
            Bucket(bucket).delete(key)
            sync(whole, remote, keys, reread=True)
        assert wrong(remote) == []
