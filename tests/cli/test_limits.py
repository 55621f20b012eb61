"""A user who may do too little: one sentence."""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.memory import resident_mb
from pipeline.errors import refused
from pipeline.run import memory
from tests.cases import some
from tests.command import clean_environment, forked
from tests.conftest import SMALL
from tests.warm import command

Limit = Callable[[], object]
LIMITS: dict[str, tuple[Limit, str]] = {
    "umask 777": (lambda: os.umask(0o777), "the umask 777 takes this user's rights"),
    "umask 477": (lambda: os.umask(0o477), "set one like 022"),
    "ulimit -n 20": (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20)), "may open 20 files"),
    "ulimit -f 100": (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (99_000, 99_000)), "larger than"),
}


def limited(words: list[str]) -> None:
    LIMITS[words[0]][0]()
    command(words[1:])


@pytest.mark.slow
@pytest.mark.parametrize("limit", LIMITS)
def test_too_little_is_a_sentence(tmp_path: Path, limit: str) -> None:
    words = [limit, "demo", "--out", str(tmp_path / "out"), *SMALL]
    with forked(limited, words, clean_environment()) as running:
        assert running.wait(120) == 1, running.done()
        done = running.done()
    said = done.stderr + done.stdout
    assert LIMITS[limit][1] in said or "File too large" in said
    assert "Traceback" not in said


def few_files(words: list[str]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (30, hard))
    command(words)


def test_a_soft_limit_is_raised(demo_out: Path) -> None:
    with forked(few_files, ["verify", "--out", str(demo_out)], clean_environment()) as running:
        assert running.wait(60) == 0, running.done()


def test_what_is_not_the_system_s_is_a_bug() -> None:
    assert refused(RuntimeError("an assumption")) is None
    assert refused(BrokenPipeError(32, "Broken pipe")) is None
    assert (
        refused(PermissionError(13, "Permission denied", "/x"))
        == "/x: no right to it: see its owner and rights"
    )
    assert "ulimit -u" in str(refused(RuntimeError("can't start new thread")))
    assert "not enough memory" in str(refused(MemoryError()))


def free_pieces(words: list[str]) -> None:
    """Prints how many megabytes the process holds on to after it has let large pieces go."""
    memory._memory = lambda: int(words[0]) << 20  # what the machine has
    memory.in_one_heap()
    del [bytearray(20 << 20)][0]  # glibc takes pieces up to this size from its heap from now on
    before = resident_mb()
    pieces = [(bytearray(200_000), bytearray(1000)) for _ in range(500)]
    kept = [small for _, small in pieces]
    del pieces
    sys.stdout.write(f"{resident_mb() - before:.0f} {len(kept)}")


@pytest.mark.parametrize(("has_mb", "little"), [(512, True), (4000, False)])
def test_a_small_machine_gets_memory_back_at_once(has_mb: int, little: bool) -> None:
    with forked(free_pieces, [str(has_mb)], clean_environment()) as running:
        assert running.wait(60) == 0, running.done()
        kept, _ = map(int, running.done().stdout.split())
    assert (kept < 20) == little


def test_what_the_machine_has_is_known() -> None:
    assert 64 << 20 < memory._memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.slow
@pytest.mark.parametrize("mask", some([0o077, 0o022, 0o002], 3))
def test_rights_are_those_of_the_umask(tmp_path: Path, mask: int) -> None:
    """All files by one rule, and all folders."""
    with forked(
        masked, [f"{mask}", "demo", "--out", str(tmp_path / "out"), *SMALL], clean_environment()
    ) as run:
        assert run.wait(120) == 0, run.done()
    made = [path for path in (tmp_path / "out").rglob("*") if not path.name.startswith(".")]
    assert {path.stat().st_mode & 0o777 for path in made if path.is_file()} == {0o666 & ~mask}
    assert {path.stat().st_mode & 0o777 for path in made if path.is_dir()} == {0o777 & ~mask}


def masked(words: list[str]) -> None:
    os.umask(int(words[0]))
    command(words[1:])
