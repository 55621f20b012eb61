"""Recordings as clients leave them: topics missing, lines out of order or damaged, an apostrophe."""

from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastf1.internals.parsing_helpers import to_datetime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.artifacts import SessionKey
from pipeline.demo import demo_season, simulate, write_recording
from pipeline.demo.season import recorded
from pipeline.errors import SourceError
from pipeline.frames import compute
from pipeline.frames.quality import assess
from pipeline.input import livetiming, recording
from pipeline.input.load import configure, load
from pipeline.input.recording import parse
from pipeline.input.seasons import to_fastf1
from pipeline.job import Source
from pipeline.model import RawRace
from tests.cases import examples
from tests.frames.test_damage import FPS, hold_invariants, level

Data = dict[str, list[list[Any]]]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("recording") / "race.txt"
    event, seed, laps = demo_season()[0]
    write_recording(simulate(seed, laps), path, event)
    return path.read_text().splitlines(keepends=True)


def read(folder: Path, *parts: list[str]) -> tuple[Data, dict[str, str]]:
    files = [folder / f"part{i}.txt" for i in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        file.write_text("".join(part))
    data, noticed = livetiming.read(files, "the recording")
    return data.data, {finding.name: finding.message for finding in noticed}


def stamps(data: Data) -> list[list[timedelta]]:
    return [[t for t, _ in entries] for entries in data.values()]


def loaded(folder: Path, lines: list[str]) -> RawRace:
    """The race as the pipeline loads it."""
    path = folder / "race.txt"
    path.write_text("".join(lines))
    with recorded() as (tasks, _):
        task = tasks[0]
        given_ = Source(folder / "cache", offline=True, recording=(path,))
        given_.cache.mkdir()
        configure(given_)
        return load(task.key, to_fastf1(task.event, task.key.session), given_)


def moved(line: str, seconds: float) -> str:
    """A line with another stamp."""
    before, stamp = line.rstrip("]\n").rsplit(", ", 1)
    t = to_datetime(stamp.strip("'")) + timedelta(seconds=seconds)
    return f"{before}, '{t.isoformat(timespec='milliseconds')}Z']\n"


def without(lines: list[str], *topics: str) -> list[str]:
    return [line for line in lines if not line.startswith(tuple(f"['{topic}'" for topic in topics))]


@pytest.mark.slow
def test_what_an_older_client_left_out_is_told_by_the_session_data(tmp_path: Path, lines: list[str]) -> None:
    full, _ = read(tmp_path, lines)
    old, noticed = read(tmp_path, without(lines, "SessionStatus", "TrackStatus"))
    for topic in ("SessionStatus", "TrackStatus"):
        said = [[(t, message["Status"]) for t, message in data[topic]] for data in (full, old)]
        assert said[0] == said[1]
    assert noticed == {}


@pytest.mark.slow
def test_the_race_of_an_older_client_computes(tmp_path: Path, lines: list[str], demo_raw: RawRace) -> None:
    raw = loaded(tmp_path, without(lines, "SessionStatus", "TrackStatus", "LapCount", "WeatherData"))
    assert raw.track_status.code == demo_raw.track_status.code
    for number, own in demo_raw.laps.items():
        assert np.array_equal(raw.laps[number].end, own.end, equal_nan=True)
        assert np.array_equal(raw.laps[number].start, own.start, equal_nan=True)


@pytest.mark.slow
def test_a_recording_that_begins_in_a_later_lap_counts_its_laps_as_the_feed_does(
    tmp_path: Path, lines: list[str], demo_raw: RawRace
) -> None:
    """And knows nothing of what was before, nor when the lap began that was under way."""
    n = next(i for i, line in enumerate(lines) if "'CurrentLap': 3" in line) + 100
    start = [line for line in lines[:n] if "Session" in line or "DriverList" in line or "Stints" in line]
    raw = loaded(tmp_path, [*start, *lines[n:]])
    finding = next(finding for finding in raw.noticed if finding.name == "begins_late")
    assert "begins in lap 3" in finding.message
    for number, own in raw.laps.items():
        before = demo_raw.laps[number]
        ends = dict(zip(before.number[before.completed], before.end[before.completed], strict=True))
        own_ends = dict(zip(own.number[own.completed], own.end[own.completed], strict=True))
        assert own_ends == pytest.approx({n: ends[n] for n in own_ends}, abs=0.5)
        assert np.isnan(own.start[0])
    frames = compute(raw, FPS)
    hold_invariants(frames)
    assert level(assess(raw, frames), "begins_late") == "warn"
    assert min(car.columns["lap"][0] for car in frames.cars.values()) >= 3


@pytest.mark.slow
def test_without_any_track_status_it_is_unknown_and_the_laps_are_not(
    tmp_path: Path, lines: list[str], demo_raw: RawRace
) -> None:
    kept = [line for line in without(lines, "TrackStatus") if "'TrackStatus'" not in line]
    raw = loaded(tmp_path, kept)
    assert raw.track_status.code == []
    assert raw.laps.keys() == demo_raw.laps.keys()


@pytest.mark.slow
def test_a_name_with_an_apostrophe_costs_nobody_anything(
    tmp_path: Path, lines: list[str], demo_raw: RawRace
) -> None:
    name = demo_raw.drivers[0].name.split()[-1]
    changed = []
    for line in lines:
        found = parse(line)
        if found is not None and found[0] == "DriverList" and name in line:
            topic, message, stamp = found
            for driver in message.values():
                if driver.get("LastName") == name:
                    driver["LastName"] = "O'Ward"
            changed.append(f"{[topic, message, stamp]!s}\n")
        else:
            changed.append(line)
    raw = loaded(tmp_path, changed)
    assert [d.name.replace("O'Ward", name) for d in raw.drivers] == [d.name for d in demo_raw.drivers]
    assert sum("O'Ward" in d.name for d in raw.drivers) == 1
    assert raw.noticed == []


def test_files_in_the_wrong_order_and_overlapping(tmp_path: Path, lines: list[str]) -> None:
    whole, _ = read(tmp_path, lines)
    assert read(tmp_path, lines[1500:], lines[600:1600], lines[:700]) == (whole, {})


def test_lines_that_came_late_and_stretches_in_another_order_are_put_in_order(
    tmp_path: Path, lines: list[str]
) -> None:
    whole, _ = read(tmp_path, lines)
    late = [*lines[:300], *lines[301:1200], lines[300], *lines[1200:]]
    swapped = [*lines[1000:], *lines[:1000]]
    for damaged in (late, swapped):
        data, noticed = read(tmp_path, damaged)
        assert {topic: len(of) for topic, of in data.items()} == {
            topic: len(of) for topic, of in whole.items()
        }
        assert all(times == sorted(times) for times in stamps(data))
        assert set(noticed) == {"recording_order"}


def test_a_clock_that_is_set_back_is_refused(tmp_path: Path, lines: list[str]) -> None:
    n = len(lines) // 2
    with pytest.raises(SourceError, match=r"the recording goes back in time, by up to 120 s"):
        read(tmp_path, [*lines[:n], *(moved(line, -120) for line in lines[n:])])
    one_topic = [moved(line, -60) if line.startswith("['TimingData'") else line for line in lines]
    with pytest.raises(SourceError, match="goes back in time"):
        read(tmp_path, one_topic)


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path, lines: list[str]) -> None:
    damage = [
        "['TimingData', {'Lines': \n",
        "\x00\x01\n",
        "[1, 2, 3]\n",
        "['RaceControlMessages', {'Messages': [1]}, '2024-03-02T15:00:00Z']\n",
    ]
    data, noticed = read(tmp_path, [*lines[:5], *damage, *lines[5:]])
    assert data == read(tmp_path, lines)[0]
    assert noticed == {"recording_damaged": "4 lines of the recording cannot be read"}


