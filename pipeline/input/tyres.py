"""Which tyres each lap was driven on: what the feed tells of its stints, held against the car's pit visits.

The feed counts every drive through the pit lane as a stint, says seconds or minutes later what was fitted,
skips its own counters or uses them again, and corrects old stints. So a set of tyres begins where a car was
in the pit lane and something says that they were changed: another compound, the feed's flag, a set of another
age. On a car that did not stop nothing was changed, whatever the feed says.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from fastf1 import _api

from pipeline.contract.columns import TYRES
from pipeline.model import CarSamples, Finding, Laps

COMPOUNDS = {name: code for code, name in enumerate(TYRES) if code}  # 0 is UNKNOWN
COUNTED_WITHIN_S = 15.0  # of the end of a lap the feed counts it
MAX_AGE = 200  # laps


@dataclass(frozen=True)
class Told:
    """What the feed says of a set of tyres; None and 0 where it says nothing.

    age: laps driven on it when it was fitted. unchanged: its flag for tyres that stayed on. heard: whether it
    spoke of the car's tyres at all. again: by the counter of the set before.
    """

    compound: int = 0
    new: bool | None = None
    age: float | None = None
    unchanged: bool | None = None
    heard: bool = False
    again: bool = False

    def corrected(self, by: "Told") -> "Told":
        return Told(
            by.compound or self.compound,
            self.new if by.new is None else by.new,
            self.age if by.age is None else by.age,
            self.unchanged if by.unchanged is None else by.unchanged,
            self.heard,
            self.again,
        )

    def kept_on(self, by: "Told", driven: int) -> "Told":
        """The same set, of which something is told `driven` laps after it was fitted."""
        known = self.corrected(replace(by, age=None, new=None))
        older = self.age is None and by.age is not None
        return replace(known, age=by.age - driven if older and by.age is not None else self.age)


@dataclass(frozen=True)
class Visit:
    """A visit to the pit lane: the row of the last lap before it; session seconds, `exit` NaN if unknown."""

    last: int
    entry: float
    exit: float


def mend(session: Any) -> None:
    """Spare fastf1 its own reading of stints, which may lose the laps of all to one car's corrections."""
    session._Session__fix_tyre_info = lambda rows, _: rows[rows["Time"].notna()].sort_values("Time")


def messages(session: Any) -> dict[str, pd.DataFrame]:
    """Rows of the feed's tyre topic by racing number, in order; load() has already parsed and cached them."""
    try:
        rows = _api.timing_app_data(session.api_path)
    except Exception:
        return {}
    return {str(number): own for number, own in rows.groupby("Driver", sort=False)}


def noticed(rows: dict[str, pd.DataFrame], codes: dict[str, str]) -> list[Finding]:
    """Cars whose first lap is on a stint that the feed does not count as their first."""
    late = [codes[n] for n, own in rows.items() if n in codes and own["Stint"].min() > 0]
    if not late:
        return []
    text = f"the feed's first stint is not its stint 1, but was taken for it: {', '.join(sorted(late))}"
    return [Finding("first_stint", len(late), text)]


def resolved(laps: Laps, rows: pd.DataFrame | None, car: CarSamples | None) -> Laps:
    """`laps` with tyre, its age, stint (from 1) and whether the set was new, as far as they are known."""
    visits = _visits(laps)
    tyre, life = np.zeros(len(laps), dtype=np.int64), np.full(len(laps), -1, dtype=np.int64)
    stints, fresh = np.full(len(laps), np.nan), np.zeros(len(laps), dtype=bool)
    if rows is not None and len(rows):
        for stint, (first, end, own) in enumerate(_sets(laps, visits, _told(laps, rows, visits), car), 1):
            tyre[first:end], fresh[first:end], stints[first:end] = own.compound, own.new is True, stint
            age = 0.0 if own.age is None and own.new else own.age
            if age is not None and age >= 0:
                life[first:end] = int(age) + 1 + laps.number[first:end] - laps.number[first]
    return replace(laps, tyre=tyre, tyre_life=life, extra=laps.extra | {"stint": stints, "fresh_tyre": fresh})


def _visits(laps: Laps) -> list[Visit]:
    found = []
    for i in range(len(laps)):
        if not np.isnan(laps.pit_in[i]):
            outs = [out for out in laps.pit_out[i : i + 2] if out > laps.pit_in[i]]
            found.append(Visit(i, float(laps.pit_in[i]), float(min(outs, default=np.nan))))
        elif i and not np.isnan(laps.pit_out[i]) and np.isnan(laps.pit_in[i - 1]):
            found.append(Visit(i - 1, float(np.fmin(laps.start[i], laps.pit_out[i])), np.nan))
    return found


