"""What a weekend's sessions are called, over the years and by whoever tells of the schedule."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.sessions import SESSIONS
from pipeline.errors import UsageError
from pipeline.input.schedule import pick
from pipeline.input.seasons import season, to_fastf1
from pipeline.job import ScheduledEvent, Source
from pipeline.run.batch import due
from tests.nightly.hosts import Hosts

LOCAL = timedelta(hours=2)
CONVENTIONAL = ("Practice 1", "Practice 2", "Practice 3", "Qualifying", "Race")
TWO_DAYS = ("Practice 1", "", "", "Qualifying", "Race")
SPRINT_2021 = ("Practice 1", "Qualifying", "Practice 2", "Sprint Qualifying", "Race")
SPRINT_2022 = ("Practice 1", "Qualifying", "Practice 2", "Sprint", "Race")
SHOOTOUT = ("Practice 1", "Qualifying", "Sprint Shootout", "Sprint", "Race")
SPRINT_QUALIFYING = ("Practice 1", "Sprint Qualifying", "Sprint", "Qualifying", "Race")
FORMATS = [
    (2019, "conventional", CONVENTIONAL, "FP1 FP2 FP3 Q R"),
    (2020, "conventional", TWO_DAYS, "FP1 Q R"),
    (2021, "sprint", SPRINT_2021, "FP1 Q FP2 S R"),
    (2022, "sprint", SPRINT_2022, "FP1 Q FP2 S R"),
    (2023, "sprint_shootout", SHOOTOUT, "FP1 Q SQ S R"),
    (2024, "sprint_qualifying", SPRINT_QUALIFYING, "FP1 SQ S Q R"),
    (2026, "sprint_qualifying", SPRINT_QUALIFYING, "FP1 SQ S Q R"),
]


def starts(year: int) -> list[datetime]:
    """Local starts: two on Friday, two on Saturday, the race on Sunday."""
    days = (13, 13, 14, 14, 15)
    return [datetime(year, 5, day, 11 + i) for i, day in enumerate(days)]


def usual(year: int, event_format: str, names: tuple[str, ...]) -> dict[str, bytes]:
    """The schedule of fastf1's own host: columns of row number -> value."""
    row: dict[str, Any] = {
        "round_number": 1,
        "country": "Mockania",
        "location": "Port Example",
        "official_event_name": "FORMULA TEST",
        "event_date": f"{year}-05-15T00:00:00",
        "event_name": "Mockania Grand Prix",
        "gmt_offset": "+02:00",
        "event_format": event_format,
        "f1_api_support": True,
    }
    for i, (name, start) in enumerate(zip(names, starts(year), strict=True), 1):
        row |= {f"session{i}": name, f"session{i}_date": start.isoformat() if name else None}
    columns = {name: {"0": value} for name, value in row.items()}
    return {f"/schedule_{year}.json": json.dumps(columns).encode()}


def f1s(year: int, names: tuple[str, ...]) -> dict[str, bytes]:
    """The index of F1's timing host, which has sessions with data alone."""
    sessions = [
        {"Key": i, "Name": name, "StartDate": start.isoformat(), "GmtOffset": "02:00:00"}
        for i, (name, start) in enumerate(zip(names, starts(year), strict=False), 1)
        if name
    ]
    meeting = {
        "Number": 1,
        "Name": "Mockania Grand Prix",
        "OfficialName": "FORMULA TEST",
        "Location": "Port Example",
        "Country": {"Name": "Mockania"},
        "Sessions": sessions,
    }
    return {f"/static/{year}/Index.json": json.dumps({"Year": year, "Meetings": [meeting]}).encode()}


def jolpicas(year: int, event_format: str) -> dict[str, bytes]:
    race: dict[str, Any] = {
        "season": str(year),
        "round": "1",
        "raceName": "Mockania Grand Prix",
        "Circuit": {"Location": {"country": "Mockania", "locality": "Port Example"}},
        "date": f"{year}-05-15",
        "time": "13:00:00Z",
    }
    if event_format != "conventional":
        race["Sprint"] = {"date": f"{year}-05-14", "time": "12:00:00Z"}
    table = {"season": str(year), "Races": [race]}
    return {f"/{year}.json": json.dumps({"MRData": {"RaceTable": table}}).encode()}


def codes(event: ScheduledEvent) -> str:
    return " ".join(session.code for session in event.sessions)


def told(year: int, folder: Path) -> ScheduledEvent:
    folder.mkdir(exist_ok=True)
    (event,) = season(year, Source(folder, patience_s=2.0))  # for a connection that breaks, as any may
    return event


