"""Topics that fastf1 has no parser for: the demo's exactly, real ones as served, and what else arrives."""

import json
import pickle
import shutil
from collections import Counter
from dataclasses import astuple, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastf1 import _api
from fastf1.livetiming.data import LiveTimingData
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.columns import TYRES
from pipeline.demo import demo_season, simulate
from pipeline.demo.topics import radio_moments
from pipeline.input import livetiming, segments, topics
from pipeline.input.cache import identify
from pipeline.input.load import configure
from pipeline.input.pages import PAGES
from pipeline.job import Source
from pipeline.model import ClockWord, Finding, Radio, RawRace, SegmentWord, Topics
from pipeline.network.patience import Watch
from tests.conftest import REPOSITORY, require
from tests.nightly.hosts import Hosts

SHARED = REPOSITORY.parent / "shared"
ZERO = pd.Timestamp("2025-11-29T13:17:33.824")
FOLDER = "2025/2025-11-30_Testland_Grand_Prix/2025-11-29_Sprint"
RADIO = {"Captures": [{"Utc": "2025-11-29T13:25:13Z", "RacingNumber": "6", "Path": "TeamRadio/A.mp3"}]}
CLOCK = {"Utc": "2025-11-29T14:03:35Z", "Remaining": "00:59:59", "Extrapolating": True}
SEGMENTS = {"Lines": {"6": {"Sectors": {"1": {"Segments": {"7": {"Status": 2049}}}}}}}
LINES = {"TeamRadio": RADIO, "ExtrapolatedClock": CLOCK}


def session(zero: Any = ZERO) -> Any:
    return SimpleNamespace(api_path=f"/static/{FOLDER}/", t0_date=zero)


def recorded(topic: str, *messages: Any, at: float = 2760.0) -> LiveTimingData:
    data = LiveTimingData()
    data._files_read = True
    data.data = {topic: [[timedelta(seconds=at + i), message] for i, message in enumerate(messages)]}
    return data


def told(topic: str, *messages: Any, zero: Any = ZERO, at: float = 2760.0) -> tuple[Topics, list[Finding]]:
    given = Source(Path(), recording=(Path("it"),))
    return topics.read(
        session(zero), given, recorded(topic, *messages, at=at), Watch(), {"6", "10", "18", "43"}, {}
    )


def test_the_demo_is_told_exactly(demo_raw: RawRace) -> None:
    _, seed, laps = demo_season()[0]
    truth, found = simulate(seed, laps), demo_raw.topics
    codes = {car.number: car.code for car in truth.cars}
    assert not found.absent
    assert [(one.t, codes[one.number], one.url) for one in found.radio] == radio_moments(truth)
    begin = float(truth.t[0])
    assert found.clock == [ClockWord(begin, 7200.0, False), ClockWord(0.0, 7199.0, True)]
    visits = {(c, k): visit for c, pits in truth.pits.items() for k, visit in enumerate(pits)}
    assert len(found.pits) == len(visits) > 2
    for word in found.pits:
        entry, leave = next(v for (c, _), v in visits.items() if c == codes[word.number])
        assert word.lane == pytest.approx(leave - entry, abs=6e-4)
        assert word.stationary == pytest.approx(truth.stood[codes[word.number]][0], abs=0.051)
        assert word.lap == 1 + int(np.searchsorted(truth.line_s[codes[word.number]], entry))
    assert len(found.tyres) == sum(map(len, truth.stints.values()))
    for tyre in found.tyres:
        stint = truth.stints[codes[tyre.number]][tyre.stint]
        assert (TYRES[tyre.tyre], tyre.start_laps, tyre.new) == (stint.compound, stint.age, stint.age == 0)
    last = {codes[tyre.number]: tyre.total_laps for tyre in found.tyres}
    for code, times in truth.line_s.items():
        if len(times):
            assert last[code] == truth.tyre_life[code][len(times) - 1]


def fetched(hosts: Hosts, cache: Path, *, offline: bool = False, own: Any = None) -> tuple[Any, Watch]:
    """Topics and findings of a session at the hosts, and what watched the requests."""
    cache.mkdir(exist_ok=True)
    source = Source(cache, offline=offline, patience_s=2.0)  # for a connection that breaks, as any may
    watch = configure(source)
    hosts.requests.clear()
    numbers = {str(n) for n in range(100)}
    return topics.read(own or session(), source, None, watch, numbers, {}), watch


