"""Fixed-point integers -> fixed-width decimal text, by table: numpy writes millions of JSON numbers at once.

JSON allows spaces before a value, so every number of a column can take the same width and a whole block
of frames becomes one rectangular byte matrix.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Values = npt.NDArray[np.signedinteger]

_LARGEST_TABLE = 1 << 19
_TAIL = 10_000


@dataclass(frozen=True)
class NumberTable:
    """Texts of all integers from `low` on as rows (k, width) of bytes; the last row is the text of `null`."""

    low: int
    null: int
    rows: Bytes

    @property
    def width(self) -> int:
        return int(self.rows.shape[1])

    def write(self, values: Values, out: Bytes) -> None:
        """Write the texts of (n,) values into `out` (n, width)."""
        index = np.where(values == self.null, len(self.rows) - 1, values.astype(np.int32) - self.low)
        _take(self.rows, index, out)


@dataclass(frozen=True)
class SplitTable:
    """As NumberTable for wide ranges of non-negative values: leading digits and the last four apart.

    tail: rows 0..9,999 for values without leading digits, then as many for values with them.
    """

    head: NumberTable
    tail: Bytes
    null: int

    @property
    def width(self) -> int:
        return self.head.width + int(self.tail.shape[1])

    def write(self, values: Values, out: Bytes) -> None:
        """Write the texts of (n,) values into `out` (n, width)."""
        unknown = values == self.null
        known = np.where(unknown, 0, values)
        head = known // _TAIL
        self.head.write(head, out[:, : self.head.width])
        _take(self.tail, known - np.where(head > 0, head - 1, 0) * _TAIL, out[:, self.head.width :])
        if unknown.any():
            out[unknown] = _row(b"null".rjust(self.width))


def _take(rows: Bytes, index: Values, out: Bytes) -> None:
    """out[:] = rows[index], each row moved as one value: twice as fast as byte by byte."""
    whole = f"V{rows.shape[1]}"
    out.view(whole)[:, 0] = rows.view(whole)[:, 0].take(index)


def number_table(columns: list[Values], decimals: int, null: int) -> NumberTable | SplitTable:
    """A table that writes every value of `columns` as value / 10**decimals, and `null` as null."""
    known = [c if c.min() != null else c[c != null] for c in columns if len(c)]
    missing = any(c.min() == null for c in columns if len(c))
    low = min((int(c.min()) for c in known if len(c)), default=0)
    high = max((int(c.max()) for c in known if len(c)), default=0)
    if high - low < _LARGEST_TABLE or low < 0:
        return NumberTable(low, null, _rows(range(low, high + 1), decimals, missing))
    heads = _rows(range(high // _TAIL + 1), 0, missing=False)
    heads[0] = ord(" ")
    # below 10,000 there is no head, so the tail has no leading zeros; above, the zeros count
    short = _rows(range(_TAIL), decimals, missing=False)[:_TAIL]
    long = _rows(range(_TAIL, 2 * _TAIL), decimals, missing=False)[:_TAIL, 1:]
    return SplitTable(NumberTable(0, -1, heads), np.vstack([short, long]), null)


def text_table(texts: tuple[str, ...], null: int) -> NumberTable:
    """A table that writes value i as the JSON string texts[i]."""
    width = max(map(len, texts)) + 2
    return NumberTable(0, null, np.stack([_row(f'"{t}"'.rjust(width).encode()) for t in (*texts, "")]))


def _rows(values: range, decimals: int, missing: bool) -> Bytes:
    """Right-aligned texts of `values`, and the row for null."""
    null = "null" if missing else ""
    width = max(len(f"{value / 10**decimals:.{decimals}f}") for value in (values[0], values[-1]))
    width = max(width, len(null))
    rows = np.full((len(values) + 1, width), ord(" "), dtype=np.uint8)
    rows[-1] = _row(null.rjust(width).encode())
    signed = np.arange(values.start, values.stop, dtype=np.int32)
    left, first = np.abs(signed), np.empty_like(signed)  # first: the column in which a text begins
    column, place = width - 1, 0
    while place <= decimals or left.any():
        shown = (left > 0) | (place <= decimals)
        rows[:-1, column][shown] = left[shown] % 10 + ord("0")
        first[shown] = column
        left //= 10
        column, place = column - 1, place + 1
        if decimals and place == decimals:
            rows[:-1, column] = ord(".")
            column -= 1
    (negative,) = np.nonzero(signed < 0)
    rows[negative, first[negative] - 1] = ord("-")
    return rows


def _row(text: bytes) -> Bytes:
    return np.frombuffer(text, dtype=np.uint8)
