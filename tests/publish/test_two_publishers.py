"""Two that publish other versions of a race to one place: it ends as one of them, or somebody failed."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.publish.mend import mend
from pipeline.publish.sending import Copy
from pipeline.publish.sync import sync
from pipeline.publish.verify import verify
from pipeline.store.local import LocalStore
from tests.cases import some
from tests.publish.versions import NEW, OLD, Version
from tests.serve.support import OTHER, make_tree

pytestmark = pytest.mark.slow

WRITES = ("put_file", "put_bytes", "delete")
LOOKS = ("fetch", "stat", "digest", "list")


class Watched(LocalStore):
    """A place that calls `step` before each thing that is done there, one at a time."""

    parallel = 1

    def __init__(self, root: Path, step: Callable[[], None], what: tuple[str, ...]) -> None:
        super().__init__(root)
        for name in what:
            setattr(self, name, self._stepping(getattr(self, name), step))

    def _stepping(self, real: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
        def stepped(*args: Any) -> Any:
            step()
            found = real(*args)
            return list(found) if isinstance(found, Iterator) else found

        return stepped


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LocalStore]:
    """Two machines' output. Read only."""
    made = {}
    for name, version in (("old", OLD), ("new", NEW)):
        out = make_tree(tmp_path_factory.mktemp(name) / "out", big=1000)
        Version(*version).publish(out)
        made[name] = LocalStore(out)
        mend(made[name])
    return made


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.publish.sending._PAUSE_S", 0)


def publish(local: LocalStore, remote: LocalStore) -> list[str]:
    """What went wrong."""
    try:
        return list(sync(local, remote, [OTHER]).problems.values())
    except PipelineError as error:
        return [str(error)]


def wrong(root: Path) -> list[str]:
    return [problem for verdict in verify(LocalStore(root)) for problem in verdict.problems]


@pytest.mark.thorough
@pytest.mark.parametrize("before", ["nothing", "the other"])
def test_the_other_publishes_between_any_two_writes(
    folders: dict[str, LocalStore], tmp_path: Path, before: str
) -> None:
    """One writes everything while the other is between its n-th write and the next, for every n."""
    for number in range(60):
        root = tmp_path / str(number)
        if before == "the other":
            publish(folders["old"], LocalStore(root))
        between = Between(number, partial(publish, folders["old"], LocalStore(root)))
        problems = publish(folders["new"], Watched(root, between.step, WRITES))
        if between.problems is None:
            assert number > 15
            return
        assert problems or between.problems or wrong(root) == [], number
    pytest.fail("there are more writes")


@dataclass
class Between:
    """Calls `other` at the n-th step, once."""

    number: int
    other: Callable[[], list[str]]
    count: int = 0
    problems: list[str] | None = None

    def step(self) -> None:
        self.count += 1
        if self.count == self.number + 1:
            self.problems = self.other()


class Turns:
    """Who may go on: one of those that still run, by chance."""

    def __init__(self, seed: int, names: tuple[str, ...]) -> None:
        self._chance, self._left = random.Random(seed), list(names)
        self._changed = threading.Condition()
        self._next = names[0]

    def step(self, me: str) -> None:
        with self._changed:
            if self._next == me:
                self._next = self._chance.choice(self._left)
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._next == me)

    def ended(self, me: str) -> None:
        with self._changed:
            self._left.remove(me)
            self._next = self._left[0] if self._left else ""
            self._changed.notify_all()


@pytest.mark.parametrize("seed", some(range(24), 5))
def test_in_turns(folders: dict[str, LocalStore], tmp_path: Path, seed: int) -> None:
    """Both write and look in turns, by chance; seeds are fixed."""
    turns = Turns(seed, ("old", "new"))

    def run(name: str) -> list[str]:
        turns.step(name)
        store = Watched(tmp_path, lambda: turns.step(name), WRITES + LOOKS)
        try:
            return publish(folders[name], store)
        finally:
            turns.ended(name)

    if seed % 2:
        publish(folders["old"], LocalStore(tmp_path))
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(run, ("old", "new")))
    assert any(ended) or wrong(tmp_path) == [], ended


class Killed(BaseException):
    pass


@pytest.mark.thorough
@pytest.mark.parametrize("again", ["old", "new"])
def test_killed_before_it_looks_again(
    folders: dict[str, LocalStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    """Whose manifest names the other's files is found by verify, and mended by the command that it names.
    (The next publish of any kind mends it too, but for a file of the other's that has the same size.)"""
    settled, mixed = Copy._is_settled, 0

    def killed(copy: Copy, *args: Any) -> bool:
        if isinstance(copy.remote, Watched):
            raise Killed
        return settled(copy, *args)

    monkeypatch.setattr(Copy, "_is_settled", killed)
    for number in range(60):
        root = tmp_path / str(number)
        between = Between(number, partial(publish, folders["old"], LocalStore(root)))
        with suppress(Killed):
            publish(folders["new"], Watched(root, between.step, WRITES))
        if between.problems is None:
            assert mixed
            return
        mixed += bool(wrong(root))
        assert not sync(folders[again], LocalStore(root), [OTHER], reread=True).problems
        assert wrong(root) == [], number
    pytest.fail("there are more writes")
