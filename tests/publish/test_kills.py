"""Killed while a race is replaced in the folder: at every step, files that all differ."""

import gzip
import json
import os
import signal
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Manifest, Options, ReplayChunk
from pipeline.publish.documents import read_manifest
from pipeline.publish.race import publish_race
from pipeline.store.base import StagedFile
from pipeline.store.local import LocalStore
from pipeline.store.lock import only_run
from serve.files import Library
from serve.health import HealthChecks
from serve.memory import Memory
from serve.problems import Problem
from serve.shelf import Shelf
from tests.command import clean_environment, forked
from tests.serve.support import OTHER, frames_text, make_tree, manifest_of, race_files

pytestmark = pytest.mark.slow

STEPS = 20
CHUNKS = 10
OLD, NEW = (25.0, (1, 2, 5, 10)), (10.0, (1, 2, 4, 5))


@dataclass
class Version:
    """The race as it is made with other options: no file of one version is in the other."""

    fps: float
    skips: tuple[int, ...]

    def files(self) -> dict[str, bytes]:
        made = {k: data for k, data in race_files(OTHER).items() if "/skip_" not in k and "/replay/" not in k}
        for skip in self.skips:
            text = frames_text(OTHER, skip, fps=self.fps)
            made[OTHER.frames_json(skip)] = gzip.compress(text, mtime=0)
        for index in range(CHUNKS):
            key = OTHER.file("replay", generation=f"{int(self.fps):04x}", index=index)
            made[key] = f"{index} of {self.fps}".encode()
        made[OTHER.file("laps_parquet")] += str(self.fps).encode()
        made[OTHER.progress] += b"\n" * int(self.fps)
        return made

    def manifest(self, files: dict[str, bytes]) -> Manifest:
        chunks = [key for key in files if "/replay/" in key]
        listed = [ReplayChunk(key=key, start_s=0, end_s=4, bytes=len(files[key])) for key in chunks]
        first = OTHER.file("replay", generation="0123abcd", index=0)
        made = manifest_of(OTHER, files | {first: b""})
        return made.model_copy(
            update={
                "artifacts": [artifact for artifact in made.artifacts if artifact.key != first],
                "replay": made.replay.model_copy(update={"chunks": listed}),
                "clock": made.clock.model_copy(update={"fps": self.fps}),
                "provenance": made.provenance.model_copy(
                    update={"options": Options(fps=self.fps, frame_skips=list(self.skips))}
                ),
            }
        )

    def publish(self, out: Path) -> None:
        store, files = LocalStore(out), self.files()
        staged = []
        for index, (key, data) in enumerate(files.items()):
            path = store.staging(f"{index}")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            staged.append(StagedFile(key, path, len(data), sha256(data).hexdigest()))
        with only_run(out):
            publish_race(store, self.manifest(files), staged, read_manifest(store, OTHER))


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


@pytest.mark.parametrize("step", range(STEPS))
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
