"""RawRace and RaceFrames -> the rows of every table but the frames' own."""

from collections.abc import Callable
from typing import Final

from pipeline.model import RaceFrames, RawRace, Rows
from pipeline.timing.clock import session_clock
from pipeline.timing.control import race_control
from pipeline.timing.events import events
from pipeline.timing.laps import laps
from pipeline.timing.pits import pit_stops
from pipeline.timing.radio import radio
from pipeline.timing.results import results
from pipeline.timing.stints import stints
from pipeline.timing.weather import weather

_TOLD_BY: Final[dict[str, Callable[[RawRace, RaceFrames], Rows]]] = {
    "laps": laps,
    "stints": stints,
    "results": results,
    "race_control": race_control,
    "session_clock": session_clock,
    "radio": radio,
    "weather": weather,
}


def tell(raw: RawRace, frames: RaceFrames) -> dict[str, Rows]:
    """The rows of each table of `contract.tables` but the frames, by its name; times on the frame clock."""
    told = {name: rows(raw, frames) for name, rows in _TOLD_BY.items()}
    stops = pit_stops(raw, frames)
    return told | {"pit_stops": stops, "events": events(raw, frames, stops)}