def page(*messages: Any) -> bytes:
    lines = [f"00:46:0{i}.100{json.dumps(message)}\r\n" for i, message in enumerate(messages)]
    return "".join(lines).encode()


@pytest.fixture
def served(hosts: Hosts) -> Hosts:
    """A host that has the radio and the clock of a session, and nothing else."""
    hosts.content["timing"] = {
        f"/static/{FOLDER}/{topic}.jsonStream": page(message) for topic, message in LINES.items()
    }
    return hosts


def kept(cache: Path) -> dict[str, bytes]:
    return {file.stem: file.read_bytes() for file in cache.rglob("*.ff1pkl")}


def test_what_was_fetched_is_there_offline_and_what_is_not_there_is_not_asked_again(
    served: Hosts, tmp_path: Path
) -> None:
    (first, noticed), watch = fetched(served, tmp_path / "cache")
    assert (noticed, watch.lost, watch.down) == ([], {}, {})
    assert first.clock == [ClockWord(2761.176, 3599.0, True)]
    official = f"https://livetiming.formula1.com/static/{FOLDER}/TeamRadio/A.mp3"
    assert first.radio == [Radio(459.176, "6", official)]
    assert first.absent == [topic for topic in PAGES if topic not in LINES]
    assert served.requests["timing"] + served.requests["mirror"] == 2 + 2 * 4  # the mirror for what is absent
    assert set(kept(tmp_path / "cache")) == set(PAGES.values())
    for offline in (True, False):
        again, _ = fetched(served, tmp_path / "cache", offline=offline)
        assert again == (first, [])
        assert not served.requests


def test_a_cache_from_before_is_whole_and_unchanged_offline(served: Hosts, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / FOLDER
    folder.mkdir(parents=True)
    (folder / "car_data.ff1pkl").write_bytes(b"of before")
    source = Source(tmp_path / "cache", offline=True)
    before = identify(FOLDER, source)
    (found, noticed), watch = fetched(served, tmp_path / "cache", offline=True)
    assert found == Topics(absent=list(PAGES))
    assert (noticed, watch.lost, dict(served.requests)) == ([], {}, {})
    assert identify(FOLDER, source) == before


@pytest.mark.parametrize(("fault", "lost"), [("refused", True), ("status:503", True), ("blocked", False)])
def test_what_no_host_gave_is_asked_again(served: Hosts, tmp_path: Path, fault: str, lost: bool) -> None:
    """A host that is down for a while leaves the session provisional; one that refuses for good does not."""
    content = dict(served.content["timing"])
    served.fault = {"timing": fault, "mirror": fault}
    with served.in_use():
        (found, noticed), watch = fetched(served, tmp_path / "cache")
    assert found == Topics(absent=list(PAGES))
    assert (noticed, bool(watch.lost)) == ([], lost)
    assert not kept(tmp_path / "cache")
    served.fault, served.content["timing"] = {}, content
    (found, _), _ = fetched(served, tmp_path / "cache")
    assert len(found.radio) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps({"version": 15, "data": pd.DataFrame({"a": [1, 2]})}),
        pickle.dumps({"version": 15, "data": [["00:46:00.100", "cut"]]}),
        pickle.dumps({"version": 15, "data": []}),
        pickle.dumps({"version": 15, "data": [["x", {}], None, ["00:46:00.100", 3]]}),
    ],
)
def test_a_damaged_file_is_named_offline_and_costs_its_topic(
    served: Hosts, tmp_path: Path, content: bytes
) -> None:
    fetched(served, tmp_path / "there")
    shutil.copytree(tmp_path / "there" / "2025", tmp_path / "cache" / "2025")  # without the HTTP cache
    (tmp_path / "cache" / FOLDER / "team_radio.ff1pkl").write_bytes(content)
    (found, noticed), watch = fetched(served, tmp_path / "cache", offline=True)
    assert found.radio == []
    assert len(found.clock) == 1
    assert "TeamRadio" in found.absent
    assert [(one.name, one.count) for one in noticed] == [("topics_damaged", 1)]
    assert "TeamRadio" in noticed[0].message
    assert not watch.lost


@pytest.mark.parametrize(
    "body", [b"", b"<html>no</html>\r\n", b"\xff\xfe\x00\r\n", b"00:46:01.100\r\n", page(RADIO)[:40]]
)
def test_a_damaged_page_is_named_and_costs_its_topic(served: Hosts, tmp_path: Path, body: bytes) -> None:
    served.content["timing"][f"/static/{FOLDER}/TeamRadio.jsonStream"] = body
    (found, noticed), watch = fetched(served, tmp_path / "cache")
    assert (found.radio, len(found.clock), watch.lost) == ([], 1, {})
    assert "TeamRadio" in noticed[0].message


