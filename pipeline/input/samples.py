"""CarData.z and Position.z -> fastf1's own tables, in a fraction of the time that its own parser takes.

A line is a stamp, then JSON of a few samples of all cars, packed by raw deflate and base64. What has another
form than the feed's is left to fastf1, and taken as it has it. Its cache keeps the tables under its own
names: it reads ours, and we its. Only what no feed sends is kept from it, a line that unpacks to megabytes.
"""

import zlib
from array import array
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np
import orjson
import pandas as pd
from fastf1 import _api
from fastf1.internals.parsing_helpers import to_datetime, to_timedelta
from fastf1.livetiming.data import LiveTimingData
from fastf1.req import Cache

from pipeline.errors import SourceError

Table = dict[str, pd.DataFrame]
"""Racing number -> fastf1's table of the car's samples."""
Line = tuple[Any, str]
"""Stamp, and packed message."""

Read = TypeVar("Read", bound=Callable[..., Table])

STAMP = 12  # characters: 00:00:00.000
LARGEST = 1 << 20  # bytes of a message, unpacked; the feed's hold a second or two of all cars, 10 KB
MOST = 250 << 20  # bytes of a topic, unpacked; a race of three hours has 70 MB
MOST_CARS = 100

_cached: Callable[[Read], Read] = Cache.api_request_wrapper  # under the function's name
_channels = itemgetter("Channels")
_with_drs = itemgetter("0", "2", "3", "4", "5", "45")
_without_drs = itemgetter("0", "2", "3", "4", "5")  # since 2026
_WORDS = {"OnTrack": 0, "OffTrack": 1}


class _UnknownError(Exception):
    """A form of which only fastf1 can say what it makes of it."""


class _TooLargeError(Exception):
    """A message that no feed sends."""


def _car_rows(cars: Iterable[Any]) -> list[tuple[int, ...]]:
    channels = list(map(_channels, cars))
    try:
        return list(map(_with_drs, channels))
    except KeyError:
        return [(*_without_drs(own), own.get("45", 0)) for own in channels]


def _position_rows(cars: Iterable[Any]) -> list[tuple[int, ...]]:
    return [(_WORDS[car["Status"]], car["X"], car["Y"], car["Z"]) for car in cars]


@dataclass(frozen=True)
class Topic:
    """Where a topic's messages have their samples; `columns` stand between Date and Source."""

    name: str
    page: str
    what: str
    samples: str
    stamp: str
    cars: str
    rows: Callable[[Iterable[Any]], list[tuple[int, ...]]]
    columns: tuple[str, ...]
    source: str


CAR = Topic(
    "CarData.z", "car_data", "Car", "Entries", "Utc", "Cars",
    _car_rows, ("RPM", "Speed", "nGear", "Throttle", "Brake", "DRS"), "car",
)  # fmt: skip
POSITION = Topic(
    "Position.z", "position", "Position", "Position", "Timestamp", "Entries",
    _position_rows, ("Status", "X", "Y", "Z"), "pos",
)  # fmt: skip


@_cached
def car_data(path: str, livedata: LiveTimingData | None = None) -> Table:
    """As `fastf1._api.car_data`, from its cache where that has it."""
    return _read(CAR, _api.car_data.__wrapped__, path, livedata)


@_cached
def position_data(path: str, livedata: LiveTimingData | None = None) -> Table:
    """As `fastf1._api.position_data`."""
    return _read(POSITION, _api.position_data.__wrapped__, path, livedata)


