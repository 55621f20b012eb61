"""What the feed says of radio, clock, pit stops, tyres and segments, which fastf1 has no parser for.

Its messages are changes of what it said before, in lists or by number, and any may be cut or of another
session: what has not the form of its topic is left out. Where a message has a clock of its own, that tells
when; its stamp is when a client heard of it, which after a lost connection is later.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urljoin

import pandas as pd
from fastf1.internals.parsing_helpers import to_datetime, to_timedelta
from fastf1.livetiming.data import LiveTimingData

from pipeline.input import segments
from pipeline.input.pages import PAGES, page
from pipeline.input.segments import Page
from pipeline.input.tyres import COMPOUNDS
from pipeline.input.words import word
from pipeline.job import Source
from pipeline.model import ClockWord, Finding, PitWord, Radio, SegmentWord, Topics, TyreWord
from pipeline.network.hosts import TIMING
from pipeline.network.patience import Watch

FOREIGN_S = 2 * 3600.0  # nobody hears of a session so late; the next one begins about then
VISIT_S = 120.0  # within which all is said of one visit to the pit lane
LANE_S = 0.5  # by which two topics differ about the time of one

Message = dict[str, Any]


@dataclass(frozen=True)
class Feed:
    """A topic's messages as (session second of the stamp, message), and session second 0 in UTC."""

    messages: list[tuple[float, Message]]
    zero: Any

    def when(self, stamp: float, utc: Any) -> float:
        """Session second by a message's own clock, or its stamp; NaN for a moment of another session."""
        moment = to_datetime(utc) if isinstance(utc, str) and not pd.isna(self.zero) else None
        t = stamp if moment is None else float((moment - self.zero).total_seconds())
        return round(t, 3) if abs(t - stamp) <= FOREIGN_S else math.nan


def read(
    session: Any,
    source: Source,
    livedata: LiveTimingData | None,
    watch: Watch,
    numbers: set[str],
    heard: dict[str, Page],
) -> tuple[Topics, list[Finding]]:
    """Every topic that the session has, and which of them are damaged.

    Args:
        session: loaded; gives the path and the clock. livedata: the recording, if it is one.
        numbers: racing numbers of the session's drivers; nothing else is said of anybody.
        heard: pages that fastf1 has just fetched, by topic.
    """
    said: dict[str, list[Any]] = {}
    damaged = []
    for topic in PAGES:
        try:
            fetched = livedata is None
            asked = (topic, session.api_path, source, watch, heard)
            told = page(*asked) if fetched else _recorded(livedata, topic)
            if told is not None:
                said[topic] = _words(topic, told, session, numbers)
        except Exception:  # whatever a foreign file or a cut answer leads to
            damaged.append(topic)
    pits = [*said.get("PitStopSeries", []), *said.get("PitLaneTimeCollection", [])]
    topics = Topics(
        radio=said.get("TeamRadio", []),
        clock=said.get("ExtrapolatedClock", []),
        pits=_one_a_visit(pits),
        tyres=said.get("TyreStintSeries", []),
        segments=said.get("TimingData", []),
        absent=[topic for topic in PAGES if topic not in said],
    )
    if not damaged:
        return topics, []
    text = f"topics that are damaged, empty or of another session, and left out: {', '.join(damaged)}"
    return topics, [Finding("topics_damaged", len(damaged), text)]


def _recorded(livedata: LiveTimingData, topic: str) -> Page | None:
    told = livedata.get(topic) if livedata.has(topic) else None
    return told if told is None or topic != "TimingData" else segments.pared(told) or None


def _words(topic: str, told: Page, session: Any, numbers: set[str]) -> list[Any]:
    """What the topic says of this session. Raises ValueError: nothing, or it is of another session."""
    messages = []
    for stamp, message in told:
        t = to_timedelta(stamp)
        if t is not None and isinstance(message, dict):
            messages.append((t.total_seconds(), message))
    if not messages:
        raise ValueError("no message in it")
    found = list(_PARSERS[topic](Feed(messages, session.t0_date), session.api_path))
    own = [
        said
        for said in found
        if getattr(said, "number", None) in {None, *numbers} and not math.isnan(getattr(said, "t", 0.0))
    ]
    if found and not own:
        raise ValueError("of another session")
    return sorted(own, key=lambda said: getattr(said, "t", 0.0))


def _radio(feed: Feed, path: str) -> Iterator[Radio]:
    seen = set()
    folder = f"{TIMING.default}{path}"
    for stamp, message in feed.messages:
        for capture in _each(message.get("Captures")):
            number, file = word(capture.get("RacingNumber")), word(capture.get("Path"))
            url = urljoin(folder, file or "")
            if number and file and url.startswith("https://") and url not in seen:
                seen.add(url)
                yield Radio(feed.when(stamp, capture.get("Utc")), number, url)


