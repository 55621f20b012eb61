"""What goes wrong with a recording before it is read: lines of all topics, lost, late, twice or damaged.

They go through the loader that reads real recordings, which may refuse them in a sentence.
"""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from tests.damage.blows import KINDS, Blow, Kind

Lines = list[str]
SHARE = 0.3


def kind(
    name: str, size: tuple[float, float] = (1.0, 1.0), span: tuple[float, float] = (10.0, 200.0)
) -> Callable[[Callable[[Lines, Blow], Lines]], None]:
    def register(damage: Callable[[Lines, Blow], Lines]) -> None:
        made = Kind("recording", name, damage, size, span, hits=0)
        KINDS[made.id] = made

    return register


def stamps(lines: Lines) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Session seconds of all lines: since the status Started."""
    utc = [datetime.fromisoformat(line.rstrip()[-26:-3]).timestamp() for line in lines]
    return np.array(utc) - next(t for t, line in zip(utc, lines, strict=True) if "'Started'" in line)


def topic(line: str) -> str:
    return line[2 : line.index("'", 2)]


def some(lines: Lines, blow: Blow) -> set[int]:
    """SHARE of the lines of the stretch."""
    hit = blow.within(stamps(lines)) & (blow.random.random(len(lines)) < SHARE)
    return set(np.flatnonzero(hit).tolist())


@kind("some lines lost")
def _(lines: Lines, blow: Blow) -> Lines:
    lost = some(lines, blow)
    return [line for i, line in enumerate(lines) if i not in lost]


@kind("all lines lost for a while")
def _(lines: Lines, blow: Blow) -> Lines:
    return [line for line, lost in zip(lines, blow.within(stamps(lines)), strict=True) if not lost]


@kind("lines twice")
def _(lines: Lines, blow: Blow) -> Lines:
    twice = some(lines, blow)
    return [line for i, line in enumerate(lines) for _ in range(1 + (i in twice))]


@kind("lines swapped")
def _(lines: Lines, blow: Blow) -> Lines:
    order = list(range(len(lines)))
    for i in sorted(some(lines, blow)):
        if i + 1 < len(lines):
            order[i], order[i + 1] = order[i + 1], order[i]
    return [lines[i] for i in order]


@kind("lines later than their stamps", size=(2, 60))
def _(lines: Lines, blow: Blow) -> Lines:
    """They come in another order than they were sent in."""
    late = some(lines, blow)
    key = np.array([i + (blow.size if i in late else 0.0) for i in range(len(lines))])
    return [lines[i] for i in np.argsort(key, kind="stable")]


@kind("lines cut short")
def _(lines: Lines, blow: Blow) -> Lines:
    hit = some(lines, blow)
    return [line[: len(line) // 2] + "\n" if i in hit else line for i, line in enumerate(lines)]


@kind("letters exchanged")
def _(lines: Lines, blow: Blow) -> Lines:
    random, hit = blow.random, some(lines, blow)

    def garbled(line: str) -> str:
        at = int(random.integers(0, max(1, len(line) - 1)))
        return f"{line[:at]}{chr(int(random.integers(33, 127)))}{line[at + 1 :]}"

    return [garbled(line) if i in hit else line for i, line in enumerate(lines)]


@kind("a topic lost from some moment on")
def _(lines: Lines, blow: Blow) -> Lines:
    gone = blow.random.choice(sorted({topic(line) for line in lines} - {"SessionInfo"}))
    early = stamps(lines) < blow.at
    return [line for line, kept in zip(lines, early, strict=True) if kept or topic(line) != gone]
