"""Mini-sectors: what is published gives back what the feed said, whatever that was."""

import json
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.demo.segments import SIZES, passed
from pipeline.demo.truth import Truth
from pipeline.input.segments import pared
from pipeline.input.segments import words as told
from pipeline.model import RaceFrames, RawRace, SegmentWord
from pipeline.timing.segments import ALL, TENTH_S, Changes, segments
from tests.conftest import REPOSITORY, require

T0, DURATION_S = 100.0, 60.0
WORDS = st.lists(
    st.builds(
        SegmentWord,
        t=st.integers(90_000, 170_000).map(lambda ms: ms / 1000),
        number=st.sampled_from(["1", "2", "99"]),
        sector=st.integers(0, 2),
        segment=st.integers(0, 3),
        status=st.sampled_from([0, 2048, 2049, 2051, 2052, 2064]),
    ),
    max_size=60,
)


def stands(changes: Changes, size: int, tenths: int) -> list[int]:
    """A car's segments at a moment, as the format describes them."""
    colours = [0] * size
    for t, segment, status in zip(
        accumulate(changes["t"]), changes["segment"], changes["status"], strict=True
    ):
        if t <= tenths:
            colours = [0] * size if segment == ALL else colours
            colours[segment] = status if segment != ALL else colours[segment]
    return colours


def test_a_real_lap_has_a_colour_in_every_segment() -> None:
    """When a car begins the next one; in a few of some 400 laps the feed left one out."""
    archive = REPOSITORY.parent / "shared/archive"
    require(archive.is_dir(), f"no real topics at {archive}")
    (file,) = archive.rglob("*_Sprint/TimingData.jsonStream")
    lines = file.read_text("utf-8-sig").splitlines()
    page = pared([[line[:12], json.loads(line[12:])] for line in lines])
    words = list(told((float(i), message) for i, (_, message) in enumerate(page)))
    assert {word.number for word in words} - {"1", "2"}
    numbers = sorted({word.number for word in words})
    sizes, cars = made(words, dict(zip(numbers, numbers, strict=True)), duration=float(len(page)))
    assert sizes == [9, 7, 8]
    laps = Counter[int]()
    for changes in cars.values():
        coloured = set[int]()
        for segment, status in zip(changes["segment"], changes["status"], strict=True):
            if segment == ALL:
                laps[len(coloured)] += 1
                coloured = set()
            else:
                coloured = coloured | {segment} if status else coloured - {segment}
    assert laps[24] > 400
    assert sum(laps.values()) - laps[24] < 10


def made(
    words: list[SegmentWord],
    codes: Mapping[str, str] = MappingProxyType({"1": "ONE", "2": "TWO"}),
    duration: float = DURATION_S,
) -> tuple[list[int], dict[str, Changes]]:
    drivers = [SimpleNamespace(number=number, code=code) for number, code in codes.items()]
    raw: Any = SimpleNamespace(drivers=drivers, topics=SimpleNamespace(segments=words))
    clock = SimpleNamespace(t0=T0 if duration == DURATION_S else 0.0, duration=duration)
    frames: Any = SimpleNamespace(cars=set(codes.values()), clock=clock)
    return segments(raw, frames)


@given(words=WORDS, moments=st.lists(st.integers(0, 600), max_size=5))
def test_what_stood_at_any_moment_comes_back(words: list[SegmentWord], moments: list[int]) -> None:
    sizes, cars = made(words)
    begins = [sum(sizes[:i]) for i in range(len(sizes))]
    for code, number in (("ONE", "1"), ("TWO", "2")):
        changes = cars.get(code, {"t": [], "segment": [], "status": []})
        assert all(t >= 0 for t in changes["t"])
        assert sum(changes["t"]) <= 600
        for moment in (0, 600, *moments):
            true = [0] * sum(sizes)
            for word in sorted(words, key=lambda word: word.t):
                known = max(0, round((word.t - T0) / TENTH_S)) <= moment
                if known and word.number == number and word.segment < sizes[word.sector]:
                    true[begins[word.sector] + word.segment] = word.status
            assert stands(changes, sum(sizes), moment) == true


def test_one_strange_word_makes_no_segment() -> None:
    words = [SegmentWord(101.0, number, 0, i, 2048) for number in "12" for i in range(2)]
    words.append(SegmentWord(101.0, "99", 0, 60, 2048))
    assert made(words)[0] == [2]
    assert made([]) == ([], {})


def test_the_demo_is_told_exactly(demo_raw: RawRace, truth: Truth, frames: RaceFrames) -> None:
    """At any moment the colours since a car last passed its first segment, as the simulation gave them."""
    sizes, cars = segments(demo_raw, frames)
    assert sizes == list(SIZES)
    true, seen = passed(truth), set()
    for tenths in np.linspace(0, frames.clock.duration / TENTH_S, 80).astype(int).tolist():
        now: dict[str, list[int]] = {code: [0] * sum(SIZES) for code in cars}
        for when, code, segment, status in true:
            if round((when - frames.clock.t0) / TENTH_S) <= tenths:
                now[code] = [0] * sum(SIZES) if segment == 0 else now[code]
                now[code][segment] = status
        assert {code: stands(cars[code], sum(SIZES), tenths) for code in cars} == now
        seen |= {status for colours in now.values() for status in colours}
    assert seen == {0, 2048, 2049, 2051, 2064}
