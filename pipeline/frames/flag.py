"""When the race ended: what the timing, the session's status and race control say, held against each other.

The session's status turns to Finished as the winner crosses the line (within half a second in nearly every
race since 2018), race control's message follows within seconds. Laps alone do not tell: the feed may lose the
winner's last one, and the clock or a red flag may end a race before its last lap.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.model import Laps, RawRace

EARLY_S, LATE_S = 5.0, 30.0  # by which what is said and the winner's crossing may differ; no lap is as short
_RACE = ("Started", "Aborted", "Finished", "Finalised")


@dataclass(frozen=True)
class Flag:
    """Session seconds; inf where the data do not reach the end.

    fell: the winner on the road crossed the line. raced: until then cars raced, which is the same but where
    a red flag ended the race (stopped).
    """

    fell: float
    raced: float
    stopped: bool = False

    @property
    def known(self) -> bool:
        return self.fell < np.inf


def flag_of(raw: RawRace) -> Flag:
    """The flag. Where the status and the lap count contradict each other, it fell when the status says."""
    winner = _winner(raw)
    finished = _believed(raw, _status(raw, "Finished"))
    if winner is None:
        return Flag(np.inf, np.inf) if finished is None else Flag(finished, finished)
    if (aborted := _ended_by_a_red_flag(raw)) is not None:
        return Flag(winner, aborted, stopped=True)
    if finished is None:
        at = _without_the_status(raw, winner)
    else:
        late = finished > winner and _ran_to_the_end(raw)
        at = winner if late or _agree(finished, winner) else finished
    return Flag(at, at)


def _agree(said: float, winner: float) -> bool:
    return said - LATE_S <= winner <= said + EARLY_S


def _without_the_status(raw: RawRace, winner: float) -> float:
    """Older clients record no session status: the lap count decides, then race control."""
    if _ran_to_the_end(raw):
        return winner
    message = _believed(raw, [row.t for row in raw.race_control if row.flag == "CHEQUERED"])
    if message is not None:
        return winner if _agree(message, winner) else message
    return winner if _believed(raw, _status(raw, "Finalised")) is not None else np.inf


def _status(raw: RawRace, name: str) -> list[float]:
    status = raw.session_status
    return [float(t) for t, code in zip(status.t, status.code, strict=True) if code == name]


def _believed(raw: RawRace, said: list[float]) -> float | None:
    """The first of the moments after which nobody raced on: each car crosses the line once more at most."""
    return next((t for t in said if not _raced_on(raw, t + EARLY_S)), None)


def _raced_on(raw: RawRace, t: float) -> bool:
    """Whether cars, not one alone that the feed has wrong, crossed the line twice after `t`."""
    return sum(int((own.end[own.completed] > t).sum()) > 1 for own in raw.laps.values()) > 1


def _ran_to_the_end(raw: RawRace) -> bool:
    """Whether somebody ran all laps, or as many as the result counts; believed if nobody says how many."""
    most = laps_run(raw) or 0
    counted = max((d.laps for d in raw.drivers if d.laps), default=None)
    enough = [most >= laps for laps in (raw.total_laps, counted) if laps is not None]
    return any(enough) or not enough


def _ended_by_a_red_flag(raw: RawRace) -> float | None:
    """When the session was aborted for the last time, if it ended without another start."""
    status = raw.session_status
    race = [(float(t), code) for t, code in zip(status.t, status.code, strict=True) if code in _RACE]
    for (t, code), (_, after) in pairwise(race):
        if code == "Aborted" and after in ("Finished", "Finalised") and not _raced_on(raw, t):
            return t
    return None


def laps_run(raw: RawRace) -> int | None:
    """Laps of the car that went furthest."""
    return max((own.done for own in _completed(raw)), default=None)


def _winner(raw: RawRace) -> float | None:
    """The first crossing of those at the end of the last lap that anybody completed."""
    last = [(-own.done, float(own.end[own.completed][-1])) for own in _completed(raw)]
    return min(last)[1] if last else None


def _completed(raw: RawRace) -> list[Laps]:
    return [own for own in raw.laps.values() if own.completed.any()]