def test_topics_of_another_session_are_left_out_and_named() -> None:
    """By their own clocks, or by cars that nobody here drove."""
    found, noticed = told("TeamRadio", RADIO, zero=ZERO + pd.Timedelta(hours=4))
    assert found.radio == []
    assert "TeamRadio" in noticed[0].message
    found, noticed = told("TyreStintSeries", {"Stints": {"99": {"0": {"Compound": "SOFT"}}}})
    assert found.tyres == []
    assert "TyreStintSeries" in noticed[0].message
    older = CLOCK | {"Utc": "2025-11-29T09:00:00Z", "Remaining": "00:00:00"}  # of the session before
    assert told("ExtrapolatedClock", older, CLOCK)[0].clock == [ClockWord(2761.176, 3599.0, True)]


def test_without_a_clock_of_the_session_the_stamps_tell() -> None:
    found, noticed = told("ExtrapolatedClock", CLOCK, zero=pd.NaT)
    assert found.clock == [ClockWord(2760.0, 3599.0, True)]
    assert noticed == []


def test_pit_stops_of_two_topics_are_one_word_a_visit() -> None:
    stop = {"RacingNumber": "18", "PitStopTime": "4.9", "PitLaneTime": "30.852", "Lap": "13"}
    entry = {"Timestamp": "2025-11-29T14:23:01.279Z", "PitStop": stop}
    data = recorded(
        "PitStopSeries", {"PitTimes": {"18": [entry]}}, {"PitTimes": {"18": {"1": entry}}}, at=3927.0
    )
    lane = {"RacingNumber": "18", "Duration": "30.9", "Lap": "13"}
    other = {"RacingNumber": "10", "Duration": "", "Lap": "17"}
    data.data |= recorded(
        "PitLaneTimeCollection",
        {"PitTimes": {"18": lane, "10": other}},
        {"PitTimes": {"_deleted": ["18"]}},
        {"PitTimes": {"10": {"Duration": "1:05.2"}, "18": {"Duration": "77.0"}}},
        at=3930.0,
    ).data
    source = Source(Path(), recording=(Path("it"),))
    found, noticed = topics.read(session(), source, data, Watch(), {"10", "18"}, {})
    assert noticed == []
    assert [astuple(word) for word in found.pits] == [
        (3927.455, "18", 13, 30.852, 4.9),
        (3932.0, "10", 17, 65.2, None),
        (3932.0, "18", None, 77.0, None),  # another visit says another time: both stay
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 99) | st.text("0123456789:.TZx-", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("Captures", "Utc", "RacingNumber", "Path", "Remaining", "Extrapolating", "PitTimes"),
                    *("PitStop", "PitLaneTime", "PitStopTime", "Lap", "Duration", "Stints", "Compound"),
                    *("New", "TotalLaps", "StartLaps", "_deleted", "Timestamp", "0", "6", "18"),
                    *("Lines", "Sectors", "Segments", "Status"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(topic=st.sampled_from(list(PAGES)), messages=st.lists(JSON, max_size=4))
def test_whatever_arrives_only_what_has_the_form_of_its_topic_is_told(
    topic: str, messages: list[Any]
) -> None:
    found, noticed = told(topic, *messages)
    assert all(finding.name == "topics_damaged" for finding in noticed)
    assert bool(noticed) <= (topic in found.absent)
    assert topic == "TimingData" or bool(noticed) == (
        topic in found.absent
    )  # which may well be without segments
    for radio in found.radio:
        assert radio.url.startswith("https://")
        assert radio.number in {"6", "18"}
    for clock in found.clock:
        assert clock.remaining >= 0
    for pit in found.pits:
        assert (pit.lane, pit.stationary) != (None, None)
    for tyre in found.tyres:
        assert 0 <= tyre.tyre < len(TYRES)
    for segment in found.segments:
        assert (segment.sector in range(3), segment.segment in range(64)) == (True, True)
    times = [word.t for words in (found.radio, found.clock, found.pits, found.segments) for word in words]
    assert not np.isnan(times).any()


def test_real_topics_as_they_are_served(hosts: Hosts, tmp_path: Path) -> None:
    archive = SHARED / "archive"
    require(archive.is_dir(), f"no real topics at {archive}")
    hosts.content["timing"] = {
        f"/static/{file.relative_to(archive)}": file.read_bytes() for file in archive.rglob("*.jsonStream")
    }
    sprint, qualifying = sorted({file.parent for file in archive.rglob("TeamRadio.jsonStream")}, reverse=True)
    own = SimpleNamespace(api_path=f"/static/{sprint.relative_to(archive)}/", t0_date=ZERO)
    (found, noticed), watch = fetched(hosts, tmp_path / "cache", own=own)
    assert (noticed, watch.lost, found.absent) == ([], {}, ["PitLaneTimeCollection"])
    assert [(p.number, p.lap, p.lane, p.stationary) for p in found.pits] == [
        ("18", 13, 30.852, 4.9),
        ("10", 17, 28.876, 2.9),
        ("43", 17, 31.299, 4.0),
    ]
    assert Counter(word.status for word in found.segments) == {
        0: 10124,
        2048: 7632,
        2049: 2364,
        2051: 214,
        2064: 106,
    }
    assert found.pits[0].t == pytest.approx(3927.455, abs=0.01)  # as stamped
    assert [(c.remaining, c.running) for c in found.clock] == [(0, False), (3600, False), (3599, True)]
    assert [radio.number for radio in found.radio] == ["6", "4"]
    assert len({tyre.number for tyre in found.tyres}) == 20
    driven = [t for t in found.tyres if t.total_laps is not None and t.total_laps != t.start_laps]
    assert len({t.number for t in driven}) == 20
    few = {t.number for t in driven if (t.total_laps or 0) - (t.start_laps or 0) < 19}
    assert few == {pit.number for pit in found.pits}  # who came in drove less than the distance on a set
    own = SimpleNamespace(
        api_path=f"/static/{qualifying.relative_to(archive)}/", t0_date=pd.Timestamp("2025-05-17T13:46:18.88")
    )
    (found, noticed), _ = fetched(hosts, tmp_path / "cache", own=own)
    assert noticed == []
    assert len(found.clock) == 12
    assert [word.remaining for word in found.clock if word.running] == [1079, 732, 899, 719]
    assert (np.diff([radio.t for radio in found.radio]) > 0).all()


def test_the_clock_of_a_real_recording() -> None:
    file = SHARED / "recordings" / "2025_Sao_Paulo_Sprint.txt"
    require(file.is_file(), f"no recording at {file}")
    data, _ = livetiming.read([file], "it")
    zero = pd.Timestamp(data._start_date)
    source = Source(Path(), recording=(file,))
    found, noticed = topics.read(session(zero), source, data, Watch(), {"4"}, {})
    assert noticed == []
    assert [(word.remaining, word.running) for word in found.clock] == [(3080.0, True)]
    assert len(found.segments) > 300  # of car 4
    there = ("ExtrapolatedClock", "TimingData")
    assert replace(found, clock=[], segments=[]) == Topics(absent=[t for t in PAGES if t not in there])


def test_what_fastf1_fetched_for_itself_is_not_fetched_again(hosts: Hosts, tmp_path: Path) -> None:
    """The page of TimingData is large: what is said of segments is heard in passing, and kept."""
    address = f"/static/{FOLDER}/TimingData.jsonStream"
    hosts.content["timing"] = {address: page(SEGMENTS, {"Lines": {"6": {"InPit": True}}})}
    cache = tmp_path / "cache"
    cache.mkdir()
    with segments.overheard() as heard:
        watch = configure(source := Source(cache))
        assert len(_api.fetch_page(f"/static/{FOLDER}/", "timing_data")) == 2
    hosts.content["timing"] = {}
    found, noticed = topics.read(session(), source, None, watch, {"6"}, heard)
    assert (noticed, found.segments) == ([], [SegmentWord(2760.1, "6", 1, 7, 2049)])
    assert "TimingData" not in found.absent
    (again, _), _ = fetched(hosts, cache, offline=True)
    assert again.segments == found.segments
    with segments.overheard() as nothing:
        assert not nothing
    assert (fetched(hosts, tmp_path / "empty", offline=True)[0][0].absent) == list(PAGES)


def test_timing_without_segments_has_none_and_endless_ones_are_damaged() -> None:
    found, noticed = told("TimingData", {"Lines": {"6": {"InPit": True}}}, {"Lines": {"6": {"Sectors": []}}})
    assert (found.segments, noticed, found.absent) == ([], [], list(PAGES))
    found, noticed = told("TimingData", *[SEGMENTS] * (segments.MOST_TOLD + 1))
    assert found.segments == []
    assert "TimingData" in noticed[0].message
