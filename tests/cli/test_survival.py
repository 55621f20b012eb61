"""Killed, crashed, interrupted: nothing half-written under a published name, and the next run completes."""

import os
import random
import signal
import time
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from pipeline.run.processes import Call, Result, run_all
from tests.cases import some
from tests.command import cli, start
from tests.conftest import SMALL
from tests.waiting import wait_for


def all_whole(out: Path) -> None:
    """Every file that a manifest or listing names is there and what the manifest says."""
    for path in out.rglob("manifest.json"):
        for artifact in orjson.loads(path.read_bytes())["artifacts"]:
            data = (out / artifact["key"]).read_bytes()
            assert sha256(data).hexdigest() == artifact["sha256"], artifact["key"]
    for listing in out.glob("sessions/*.json"):
        for event in orjson.loads(listing.read_bytes())["events"]:
            for session in event["sessions"]:
                assert session["manifest"] is None or (out / session["manifest"]).is_file()


@pytest.mark.slow(20)
@pytest.mark.parametrize("kills", some([3, 8], 2))
def test_kill_minus_9_anywhere(tmp_path: Path, kills: int) -> None:
    """At random moments, again and again over one folder; then the run that is let live completes."""
    cli("demo", "--out", tmp_path / "whole", *SMALL)  # from here on all that is loaded once is there
    began = time.monotonic()
    cli("demo", "--out", tmp_path / "whole", "--force", *SMALL)
    whole_s = time.monotonic() - began
    rng = random.Random(4)
    out = tmp_path / "out"
    for version in range(kills):
        fps = "5" if version % 2 else "4"  # so that files are replaced
        with start("demo", "--out", out, "--force", "--frame-skip", "10", "--fps", fps) as process:
            time.sleep(rng.uniform(0.1, 1.0) * whole_s)
            process.kill()
        all_whole(out)
    cli("demo", "--out", out, *SMALL)
    cli("verify", "--out", out)
    assert len(list(out.rglob("manifest.json"))) == 3
    assert not any((out / ".staging").glob("*"))


@pytest.mark.slow
def test_children_end_with_their_parent(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with start("demo", "--out", out) as process:
        wait_for(lambda: len(_running(out)) > 1, 60)
        process.kill()
    wait_for(lambda: not _running(tmp_path), 30)


def _running(tmp_path: Path) -> list[int]:
    """Processes that have a file below `tmp_path` open."""
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            links = [str(fd.readlink()) for fd in folder.iterdir()]
        except OSError:
            continue
        if any(link.startswith(str(tmp_path)) for link in links):
            found.append(int(folder.parent.name))
    return found


@pytest.mark.slow
def test_interrupt_exits_130(tmp_path: Path) -> None:
    with start("demo", "--out", tmp_path / "out") as process:
        wait_for(lambda: process.done().stdout != "", 60)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130, process.done()
        done = process.done()
    assert "Interrupted" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    all_whole(tmp_path / "out")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("tests.cli.misbehave:leave", "asked to exit (code 3)"),
        ("tests.cli.misbehave:crash", "crashed (SIGSEGV)"),
        ("tests.cli.misbehave:killed", "ran out of memory"),
        ("tests.cli.misbehave:signalled", "crashed (signal 40)"),
        ("tests.cli.misbehave:gone", "ended without an answer (exit code 7)"),
        ("tests.cli.misbehave:broken", "unexpected ZeroDivisionError"),
        ("tests.cli.misbehave:hungry", "not enough memory: raise the limit (ulimit -v)"),
    ],
)
def test_a_child_takes_nobody_with_it(target: str, says: str) -> None:
    calls = [Call("tests.cli.misbehave:fine", (1,)), Call(target, ()), Call("tests.cli.misbehave:fine", (2,))]
    results = {m.tag: m for m in run_all(calls, 2) if isinstance(m, Result)}
    assert (results[0].value, results[2].value) == (1, 2)
    assert says in str(results[1].error)


@pytest.mark.slow
def test_a_killed_race_fails_alone(tmp_path: Path) -> None:
    """Kill the process of a race: that race fails with a sentence, the others are published."""
    out = tmp_path / "out"
    live = out / "runs/live/1900-1-R.jsonl"
    with start("demo", "--out", out, "--jobs", "1") as process:
        wait_for(live.is_file, 60)
        for victim in _running(out):
            if victim != process.pid:
                os.kill(victim, signal.SIGKILL)
        assert process.wait(120) == 1
        text = process.done().stdout
    assert "1900 round 1 race" in text
    assert "was killed (signal 9)" in text
    assert len(list(out.rglob("manifest.json"))) == 2
    events = [orjson.loads(line) for line in live.read_bytes().splitlines()]
    assert events[-1]["type"] == "error"
    season = orjson.loads((out / "sessions/1900.json").read_bytes())
    assert season["events"][0]["sessions"][0]["state"] == "failed"
    cli("demo", "--out", out, *SMALL)
    assert len(list(out.rglob("manifest.json"))) == 3
