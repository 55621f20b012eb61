"""Killed while a race is replaced in the folder: at every step, files that all differ."""

import gzip
import json
import os
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.publish.documents import read_manifest
from pipeline.store.local import LocalStore
from serve.files import Library
from serve.health import HealthChecks
from serve.memory import Memory
from serve.problems import Problem
from serve.shelf import Shelf
from tests.cases import some
from tests.command import clean_environment, forked
from tests.publish.versions import NEW, OLD, Version
from tests.serve.support import OTHER, make_tree

pytestmark = pytest.mark.slow

STEPS = 20


def publish_until(words: list[str]) -> None:
    """In a process of its own: publish, and be killed before the n-th file gets or loses its name."""
    out, left = Path(words[0]), int(words[1])

    def counted(method: str) -> None:
        real = getattr(LocalStore, method)

        def step(*args: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)

        setattr(LocalStore, method, step)

    for method in ("_rename", "delete"):
        counted(method)
    Version(*NEW).publish(out)


@pytest.fixture(scope="module")
def replaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = make_tree(tmp_path_factory.mktemp("killed") / "out")
    Version(*OLD).publish(out)
    return out


def lies(store: LocalStore, key: SessionKey) -> list[str]:
    manifest = read_manifest(store, key)
    assert manifest is not None
    found = {a.key: (a.sha256, sha256(store.read(a.key) or b"").hexdigest()) for a in manifest.artifacts}
    return [name for name, (said, real) in found.items() if said != real]


@pytest.mark.parametrize("step", some(range(STEPS), 5))
def test_killed_at_every_step(replaced: Path, step: int) -> None:
    """What the manifest names is what it says, frames have its clock, and ready says what is not served."""
    store = LocalStore(replaced)
    Version(*OLD).publish(replaced)
    with forked(publish_until, [str(replaced), str(step)], clean_environment()) as running:
        assert running.wait(60) == -signal.SIGKILL, running.done().stderr
    assert lies(store, OTHER) == []
    shelf = Shelf(Library(replaced, Memory(0)))
    manifest = shelf.manifest(OTHER)
    served = [skip for skip in range(1, 11) if shelf.serves(OTHER.frames_json(skip))]
    for skip in served:
        data = gzip.decompress(store.read(OTHER.frames_json(skip)) or b"")
        assert json.loads(data)["fps"] * skip == manifest.clock.fps
    whole = set(manifest.provenance.options.frame_skips) == set(served)
    assert HealthChecks(shelf)._look().ready == whole
    if not whole:
        with pytest.raises(Problem, match="are being replaced"):
            shelf.refuse_unfinished(OTHER)
    Version(*NEW).publish(replaced)
    assert lies(store, OTHER) == []
    assert HealthChecks(shelf)._look().status == "ok"


def test_every_step_was_killed(replaced: Path) -> None:
    Version(*OLD).publish(replaced)
    with forked(publish_until, [str(replaced), str(STEPS)], clean_environment()) as running:
        assert running.wait(60) == 0, "there are more steps than are killed"