def _read(topic: Topic, theirs: Callable[..., Table], path: str, livedata: LiveTimingData | None) -> Table:
    recorded = livedata is not None and livedata.has(topic.name)
    lines = livedata.get(topic.name) if livedata is not None and recorded else _fetched(topic, path)
    try:
        return _ours(topic, lines)
    except (_UnknownError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        lines = _bounded(topic, lines)
        if not recorded:
            return theirs(path, response=[time + text for time, text in lines])
        data = LiveTimingData()
        data.data, data._files_read = {topic.name: lines}, True
        return theirs(path, livedata=data)


def _fetched(topic: Topic, path: str) -> list[Line]:
    lines: list[str] | None = _api.fetch_page(path, topic.page)
    if lines is None:
        raise _api.SessionNotAvailableError(f"no {topic.name} of this session")
    return [(line[:STAMP], line[STAMP:]) for line in lines]


def _ours(topic: Topic, lines: list[Line]) -> Table:
    samples, damaged, budget = _Samples(topic), 0, _Budget(topic)
    for time, text in lines:
        message = _unpacked(text, budget)
        if message is None:
            damaged += 1
        else:
            samples.add(to_timedelta(time), message)
    if damaged:
        total = f"({len(lines)} messages total)"
        _api._logger.warning(f"{topic.what} data: failed to decode {damaged} messages {total}")
    return samples.tables()


def _unpacked(text: str, budget: "_Budget") -> Any:
    """The message; None where it is damaged, and fastf1 finds so too."""
    try:
        plain = budget.inflate(text)
        if plain.startswith(b"{"):
            return orjson.loads(plain)
    except _TooLargeError:
        return None
    except (ValueError, zlib.error):
        pass
    try:
        _api.parse(text, zipped=True)
    except Exception:
        return None
    raise _UnknownError(text)


@dataclass
class _Budget:
    """Unpacks no more of a topic than a session can have."""

    topic: Topic
    left: int = MOST

    def inflate(self, text: str) -> bytes:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        plain = inflater.decompress(b64decode(text.strip('"')), LARGEST)
        self.left -= len(plain)
        if self.left < 0:
            raise SourceError(
                f"{self.topic.name} unpacks to more than {MOST >> 20} MB, as no session does: it is damaged"
            )
        if inflater.eof:
            return plain
        raise _TooLargeError if len(plain) == LARGEST else zlib.error("it breaks off")


def _bounded(topic: Topic, lines: list[Line]) -> list[Line]:
    """`lines` but those that are too large."""
    budget, kept = _Budget(topic), []
    for line in lines:
        with suppress(ValueError, zlib.error):  # fastf1 finds that too
            try:
                budget.inflate(line[1])
            except _TooLargeError:
                continue
        kept.append(line)
    return kept


@dataclass
class _Samples:
    """The samples of a topic in the order of the feed: those of a moment side by side, car by car."""

    topic: Topic
    times: list[Any] = field(default_factory=list)
    dates: list[Any] = field(default_factory=list)
    cars: list[tuple[str, ...]] = field(default_factory=list)
    values: Any = field(default_factory=lambda: array("q"))

    def add(self, time: Any, message: Any) -> None:
        for sample in message[self.topic.samples]:
            cars = sample[self.topic.cars]
            _check_cars(self.topic, len(cars))
            self.values.extend(chain.from_iterable(self.topic.rows(cars.values())))
            self.times.append(time)
            self.dates.append(to_datetime(sample[self.topic.stamp]))
            self.cars.append(tuple(cars))

    def tables(self) -> Table:
        """One table a car, with fastf1's columns and types."""
        times = np.array(self.times, dtype="timedelta64[us]").astype("timedelta64[ns]")
        dates = np.array(self.dates, dtype="datetime64[us]").astype("datetime64[ns]")
        values = np.frombuffer(self.values, dtype=np.int64).reshape(-1, len(self.topic.columns))
        found = {}
        for number, moment, row in self._rows():
            taken = {
                "Time": times[moment],
                "Date": dates[moment],
                **{name: values[row, i] for i, name in enumerate(self.topic.columns)},
                "Source": self.topic.source,
            }
            found[number] = pd.DataFrame(taken)
        return _completed(self.topic, found)

    def _rows(self) -> Iterator[tuple[str, Any, Any]]:
        """Of each car, in the order in which they are named: its moments, and its rows in `values`."""
        codes: dict[str, int] = {}
        owner = array("i", (codes.setdefault(number, len(codes)) for cars in self.cars for number in cars))
        moments = np.repeat(np.arange(len(self.cars)), [len(cars) for cars in self.cars])
        owners = np.frombuffer(owner, dtype=np.int32)
        _check_cars(self.topic, len(codes))
        for number, code in codes.items():
            row = np.flatnonzero(owners == code)
            yield number, moments[row], row


def _check_cars(topic: Topic, cars: int) -> None:
    if cars > MOST_CARS:
        raise SourceError(f"{topic.name} is of {cars} cars: a session has {MOST_CARS} at most")


def _completed(topic: Topic, found: Table) -> Table:
    """With rows for the moments at which only others were sampled, and the types that fastf1 ends with."""
    typed = _car_types if topic is CAR else _position_types
    longest = max(found.values(), key=len, default=pd.DataFrame(columns=["Date"]))["Date"]
    completed = {}
    for number, own in found.items():
        lacking, rows = len(own) < len(longest), own
        if lacking:
            rows = own.merge(longest, how="outer").sort_values(by="Date").reset_index(drop=True)
            _api._logger.warning(f"Driver {number: >2}: {topic.what} data is incomplete!")
        completed[number] = typed(rows, number, lacking)
    return completed


def _position_types(own: pd.DataFrame, _: str, lacking: bool) -> pd.DataFrame:
    rows = own.fillna({"Status": _WORDS["OffTrack"], "X": 0, "Y": 0, "Z": 0}) if lacking else own
    words = np.array(list(_WORDS), dtype=object)
    return rows.assign(Status=words[rows["Status"].to_numpy(dtype=np.int64)])


def _car_types(own: pd.DataFrame, number: str, lacking: bool) -> pd.DataFrame:
    if ((own["Brake"] > 0) & (own["Brake"] < 100)).any():
        _api._logger.warning(f"Driver {number: >2}: Raw brake data contains non-boolean values!")
    rows = own.fillna(dict.fromkeys(CAR.columns, 0)) if lacking else own
    return rows.astype({name: "bool" if name == "Brake" else "int64" for name in CAR.columns})