def _clock(feed: Feed, _path: str) -> Iterator[ClockWord]:
    remaining, running = None, False
    for stamp, message in feed.messages:
        left, goes = _seconds(message.get("Remaining")), message.get("Extrapolating")
        remaining = remaining if left is None else left
        running = goes if isinstance(goes, bool) else running
        if remaining is not None and (left is not None or isinstance(goes, bool)):
            yield ClockWord(feed.when(stamp, message.get("Utc")), remaining, running)


def _pit_stops(feed: Feed, _path: str) -> Iterator[PitWord]:
    for stamp, message in feed.messages:
        for told in _items(message.get("PitTimes")).values():
            for entry in _each(told):
                stop = _items(entry.get("PitStop"))
                number, lane = word(stop.get("RacingNumber")), _seconds(stop.get("PitLaneTime"))
                stood = _seconds(stop.get("PitStopTime"))
                if number and (lane, stood) != (None, None):
                    t = feed.when(stamp, entry.get("Timestamp"))
                    yield PitWord(t, number, _count(stop.get("Lap")), lane, stood)


def _pit_lane_times(feed: Feed, _path: str) -> Iterator[PitWord]:
    known: dict[str, Message] = {}
    for stamp, message in feed.messages:
        for number, told in _items(message.get("PitTimes")).items():
            if number == "_deleted":
                known = {car: said for car, said in known.items() if car not in (told or ())}
            elif isinstance(told, dict):
                known[number] = known.get(number, {}) | told
                lane = _seconds(known[number].get("Duration"))
                if told.get("Duration") and lane is not None:
                    yield PitWord(
                        feed.when(stamp, None), number, _count(known[number].get("Lap")), lane, None
                    )


def _one_a_visit(words: list[PitWord]) -> list[PitWord]:
    """The words of both topics by time, those of one visit as one; those that contradict each other stay."""
    found: list[PitWord] = []
    for said in sorted(words, key=lambda said: said.t):
        same = next((i for i in reversed(range(len(found))) if _same_visit(found[i], said)), None)
        if same is None:
            found.append(said)
            continue
        first, second = (found[same], said) if found[same].stationary is not None else (said, found[same])
        found[same] = replace(
            first,
            t=found[same].t,
            lap=second.lap if first.lap is None else first.lap,
            lane=second.lane if first.lane is None else first.lane,
        )
    return found


def _same_visit(one: PitWord, other: PitWord) -> bool:
    def agree(a: float | None, b: float | None, within: float) -> bool:
        return a is None or b is None or abs(a - b) <= within

    return (
        one.number == other.number
        and abs(one.t - other.t) <= VISIT_S
        and agree(one.lap, other.lap, 1)  # the lap in which it came in, or the one after
        and agree(one.lane, other.lane, LANE_S)
        and agree(one.stationary, other.stationary, 0)
    )


def _tyres(feed: Feed, _path: str) -> Iterator[TyreWord]:
    stints: dict[tuple[str, int], Message] = {}
    for _, message in feed.messages:
        for number, told in _items(message.get("Stints")).items():
            by_index = (
                told.items() if isinstance(told, dict) else enumerate(told if isinstance(told, list) else [])
            )
            for index, patch in by_index:
                if isinstance(patch, dict) and (stint := _count(index)) is not None:
                    stints[number, stint] = stints.get((number, stint), {}) | patch
    for (number, stint), known in sorted(stints.items()):
        yield TyreWord(
            number=number,
            stint=stint,
            tyre=COMPOUNDS.get(str(known.get("Compound")).upper(), 0),
            new={"true": True, "false": False}.get(str(known.get("New")).lower()),
            start_laps=_count(known.get("StartLaps")),
            total_laps=_count(known.get("TotalLaps")),
        )


def _segments(feed: Feed, _path: str) -> Iterator[SegmentWord]:
    return segments.words(feed.messages)


def _items(value: Any) -> Message:
    return value if isinstance(value, dict) else {}


def _each(value: Any) -> list[Message]:
    """The objects of a list, which the feed writes by their numbers where it tells of new ones alone."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in values if isinstance(item, dict)]


def _seconds(value: Any) -> float | None:
    """Of "1:02:03", "1:02.3" and "23.4"; None for all else."""
    found = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)", str(value).strip())
    return None if found is None else 3600 * int(found[1] or 0) + 60 * int(found[2] or 0) + float(found[3])


def _count(value: Any) -> int | None:
    """A number that is not negative; None for all else."""
    return int(value) if isinstance(value, int | str) and re.fullmatch(r"\d{1,4}", str(value)) else None


_PARSERS: Final = {
    "TeamRadio": _radio,
    "ExtrapolatedClock": _clock,
    "PitStopSeries": _pit_stops,
    "PitLaneTimeCollection": _pit_lane_times,
    "TyreStintSeries": _tyres,
    "TimingData": _segments,
}
