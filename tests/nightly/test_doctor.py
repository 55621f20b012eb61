"""doctor: a line for each check, what to do about it, and an exit code a script can go by."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import cli
from tests.nightly.hosts import Hosts


@pytest.fixture
def healthy(hosts: Hosts) -> Hosts:
    """Hosts that have what doctor asks for."""
    year = datetime.now(UTC).year
    hosts.content = {
        "timing": {"/static/StreamingStatus.json": b"{}"},
        "mirror": {"/static/StreamingStatus.json": b"{}"},
        "jolpica": {f"/{year}.json": b"{}"},
        "schedule": {f"/schedule_{year}.json": b"{}"},
        "circuits": {f"/api/v1/circuits/10/{year}": b"{}"},
    }
    return hosts


def lines(text: str) -> dict[str, tuple[str, str]]:
    """name -> state and sentence."""
    found = {}
    for line in text.splitlines():
        head, sentence = line.split(": ", 1)
        state, name = head.split(maxsplit=1)
        found[name] = (state, sentence)
    return found


def examine(tmp_path: Path, *more: str, hosts: Hosts, expect: int) -> dict[str, tuple[str, str]]:
    where = ("--out", tmp_path / "out", "--fastf1-cache", tmp_path / "cache")
    return lines(cli("doctor", *where, *more, expect=expect, **hosts.environment()).stdout)


def test_all_is_well(tmp_path: Path, healthy: Hosts) -> None:
    found = examine(tmp_path, hosts=healthy, expect=0)
    assert list(found)[:4] == ["versions", "cache", "output", "lock"]
    states = {name: state for name, (state, _) in found.items() if name != "disk"}
    assert set(states.values()) == {"ok"}
    assert found["host timing"][1] == f"F1's timing host answers at {healthy.url('timing')}"
    assert "0 MB, 0 sessions" in found["cache"][1]


@pytest.mark.parametrize(
    ("host", "fault", "state", "sentence", "code"),
    [
        ("timing", "blocked", "FAIL", "refuses this machine's address (403): hosters are often blocked", 1),
        ("timing", "refused", "FAIL", "refuses the connection", 1),
        ("timing", "missing", "ok", "answers at", 0),
        ("jolpica", "status:503", "FAIL", "has an error of its own (503)", 1),
        ("schedule", "status:429:60", "FAIL", "asked too often (429)", 1),
        ("schedule", "truncated", "FAIL", "sends incomplete answers", 1),
        ("mirror", "refused", "warn", "refuses the connection", 0),
        ("circuits", "reset", "warn", "breaks the connection off", 0),
    ],
)
def test_a_host_that_fails(
    tmp_path: Path, healthy: Hosts, host: str, fault: str, state: str, sentence: str, code: int
) -> None:
    healthy.fault = {host: fault}
    name = "host results" if host == "jolpica" else f"host {host}"
    found = examine(tmp_path, hosts=healthy, expect=code)
    assert found[name][0] == state
    assert sentence in found[name][1]


def test_offline_asks_nobody(tmp_path: Path, hosts: Hosts) -> None:
    found = examine(tmp_path, "--offline", hosts=hosts, expect=0)
    assert not any(name.startswith("host") for name in found)
    assert not hosts.requests


def test_a_cache_that_cannot_be_written(tmp_path: Path, healthy: Hosts) -> None:
    (tmp_path / "cache").write_text("not a folder")
    where = ("--out", tmp_path / "out", "--fastf1-cache", tmp_path / "cache" / "x")
    run = cli("doctor", *where, "--offline", expect=1)
    state, sentence = lines(run.stdout)["cache"]
    assert state == "FAIL"
    assert sentence.endswith("choose another with --fastf1-cache")


def test_json(tmp_path: Path, healthy: Hosts) -> None:
    where = ("--out", tmp_path / "out", "--fastf1-cache", tmp_path / "cache")
    run = cli("doctor", *where, "--json", expect=0, **healthy.environment())
    checks = [json.loads(line) for line in run.stdout.splitlines()]
    assert {check["type"] for check in checks} == {"check"}
    assert {"name", "state", "found", "advice"} < set(checks[0])