def _told(laps: Laps, rows: pd.DataFrame, visits: list[Visit]) -> list[Told]:
    """What the feed says of the tyres before the first visit, and after each."""
    entries = [visit.entry for visit in visits]
    times = rows["Time"].dt.total_seconds().to_numpy()
    limits = [np.nanmax([visit.entry, laps.end[visit.last]]) + COUNTED_WITHIN_S for visit in visits]
    said = [(bisect_right(entries, t), counter, what) for t, counter, what in _said(rows, times)]
    heard = {*np.searchsorted(limits, times, "right").tolist(), *(window for window, _, _ in said)}
    driven = _driven(laps, rows, [0, *(visit.last + 1 for visit in visits)], limits)
    counters = _counters(driven, said)
    told = [
        Told(
            age=ages.most_common(1)[0][0] if (ages := own.get(-1 if counter is None else counter)) else None,
            heard=i in heard,
            again=i > 0 and counter == counters[i - 1],
        )
        for i, (own, counter) in enumerate(zip(driven, counters, strict=True))
    ]
    named = [{*own, counter} for own, counter in zip(driven, counters, strict=True)]
    for window, counter, what in said:
        meant = [i for i, own in enumerate(named) if counter in own]
        if meant:  # else it was never driven: the feed took it back
            i = max((i for i in meant if i <= window), default=meant[0])
            told[i] = told[i].corrected(what)
    return told


def _driven(
    laps: Laps, rows: pd.DataFrame, begins: list[int], limits: list[float]
) -> list[dict[int, Counter[float]]]:
    """Stint counter -> ages at its begin, before the first visit and after each: when a lap ends, the feed
    counts the laps of the set that is driven.
    """
    found: list[dict[int, Counter[float]]] = [{} for _ in begins]
    counts = rows["TotalLaps"].notna() & rows["Compound"].isna() & rows["StartLaps"].isna()
    counted = rows[counts]
    columns = (counted["Time"].dt.total_seconds(), counted["Stint"], counted["TotalLaps"])
    for t, counter, total in zip(*columns, strict=True):
        window, age = bisect_right(limits, t), _age(total)
        lap = np.flatnonzero(laps.end < t)
        if age is not None and len(lap) and lap[-1] >= begins[window]:
            since = int(laps.number[lap[-1]] - laps.number[begins[window]]) + 1
            found[window].setdefault(int(counter), Counter())[age - since] += 1
    return found


def _counters(driven: list[dict[int, Counter[float]]], said: list[tuple[int, int, Told]]) -> list[int | None]:
    """The stint counter of the time before the first visit and after each; None where nothing tells."""
    found = [max(own, key=lambda c: (own[c].total(), c), default=None) for own in driven]
    first: dict[int, int] = {}
    for window, counter, _ in said:
        first.setdefault(counter, window)
    spare = {counter for counter in first if counter not in found}
    for i in reversed(range(len(found))):
        later = next((c for c in found[i + 1 :] if c is not None), np.inf)
        earlier = next((c for c in reversed(found[:i]) if c is not None), -1)
        if found[i] is None:
            fitting = [c for c in spare if first[c] >= i and earlier < c < later]
            found[i] = max(fitting, default=None)
            spare -= {found[i]}
    return found


def _said(rows: pd.DataFrame, times: Any) -> Iterator[tuple[float, int, Told]]:
    """Session second, stint counter and content of each message about a set."""
    columns = ("Stint", "Compound", "New", "StartLaps", "TyresNotChanged")
    for t, counter, compound, new, age, flag in zip(times, *(rows[c] for c in columns), strict=True):
        known = COMPOUNDS.get(str(compound).upper(), 0)
        unchanged = {"0": False, "1": True}.get(str(flag))
        # parsed by older clients, an absent value is False and the flag's own is lost
        told = isinstance(new, bool | np.bool_) and (known > 0 or not isinstance(flag, bool | np.bool_))
        what = Told(known, bool(new) if told else None, _age(age), unchanged)
        if what != Told() and not np.isnan(t):
            yield float(t), int(counter), what


def _age(laps: Any) -> float | None:
    try:
        return float(laps) if 0 <= float(laps) <= MAX_AGE else None
    except (TypeError, ValueError):
        return None


def _sets(
    laps: Laps, visits: list[Visit], told: list[Told], car: CarSamples | None
) -> Iterator[tuple[int, int, Told]]:
    """Rows first..end of the laps that were driven on one set, and what is known of it."""
    first, own = 0, told[0]
    for visit, after in zip(visits, told[1:], strict=True):
        begin = visit.last + 1
        if begin == len(laps):
            break
        driven = int(laps.number[begin] - laps.number[first])
        if _changed(own, after, driven, _halted(car, visit)):
            yield first, begin, own
            first, own = begin, after
        else:
            own = own.kept_on(after, driven)
    yield first, len(laps), own


def _changed(own: Told, after: Told, driven: int, halted: bool | None) -> bool:
    """Whether the tyres `own` came off at a visit, after which `after` is told."""
    if own.compound and after.compound and own.compound != after.compound:
        return True
    if halted is False:
        return False
    if after.unchanged is not None:
        return not after.unchanged
    if after.age is not None and own.age is not None and not after.new:
        return after.age != own.age + driven
    return not after.heard or (not after.again and bool(after.new or after.compound))


def _halted(car: CarSamples | None, visit: Visit) -> bool | None:
    """Whether the car stood still in the pit lane; None where its data do not say."""
    stand = None if car is None else car.stand(visit.entry, visit.exit)
    return None if stand is None else stand[0] < stand[1]