@pytest.mark.slow
@pytest.mark.parametrize(("year", "event_format", "names", "expected"), FORMATS)
def test_every_format_as_each_host_names_it(
    hosts: Hosts, tmp_path: Path, year: int, event_format: str, names: tuple[str, ...], expected: str
) -> None:
    own, index = usual(year, event_format, names), f1s(year, names)
    hosts.content = {"schedule": own, "timing": index}
    event = told(year, tmp_path / "usual")
    assert (event.numbered, event.format, codes(event)) == (True, event_format, expected)
    for session in event.sessions:
        loaded = to_fastf1(event, session.code)
        start = starts(year)[names.index(session.name)]
        assert session.start == (start - LOCAL).replace(tzinfo=UTC)
        assert loaded.date == start - LOCAL
        name = "Sprint" if session.code == "S" else session.name
        assert loaded.api_path.endswith(f"{start:%Y-%m-%d}_{name.replace(' ', '_')}/")
    hosts.content = {"timing": index}
    event = told(year, tmp_path / "f1")
    assert (event.numbered, codes(event)) == (False, expected)
    assert [to_fastf1(event, s.code).date for s in event.sessions] == [
        s.start.replace(tzinfo=None) for s in event.sessions if s.start is not None
    ]
    hosts.content = {"jolpica": jolpicas(year, event_format)}
    event = told(year, tmp_path / "jolpica")
    assert set(codes(event).split()) >= set(expected.split())
    assert all(to_fastf1(event, session.code) is not None for session in event.sessions)


def test_a_sprint_of_2021_beside_a_cancelled_practice(hosts: Hosts, tmp_path: Path) -> None:
    """F1's index leaves a session without data out, and what follows moves up."""
    hosts.content = {"timing": f1s(2021, ("Practice 1", "Qualifying", "Sprint Qualifying", "Race"))}
    event = told(2021, tmp_path)
    assert codes(event) == "FP1 Q S R"
    assert to_fastf1(event, "S").name == "Sprint"


def test_a_qualifying_that_was_moved_to_sunday(hosts: Hosts, tmp_path: Path) -> None:
    content = json.loads(usual(2024, "sprint_qualifying", SPRINT_QUALIFYING)["/schedule_2024.json"])
    content["session4_date"] = {"0": "2024-05-15T09:00:00"}
    hosts.content = {"schedule": {"/schedule_2024.json": json.dumps(content).encode()}}
    event = told(2024, tmp_path)
    assert codes(event) == "FP1 SQ S Q R"
    assert "2024-05-15_Qualifying" in to_fastf1(event, "Q").api_path


def test_a_session_that_the_weekend_lacks_is_one_sentence(hosts: Hosts, tmp_path: Path) -> None:
    hosts.content = {"schedule": usual(2022, "sprint", SPRINT_2022)}
    event = told(2022, tmp_path)
    for ask in (lambda: to_fastf1(event, "FP3"), lambda: pick([event], SessionKey(2022, 1, "FP3"), None)):
        with pytest.raises(UsageError) as raised:
            ask()
        assert str(raised.value) == (
            "2022 round 1 (Mockania Grand Prix) has no practice 3: "
            "it has practice 1, qualifying, practice 2, sprint, race"
        )


def test_a_season_without_any_of_the_sessions_is_one_sentence(hosts: Hosts, tmp_path: Path) -> None:
    hosts.content = {"schedule": usual(2022, "sprint", SPRINT_2022)}
    event = told(2022, tmp_path)
    now = datetime.now(UTC)
    assert [key.session for key, _ in due([event], None, {"FP3", "Q", "S"}, now)] == ["Q", "S"]
    with pytest.raises(
        UsageError, match=r"^2022 round 1 \(Mockania Grand Prix\) has no sprint qualifying or "
    ):
        due([event], {1}, {"SQ", "FP3"}, now)
    with pytest.raises(
        UsageError, match=r"^2022 has no practice 3 in the rounds asked for: they have practice 1, "
    ):
        due([event, replace(event, round=2)], None, {"FP3"}, now)


@pytest.mark.slow
def test_the_real_schedules(real_cache: Path) -> None:
    """Each session of 2018 to 2026 is one that fastf1 knows, on its own day, and none is left out."""
    for year in range(2018, 2027):
        for event in season(year, Source(real_cache, offline=True)):
            names = [event.row[f"Session{i}"] for i in range(1, 6) if event.row[f"Session{i}"]]
            assert [session.name for session in event.sessions] == names
            for session in event.sessions:
                loaded = to_fastf1(event, session.code)
                assert loaded.date.replace(tzinfo=UTC) == session.start
                assert loaded.name in (SESSIONS[session.code].name, "Sprint Shootout")
