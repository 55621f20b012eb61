"""Every case that a night can meet, as a row: what is decided, and why."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Event, SeasonEvent, SeasonSession, by_field
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.job import ScheduledEvent, ScheduledSession, as_held
from pipeline.run.decide import Asked, Decision, Published, Season, beside, decide, seasons
from pipeline.run.history import Attempt, History
from pipeline.store.local import LocalStore

NOW = datetime(2026, 5, 20, 3, tzinfo=UTC)
RACE = SessionKey(2026, 5)
HOUR = timedelta(hours=1)


def scheduled(
    number: int, name: str, start: datetime | None, codes: str = "R", **more: Any
) -> ScheduledEvent:
    sessions = tuple(_session(code, start) for code in ("R", "S") if code in codes)
    date = None if start is None else f"{start:%Y-%m-%d}"
    return ScheduledEvent(2026, number, name, name, "", "", date, "conventional", sessions, {}, **more)


def _session(code: SessionCode, start: datetime | None) -> ScheduledSession:
    day = timedelta(days=1 if code == "S" else 0)
    return ScheduledSession(code, SESSIONS[code].name, None if start is None else start - day)


def published(number: int, name: str, start: datetime | None, **more: Any) -> Published:
    made = (start or NOW) + 60 * HOUR
    event = Event(
        year=2026,
        round=number,
        session="R",
        name=name,
        official_name=name,
        country="",
        location="",
        date_utc=start,
    )
    return Published(event, more.pop("made_at", made), **more)


def listed(number: int, name: str, start: datetime, state: Any = "missing", **more: Any) -> SeasonEvent:
    session = SeasonSession(session="R", name="Race", date_utc=start, state=state)
    return SeasonEvent(round=number, name=name, date=f"{start:%Y-%m-%d}", sessions=[session], **more)


def tried(count: int, ago: timedelta, reason: str = "no car data") -> dict[str, Attempt]:
    return {RACE.slug: Attempt(count, NOW - ago, reason)}


START = datetime(2026, 5, 10, 13, tzinfo=UTC)
EVENT = scheduled(5, "Testland Grand Prix", START)
DONE = published(5, "Testland Grand Prix", START)
PROVISIONAL = replace(DONE, provisional=("the official classification is not out yet",))


def season(**changes: Any) -> Season:
    values: dict[str, Any] = {
        "schedule": [EVENT],
        "published": {},
        "listed": [],
        "history": History(),
    }
    return Season(**(values | changes))


def one(*decisions: Decision) -> tuple[str, str]:
    assert len(decisions) == 1
    return decisions[0].action, decisions[0].reason


def in_hours(hours: float, **changes: Any) -> Season:
    """A season whose race starts so many hours from now."""
    return season(schedule=[scheduled(5, "Testland Grand Prix", NOW + hours * HOUR)], **changes)


def with_history(attempts: dict[str, Attempt], **changes: Any) -> Season:
    return season(history=History(attempts), **changes)


def fresh(hours: float, made_hours: float, **more: Any) -> Season:
    """A race that began and was made so many hours ago, less than 48 hours after it began."""
    start = NOW - hours * HOUR
    race = published(
        5,
        "Testland Grand Prix",
        start,
        made_at=NOW - made_hours * HOUR,
        provisional=("fetched less than 48 hours after the race",),
    )
    return season(schedule=[scheduled(5, "Testland Grand Prix", start)], published={RACE: race}, **more)


@pytest.mark.parametrize(
    ("state", "action", "reason"),
    [
        pytest.param(season(), "compute", "it is over and not published", id="new"),
        pytest.param(in_hours(30), "wait", "it starts at 2026-05-21 09:00 UTC", id="not yet run"),
        pytest.param(in_hours(-2), "wait", "may still be running", id="running"),
        pytest.param(in_hours(-5), "compute", "it is over", id="just over"),
        pytest.param(in_hours(-1.5, said={RACE: "over"}), "compute", "it is over", id="the feed says over"),
        pytest.param(in_hours(-6, said={RACE: "going on"}), "wait", "F1's feed says so", id="delayed"),
        pytest.param(in_hours(1, said={RACE: "over"}), "wait", "it starts at", id="over before it starts"),
        pytest.param(
            in_hours(-5, said={RACE: "over"}, history=History(tried(0, HOUR / 4))),
            "compute",
            "it is over and not published",
            id="tried early, and the feed says over since",
        ),
        pytest.param(
            in_hours(-5, history=History(tried(0, HOUR / 4))), "wait", "tried early", id="tried early"
        ),
        pytest.param(
            season(schedule=[scheduled(5, "Testland Grand Prix", None)]),
            "wait",
            "its start is not known yet",
            id="no start",
        ),
        pytest.param(
            season(published={RACE: DONE}), "skip", "up to date, final since 2026-05-13", id="final"
        ),
        pytest.param(
            season(published={RACE: replace(DONE, stale="2 of its files are missing or truncated")}),
            "compute",
            "2 of its files are missing",
            id="files missing",
        ),
        pytest.param(
            season(published={RACE: PROVISIONAL}),
            "refresh",
            "provisional: the official classification is not out yet",
            id="results missing",
        ),
        pytest.param(fresh(20, 10), "refresh", "fetched less than 48 hours after the race", id="within 48 h"),
        pytest.param(fresh(5, 0.5), "wait", "made less than an hour ago", id="just made"),
        pytest.param(fresh(50, 40), "refresh", "fetched less than 48 hours after", id="48 h are over"),
        pytest.param(
            fresh(54, 40, history=History(tried(9, 30 * HOUR))),
            "refresh",
            "48 hours are over",
            id="48 h are over, whatever was tried",
        ),
        pytest.param(
            fresh(60, 40, history=History(tried(9, 2 * HOUR))),
            "wait",
            "tried 9 times, again from",
            id="looked at after 48 h",
        ),
        pytest.param(
            fresh(20, -600), "refresh", "fetched less than 48 hours", id="made in the future by a wrong clock"
        ),
        pytest.param(
            season(published={RACE: replace(DONE, made_at=NOW + 90 * HOUR)}),
            "skip",
            "up to date",
            id="final, made in the future",
        ),
        pytest.param(
            with_history(tried(1, 0.5 * HOUR)),
            "wait",
            "tried once, again from 2026-05-20 03:30 UTC; last time: no car data",
            id="failed half an hour ago",
        ),
        pytest.param(
            with_history(tried(1, 2 * HOUR)),
            "compute",
            "it is over and not published (tried once before)",
            id="failed two hours ago",
        ),
        pytest.param(with_history(tried(2, 3 * HOUR)), "wait", "tried 2 times", id="second pause is 4 h"),
        pytest.param(
            with_history(tried(3, 11.5 * HOUR)), "compute", "tried 3 times", id="third pause is 12 h"
        ),
        pytest.param(with_history(tried(4, 12 * HOUR)), "wait", "tried 4 times", id="fourth pause is 24 h"),
        pytest.param(with_history(tried(4, 23.9 * HOUR)), "compute", "tried 4 times", id="a night later"),
        pytest.param(with_history(tried(40, 100 * HOUR)), "wait", "tried 40 times", id="at most a week"),
        pytest.param(with_history(tried(40, 167 * HOUR)), "compute", "tried 40 times", id="each week"),
        pytest.param(
            with_history(tried(4, -5 * HOUR)), "compute", "tried 4 times", id="tried in the future: clock"
        ),
        pytest.param(
            with_history(tried(2, HOUR), published={RACE: PROVISIONAL}),
            "wait",
            "tried 2 times",
            id="provisional, looked at an hour ago",
        ),
        pytest.param(
            with_history(tried(2, HOUR), published={RACE: DONE}), "skip", "up to date", id="old attempts"
        ),
    ],
)
def test_one_race(state: Season, action: str, reason: str) -> None:
    got_action, got_reason = one(*decide(state, Asked(NOW)))
    assert got_action == action
    assert reason in got_reason


@pytest.mark.parametrize(
    ("state", "asked", "action", "reason"),
    [
        (season(published={RACE: DONE}), Asked(NOW, force=True), "compute", "asked for again"),
        (with_history(tried(4, HOUR)), Asked(NOW, force=True), "compute", "asked for again"),
        (
            season(published={RACE: PROVISIONAL}),
            Asked(NOW, offline=True),
            "skip",
            "nothing is to be fetched",
        ),
        (season(), Asked(NOW, offline=True), "compute", "not published"),
    ],
)
def test_options(state: Season, asked: Asked, action: str, reason: str) -> None:
    got_action, got_reason = one(*decide(state, asked))
    assert got_action == action
    assert reason in got_reason


def test_sessions_that_were_not_asked_for_are_left_out() -> None:
    state = season(schedule=[scheduled(5, "Testland Grand Prix", START, "RS")])
    assert [d.key.session for d in decide(state, Asked(NOW))] == ["R", "S"]
    assert [d.key.session for d in decide(state, Asked(NOW, frozenset({"S"})))] == ["S"]


def actions(state: Season) -> dict[tuple[int, str], str]:
    return {(d.key.round, d.action): d.reason for d in decide(state, Asked(NOW))}


WEEK = timedelta(days=7)
NEXT = START + WEEK


def test_a_season_that_moves_up_by_one() -> None:
    """Round 4 was cancelled before it was run: what was 5 and 6 is 4 and 5 now."""
    state = season(
        schedule=[scheduled(4, "Testland Grand Prix", START), scheduled(5, "Mockania Grand Prix", NEXT)],
        published={
            SessionKey(2026, 5): published(5, "Testland Grand Prix", START),
            SessionKey(2026, 6): published(6, "Mockania Grand Prix", NEXT),
        },
        listed=[
            listed(4, "Lost Grand Prix", START - WEEK, "upcoming"),
            listed(5, "Testland Grand Prix", START, "published"),
            listed(6, "Mockania Grand Prix", NEXT, "published"),
        ],
    )
    assert actions(state) == {
        (0, "cancelled"): "the schedule had it before, and has no longer",
        (4, "move"): "it was published as round 5, and is round 4 now",
        (5, "move"): "it was published as round 6, and is round 5 now",
        (5, "retire"): "it is round 4 now",
        (6, "retire"): "it is round 5 now",
    }
    (lost,) = beside(state)
    assert (lost.round, lost.name, lost.sessions[0].state) == (0, "Lost Grand Prix", "cancelled")


def test_what_was_not_asked_for_is_not_taken_away() -> None:
    """Asked for races alone: the sprint of a round that moved stays, for the run that moves it."""
    sprint = SessionKey(2026, 5, "S")
    about = published(5, "Testland Grand Prix", START).event.model_copy(update={"session": "S"})
    state = season(
        schedule=[scheduled(4, "Testland Grand Prix", START + timedelta(days=1), "RS")],
        published={sprint: replace(DONE, event=about)},
    )
    assert [d.action for d in decide(state, Asked(NOW, frozenset({"R"})))] == ["compute"]
    both = {(d.key.round, d.key.session, d.action): d.moves_to for d in decide(state, Asked(NOW))}
    assert both[4, "S", "move"] is None
    assert both[5, "S", "retire"] == SessionKey(2026, 4, "S")


def test_a_sponsor_that_renames_a_race_changes_nothing() -> None:
    state = season(published={RACE: published(5, "Other Name Grand Prix", START)})
    assert set(actions(state)) == {(5, "skip")}


def test_a_race_that_was_cancelled_keeps_its_number_while_it_is_free() -> None:
    state = season(
        schedule=[EVENT],
        published={RACE: DONE},
        listed=[
            listed(5, "Testland Grand Prix", START, "published"),
            listed(6, "Lost Grand Prix", NEXT, "upcoming"),
        ],
    )
    assert set(actions(state)) == {(5, "skip"), (6, "cancelled")}
    assert [event.round for event in beside(state)] == [6]


def test_a_race_that_was_put_off_is_not_cancelled() -> None:
    state = season(
        schedule=[scheduled(5, "Testland Grand Prix", NOW + 90 * WEEK)],
        listed=[listed(5, "Testland Grand Prix", START, "upcoming")],
    )
    assert set(actions(state)) == {(5, "wait")}
    assert beside(state) == []


def test_a_cancelled_race_that_returns() -> None:
    state = season(listed=[listed(0, "Testland Grand Prix", START, "cancelled")])
    assert set(actions(state)) == {(5, "compute")}
    assert beside(state) == []


def test_a_published_race_that_the_schedule_lost_stays_while_its_number_is_free() -> None:
    other = scheduled(6, "Mockania Grand Prix", NEXT)
    state = season(
        schedule=[other],
        published={RACE: DONE},
        listed=[listed(5, "Testland Grand Prix", START, "published")],
    )
    found = actions(state)
    assert found[5, "skip"] == "the schedule no longer has it; what is published stays"
    assert [(event.round, event.sessions[0].state) for event in beside(state)] == [(5, "published")]


def test_a_published_race_whose_number_was_given_away() -> None:
    other = scheduled(5, "Mockania Grand Prix", NEXT)
    state = season(
        schedule=[other],
        published={RACE: DONE},
        listed=[listed(5, "Testland Grand Prix", START, "published")],
    )
    found = actions(state)
    assert "its number is now Mockania Grand Prix's" in found[5, "retire"]
    assert (5, "wait") in found or (5, "compute") in found
    assert [(event.round, event.sessions[0].state) for event in beside(state)] == [(0, "cancelled")]


def test_a_schedule_that_stands_in_takes_nothing_away() -> None:
    """When the usual schedule cannot be had, another one may number the season otherwise."""
    state = season(
        schedule=[
            scheduled(4, "Testland Grand Prix", START, numbered=False),
            scheduled(5, "Mockania Grand Prix", NEXT, numbered=False),
        ],
        published={RACE: DONE},
        listed=[
            listed(5, "Testland Grand Prix", START, "published"),
            listed(9, "Lost Grand Prix", NEXT + WEEK, "upcoming"),
        ],
    )
    assert {action for _, action in actions(state)} == {"wait"}
    assert [event.round for event in beside(state)] == [9]


def test_a_schedule_that_stands_in_is_good_for_what_is_known() -> None:
    state = season(
        schedule=[scheduled(5, "Testland Grand Prix", START, numbered=False)],
        listed=[listed(5, "Testland Grand Prix", START)],
    )
    assert set(actions(state)) == {(5, "compute")}


@pytest.mark.parametrize(
    ("wanted", "now", "years"),
    [
        ("auto", datetime(2026, 11, 1, tzinfo=UTC), [2026]),
        ("auto", datetime(2027, 1, 31, tzinfo=UTC), [2026, 2027]),
        ("2025", NOW, [2025]),
        ("2025,2024", NOW, [2024, 2025]),
    ],
)
def test_seasons(wanted: str, now: datetime, years: list[int]) -> None:
    assert seasons(wanted, now) == years


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"{"),
        lambda path: path.write_bytes(b"[1]"),
        lambda path: path.write_bytes(b'{"2026-5-R": {"count": "x"}}'),
        lambda path: None,
    ],
)
def test_a_history_that_is_lost_or_damaged_is_empty(tmp_path: Path, damage: Callable[[Path], Any]) -> None:
    damage(tmp_path / ".nightly.json")
    assert History.read(LocalStore(tmp_path)).attempts == {}


def test_a_history_comes_back_as_it_was_written(tmp_path: Path) -> None:
    history = History.read(LocalStore(tmp_path))
    history.unsettled(RACE, "no car data", NOW)
    history.unsettled(RACE, "no laps", NOW + HOUR)
    history.unsettled(SessionKey(2026, 6), "killed", NOW)
    history.settled(SessionKey(2026, 6))
    history.write(LocalStore(tmp_path))
    assert History.read(LocalStore(tmp_path)).attempts == {RACE.slug: Attempt(2, NOW + HOUR, "no laps")}


def weekend(*codes: SessionCode) -> ScheduledEvent:
    sessions = as_held(
        ScheduledSession(code, SESSIONS[code].name, START - (len(codes) - i) * 6 * HOUR)
        for i, code in enumerate(codes)
    )
    return replace(EVENT, sessions=sessions)


ORDER: tuple[SessionCode, ...] = ("R", "S", "Q", "SQ", "FP1")


def test_races_come_first_and_the_rest_where_it_is_asked_for() -> None:
    state = season(schedule=[weekend("FP1", "SQ", "S", "Q", "R")])
    assert [d.key.session for d in decide(state, Asked(NOW))] == list(ORDER)
    assert [d.key.session for d in decide(state, Asked(NOW, frozenset({"R", "S"})))] == ["R", "S"]


def test_a_session_that_was_not_asked_for_is_neither_cancelled_nor_taken_away() -> None:
    sessions = [SeasonSession(session=code, name=code, state="upcoming") for code in ("R", "Q")]
    lost = SeasonEvent(round=5, name="Lost Grand Prix", date="2026-01-01", **by_field(sessions))
    state = season(schedule=[replace(EVENT, round=4)], listed=[lost])
    races = decide(state, Asked(NOW, frozenset({"R", "S"})))
    assert [(d.key.session, d.action) for d in races] == [("R", "compute"), ("R", "cancelled")]
    everything = decide(state, Asked(NOW))
    assert [d.key.session for d in everything if d.action == "cancelled"] == ["R", "Q"]


def test_a_published_practice_that_the_schedule_lacks_stays() -> None:
    practice = SessionKey(2026, 5, "FP3")
    about = DONE.event.model_copy(update={"session": "FP3", "date_utc": START - timedelta(days=1)})
    state = season(published={RACE: DONE, practice: replace(DONE, event=about)})
    found = {d.key.session: (d.action, d.reason) for d in decide(state, Asked(NOW))}
    assert found["FP3"] == ("skip", "the schedule no longer has it; what is published stays")
    assert found["R"][0] == "skip"


@pytest.mark.parametrize(
    ("code", "count", "action"),
    [("FP1", 7, "compute"), ("FP1", 8, "skip"), ("Q", 8, "skip"), ("R", 8, "compute"), ("R", 30, "compute")],
)
def test_what_has_no_data_for_weeks_was_not_held_unless_it_is_a_race(
    code: SessionCode, count: int, action: str
) -> None:
    key = SessionKey(2026, 5, code)
    history = History()
    absent = not SESSIONS[code].is_race
    for _ in range(count):
        history.unsettled(key, "no car data", NOW - 30 * timedelta(days=1), absent)
    state = season(schedule=[weekend(code)], history=history)
    (decision,) = decide(state, Asked(NOW))
    assert decision.action == action
    if action == "skip":
        expected = "tried 8 times, and taken as not held: no car data (--force tries again)"
        assert decision.reason == expected
        assert decide(state, Asked(NOW, force=True))[0].action == "compute"
