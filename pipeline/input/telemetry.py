"""What fastf1 does between the tables of a session's samples and their clock, without its copies and loops.

The clock's zero is the latest that a sample's own stamp and its line's give: the one with the least delay. So
one stamp that is wrong would move the whole race; those that no delay explains are left out, and said.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from fastf1 import _api

from pipeline.errors import PipelineError
from pipeline.input import samples
from pipeline.input.samples import Table
from pipeline.model import Finding

AHEAD = np.timedelta64(10, "s")  # of the usual delay: nothing arrives before it is sent
BEHIND = np.timedelta64(1, "h")  # a feed that was down may send later what it had
TOPICS: dict[str, Callable[..., Table]] = {
    "Car telemetry": samples.car_data,
    "Car position": samples.position_data,
}


def mend(session: Any) -> list[Finding]:
    """Let fastf1 take a session's samples from `samples`.

    Returns:
        Filled while it loads: what is wrong with their stamps.
    """
    noticed: list[Finding] = []

    def loads(*, livedata: Any = None) -> None:
        cars, positions = (_read(what, session.api_path, livedata) for what in TOPICS)
        strange = _strange(_own_and_lines([*cars.values(), *positions.values()]))
        noticed.extend(stamps(len(strange), "moments of the samples"))
        for topic in (cars, positions) if strange else ():
            for number, own in topic.items():
                topic[number] = own[~own["Date"].isin(strange)].reset_index(drop=True)
        _, zeros = _own_and_lines([*cars.values(), *positions.values()])
        session._t0_date = pd.Series(zeros).max().round("ms")
        session._car_data, session._pos_data = _clocked(session, cars), _clocked(session, positions)
        if hasattr(session, "_laps"):
            session._laps["LapStartDate"] = session._laps["LapStartTime"] + session.t0_date

    session._load_telemetry = loads
    return noticed


def stamps(count: int, what: str) -> list[Finding]:
    """What to say of `what`, of which so many have stamps that cannot be."""
    return (
        [Finding("stamps", count, f"{count} {what} have a stamp of another time: left out")] if count else []
    )


def _read(what: str, path: str, livedata: Any) -> Table:
    try:
        return TOPICS[what](path, livedata=livedata)
    except PipelineError:
        raise
    except _api.SessionNotAvailableError:
        _api._logger.warning(f"{what} data is unavailable!")
    except Exception as error:
        _api._logger.warning(f"{what} data cannot be read: {error}")
    return {}


def _own_and_lines(tables: Iterable[pd.DataFrame]) -> tuple[Any, Any]:
    """The stamps of all samples, and the zero of the clock by each: its stamp less its line's."""
    dates = [np.empty(0, dtype="datetime64[ns]"), *(own["Date"].to_numpy() for own in tables)]
    times = [np.empty(0, dtype="timedelta64[ns]"), *(own["Time"].to_numpy() for own in tables)]
    stamps = np.concatenate(dates)
    return stamps, stamps - np.concatenate(times)


def _strange(given: tuple[Any, Any]) -> set[Any]:
    """Stamps that no delay explains."""
    stamps, zeros = given
    known = zeros[~np.isnat(zeros)].view(np.int64)
    if not len(known):
        return set()
    usual = np.int64(np.median(known)).view("datetime64[ns]")
    return set(stamps[(zeros < usual - BEHIND) | (zeros > usual + AHEAD)])


def _clocked(session: Any, topic: Table) -> Table:
    """The tables of the session's drivers, with fastf1's clock: stamps to the millisecond, from its zero."""
    found = {}
    for number in session.drivers:
        if (own := topic.pop(number, None)) is not None:
            dates = own["Date"].dt.round("ms")
            found[number] = own.assign(Date=dates, SessionTime=dates - session.t0_date)
    return found
