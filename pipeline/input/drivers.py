"""Who drove: fastf1's lists of drivers and results, one row a number, and what is wrong with them.

A result names a driver twice, forgets another, or lists cars that never drove. fastf1 joins its lists by
number, may lose the laps of all where one is there twice, and writes "nan" and "None None" for nothing.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from fastf1 import _api
from fastf1.core import SessionResults

from pipeline.input import tables
from pipeline.input.words import name, word
from pipeline.model import CarSamples, DriverInfo, Finding, PosSamples

MOVED = 200.0  # 1/10 m: a car that is pushed about in its garage does not drive


def mend(session: Any) -> list[str]:
    """Let fastf1 read its two lists of drivers with one row a number, and know every car that is timed.

    Returns:
        Filled while it loads: the numbers that a list had in more than one row.
    """
    twice: list[str] = []
    for source in ("_drivers_from_f1_api", "_drivers_results_from_ergast"):
        setattr(session, source, _once_each(getattr(session, source), twice))
    session._load_drivers_results = _completed(session, session._load_drivers_results)
    for made_up in ("_calculate_quali_like_session_results", "_calculate_practice_like_session_results"):
        setattr(session, made_up, lambda: None)  # from laps: that is no official result
    return twice


def _once_each(read: Callable[..., Any], twice: list[str]) -> Callable[..., Any]:
    def reads(**given: Any) -> Any:
        rows = read(**given)
        if rows is None:
            return None
        once, doubled = one_row_each(rows)
        twice.extend(doubled)
        return once

    return reads


def _completed(session: Any, load: Callable[..., None]) -> Callable[..., None]:
    def loads(*, livedata: Any = None) -> None:
        load(livedata=livedata)
        try:
            timed = _api._extended_timing_data(session.api_path, livedata=livedata)[0]["Driver"].unique()
        except Exception:
            return  # fastf1 asks for it again, and says what is wrong
        lost = [number for number in timed if word(number) and number not in session._results.index]
        if lost:
            rows = SessionResults({"DriverNumber": lost}, index=lost, _force_default_cols=True)
            session._results = pd.concat([session._results, rows])

    return loads


def one_row_each(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """`rows` without those of no number, and one of each; where its rows disagree nothing is known.

    Returns:
        And the numbers that were in more than one row.
    """
    rows = rows[[word(number) is not None for number in rows.index]]
    again = rows.index.duplicated()
    once, twice = rows[~again].copy(), list(dict.fromkeys(rows.index[again]))
    for number in twice:
        unsure = [c for c in rows.columns if rows.loc[number, c].astype(str).nunique() > 1]
        once[unsure] = once[unsure].astype(object)
        once.loc[number, unsure] = None
    return once, [str(number) for number in twice]


def moved(cars: dict[str, CarSamples], positions: dict[str, PosSamples]) -> set[str]:
    """Numbers of the cars that drove at all, by their samples."""
    driven = {number for number, car in cars.items() if (car.speed > 0).any()}
    known = {number: pos.x[~np.isnan(pos.x)] for number, pos in positions.items()}
    return driven | {number for number, x in known.items() if len(x) and np.ptp(x) > MOVED}


def drivers(
    results: pd.DataFrame, laps: pd.DataFrame, drove: set[str], twice: list[str], race: bool = True
) -> tuple[list[DriverInfo], list[Finding]]:
    """Everyone of the result or with laps who drove, in that order, and what is to be said of the lists.

    Args:
        drove: of `moved`. race: of a session that is none all are there, and some may never have left.
        twice: of `mend`.
    """
    results, doubled = one_row_each(results)
    if not race:
        results = results.assign(ClassifiedPosition=results["Position"].map(_place))
    lapped = [str(number) for number in laps["DriverNumber"].unique() if word(number) is not None]
    found = [_driver(str(number), row) for number, row in results.iterrows()]
    known = {driver.number for driver in found}
    found += [_nobody(number) for number in lapped if number not in known]
    present = {*lapped, *drove} if race else {driver.number for driver in found}
    idle = [driver for driver in found if driver.number not in present]
    found = _codes([driver for driver in found if driver.number in present])
    return found, _noticed(found, idle, [*twice, *doubled])


def _nobody(number: str) -> DriverInfo:
    return DriverInfo(number, number, number, "", None, None, None, None, None)


def _driver(number: str, row: Any) -> DriverInfo:
    color = word(row.get("TeamColor")) or ""
    grid = tables.whole(row.get("GridPosition"))
    headshot = word(row.get("HeadshotUrl")) or ""
    parts = tuple(_duration(row.get(part)) for part in ("Q1", "Q2", "Q3"))
    return DriverInfo(
        number=number,
        code=word(row.get("Abbreviation")) or number,
        name=name(row.get("FullName")) or number,
        team=word(row.get("TeamName")) or "",
        color=color.upper() if re.fullmatch(r"[0-9A-Fa-f]{6}", color) else None,
        grid=grid if grid is not None and grid >= 0 else None,
        classified=word(row.get("ClassifiedPosition")),
        result=word(row.get("Status")),
        laps=tables.whole(row.get("Laps")),
        first_name=name(row.get("FirstName")),
        last_name=name(row.get("LastName")),
        driver_id=word(row.get("DriverId")),
        team_id=word(row.get("TeamId")),
        country=word(row.get("CountryCode")),
        headshot=headshot if headshot.startswith("https://") else None,
        points=_number(row.get("Points")),
        time=_duration(row.get("Time")),
        parts=parts if any(part is not None for part in parts) else (),
    )


def _duration(value: Any) -> float | None:
    """Seconds, to the ms that it was given with; None for NaT, and for what is no time."""
    return round(value.total_seconds(), 3) if isinstance(value, timedelta) else None


def _place(value: Any) -> str:
    """fastf1 has the place of a qualifying as a number, and its text is its own."""
    place = tables.whole(value)
    return "" if place is None else str(place)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):  # None, NA, words
        return None
    return number if np.isfinite(number) else None


def _codes(found: list[DriverInfo]) -> list[DriverInfo]:
    """Frames are keyed by code: one that two share, or that is another's number, gives way to the number."""
    codes = Counter(driver.code for driver in found)
    numbers = {driver.number for driver in found}
    return [
        driver
        if codes[driver.code] == 1 and (driver.code == driver.number or driver.code not in numbers)
        else replace(driver, code=driver.number)
        for driver in found
    ]


def _noticed(found: list[DriverInfo], idle: list[DriverInfo], twice: list[str]) -> list[Finding]:
    codes = {driver.number: driver.code for driver in (*idle, *found)}
    official = any(driver.classified for driver in found)
    kinds = {
        "result_twice": ("in the lists of drivers and results twice", [codes.get(n, n) for n in twice]),
        "result_missing": (
            "drove and not in the official result",
            [driver.code for driver in found if official and driver.classified is None],
        ),
        "nameless": ("drove and without a name", [d.number for d in found if d.name == d.number]),
        "never_drove": ("in the lists and never drove, left out", [driver.code for driver in idle]),
    }
    return [
        Finding(kind, len(set(who)), f"{text}: {', '.join(dict.fromkeys(who))}")
        for kind, (text, who) in kinds.items()
        if who
    ]
