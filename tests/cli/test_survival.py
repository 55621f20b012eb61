"""Killed, crashed, interrupted: nothing half-written under a published name, and the next run completes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from pipeline.publish.verify import published, verify
from pipeline.run.processes import Call, Pool, Result
from pipeline.store.local import LocalStore
from tests.conftest import REPOSITORY, cli


def start(out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", "demo", "--out", str(out), *more]
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def all_whole(out: Path) -> None:
    """Every file that a manifest or listing names is there and what the manifest says."""
    store = LocalStore(out)
    if not list(out.rglob("manifest.json")):
        return
    for verdict in verify(store, published(store, None, None)):
        assert not verdict.problems, verdict
    for listing in out.glob("sessions/*.json"):
        for event in orjson.loads(listing.read_bytes())["events"]:
            for session in event["sessions"]:
                assert session["manifest"] is None or (out / session["manifest"]).is_file()


@pytest.mark.slow
def test_kill_minus_9_anywhere(tmp_path: Path) -> None:
    """At random moments, again and again over one folder; then the run that is let live completes."""
    rng = random.Random(4)
    out = tmp_path / "out"
    for version in range(8):
        process = start(out, "--force", "--fps", "25" if version % 2 else "20")  # so that files are replaced
        time.sleep(rng.uniform(0.5, 6.0))
        process.kill()
        process.communicate()
        all_whole(out)
    cli("demo", "--out", out)
    all_whole(out)
    assert len(list(out.rglob("manifest.json"))) == 3
    assert not any((out / ".staging").glob("*"))


@pytest.mark.slow
def test_children_end_with_their_parent(tmp_path: Path) -> None:
    process = start(tmp_path / "out")
    time.sleep(2.0)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while _running(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _running(tmp_path)


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
    # a shell that starts the tests with `&` has them ignore SIGINT, and so would all that they start
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = start(tmp_path / "out")
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "Interrupted" in err
    assert "Traceback" not in out + err
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
    ],
)
def test_a_child_takes_nobody_with_it(target: str, says: str) -> None:
    calls = [Call("tests.cli.misbehave:fine", (1,)), Call(target, ()), Call("tests.cli.misbehave:fine", (2,))]
    results = {m.tag: m for m in Pool(2).run(calls) if isinstance(m, Result)}
    assert (results[0].value, results[2].value) == (1, 2)
    assert says in str(results[1].error)


@pytest.mark.slow
def test_a_killed_race_fails_alone(tmp_path: Path) -> None:
    """Kill the process of a race: that race fails with a sentence, the others are published."""
    out = tmp_path / "out"
    process = start(out, "--jobs", "1")
    live = out / "runs/live/1900-1-R.jsonl"
    deadline = time.monotonic() + 60
    while not live.is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    victims = [pid for pid in _running(out) if pid != process.pid]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 1, text
    assert "1900 round 1 race" in text
    assert "was killed (signal 9)" in text
    assert len(list(out.rglob("manifest.json"))) == 2
    events = [orjson.loads(line) for line in live.read_bytes().splitlines()]
    assert events[-1]["type"] == "error"
    season = orjson.loads((out / "sessions/1900.json").read_bytes())
    assert season["events"][0]["sessions"][0]["state"] == "failed"
    cli("demo", "--out", out)
    assert len(list(out.rglob("manifest.json"))) == 3
    shutil.rmtree(out)
