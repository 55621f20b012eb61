"""Our parser of the packed topics against fastf1's: equal tables and warnings, whatever the lines hold."""

import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastf1 import _api
from fastf1.livetiming.data import LiveTimingData
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo import demo_season
from pipeline.errors import SourceError
from pipeline.input import livetiming, samples
from pipeline.input.load import captured_log
from pipeline.input.samples import CAR, POSITION, Table, Topic
from tests.cases import examples
from tests.command import REPOSITORY, recording_name
from tests.conftest import require

SHARED = REPOSITORY.parent / "shared" / "recordings"
THEIRS: dict[str, Callable[..., Table]] = {
    CAR.name: _api.car_data.__wrapped__,
    POSITION.name: _api.position_data.__wrapped__,
}
OURS: dict[str, Callable[..., Table]] = {
    CAR.name: samples.car_data.__wrapped__,  # type: ignore[attr-defined]
    POSITION.name: samples.position_data.__wrapped__,  # type: ignore[attr-defined]
}
SLOWLY = "WARNING Falling back to slow data frame creation!"  # as pandas' warnings are errors here
RACE = demo_season()[0][1:]
TOPICS = pytest.mark.parametrize("topic", [CAR, POSITION], ids=lambda topic: topic.name)


def packed(message: Any) -> str:
    plain = message if isinstance(message, bytes) else json.dumps(message).encode()
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b64encode(packer.compress(plain) + packer.flush()).decode()


def recording(topic: Topic, texts: list[str]) -> LiveTimingData:
    data = LiveTimingData()
    lines = [[timedelta(seconds=i), text] for i, text in enumerate(texts)]
    data.data, data._files_read = {topic.name: lines}, True
    return data


def outcome(read: Callable[..., Table], data: LiveTimingData) -> tuple[Any, list[str]]:
    """The tables or the kind of failure, and what was warned of."""
    with captured_log() as log:
        try:
            found: Any = read("", livedata=data)
        except Exception as error:
            found = type(error)
    return found, sorted({line for line in log if line.startswith("WARNING") and line != SLOWLY})


def same(topic: Topic, data: LiveTimingData) -> Any:
    ours, said = outcome(OURS[topic.name], data)
    theirs, would_say = outcome(THEIRS[topic.name], data)
    assert said == would_say
    if not isinstance(theirs, dict):
        assert ours == theirs
        return theirs
    assert list(ours) == list(theirs)
    for number, own in theirs.items():
        pd.testing.assert_frame_equal(ours[number], own)
    return ours


@TOPICS
def test_the_demo(topic: Topic, recordings: Path) -> None:
    data, _ = livetiming.read([recordings / recording_name(*RACE)], "the demo")
    assert same(topic, data)


@TOPICS
@pytest.mark.parametrize("name", ["2024_Mexico_City_Practice_3.txt", "2024_Silverstone_Practice_1_3min.txt"])
def test_real_recordings(topic: Topic, name: str) -> None:
    """The first has cars that are not in every sample."""
    require((SHARED / name).exists(), f"{SHARED} has no {name}")
    data, _ = livetiming.read([SHARED / name], name)
    assert same(topic, data)


