"""What an answer or an exception tells, how long to wait for it, and what is remembered."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import module_from_spec
from pathlib import Path

import pytest
import requests

from pipeline.errors import UsageError
from pipeline.job import Source
from pipeline.network import answer, patience
from pipeline.network import hosts as known
from pipeline.network.hosts import CIRCUITS, HOSTS, MIRROR, TIMING, host_of, path_of
from pipeline.network.patience import Watch, pause
from pipeline.network.trouble import Trouble, of_error, of_status, retry_after
from pipeline.run.budget import NetworkBudget
from tests.nightly.hosts import Hosts

NOW = datetime(2026, 5, 20, 3, tzinfo=UTC)


def test_the_addresses_are_fastf1s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from fastf1 import _api, events
    from fastf1.ergast import interface
    from fastf1.mvapi import api

    for host in HOSTS:
        monkeypatch.delenv(host.variable, raising=False)
    known.apply()
    for module, names in (
        (_api, ["base_url", "base_url_mirror"]),
        (interface, ["BASE_URL"]),
        (events, ["_SCHEDULE_BASE_URL"]),
        (api, ["PROTO", "HOST"]),
    ):
        assert module.__spec__
        assert module.__spec__.loader
        afresh = module_from_spec(module.__spec__)  # other tests may have given these addresses of their own
        module.__spec__.loader.exec_module(afresh)
        assert [vars(module)[name] for name in names] == [vars(afresh)[name] for name in names]


def test_a_mirror_of_ones_own_stands_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("F1_TIMING_MIRROR_URL", raising=False)
    monkeypatch.setenv("F1_TIMING_URL", "https://mirror.example.org/f1/")
    assert TIMING.url == MIRROR.url == "https://mirror.example.org/f1"
    assert host_of("https://mirror.example.org/f1/static/x.json?a=1") is TIMING
    assert path_of("https://mirror.example.org/f1/static/x.json?a=1") == "/static/x.json"
    monkeypatch.setenv("F1_TIMING_URL", "mirror.example.org")
    with pytest.raises(UsageError, match="F1_TIMING_URL=mirror"):
        _ = TIMING.url


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", None),
        (304, b"", None),
        (404, b"", "absent"),
        (403, b"<Error><Code>AccessDenied</Code></Error>", "absent"),
        (403, b"<html>Request blocked</html>", "blocked"),
        (401, b"", "blocked"),
        (451, b"", "blocked"),
        (400, b"", "other"),
        (429, b"", "limited"),
        (500, b"", "server"),
        (503, b"", "server"),
    ],
)
def test_an_answers_status(status: int, body: bytes, kind: str | None) -> None:
    trouble = of_status(TIMING, status, {"Retry-After": "7"}, body, NOW)
    assert (trouble.kind if trouble else None) == kind
    if kind in ("limited", "server"):
        assert trouble is not None
        assert trouble.retry_after == 7


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 20 May 2026 03:01:00 GMT", 60.0),
        ("Wed, 20 May 2026 02:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(), "refused"),
        (ConnectionResetError(), "reset"),
        (TimeoutError(), "timeout"),
        (socket.gaierror(-2, "unknown"), "dns"),
        (requests.exceptions.ReadTimeout(), "timeout"),
        (requests.exceptions.ChunkedEncodingError(), "truncated"),
        (requests.exceptions.ConnectionError(ConnectionRefusedError()), "refused"),
        (ValueError("nonsense"), "other"),
    ],
)
def test_an_exception(error: Exception, kind: str) -> None:
    assert of_error(TIMING, error).kind == kind


@pytest.mark.parametrize(
    ("trouble", "attempt", "left", "wait"),
    [
        (Trouble(TIMING, "refused"), 0, 100, 1.0),
        (Trouble(TIMING, "refused"), 3, 100, 8.0),
        (Trouble(TIMING, "refused"), 20, 100, 60.0),
        (Trouble(TIMING, "refused"), 3, 7.9, None),
        (Trouble(TIMING, "limited", 429, 30), 0, 100, 30),
        (Trouble(TIMING, "limited", 429, 3600), 0, 100, None),
        (Trouble(TIMING, "blocked", 403), 0, 100, None),
        (Trouble(TIMING, "other", 400), 0, 100, None),
        (Trouble(CIRCUITS, "refused"), 0, 100, None),
    ],
)
def test_the_pause(trouble: Trouble, attempt: int, left: float, wait: float | None) -> None:
    assert pause(trouble, attempt, left, jitter=0.5) == wait


@pytest.fixture
def session(hosts: Hosts) -> Iterator[requests.Session]:
    hosts.content = {"timing": {"/a": b"yes"}, "mirror": {"/a": b"yes", "/b": b"mirrored"}}
    with hosts.in_use(), requests.Session() as made:
        yield made


def watch(
    session: requests.Session, budget: float, down: tuple[Trouble, ...] = ()
) -> tuple[Watch, list[float]]:
    slept: list[float] = []
    made = Watch(budget, down, sleep=slept.append)
    made.mount(session, fresh=False)
    return made, slept


def test_hiccups_cost_time_and_nothing_else(hosts: Hosts, session: requests.Session) -> None:
    watching, slept = watch(session, 100)
    hosts.hiccups["timing"] = ["reset", "truncated", "status:429:9", "status:500"]
    assert session.get(f"{TIMING.url}/a").content == b"yes"
    assert len(slept) == 4
    assert slept[2] == 9
    assert watching.waited == sum(slept)
    assert not watching.lost
    assert not watching.down


def test_a_silent_host_is_not_waited_for_for_ever(hosts: Hosts, session: requests.Session) -> None:
    watching, _ = watch(session, 0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("F1_TIMING_URL", url)
            answer = session.get(f"{url}/a", timeout=0.2)
    assert answer.status_code == 503
    assert watching.lost["/a"].kind == "timeout"


def test_time_spent_on_a_silent_host_counts(hosts: Hosts, session: requests.Session) -> None:
    """Else a host that answers nothing would take a multiple of the budget."""
    watching, slept = watch(session, 1000)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.MonkeyPatch.context() as patch:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        patch.setenv("F1_TIMING_URL", url)
        watching.budget = sum(min(60, 2.0**n) for n in range(4))
        session.get(f"{url}/a", timeout=0.2)
    assert watching.lost["/a"].kind == "timeout"
    assert watching.waited > sum(slept) + 0.2 * len(slept)


@pytest.mark.parametrize(
    ("fault", "kind"), [("slow", "timeout"), ("dripping", "timeout"), ("endless", "other")]
)
def test_an_answer_has_an_end(
    hosts: Hosts, session: requests.Session, monkeypatch: pytest.MonkeyPatch, fault: str, kind: str
) -> None:
    """A byte now and then, of the body or of the head, is no answer; nor is one that never ends."""
    monkeypatch.setattr(patience, "LEAST_S", 0.5 if kind == "timeout" else 60)
    monkeypatch.setattr(answer, "LARGEST", 1 << 20)
    watching, _ = watch(session, 0.2)
    hosts.fault["timing"] = fault
    assert session.get(f"{TIMING.url}/a").status_code == 503
    assert watching.lost["/a"].kind == kind
    with pytest.raises(
        OSError, match="no whole answer in 0.5 s" if kind == "timeout" else "more than 1048576"
    ):
        answer.get(f"{TIMING.url}/a", 0.5 if kind == "timeout" else 60)


def test_an_answer_that_takes_the_patience_that_is_left_is_one(
    hosts: Hosts, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LEAST_S", 0.1)
    hosts.fault["timing"] = "slow:8"
    watching, _ = watch(session, 60)
    assert len(session.get(f"{TIMING.url}/a").content) == 8
    assert not watching.lost


@pytest.mark.parametrize(
    ("left", "limit", "patience"), [(1200, 1800, 1200), (3600, 1800, 1200), (10, 1800, 10), (50, None, 50)]
)
def test_a_race_gives_up_before_its_time_limit_ends_it(
    tmp_path: Path, left: float, limit: float | None, patience: float
) -> None:
    """A race that is ended while it waits would count as failed, and the next one would wait again."""
    assert NetworkBudget(left).apply(Source(tmp_path), limit).patience_s == patience


def test_a_host_given_up_is_not_asked_again(hosts: Hosts, session: requests.Session) -> None:
    watching, slept = watch(session, 10)
    hosts.fault["timing"] = "status:503"
    assert session.get(f"{TIMING.url}/a").status_code == 503
    asked = hosts.requests["timing"]
    assert sum(slept) <= 10
    assert session.get(f"{TIMING.url}/b").status_code == 503
    assert hosts.requests["timing"] == asked
    assert set(watching.lost) == {"/a", "/b"}


def test_what_the_mirror_gives_is_not_lost(hosts: Hosts, session: requests.Session) -> None:
    watching, _ = watch(session, 0)
    hosts.fault["timing"] = "blocked"
    for host in (TIMING, MIRROR):
        session.get(f"{host.url}/a")
    assert not watching.lost
    assert set(watching.down) == {"timing"}


def test_what_the_original_does_not_have_is_not_lost_with_the_mirror(
    hosts: Hosts, session: requests.Session
) -> None:
    watching, _ = watch(session, 0)
    hosts.fault["mirror"] = "refused"
    assert session.get(f"{TIMING.url}/nothing").status_code == 404
    session.get(f"http://127.0.0.1:{hosts.port}/mirror/nothing")
    assert not watching.lost
    assert watching.answered


def test_a_host_known_to_be_down_is_not_asked(hosts: Hosts, session: requests.Session) -> None:
    watching, _ = watch(session, 100, (Trouble(TIMING, "dns"),))
    assert session.get(f"{TIMING.url}/a").status_code == 503
    assert not hosts.requests
    assert watching.lost["/a"].kind == "dns"


def test_other_hosts_are_left_alone(hosts: Hosts, session: requests.Session) -> None:
    watching, _ = watch(session, 100)
    assert session.get(f"http://127.0.0.1:{hosts.port}/elsewhere/x").status_code == 404
    assert not watching.answered
