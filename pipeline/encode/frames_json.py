"""RaceFrames -> the text of skip_{n}.json, every n from one rendering of the frames.

A frame is one line, so a reader may cut the file by lines. Frames are rendered in blocks by table look-up:
a block is a byte matrix with one row a frame, and skip_{n} takes every n-th row of it.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import orjson

from pipeline.contract import SCHEMA_VERSION
from pipeline.contract.columns import FRAMES_JSON, Column
from pipeline.contract.models import Head
from pipeline.encode.text import Bytes, NumberTable, SplitTable, number_table, text_table
from pipeline.model import RaceFrames

BLOCK_FRAMES = 1000
_END = b"]}\n"

Slot = tuple[slice, NumberTable | SplitTable]
"""Where a value's text goes in a row of the block, and what writes it."""


def document_head(about: Head, skip: int) -> bytes:
    """Everything before the first frame, on one line."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "frame_skip": skip,
        "fps": about.clock.fps / skip,
        **about.model_dump(mode="json"),
        "driver_colors": {d.code: _rgb(d.color) for d in about.drivers if d.color is not None},
        "frames": [],
    }
    return orjson.dumps(document).removesuffix(b"]}") + b"\n"


def _rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (0, 2, 4)]


def documents(race: RaceFrames, skips: Iterable[int]) -> Iterator[tuple[float, int, dict[int, bytes]]]:
    """(share done, length of a frame's line, text for each skip) of the frames, block by block."""
    skips = tuple(skips)
    total = race.clock.frames
    for first, rows in FrameRows(race).blocks():
        end = first + len(rows)
        yield end / total, rows.shape[1], {skip: _lines(rows, first, skip, total) for skip in skips}
    # every file still needs its end
    yield 1.0, 0, dict.fromkeys(skips, _END)


def _lines(rows: Bytes, first: int, skip: int, total: int) -> bytes:
    """Every skip-th frame of a block that begins with frame `first`; no comma after the document's last."""
    offset = -first % skip
    text = rows[offset::skip].tobytes()
    last = (total - 1) // skip * skip
    if text and first <= last < first + len(rows):
        text = text.removesuffix(b",\n") + b"\n"
    return text


class FrameRows:
    """Renders blocks of frames as byte matrices."""

    def __init__(self, race: RaceFrames) -> None:
        self._race = race
        self._tables = {column.name: self._table(column) for column in FRAMES_JSON}
        self._t_ms = race.clock.t_ms()
        self._lap = _leader_lap(race)
        self._time_table = number_table([self._t_ms], 3, -1)
        self._lap_table = number_table([self._lap], 0, -1)
        # the car that stays longest comes first, so that every other one can bring its own comma
        self._codes = sorted(race.cars, key=lambda code: -len(race.cars[code]))

    def blocks(self) -> Iterator[tuple[int, Bytes]]:
        """(first frame, matrix (n, width)) of all frames in order; a block never spans a retirement."""
        ends = sorted({len(car) for car in self._race.cars.values()} | {self._race.clock.frames})
        first = 0
        for end in ends:
            codes = [code for code in self._codes if len(self._race.cars[code]) > first]
            template, slots = self._layout(codes)
            while first < end:
                last = min(first + BLOCK_FRAMES, end)
                yield first, self._render(template, slots, codes, first, last)
                first = last

    def _table(self, column: Column) -> NumberTable | SplitTable:
        if column.words:
            return text_table(column.codes, column.null)
        values = [car.columns[column.name] for car in self._race.cars.values()]
        return number_table(values, column.decimals, column.null)

    def _layout(self, codes: list[str]) -> tuple[Bytes, list[Slot]]:
        """The constant text of a row with these cars, and the slots for its values in order."""
        text, slots = bytearray(), list[Slot]()

        def slot(table: NumberTable | SplitTable) -> None:
            slots.append((slice(len(text), len(text) + table.width), table))
            text.extend(b" " * table.width)

        text += b'{"t":'
        slot(self._time_table)
        text += b',"lap":'
        slot(self._lap_table)
        text += b',"drivers":{'
        for i, code in enumerate(codes):
            text += (b"," if i else b"") + orjson.dumps(code) + b":"
            for k, name in enumerate(self._tables):
                text += f'{"," if k else "{"}"{name}":'.encode()
                slot(self._tables[name])
            text += b"}"
        text += b"}},\n"
        return np.frombuffer(bytes(text), dtype=np.uint8), slots

    def _render(self, template: Bytes, slots: list[Slot], codes: list[str], first: int, last: int) -> Bytes:
        out = np.empty((last - first, len(template)), dtype=np.uint8)
        out[:] = template
        frames = slice(first, last)
        values = [self._t_ms[frames], self._lap[frames]]
        values += [self._race.cars[code].columns[name][frames] for code in codes for name in self._tables]
        for (place, table), column in zip(slots, values, strict=True):
            table.write(column, out[:, place])
        return out


def _leader_lap(race: RaceFrames) -> np.ndarray:
    """The leader's lap in every frame."""
    lap = np.ones(race.clock.frames, dtype=np.int16)
    for car in race.cars.values():
        leads = car.columns["position"] == 1
        lap[: len(car)][leads] = car.columns["lap"][leads]
    return lap
