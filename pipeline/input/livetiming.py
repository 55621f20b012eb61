"""A recording as fastf1 takes it: read line by line, in order, with all that older clients left out.

fastf1's own reading breaks on a name with an apostrophe and on texts that hold the word True, takes files in
the order in which they are given, loses all laps to one message out of order, needs SessionStatus and
TrackStatus, which older clients did not record, and fetches what is lacking, which has another clock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fastf1.internals.parsing_helpers import to_datetime
from fastf1.livetiming.data import LiveTimingData

from pipeline.errors import SourceError
from pipeline.input import recording
from pipeline.input.forms import has_form
from pipeline.input.samples import MOST_CARS
from pipeline.model import Finding

TRACK_CODES = {
    "AllClear": "1",
    "Yellow": "2",
    "SCDeployed": "4",
    "Red": "5",
    "VSCDeployed": "6",
    "VSCEnding": "7",
}
STATUSES = {"SessionStatus": "SessionStatus", "TrackStatus": "TrackStatus"}  # in SessionData -> topic
DAY = timedelta(days=1)  # a recording is of one; a stamp further off is none
JITTER = timedelta(seconds=10)  # by which messages of one feed overtake each other
COUNTED_WITHIN_S = 5.0  # of its end the feed counts a lap
FEW = 20  # lines that may have been delayed; more are a stretch of time
TIMED = ("TrackStatus", "SessionStatus", "LapCount", "WeatherData")  # never to be fetched for a recording


@dataclass(frozen=True)
class Line:
    t: datetime
    topic: str
    message: Any


def read(files: Iterable[Path], what: str) -> tuple[LiveTimingData, list[Finding]]:
    """The recording in `files`, in whichever order they are given, and what is to be said of it.

    Args:
        what: the session and the files' names, for the error.
    Raises:
        SourceError: its stamps contradict each other.
    """
    parts, damaged, seen = [], 0, set[int]()
    for file in files:
        lines, lost = _lines(file, seen)
        parts.append(lines)
        damaged += lost
    _check_cars([line for part in parts for line in part], what)
    stamps = sorted(line.t for part in parts for line in part)
    usual = stamps[len(stamps) // 2] if stamps else datetime.min
    strange = sum(abs(t - usual) >= DAY for t in stamps)
    parts = sorted((_of_one_time(part, usual) for part in parts if part), key=lambda part: part[0].t)
    lines, noticed = _in_order([line for part in parts for line in part], what)
    if strange:
        text = f"{strange} lines of the recording have a stamp of another day: they got that of the next"
        noticed.append(Finding("stamps", strange, text))
    if damaged:
        text = f"{damaged} lines of the recording cannot be read"
        noticed.append(Finding("recording_damaged", damaged, text))
    return _livedata(lines), noticed


def _lines(file: Path, seen: set[int]) -> tuple[list[Line], int]:
    """The lines of a file but those that are in it, or in one that overlaps, twice; and how many are none."""
    lines, damaged = [], 0
    for text in recording.lines(file):
        if (known := hash(text)) in seen:
            continue
        seen.add(known)
        found = recording.parse(text)
        t = None if found is None else to_datetime(found[2])
        if found is not None and t is not None and _usable(found[0], found[1]):
            lines.append(Line(t, found[0], found[1]))
        elif text.strip():
            damaged += 1
    return lines, damaged


def _check_cars(lines: list[Line], what: str) -> None:
    told = [line.message.get("Lines") for line in lines if line.topic in ("TimingData", "TimingAppData")]
    told += [line.message for line in lines if line.topic == "DriverList"]
    if (cars := len({n for message in told if isinstance(message, dict) for n in message})) > MOST_CARS:
        raise SourceError(f"{what} is of {cars} cars: a session has {MOST_CARS} at most; it is damaged")


def _usable(topic: str, message: Any) -> bool:
    """Whether a message has the form of its topic; fastf1 loses a whole topic to one that has not."""
    if topic.endswith(".z"):
        return isinstance(message, str)
    if not has_form(topic, message):
        return False
    told = message.get("Messages", []) if topic == "RaceControlMessages" else []
    entries = told.values() if isinstance(told, dict) else told
    return all(to_datetime(entry.get("Utc")) for entry in entries)


def _of_one_time(lines: list[Line], usual: datetime) -> list[Line]:
    """`lines` of one file; one whose stamp is of another day came by the next one's.

    An earlier stamp would move the clock's zero, which is what the line with the least delay gives.
    """
    good = next((line.t for line in reversed(lines) if abs(line.t - usual) < DAY), usual)
    mended = []
    for line in reversed(lines):
        good = line.t if abs(line.t - usual) < DAY else good
        mended.append(line if line.t == good else replace(line, t=good))
    return mended[::-1]


def _in_order(lines: list[Line], what: str) -> tuple[list[Line], list[Finding]]:
    """`lines` by their stamps, where only some came late or stretches of them in another order."""
    back = [i for i, (a, b) in enumerate(pairwise(lines), 1) if b.t < a.t - JITTER]
    in_order = sorted(lines, key=lambda line: line.t)
    if not back:
        return in_order, []
    runs = [lines[a:b] for a, b in pairwise([0, *back, len(lines)])]
    stray = sum(len(run) for run in runs if len(run) < FEW)
    spans = sorted(_span(run) for run in runs if len(run) >= FEW)
    by = max((lines[i - 1].t - lines[i].t).total_seconds() for i in back)
    if stray > len(lines) / 20 or any(b[0] < a[1] - JITTER for a, b in pairwise(spans)):
        raise SourceError(
            f"{what} goes back in time, by up to {by:.0f} s, into what it told before, {len(back)} times: "
            "give a recording of one session, made with a clock that was not set meanwhile"
        )
    text = f"the recording goes back in time {len(back)} times, by up to {by:.0f} s: put in order"
    return in_order, [Finding("recording_order", len(back), text)]


def _span(run: list[Line]) -> tuple[datetime, datetime]:
    """From when until when nearly all of a run was sent; a stamp of another moment does not count."""
    times = sorted(line.t for line in run)
    return times[len(times) // 20], times[-1 - len(times) // 20]


def _livedata(lines: list[Line]) -> LiveTimingData:
    told = list(_told(lines))
    own = [Line(line.t, line.topic, line.message.get("Status")) for line in lines if _is_status(line)]
    began = [status.t for status in (*told, *own) if status.message == "Started"]
    zero = min(began, default=lines[0].t if lines else datetime.min)
    data = LiveTimingData()
    data.data = {topic: [] for topic in TIMED}
    for line in (*lines, *_left_out(told, own), *_tyres(lines)):
        # fastf1 passes over drivers that are named in the second hour
        after = timedelta(0) if line.topic == "DriverList" else line.t - zero
        data.data.setdefault(line.topic, []).append([after, line.message])
    for topic in STATUSES.values():
        data.data[topic].sort(key=lambda entry: entry[0])
    data._start_date, data._files_read = zero, True
    return data


def _told(lines: list[Line]) -> Iterator[Line]:
    """The statuses that SessionData tells of, the session's own and the track's, as it names them."""
    for line in lines:
        series = line.message.get("StatusSeries") if line.topic == "SessionData" else None
        for entry in series.values() if isinstance(series, dict) else series or ():
            for kind, topic in STATUSES.items():
                if kind in entry and (t := to_datetime(entry.get("Utc"))) is not None:
                    yield Line(t if abs(t - line.t) < DAY else line.t, topic, entry[kind])


def _left_out(told: list[Line], own: list[Line]) -> Iterator[Line]:
    """Messages of the statuses that have none of their own, each once."""
    have = [(status.topic, status.message, status.t) for status in own]
    for status in told:
        code = TRACK_CODES.get(status.message) if status.topic == "TrackStatus" else status.message
        if code is None or any(
            (topic, word) == (status.topic, code) and abs(t - status.t) < JITTER for topic, word, t in have
        ):
            continue
        have.append((status.topic, code, status.t))
        yield Line(status.t, status.topic, {"Status": code, "Message": status.message})


def _is_status(line: Line) -> bool:
    return line.topic in STATUSES.values()


def _tyres(lines: list[Line]) -> Iterator[Line]:
    """The tyres' own topic in the words of the one that fastf1 reads, where that was not recorded."""
    if any(line.topic == "TimingAppData" for line in lines):
        return
    for line in lines:
        if line.topic == "TyreStintSeries":
            cars = line.message.get("Stints", {})
            yield Line(
                line.t, "TimingAppData", {"Lines": {n: {"Stints": told} for n, told in cars.items() if told}}
            )


