"""Bad input gets one clear sentence and the right exit code, and loses nothing."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.cli import settings as cli_settings
from pipeline.cli.settings import source_of
from pipeline.contract.artifacts import SessionKey
from pipeline.demo import demo_season
from pipeline.errors import StoreError, UsageError
from pipeline.input.schedule import pick
from pipeline.job import Source
from pipeline.run.batch import load_schedule
from tests.command import recording_name
from tests.conftest import REPOSITORY, cli


def refused(*args: str | Path, code: int, says: str, **environment: str) -> str:
    """Run and expect one sentence that holds `says`, and no traceback."""
    done = cli(*args, expect=code, **environment)
    text = done.stdout + done.stderr
    assert "Traceback" not in text
    assert says in text, text
    return text


@pytest.fixture
def offline(tmp_path: Path) -> tuple[str | Path, ...]:
    """Options of a run that can neither send anything nor find anything cached."""
    return ("--offline", "--fastf1-cache", tmp_path / "cache", "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("season", "2017"), "begins in 2018"),
        (("season", "1900"), "f1-precompute demo"),
        (("season", "2099"), "in the future"),
        (("season", "twenty"), "'twenty' is no season"),
        (("season", "2025", "--rounds", "1,x"), "write it like 1,3-5"),
        (("season", "2025", "--rounds", "5-3"), "write it like 1,3-5"),
        (("season", "2025", "--rounds", "0"), "write it like 1,3-5"),
        (
            ("season", "2025", "--sessions", "R,Q4"),
            "'Q4' is no session: write R (race), S (sprint), Q (qualifying), SQ (sprint qualifying), "
            "FP1, FP2 or FP3 (practice), several like R,S, or all",
        ),
        (("demo", "--sessions", "SQ"), "1900 has no sprint qualifying in the rounds asked for: they have"),
        (("demo", "--frame-skip", "0"), "whole numbers from 1 to 10"),
        (("demo", "--frame-skip", "11"), "whole numbers from 1 to 10"),
        (("demo", "--frame-skip", "1,,2"), "whole numbers from 1 to 10"),
        (("demo", "--fps", "0"), "1<=x<=50"),
        (("demo", "--fps", "51"), "1<=x<=50"),
        (("demo", "--fps", "nan"), "nan is not a finite number"),
        (("nightly", "--time-limit", "nan"), "nan is not a finite number"),
        (("demo", "--jobs", "0"), "1<=x<=64"),
        (("race", "2025", "0"), "1<=x<=99"),
        (("race", "2025", "1", "--recording", "/nowhere.txt"), "does not exist"),
        (("race", "2025", "1", "--session", "FP4"), "is not one of"),
    ],
)
def test_usage(args: tuple[str, ...], says: str) -> None:
    refused(*args, code=2, says=says)


def test_schedule_that_is_not_cached(offline: tuple[str | Path, ...]) -> None:
    refused("season", "2025", *offline, code=1, says="the schedule of 2025 is not in the cache")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("race", "2025", "25"), "2025 has no round 25: its schedule lists rounds 1 to 24"),
        (("race", "2023", "23"), "cancelled races are not listed"),  # Imola 2023 would have been one of 23
        (("season", "2025", "--rounds", "23-26"), "2025 has no round 25"),
        (
            ("race", "2025", "1", "--session", "S"),
            "has no sprint: it has practice 1, practice 2, practice 3, qualifying, race",
        ),
    ],
)
def test_rounds_that_cannot_be(real_cache: Path, tmp_path: Path, args: tuple[str, ...], says: str) -> None:
    refused(*args, "--offline", "--fastf1-cache", real_cache, "--out", tmp_path / "out", code=2, says=says)
    assert not (tmp_path / "out" / "telemetry").exists()


def test_a_race_that_is_still_to_come(real_cache: Path) -> None:
    """On a day before it, which the command line has from the clock."""
    events = load_schedule(2026, Source(real_cache, offline=True))
    with pytest.raises(UsageError, match="is not over: it starts at 2026-12-06"):
        pick(events, SessionKey(2026, 22), datetime(2026, 12, 5, tzinfo=UTC))


@pytest.fixture
def recording(recordings: Path) -> Path:
    """Of the demo season's first race."""
    _, seed, laps = demo_season()[0]
    return recordings / recording_name(seed, laps)


