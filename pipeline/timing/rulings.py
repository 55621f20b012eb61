"""What race control and the stewards did to whom: deleted laps, investigations, penalties."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from pipeline.contract.models import RaceControlMessage
from pipeline.contract.sessions import SESSIONS
from pipeline.contract.tables import EVENT_KINDS
from pipeline.frames.messages import Said, read
from pipeline.model import RawRace
from pipeline.timing.moment import Moment

_TOLD: Final = {"safety_car_ending": "flag", **{kind: kind for kind in EVENT_KINDS}}
_ELSEWHERE: Final = ("formation_lap",)  # what its message announces comes later, and the cars show when
_SECONDS = re.compile(r"^(\d+) ?(?:S|SEC|SECONDS?)\b")
_SAME_S = 5e-4


def rulings(raw: RawRace, t0: float) -> Iterator[Moment]:
    """A moment for each car that a message concerns; `other` is the next car that it names."""
    codes = {driver.number: driver.code for driver in raw.drivers}
    for row in raw.race_control:
        said = read(row)
        if said.kind in _TOLD and said.kind not in _ELSEWHERE:
            yield from _moments(raw, row, said, codes, t0)


def _moments(
    raw: RawRace, row: RaceControlMessage, said: Said, codes: dict[str, str], t0: float
) -> Iterator[Moment]:
    cars = [number for number in said.cars if number in codes]
    for i, number in enumerate(cars or [None]):
        yield Moment(
            t=row.t - t0,
            kind=_TOLD[said.kind or ""],
            driver=codes.get(number or ""),
            other=codes[cars[(i + 1) % len(cars)]] if len(cars) > 1 else None,
            lap=_lap_of(raw, said, number),
            seconds=said.seconds if said.penalty is None else _seconds(said.penalty),
            detail=_detail(said),
        )


def _lap_of(raw: RawRace, said: Said, number: str | None) -> int | None:
    """The lap that race control names, or the one that took as long as it says.

    Where nobody races, it counts the way out of the garage as a lap more than the timing does.
    """
    if said.lap is not None:
        return said.lap if SESSIONS[raw.event.session].is_race else max(said.lap - 1, 1)
    own = raw.laps.get(number or "")
    times = None if own is None else own.extra.get("lap_time_s")
    if own is None or times is None or said.seconds is None:
        return None
    same = np.flatnonzero(np.abs(times.astype(np.float64) - said.seconds) < _SAME_S)
    return int(own.number[same[-1]]) if len(same) else None


def _seconds(penalty: str) -> float | None:
    found = _SECONDS.match(penalty)
    return float(found[1]) if found else None


def _detail(said: Said) -> str | None:
    if said.kind == "safety_car_ending":
        return said.kind
    turn = f"TURN {said.turn}" if said.turn and said.turn not in (said.reason or "") else None
    return " - ".join(part for part in (said.penalty, turn, said.reason) if part) or None
