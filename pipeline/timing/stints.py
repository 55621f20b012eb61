"""The rows of the stints table: each set of tyres, and what the feed's series of tyres says against it.

The laps are believed: input resolves their tyres from the feed's stints, corrections included, and the pit
visits. The series is a second witness, held against them in `conflict`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.contract.columns import TYRES
from pipeline.model import Laps, RaceFrames, RawRace, Rows, TyreWord
from pipeline.timing.laps import begun
from pipeline.timing.rows import of_rows

COUNTED = 1  # laps by which the series may be late, or count the lap after the flag


def stints(raw: RawRace, frames: RaceFrames) -> Rows:
    """A row per driver and set of tyres, by driver and time."""
    rows: list[dict[str, Any]] = []
    for driver in sorted(raw.drivers, key=lambda d: d.code):
        if (laps := raw.laps.get(driver.number)) is not None:
            own = list(_of_car(laps, driver.code, frames.clock.t0))
            told = _sets(word for word in raw.topics.tyres if word.number == driver.number)
            rows += _with_conflicts(own, told)
    return of_rows(rows)


def _of_car(laps: Laps, code: str, t0: float) -> Iterator[dict[str, Any]]:
    numbers = laps.floats("stint")
    fresh = laps.extra.get("fresh_tyre")
    start = begun(laps)
    for stint in np.unique(numbers[~np.isnan(numbers)]):
        own = np.flatnonzero(numbers == stint)
        life = int(laps.tyre_life[own[0]])
        yield {
            "driver": code,
            "stint": int(stint),
            "tyre": int(laps.tyre[own[0]]),
            "fresh_tyre": bool(fresh[own[0]]) if fresh is not None and laps.tyre[own[0]] else None,
            "tyre_life_start": life - 1 if life > 0 else None,
            "first_lap": int(laps.number[own[0]]),
            "last_lap": int(laps.number[own[-1]]),
            "laps": int(laps.completed[own].sum()),
            "start_s": round(float(start[own[0]]) - t0, 3),
            "end_s": round(float(laps.end[own[-1]]) - t0, 3),
        }


def _sets(words: Iterable[TyreWord]) -> list[TyreWord]:
    """The sets of a car that the series says were driven, a set that stayed on through a visit as one."""
    found: list[TyreWord] = []
    for word in sorted(words, key=lambda word: word.stint):
        if found and word.tyre == found[-1].tyre and word.start_laps == found[-1].total_laps:
            found[-1] = replace(found[-1], total_laps=word.total_laps)
        elif word.start_laps is None or word.total_laps is None or word.total_laps > word.start_laps:
            found.append(word)
    return found


def _with_conflicts(own: list[dict[str, Any]], told: list[TyreWord]) -> Iterator[dict[str, Any]]:
    driven = [row for row in own if row["laps"]]
    if told and len(told) != len(driven):
        said = ", ".join(_words(word) for word in told)
        yield from (row | {"conflict": f"the series has {len(told)} sets: {said}"} for row in own)
        return
    words = dict(zip((row["stint"] for row in driven), told, strict=False))
    for row in own:
        word = words.get(row["stint"])
        differs = word is not None and _differs(row, word)
        yield row | {"conflict": f"the series has {_words(word)}" if word is not None and differs else None}


def _differs(row: dict[str, Any], word: TyreWord) -> bool:
    """Whether compound, age or laps of a set are not those of the series; what one lacks is no conflict."""
    start, end, known = word.start_laps, word.total_laps, row["tyre_life_start"]
    other = bool(row["tyre"] and word.tyre and row["tyre"] != word.tyre)
    aged = None not in (known, start) and known != start
    return (
        other or aged or (start is not None and end is not None and abs(end - start - row["laps"]) > COUNTED)
    )


def _words(word: TyreWord) -> str:
    start, end = ("?" if age is None else age for age in (word.start_laps, word.total_laps))
    return f"{TYRES[word.tyre]} from {start} to {end} laps"
