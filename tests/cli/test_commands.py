"""The command line as a user runs it: what it prints, publishes and exits with."""

import json
import shutil
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from tests.conftest import cli


def snapshot(out: Path) -> dict[str, tuple[int, bytes]]:
    """Every published file: when it was last written, and its bytes."""
    files = (p for p in sorted(out.rglob("*")) if p.is_file() and not p.name.startswith("."))
    return {p.relative_to(out).as_posix(): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}


def test_demo_publishes_a_season(demo_out: Path) -> None:
    catalog = orjson.loads((demo_out / "catalog.json").read_bytes())
    assert [(s["year"], s["published"]) for s in catalog["seasons"]] == [(1900, 3)]
    assert catalog["newest"]["manifest"] == "telemetry/1900/2/manifest.json"
    season = orjson.loads((demo_out / "sessions/1900.json").read_bytes())
    assert [(e["round"], [s["session"] for s in e["sessions"]]) for e in season["events"]] == [
        (1, ["R"]),
        (2, ["S", "R"]),
    ]
    assert all(s["state"] == "published" for e in season["events"] for s in e["sessions"])
    assert not list((demo_out / "runs").glob("live/*"))
    assert not (demo_out / ".staging").exists() or not any((demo_out / ".staging").iterdir())


def test_progress_log_of_a_race(demo_out: Path) -> None:
    lines = (demo_out / "telemetry/1900/1/progress.jsonl").read_bytes().splitlines()
    events = [orjson.loads(line) for line in lines]
    assert [e["seq"] for e in events] == list(range(len(events)))
    assert {(e["v"], e["year"], e["round"], e["session"]) for e in events} == {(1, 1900, 1, "R")}
    percent = [e["progress"] for e in events if e["type"] == "progress"]
    assert percent == sorted(percent)
    assert events[-1]["type"] == "complete"
    [run_log] = (demo_out / "runs").glob("*.jsonl")
    run = [orjson.loads(line) for line in run_log.read_bytes().splitlines()]
    assert [e for e in run if (e["round"], e["session"]) == (1, "R")] == events


def test_second_run_changes_nothing(demo_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    before = snapshot(out)
    done = cli("demo", "--out", out)
    assert "Nothing to do" in done.stdout
    assert snapshot(out) == before


@pytest.mark.slow
def test_force_computes_the_same_and_keeps_it(demo_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    before = snapshot(out)
    done = cli("demo", "--out", out, "--force")
    assert "unchanged" in done.stdout
    after = snapshot(out)
    assert {k: v for k, v in after.items() if not k.startswith("runs/")} == {
        k: v for k, v in before.items() if not k.startswith("runs/")
    }


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "64"])
def test_the_same_bytes_with_many_threads_and_with_one(demo_out: Path, tmp_path: Path, jobs: str) -> None:
    """A job alone has a thread a processor, one of many has a single one."""
    cli("demo", "--jobs", jobs, "--out", tmp_path)
    for path in sorted(demo_out.rglob("manifest.json")):
        assert content(path) == content(tmp_path / path.relative_to(demo_out))


def content(manifest: Path) -> dict[str, str]:
    """sha256 of each file but the progress log, which is of its run."""
    artifacts = json.loads(manifest.read_bytes())["artifacts"]
    return {a["key"]: a["sha256"] for a in artifacts if not a["key"].endswith("progress.jsonl")}


@pytest.mark.slow
def test_other_options_are_computed_anew(demo_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    done = cli("demo", "--out", out, "--fps", "10", "--frame-skip", "3")
    assert done.stdout.count("published") >= 3
    manifest = orjson.loads((out / "telemetry/1900/1/manifest.json").read_bytes())
    assert manifest["clock"]["fps"] == 10
    assert [a["key"] for a in manifest["artifacts"] if "skip_" in a["key"]] == [
        "telemetry/1900/1/skip_3.json.gz"
    ]


@pytest.mark.slow
def test_environment_sets_options_and_flags_win(tmp_path: Path) -> None:
    named = tmp_path / "named"
    done = cli("demo", "--fps", "5", F1_OUT=str(named), F1_FPS="2", F1_FRAME_SKIP="1", F1_JSON="1")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["type"] for line in lines} == {"progress", "complete", "outcome"}
    manifest = orjson.loads((named / "telemetry/1900/1/manifest.json").read_bytes())
    assert manifest["provenance"]["options"] == {"fps": 5.0, "frame_skips": [1]}