@TOPICS
def test_ours_is_what_reads_the_feed(topic: Topic, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way through fastf1 is for what the feed does not send."""
    monkeypatch.setattr(_api, topic.page if topic is CAR else "position_data", None)
    data, _ = livetiming.read([recordings / recording_name(*RACE)], "the demo")
    assert samples._ours(topic, data.get(topic.name))


def test_a_season_without_drs() -> None:
    """As in 2026."""
    channels = {"0": 11000, "2": 280, "3": 7, "4": 99, "5": 0}
    message = {"Entries": [{"Utc": "2026-03-08T05:00:00.1Z", "Cars": {"1": {"Channels": channels}}}]}
    assert same(CAR, recording(CAR, [packed(message)]))["1"]["DRS"].tolist() == [0]


# ---- garbled lines

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=2),
)
STAMPS = st.sampled_from(
    ["2025-03-16T04:00:00.1234567Z", "2025-03-16T04:00:01Z", "9999-01-01T00:00:00Z", "soon"]
)


def broken(good: Any) -> Any:
    """Mostly what it is, and now and then anything."""
    return st.one_of(*[good] * 9, STRANGE)


def objects(fields: dict[str, Any]) -> Any:
    """Objects that now and then lack one."""
    whole = st.fixed_dictionaries(fields)
    return st.one_of(*[whole] * 9, st.fixed_dictionaries({}, optional=fields))


NUMBERS = broken(st.integers(-500, 12000))
CHANNELS = objects(dict.fromkeys(("0", "2", "3", "4", "5", "45"), NUMBERS))
PLACES = objects(
    {
        "Status": broken(st.sampled_from(["OnTrack", "OffTrack", "1"])),
        "X": NUMBERS,
        "Y": NUMBERS,
        "Z": NUMBERS,
    }
)


def cars(of_one: Any) -> Any:
    return broken(st.dictionaries(st.sampled_from(["1", "4", "81"]), broken(of_one), max_size=3))


CAR_MESSAGES = objects(
    {
        "Entries": broken(
            st.lists(
                objects({"Utc": broken(STAMPS), "Cars": cars(objects({"Channels": CHANNELS}))}), max_size=3
            )
        )
    }
)
POSITION_MESSAGES = objects(
    {
        "Position": broken(
            st.lists(objects({"Timestamp": broken(STAMPS), "Entries": cars(PLACES)}), max_size=3)
        )
    }
)
HARM: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: text,
    lambda text: f'"{text}"',
    lambda text: text[: len(text) // 2],
    lambda text: text[:-4] + "!!" + text[-4:],
    lambda text: "",
    lambda text: packed(b"\xef\xbb\xbf{}"),
    lambda text: packed(b" {}"),
    lambda text: packed(b"[1]"),
    lambda text: packed(b'{"Entries": [NaN], "Position": [NaN]}'),
    lambda text: packed(b'{"\xff": 1}'),
    lambda text: '{"Entries": [], "Position": []}',
]


@TOPICS
@settings(max_examples=examples(150))
@given(data=st.data())
def test_garbled_lines_are_what_fastf1_makes_of_them(topic: Topic, data: st.DataObject) -> None:
    messages = data.draw(st.lists(CAR_MESSAGES if topic is CAR else POSITION_MESSAGES, max_size=4))
    texts = [data.draw(st.sampled_from(HARM))(packed(message)) for message in messages]
    same(topic, recording(topic, texts))


# ---- what no feed sends


def sample(topic: Topic, number_of_cars: int) -> dict[str, Any]:
    channels = dict.fromkeys(("0", "2", "3", "4", "5", "45"), 0)
    one = {"Channels": channels} if topic is CAR else {"Status": "OnTrack", "X": 1, "Y": 1, "Z": 1}
    moment = {topic.stamp: "2025-03-16T04:00:00Z", topic.cars: {str(n): one for n in range(number_of_cars)}}
    return {topic.samples: [moment]}


@TOPICS
@pytest.mark.parametrize("beside", [sample, lambda topic, _: {topic.samples: [None]}], ids=["ours", "theirs"])
def test_a_line_that_unpacks_to_megabytes_is_left_out(topic: Topic, beside: Any) -> None:
    bomb = packed(json.dumps(sample(topic, 2)).encode() + b" " * 50_000_000)
    texts = [packed(sample(topic, 2)), bomb, packed(beside(topic, 2))]
    found, said = outcome(OURS[topic.name], recording(topic, texts))
    assert list(found) == ["0", "1"]
    assert any("failed to decode" in line for line in said)


@pytest.mark.slow
@TOPICS
@pytest.mark.parametrize("first", ["", "?"], ids=["ours", "theirs"])
def test_gigabytes_in_lines_of_a_megabyte_are_none(topic: Topic, first: str) -> None:
    large = packed(json.dumps(sample(topic, 2)).encode() + b" " * 1_000_000)
    texts = [packed({topic.samples: [None]}) if first else large, *[large] * 300]
    with pytest.raises(SourceError, match=rf"{topic.name} unpacks to more than 250 MB"):
        OURS[topic.name]("", livedata=recording(topic, texts))


@TOPICS
def test_a_session_of_thousands_of_cars_is_none(topic: Topic) -> None:
    data = recording(topic, [packed(sample(topic, 5000))])
    with pytest.raises(SourceError, match=r"is of 5000 cars: a session has 100 at most"):
        OURS[topic.name]("", livedata=data)