def damaged(recording: Path, tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}.txt"
    lines = recording.read_text().splitlines(keepends=True)
    kept = {
        "empty": [],
        "foreign": ["hello\n", "world\n"],
        "no_positions": [line for line in lines if "Position.z" not in line],
        "no_start": [line for line in lines if "Started" not in line],
        "beginning": lines[: len(lines) // 40],
    }[name]
    path.write_text("".join(kept))
    return path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty", "is empty"),
        ("foreign", "is empty or does not say"),
        ("no_positions", "lacks car positions"),
        ("no_start", "lacks the start of the session"),
        ("beginning", "lacks"),
    ],
)
def test_recordings(
    recording: Path, tmp_path: Path, offline: tuple[str | Path, ...], name: str, says: str
) -> None:
    path = damaged(recording, tmp_path, name)
    refused("race", "2025", "1", "--recording", path, *offline, code=1, says=says)
    assert not list((tmp_path / "out").rglob("manifest.json"))


@pytest.mark.slow
def test_a_recording_makes_a_race(recording: Path, tmp_path: Path, offline: tuple[str | Path, ...]) -> None:
    """Of the event that the recording itself tells of, without a schedule; in two overlapping files."""
    lines = recording.read_text().splitlines(keepends=True)
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("".join(lines[:4000]))
    second.write_text("".join(lines[3900:]))
    cli("race", "2024", "7", "--recording", first, "--recording", second, *offline)
    manifest = (tmp_path / "out" / SessionKey(2024, 7).manifest).read_text()
    assert '"name":"Testland Grand Prix"' in manifest


@pytest.mark.parametrize(("session", "name"), [("R", "Practice 1"), ("R", "Sprint"), ("S", "Race")])
def test_a_recording_of_another_session(
    recording: Path, tmp_path: Path, offline: tuple[str | Path, ...], session: str, name: str
) -> None:
    text = recording.read_text().replace("'Name': 'Race'", f"'Name': '{name}'", 1)
    path = tmp_path / "other.txt"
    path.write_text(text)
    refused(
        "race", "2024", "7", "--session", session, "--recording", path, *offline,
        code=1, says=f"but the recording other.txt is of Testland Grand Prix, {name} of 1900-03-18",
    )  # fmt: skip
    assert not list((tmp_path / "out").rglob("manifest.json"))


def test_a_recording_of_another_season(
    recording: Path, tmp_path: Path, offline: tuple[str | Path, ...]
) -> None:
    path = tmp_path / "old.txt"
    path.write_text(recording.read_text().replace("1900-03-18", "2023-03-19"))
    says = "the recording old.txt is of Testland Grand Prix of 2023-03-19"
    refused("race", "2024", "7", "--recording", path, *offline, code=1, says=says)
    assert not list((tmp_path / "out").rglob("manifest.json"))


