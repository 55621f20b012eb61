"""What a recording's SessionInfo may hold, and that it is a sentence, never a traceback."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.sessions import SESSIONS
from pipeline.errors import SourceError
from pipeline.input.livetiming import read
from pipeline.input.recording import check, event, event_of
from pipeline.input.seasons import to_fastf1
from pipeline.input.tables import whole

KEY = SessionKey(2025, 1)
TOPICS = ("TimingData", "TimingAppData", "Position.z", "CarData.z")
ABOUT: dict[str, Any] = {
    "Meeting": {"Key": 1, "Name": "Testland Grand Prix"},
    "Key": 9,
    "Name": "Race",
    "StartDate": "2025-03-16T15:00:00",
    "GmtOffset": "11:00:00",
}
EVENT = event(
    2025,
    1,
    name="Testland Grand Prix",
    official_name="",
    country="",
    location="",
    starts={"R": datetime(2025, 3, 16, 4, tzinfo=UTC)},
)


def recorded(folder: Path, info: dict[str, Any]) -> tuple[Path, ...]:
    path = folder / "race.txt"
    lines = [f"['{topic}', {{}}, '2025-03-16T04:00:00Z']" for topic in TOPICS]
    lines += ["['SessionData', {'SessionStatus': 'Started'}, '2025-03-16T04:00:00Z']"]
    lines += [f"['SessionInfo', {info!r}, '2025-03-16T04:00:00Z']"]
    path.write_text("\n".join(lines) + "\n")
    return (path,)


@pytest.mark.parametrize(
    "info",
    [
        {name: value for name, value in ABOUT.items() if name != "StartDate"},
        ABOUT | {"StartDate": None},
        ABOUT | {"StartDate": "soon"},
        ABOUT | {"GmtOffset": "east"},
        ABOUT | {"GmtOffset": ""},
        ABOUT | {"GmtOffset": "11:00"},
        ABOUT | {"GmtOffset": 11},
        ABOUT | {"GmtOffset": "99999999999999:00:00"},
    ],
)
def test_a_start_that_cannot_be_read_is_said(tmp_path: Path, info: dict[str, Any]) -> None:
    files = recorded(tmp_path, info)
    for ask in (lambda: check(files, EVENT, KEY), lambda: event_of(files, KEY)):
        with pytest.raises(SourceError, match=r"race\.txt does not say when the session began"):
            ask()


@pytest.mark.parametrize("offset", ["11:00:00", "-05:00:00", "00:00:00"])
def test_a_start_that_can_be_read(tmp_path: Path, offset: str) -> None:
    files = recorded(tmp_path, ABOUT | {"GmtOffset": offset})
    check(files, EVENT, KEY)
    start = event_of(files, KEY).sessions[0].start
    hours = int(offset.split(":", maxsplit=1)[0])
    assert start == datetime(2025, 3, 16, 15, tzinfo=UTC).replace(hour=15 - hours)


def test_a_meeting_that_is_none(tmp_path: Path) -> None:
    files = recorded(tmp_path, ABOUT | {"Meeting": "Testland"})
    with pytest.raises(SourceError, match="does not say of which event it is"):
        event_of(files, KEY)


@pytest.mark.parametrize(
    ("value", "number"),
    [(7, 7), ("7", 7), (7.0, 7), ("seven", None), (None, None), (float("nan"), None), ([], None), ({}, None)],
)
def test_a_key_is_a_whole_number_or_unknown(value: object, number: int | None) -> None:
    assert whole(value) == number


def test_a_file_larger_than_any_recording_is_said(tmp_path: Path) -> None:
    files = recorded(tmp_path, ABOUT)
    os.truncate(files[0], 10_000_000_000)  # sparse
    for ask in (lambda: check(files, EVENT, KEY), lambda: event_of(files, KEY), lambda: read(files, "it")):
        with pytest.raises(SourceError, match=r"race\.txt has 10,000 MB: .* 400 MB are read"):
            ask()


def test_a_line_longer_than_any_message_is_one_damaged_line(tmp_path: Path) -> None:
    files = recorded(tmp_path, ABOUT)
    text, (_, before) = files[0].read_text(), read(files, "it")
    files[0].write_text(f"['TimingData', {{'Lines': '{'x' * 9_000_000}'}}, '2025-03-16T04:00:00Z']\n{text}")
    check(files, EVENT, KEY)
    data, noticed = read(files, "it")
    assert data.has("SessionInfo")
    assert [finding.count for finding in noticed] == [finding.count + 1 for finding in before]


@pytest.mark.parametrize("line", ["['TimingData', {'Lines': CARS}, STAMP]", "['DriverList', CARS, STAMP]"])
def test_thousands_of_cars_are_said(tmp_path: Path, line: str) -> None:
    files = recorded(tmp_path, ABOUT)
    cars: dict[str, Any] = {str(number): {} for number in range(5000)}
    text = line.replace("CARS", repr(cars)).replace("STAMP", "'2025-03-16T04:00:00Z'")
    files[0].write_text(f"{files[0].read_text()}{text}\n")
    with pytest.raises(SourceError, match="it is of 5000 cars: a session has 100 at most"):
        read(files, "it")


@pytest.mark.parametrize(
    ("year", "name", "kind", "code"),
    [
        (2021, "Sprint Qualifying", "Race", "S"),
        (2022, "Sprint", "Race", "S"),
        (2023, "Sprint Shootout", "Qualifying", "SQ"),
        (2024, "Sprint Qualifying", "Qualifying", "SQ"),
        (2025, "Qualifying", "Qualifying", "Q"),
        (2025, "Practice 1", "Practice", "FP1"),
        (2025, "Race", "Race", "R"),
    ],
)
def test_a_recording_is_of_one_session_whatever_the_year_calls_it(
    tmp_path: Path, year: int, name: str, kind: str, code: Any
) -> None:
    info = ABOUT | {"Name": name, "Type": kind, "StartDate": f"{year}-03-16T15:00:00"}
    files = recorded(tmp_path, info)
    key = SessionKey(year, 1, code)
    own = event_of(files, key)
    check(files, own, key)
    loaded = to_fastf1(own, code)
    assert (loaded.name in loaded._QUALI_LIKE_SESSIONS) == (kind == "Qualifying")
    assert (loaded.name in loaded._RACE_LIKE_SESSIONS) == (kind == "Race")
    for other in SESSIONS.keys() - {code}:
        wrong = SessionKey(year, 1, other)
        with pytest.raises(SourceError, match=f"the recording race.txt is of Testland Grand Prix, {name} of"):
            check(files, event_of(files, wrong), wrong)


def test_a_weekends_recordings_are_of_one_event() -> None:
    starts: dict[Any, datetime] = {
        code: datetime(2024, 5, day, hour, tzinfo=UTC)
        for code, day, hour in (("R", 5, 20), ("FP1", 3, 16), ("Q", 4, 20), ("SQ", 3, 20), ("S", 4, 16))
    }
    weekend = event(2024, 6, name="T", official_name="", country="", location="", starts=starts)
    assert [session.code for session in weekend.sessions] == ["FP1", "SQ", "S", "Q", "R"]
    assert weekend.row["Session5"] == "Race"
    for code, start in starts.items():
        assert to_fastf1(weekend, code).date == start.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("begun", "fits"),
    [
        ("17:10", {"FP3"}),  # FP3 begins at 17:30, qualifying at 21:00
        ("17:50", {"FP3"}),
        ("18:20", {"FP3", "Q"}),
        ("19:40", {"Q"}),
        ("21:05", {"Q"}),
        ("22:30", {"Q"}),
        ("23:30", {"FP3", "Q"}),  # too late for either, and so near that the clock may be wrong
    ],
)
def test_a_recording_without_a_name_is_of_what_was_on(tmp_path: Path, begun: str, fits: set[str]) -> None:
    starts: dict[Any, datetime] = {
        "FP3": datetime(2024, 10, 26, 17, 30, tzinfo=UTC),
        "Q": datetime(2024, 10, 26, 21, tzinfo=UTC),
        "R": datetime(2024, 10, 27, 20, tzinfo=UTC),
    }
    weekend = event(2024, 20, name="Mexico", official_name="", country="", location="", starts=starts)
    files = recorded(tmp_path, ABOUT)
    lines = [line for line in files[0].read_text().splitlines() if "SessionInfo" not in line]
    files[0].write_text("\n".join(lines).replace("2025-03-16T04:00", f"2024-10-26T{begun}"))
    for code in starts:
        key = SessionKey(2024, 20, code)
        if code in fits:
            check(files, weekend, key)
            continue
        with pytest.raises(SourceError, match=r"^2024 round 20 .*race\.txt begins at"):
            check(files, weekend, key)