@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped(demo_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    (out / "telemetry/1900/2/manifest.json").unlink()
    done = cli("demo", "--out", out)
    assert "1900 round 1 race: up to date" in done.stdout
    assert "1900 round 2 race: published" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_lost_file_is_made_again(demo_out: Path, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    lost = out / "telemetry/1900/1/skip_5.json.gz"
    whole = lost.read_bytes()
    lost.unlink() if damage == "missing" else lost.write_bytes(whole[:1000])
    cli("demo", "--out", out)
    assert lost.read_bytes() == whole


def test_verify(demo_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    assert cli("verify", "--out", out).stdout.count(", ok") == 4
    (out / "telemetry/1900/1/skip_5.json.gz").unlink()
    parquet = out / "telemetry/1900/2/frames.parquet"
    parquet.write_bytes(parquet.read_bytes()[:-10])
    chunk = next((out / "telemetry/1900/2/sprint/replay").rglob("0001.json.gz"))
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"\0\0"[:1])
    done = cli("verify", "--out", out, expect=1)
    assert "skip_5.json.gz is missing" in done.stdout
    assert "frames.parquet is truncated" in done.stdout
    assert cli("verify", "1900", "1", "--out", out, expect=1).stdout.count("\n") == 4


@pytest.mark.slow
def test_verify_finds_an_altered_byte(demo_out: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_out, out)
    laps = out / "telemetry/1900/1/laps.parquet"
    data = bytearray(laps.read_bytes())
    data[100] ^= 1
    laps.write_bytes(bytes(data))
    assert "laps.parquet is altered" in cli("verify", "1900", "1", "--out", out, expect=1).stdout
    cli("demo", "--out", out, "--force")
    cli("verify", "--out", out)


@pytest.mark.slow
def test_real_season_in_which_a_race_fails(real_out: Path, real_cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(real_out, out)
    before = snapshot(out)
    asked = (
        "season",
        "2025",
        "--rounds",
        "1-3",
        "--sessions",
        "R",
        "--frame-skip",
        "10",
        "--offline",
        "--fastf1-cache",
        real_cache,
    )
    done = cli(*asked, "--out", out, expect=1)
    assert done.stdout.count("up to date") == 2
    assert "lap timing, car positions and car data missing" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    season = orjson.loads((out / "sessions/2025.json").read_bytes())
    states = {e["round"]: {s["session"]: s["state"] for s in e["sessions"]} for e in season["events"]}
    assert len(states) == 24
    assert (states[1]["R"], states[2], states[3]["R"]) == (
        "published",
        {"R": "published", "S": "missing"},
        "failed",
    )
    assert "Japanese" in next(
        s["error"] for e in season["events"] for s in e["sessions"] if s["state"] == "failed"
    )
    after = snapshot(out)
    assert all(after[key] == value for key, value in before.items() if key.startswith("telemetry/"))


@pytest.mark.slow
def test_schedule(real_cache: Path) -> None:
    done = cli("schedule", "2025", "--offline", "--fastf1-cache", real_cache)
    lines = done.stdout.splitlines()
    assert len(lines) == 24
    assert lines[1].split()[:3] == ["2", "Chinese", "Grand"]
    assert "S 2025-03-22 03:00 UTC" in lines[1]


def test_every_command_and_option_says_what_it_does() -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["--help"]).exit_code == 0
    for name, command in main.commands.items():
        assert command.help, name
        shown = runner.invoke(main, [name, "--help"])
        assert shown.exit_code == 0
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, f"{name} {option.name}"
                assert option.opts[0] in shown.output