def test_the_start_is_told_by_whoever_tells_it(tmp_path: Path, lines: list[str]) -> None:
    """SessionStatus alone, or before SessionData in the file, which fastf1 takes for it and fails."""
    whole, _ = read(tmp_path, lines)
    i = next(i for i, line in enumerate(lines) if "'SessionStatus': 'Started'" in line)
    assert read(tmp_path, [*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]]) == (whole, {})
    assert read(tmp_path, lines[:i] + lines[i + 1 :])[0]["TimingData"] == whole["TimingData"]


def test_tyres_of_the_topic_that_fastf1_does_not_read(tmp_path: Path, lines: list[str]) -> None:
    told = {"Stints": {"4": {"0": {"Compound": "HARD"}}, "5": []}}
    stints = f"{['TyreStintSeries', told, '1900-03-18T13:05:00Z']!s}\n"
    other = without(lines, "TimingAppData", "TyreStintSeries")
    data, _ = read(tmp_path, [*other, stints])
    assert [message for _, message in data["TimingAppData"]] == [
        {"Lines": {"4": {"Stints": {"0": {"Compound": "HARD"}}}}}
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("""['X', {'a': True, 'b': None, 'c': 1.5}, 't']""", {"a": True, "b": None, "c": 1.5}),
        ("""["X", {"a": true, "b": null, "c": "it's"}, "t"]""", {"a": True, "b": None, "c": "it's"}),
        ("""['X', {'a': "O'Ward", 'b': False, 'c': 'é'}, 't']""", {"a": "O'Ward", "b": False, "c": "é"}),
        ("""['CarData.z', 'xTrueFalseNone==', 't']""", "xTrueFalseNone=="),
        ("""['X', [True, None], 't']""", [True, None]),
    ],
)
def test_lines(line: str, message: object) -> None:
    found = parse(line)
    assert found is not None
    assert found[1] == message