def count_on(session: Any, data: LiveTimingData) -> list[Finding]:
    """Number the laps of a recording that begins in a later one as the feed does: fastf1 counts from 1."""
    laps = getattr(session, "_laps", None)
    if laps is None:
        return []
    shifts = {n: _shift(own, _counted(data, str(n))) for n, own in laps.groupby("DriverNumber")}
    known = [shift for shift in shifts.values() if shift is not None]
    if not known or min(known) < 1:
        return []
    laps["LapNumber"] += laps["DriverNumber"].map(lambda n: shifts[n] or min(known))
    laps.loc[laps["LapStartTime"] < data.get("TimingData")[0][0], "LapStartTime"] = pd.NaT
    first = int(laps["LapNumber"].min())
    text = f"the recording begins in lap {first}: nothing of the race before is known"
    return [Finding("begins_late", first, text)]


def _counted(data: LiveTimingData, number: str) -> list[tuple[timedelta, int]]:
    """When the feed counted which lap of a car."""
    lines = [(t, message.get("Lines", {}).get(number, {})) for t, message in data.get("TimingData")]
    return [(t, line["NumberOfLaps"]) for t, line in lines if isinstance(line.get("NumberOfLaps"), int)]


def _shift(laps: pd.DataFrame, counted: list[tuple[timedelta, int]]) -> int | None:
    """How much the feed's count is ahead of the rows' at most of their ends; None where none fits."""
    ends = laps["Time"].dt.total_seconds().to_numpy()
    numbers = laps["LapNumber"].to_numpy()
    ahead = Counter(
        int(count - numbers[i])
        for t, count in counted
        for i in np.flatnonzero(np.abs(ends - t.total_seconds()) < COUNTED_WITHIN_S)
    )
    return ahead.most_common(1)[0][0] if ahead else None
