"""A session is due when the feed says that it ended; the clock decides where the feed says nothing."""

import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.input.ended import ask, folder, may_be_asked, read
from pipeline.input.kept import recall, remember
from pipeline.input.seasons import season, to_fastf1
from pipeline.job import ScheduledEvent, ScheduledSession, Source
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.conftest import Nights
from tests.nightly.test_one_decider import cut
from tests.nightly.test_renumbered import serve

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
SEEN = b"\xef\xbb\xbf00:00:06.033" + b'{"Status":"Inactive"}\r\n00:13:41.183{"Status":"Started"}\r\n'


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (b"", "going on"),
        (b'00:59:41.183{"Status":"Aborted"}\r\n', "going on"),
        (b'00:59:41.183{"Status":"Finished"}\r\n', "going on"),  # as after each part of a qualifying
        (b'01:59:41.183{"Status":"Finalised","Started":"Finished"}\r\n', "over"),
        (b'01:59:41.183{"Status":"Finalised"}\r\n02:01:00.000{"Status":"Ends"}\r\n', "over"),
        (b'01:59:41.183{"Status":"Finalised"}\r\n20:00:00.000{"Status":"Started"}\r\n', "going on"),
        (b'01:59:41.183{"Status":"Finalis', "going on"),
    ],
)
def test_the_last_status_counts(more: bytes, word: str) -> None:
    assert read(SEEN + more) == word


@pytest.mark.parametrize("answer", [b"", b"\xff\xfe\x00", b"<html>welcome</html>", b'{"status":"ok"}', b"[]"])
def test_an_answer_of_no_use_says_nothing(answer: bytes) -> None:
    assert read(answer) is None


@pytest.mark.parametrize(
    ("hours", "asked"),
    [(-1, False), (0.2, False), (0.5, True), (3, True), (23, True), (24, False), (99, False)],
)
def test_when_it_is_asked(hours: float, asked: bool) -> None:
    session = ScheduledSession("R", "Race", NOW - timedelta(hours=hours))
    assert may_be_asked(session, NOW) is asked
    assert not may_be_asked(ScheduledSession("R", "Race", None), NOW)


@pytest.fixture
def event(nights: Nights) -> Iterator[ScheduledEvent]:
    source = Source(nights.cache)
    nights.cache.mkdir()
    with nights.hosts.in_use():
        (event,) = season(nights.year, source)
        remember(nights.year, source, [event], datetime.now(UTC))
        yield event


def test_it_is_asked_for_where_fastf1_would_look(event: ScheduledEvent) -> None:
    (session,) = (s for s in event.sessions if s.code == "R")
    assert folder(event, session) == to_fastf1(event, "R").api_path


def test_one_request_says_it(nights: Nights, event: ScheduledEvent) -> None:
    (session,) = (s for s in event.sessions if s.code == "R")
    nights.hosts.requests.clear()
    assert ask(event, session) == "over"
    assert nights.hosts.requests == {"timing": 1}


@pytest.mark.parametrize("fault", ["blocked", "missing", "status:404", "status:503", "reset", "truncated"])
def test_hosts_that_fail_say_nothing(nights: Nights, event: ScheduledEvent, fault: str) -> None:
    (session,) = (s for s in event.sessions if s.code == "R")
    nights.hosts.fault = {"timing": fault, "mirror": fault}
    assert ask(event, session) is None
    nights.hosts.content["mirror"] = nights.hosts.content["timing"]
    nights.hosts.fault = {"timing": fault}
    assert ask(event, session) == (None if fault in ("missing", "status:404") else "over")


def just_over(nights: Nights, scratch: Path) -> str:
    """A race that began an hour ago, and the name of the page that says how it stands."""
    weekend = Weekend(1, "Testland Grand Prix", hours_ago(1), 1)
    serve(nights, scratch, weekend)
    return f"/static/{weekend.folder}/SessionStatus.jsonStream"


@pytest.mark.slow
def test_a_race_is_published_once_the_feed_says_that_it_ended(nights: Nights, tmp_path: Path) -> None:
    page = just_over(nights, tmp_path)
    timing = nights.hosts.content["timing"]
    whole = timing[page]
    timing[page] = whole[: whole.index(b"Finalised")]
    waiting = nights.run()
    assert "is not over: F1's feed says so" in waiting.stdout
    assert nights.hosts.requests["timing"] == 1
    timing[page] = whole
    assert ": 1 published in " in nights.run().stdout
    assert nights.manifest(1)["provenance"]["reasons"] == ["fetched less than 48 hours after the race"]
    nights.hosts.requests.clear()
    assert "made less than an hour ago" in nights.run().stdout
    assert not nights.hosts.requests, "a night with nothing to do asks nobody"


@pytest.mark.slow
def test_hosts_that_lie_about_being_ready(nights: Nights, tmp_path: Path) -> None:
    """Its data is not there, though it is said to be over: nothing has failed, the next run asks again."""
    page = just_over(nights, tmp_path)
    timing = nights.hosts.content["timing"]
    nights.hosts.content["timing"] = {page: timing[page]}
    for _ in range(2):
        assert ": 1 without data yet in " in nights.run().stdout.splitlines()[-1]
    nights.hosts.content["timing"] = timing
    assert ": 1 published in " in nights.run().stdout


@pytest.mark.slow
def test_a_session_that_is_run_again(nights: Nights, tmp_path: Path) -> None:
    """Stopped, said to be over and published; what is driven of it in the evening takes its place."""
    just_over(nights, tmp_path)
    timing = nights.hosts.content["timing"]
    nights.hosts.content["timing"] = cut(timing, 0.6)
    nights.run()
    stopped = nights.manifest(1)["quality"]["grade"]
    nights.hosts.content["timing"] = timing
    nights.age(2)
    assert ": 1 refreshed in " in nights.run().stdout
    assert nights.manifest(1)["quality"]["grade"] < stopped


@pytest.mark.slow
def test_where_the_feed_is_silent_it_is_tried_twice_an_hour(nights: Nights, tmp_path: Path) -> None:
    weekend = Weekend(1, "Testland Grand Prix", hours_ago(5), 1)
    serve(nights, tmp_path, weekend)
    timing, nights.hosts.content["timing"] = nights.hosts.content["timing"], {}
    assert ": 1 without data yet in " in nights.run().stdout.splitlines()[-1]
    assert "tried early, again from" in nights.run().stdout
    nights.hosts.content["timing"] = timing
    nights.age(0.6)
    assert ": 1 published in " in nights.run().stdout


def test_a_schedule_that_is_kept(
    nights: Nights, event: ScheduledEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, now = Source(nights.cache), datetime.now(UTC)
    kept = recall(nights.year, source, now)
    assert kept == [event]
    assert pickle.dumps(kept[0].row) == pickle.dumps(event.row)
    assert recall(nights.year, source, now + timedelta(hours=4)) is None
    assert recall(nights.year, source, now - timedelta(hours=1)) is None, "a clock that ran ahead"
    monkeypatch.setenv("F1_SCHEDULE_URL", "http://127.0.0.1:9/other")
    assert recall(nights.year, source, now) is None
    monkeypatch.undo()
    (path,) = nights.cache.glob("f1_precompute_schedule_*.json")
    for damage in (b"", b"[]", b'{"host": 1}', json.dumps({"events": []}).encode()):
        path.write_bytes(damage)
        assert recall(nights.year, source, now) is None
    stands_in = [ScheduledEvent(nights.year, 1, "", "", "", "", None, "", (), {}, numbered=False)]
    path.unlink()
    remember(nights.year, source, stands_in, now)
    assert not path.exists()