@pytest.mark.slow
@given(st.text(alphabet="[]{}'\",: \\TrueNone10xX\n", max_size=60))
def test_no_line_breaks_it(text: str) -> None:
    found = parse(text)
    assert found is None or (isinstance(found[0], str) and isinstance(found[2], str))


@pytest.mark.slow
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_recordings_are_read_or_refused(
    tmp_path: Path, lines: list[str], data: st.DataObject
) -> None:
    """Whatever is cut, moved in time or doubled: in order afterwards, or one clear sentence."""
    kept = lines[: data.draw(st.integers(0, 400))] + lines[data.draw(st.integers(400, 1900)) :]
    for _ in range(data.draw(st.integers(0, 4))):
        i = data.draw(st.integers(0, len(kept) - 1))
        kept[i] = (
            moved(kept[i], data.draw(st.floats(-4000, 4000))) if data.draw(st.booleans()) else kept[i][:40]
        )
    with suppress(SourceError):
        assert all(times == sorted(times) for times in stamps(read(tmp_path, kept)[0]))


def test_a_recording_that_does_not_say_what_it_is_of_is_told_by_its_stamps(
    tmp_path: Path, lines: list[str]
) -> None:
    path = tmp_path / "race.txt"
    path.write_text("".join(without(lines, "SessionInfo")))
    for start, refused in (
        (datetime(1900, 3, 18, 13, tzinfo=UTC), False),
        (datetime(1900, 3, 17, tzinfo=UTC), True),
    ):
        event = recording.event(
            2024, 7, name="Testland", official_name="", country="", location="", starts={"R": start}
        )
        with pytest.raises(SourceError, match="but the recording") if refused else nullcontext():
            recording.check((path,), event, SessionKey(2024, 7))
    path.write_text("['Heartbeat', {}, '2024-99-99T00:00:00Z']\n")
    with pytest.raises(SourceError, match="lacks lap timing, tyres"):
        recording.check((path,), event, SessionKey(2024, 7))