@pytest.mark.slow
def test_a_recording_that_stops_before_the_flag(
    recording: Path, tmp_path: Path, offline: tuple[str | Path, ...]
) -> None:
    """It is published as what it is; nothing that fastf1 warns of on the way reaches the user."""
    lines = recording.read_text().splitlines(keepends=True)
    path = tmp_path / "cut.txt"
    path.write_text("".join(lines[: len(lines) * 6 // 10]))
    done = cli("race", "2024", "7", "--recording", path, *offline)
    assert done.stderr == ""
    manifest = (tmp_path / "out" / SessionKey(2024, 7).manifest).read_text()
    assert "before the flag: nobody finished" in manifest
    assert '"grade":"C"' in manifest


@pytest.mark.slow
def test_a_recording_of_another_race(recording: Path, real_cache: Path, tmp_path: Path) -> None:
    refused(
        "race", "2025", "1", "--recording", recording, "--offline", "--fastf1-cache", real_cache,
        "--out", tmp_path / "out", code=1, says=f"recording {recording.name} is of Testland Grand Prix",
    )  # fmt: skip


@pytest.mark.slow
def test_damaged_cache_file(real_cache: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(real_cache, cache)
    laps = next(cache.rglob("*Australian*/*/_extended_timing_data.ff1pkl"))
    laps.write_bytes(laps.read_bytes()[:5000])
    refused(
        "race", "2025", "1", "--offline", "--fastf1-cache", cache, "--out", tmp_path / "out",
        code=1, says="holds a damaged or foreign file for _extended_timing_data",
    )  # fmt: skip


@pytest.mark.slow
def test_damaged_http_cache(real_cache: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(real_cache, cache)
    (cache / "fastf1_http_cache.sqlite").write_bytes(b"no database\n" * 100)
    refused(
        "race", "2025", "1", "--offline", "--fastf1-cache", cache, "--out", tmp_path / "out",
        code=1, says="fastf1_http_cache.sqlite cannot be used (file is not a database): remove it",
    )  # fmt: skip


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    refused("demo", "--out", tmp_path / "file" / "out", code=1, says="cannot write")
    refused("demo", "--out", tmp_path / "file", code=2, says="is a file")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own, so small that it is soon full."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a small tmpfs")
def test_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "3m") as out:
        refused("demo", "--out", out, "--jobs", "1", code=1, says="no space left to write")
        published = list(out.rglob("manifest.json"))
        if published:
            cli("verify", "--out", out)


def test_newer_schema_version_is_left_alone(small_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(small_out, out)
    manifest = out / "telemetry/1900/1/manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema_version":1', '"schema_version":2'))
    newer = manifest.read_bytes()
    refused(
        "demo", "--out", out, "--force", code=1, says="was written by schema_version 2, this version knows 1"
    )
    assert manifest.read_bytes() == newer


@pytest.mark.slow
def test_two_runs_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with FileLock(out / ".lock"):
        (out / ".lock.holder").write_text("process 1 on host since 2025-01-01 00:00:00 UTC\n")
        refused("demo", "--out", out, code=75, says="is in use by process 1 on host")
    cli("demo", "--out", out)


def test_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(
        "season",
        "2025",
        "--fastf1-cache",
        tmp_path / "file" / "cache",
        "--out",
        tmp_path,
        code=2,
        says="cannot be made",
    )


def test_no_network(tmp_path: Path) -> None:
    """Every host is refused at once, as when the network is down."""
    refused(
        "season", "2025", "--fastf1-cache", tmp_path / "cache", "--out", tmp_path / "out",
        code=1, says="the schedule of 2025 cannot be fetched",
        HTTPS_PROXY="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="",
    )  # fmt: skip


def test_help_loads_nothing_heavy() -> None:
    heavy = ("fastf1", "pandas", "numpy", "pyarrow", "boto3", "rich", "pydantic")
    code = f"import sys, pipeline.cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a small tmpfs")
def test_disk_that_was_full_before(tmp_path: Path) -> None:
    """Not even who holds the lock can be written down."""
    with small_disk(tmp_path / "small", "64k") as out:
        with suppress(OSError):
            (out / "other").write_bytes(bytes(1 << 20))
        refused("demo", "--out", out, code=1, says="no space left to write")
        cli("prune", "--out", out)
        assert not (out / ".lock.holder").exists()


def _popen(*args: str | Path, stdout: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, args)],
        cwd=REPOSITORY, stdout=stdout, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_nobody_listens_any_more() -> None:
    """As with `| head -1`: what is said is lost, and the work goes on."""
    read, write = os.pipe()
    os.close(read)
    with _popen("--help", stdout=write) as process:
        os.close(write)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_an_output_that_cannot_be_written() -> None:
    with Path("/dev/full").open("w") as full, _popen("--help", stdout=full.fileno()) as process:
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "Error: the output: No space left on device\n")


def test_a_cache_on_a_full_disk_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(dir: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cli_settings, "TemporaryFile", full)
    for offline in (False, True):  # an empty cache has its database made
        with pytest.raises(StoreError, match=r"cannot be written: No space left .* --fastf1-cache"):
            source_of({"fastf1_cache": tmp_path, "offline": offline})
    (tmp_path / "something").touch()
    source_of({"fastf1_cache": tmp_path, "offline": True})


@pytest.mark.parametrize(
    ("session", "mode", "owner", "says"),
    [
        ("", 0o755, None, ""),
        ("", 0o775, None, ""),
        ("", 0o777, None, "may be written by other users"),
        ("2025/A_Grand_Prix/A_Race", 0o757, None, "may be written by other users"),
        ("2025/A_Grand_Prix/A_Race", 0o755, 12345, "belongs to another user"),
    ],
)
def test_a_cache_that_others_may_have_filled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], session: str, mode: int, owner: int | None, says: str
) -> None:
    folder = tmp_path / "cache" / session
    folder.mkdir(parents=True)
    for made in (folder, *folder.parents[: len(Path(session).parts)]):
        made.chmod(0o755)
    folder.chmod(mode)
    if owner is not None:
        if os.getuid() != 0:
            pytest.skip("only root gives files to another")
        os.chown(folder, owner, owner)
    source_of({"fastf1_cache": tmp_path / "cache", "offline": False})
    assert says in (warned := capsys.readouterr().err)
    assert bool(warned) == bool(says)
