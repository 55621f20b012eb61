"""What strangers can read of runs that fail says nothing of the machine that made it."""

import platform
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.contract.artifacts import is_public
from pipeline.run.race import _for_strangers
from tests.conftest import SMALL, cli
from tests.nightly.archive import Weekend
from tests.nightly.conftest import Nights

Fault = Callable[[Nights, Weekend], None]


def broken(nights: Nights, weekend: Weekend) -> None:
    """Garbage where the archive has its topics."""
    for name in list(nights.hosts.content["timing"]):
        if "TimingData" in name or "Position" in name:
            nights.hosts.content["timing"][name] = b"no line of a feed\r\n"


def down(nights: Nights, _: Weekend) -> None:
    nights.hosts.fault = {"timing": "status:503", "mirror": "status:503", "jolpica": "refused"}


def blocked(nights: Nights, _: Weekend) -> None:
    nights.hosts.fault = {"timing": "blocked", "mirror": "missing"}


def unwritable(nights: Nights, _: Weekend) -> None:
    """A file where the race's folder ought to be."""
    path = nights.out / f"telemetry/{nights.year}/1"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")


def damaged_cache(nights: Nights, _: Weekend) -> None:
    nights.run()
    for path in nights.cache.rglob("*.ff1pkl"):
        path.write_bytes(path.read_bytes()[:30])
    shutil.rmtree(nights.out)


def telltales(folder: Path) -> set[str]:
    """What must be in no public file."""
    return {str(folder), f"{Path.home()}/", platform.node(), "/tmp/", "127.0.0.1", "--", "f1-precompute "}


def leaks(out: Path, words: set[str]) -> list[str]:
    found = []
    for path in sorted(out.rglob("*")):
        key = path.relative_to(out).as_posix()
        if path.is_file() and is_public(key) and path.suffix in (".json", ".jsonl"):
            text = path.read_text()
            found += [f"{key}: {word!r}" for word in words if len(word) > 1 and word in text]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("fault", [broken, down, blocked, unwritable, damaged_cache])
def test_a_night_that_fails(nights: Nights, weekend: Weekend, fault: Fault) -> None:
    fault(nights, weekend)
    run = nights.run(
        "--network-budget", "0.02", "--offline" if fault is damaged_cache else "--force", expect=None
    )
    said = {path.relative_to(nights.out).as_posix() for path in nights.out.rglob("*") if path.is_file()}
    assert any(key.startswith("runs/") and key.endswith(".json") for key in said), run.stderr
    assert leaks(nights.out, telltales(nights.folder)) == []


@pytest.mark.slow
def test_a_run_that_takes_too_long(tmp_path: Path) -> None:
    out = tmp_path / "out"
    cli("demo", "--out", out, *SMALL, "--time-limit", "0.001", expect=None)
    assert leaks(out, telltales(tmp_path)) == []


@pytest.mark.parametrize(
    ("said", "public"),
    [
        ("cannot read /srv/f1/cache/2025/x.ff1pkl: gone", "cannot read x.ff1pkl: gone"),
        ("'/tmp/f1-recording-ab/a.txt'", "'a.txt'"),
        ("https://mirror.internal:80/static/2025/Race/Index.json failed", "Index.json failed"),
        ("no data for 3/4 of the laps, 10 km/h", "no data for 3/4 of the laps, 10 km/h"),
        ("Driver 44: lap 3 of ../x", "Driver 44: lap 3 of ../x"),
    ],
)
def test_what_a_library_says_loses_its_folders(said: str, public: str) -> None:
    assert _for_strangers(said) == public
