"""Which lap times count, from when the feed had ranked them until race control deleted them.

The feed calls a lap the driver's best so far, and race control deletes it in words. At times a lap is taken
back without a word, as one that ended after a red flag: then the order says so, see `ranking.taken_back`.
"""

import numpy as np

from pipeline.frames.messages import read
from pipeline.frames.outings import lap_kinds
from pipeline.frames.parts import Parts
from pipeline.model import Bools, Floats, Laps, LapTimes, OfficialTiming, RawRace

BEFORE_S, TOLD_S = 0.05, 3.0  # around a crossing, within which the feed ranks the lap
SAME_S = 5e-4


def lap_times(raw: RawRace, parts: Parts) -> dict[str, LapTimes]:
    """Racing number -> what became of the lap times, as feed and race control say it."""
    counts = _counting(raw, parts)
    return {
        number: LapTimes(
            part=parts.of(own),
            counts=counts[number],
            told=_told(raw.timing.get(number), own.end),
            until=_deletions(raw, number),
        )
        for number, own in raw.laps.items()
    }


def bests(raw: RawRace, known: dict[str, LapTimes], parts: int) -> dict[str, list[float | None]]:
    """Racing number -> the best lap of each of the parts, seconds; None where there is none."""
    found = {}
    for number, own in known.items():
        seconds = raw.laps[number].floats("lap_time_s")
        times = [seconds[own.valid & (own.part == k)] for k in range(parts)]
        found[number] = [round(float(t.min()), 3) if len(t) else None for t in times]
    return found


def can_count(own: Laps) -> Bools:
    """(n,) laps whose time can count: from line to line, not from the pits or into them."""
    out, back = lap_kinds(own)
    return np.asarray(own.completed & ~out & ~back & (own.floats("lap_time_s") > 0))


def _counting(raw: RawRace, parts: Parts) -> dict[str, Bools]:
    """Racing number -> (n,) laps whose time counts, or did until it was deleted.

    Of laps that would be a driver's best the feed says whether they are, but for those deleted later; where
    it says so of none that a driver drove in a part, it does not say.
    """
    found = {}
    for number, own in raw.laps.items():
        times, part = own.floats("lap_time_s"), parts.of(own)
        best = np.asarray(own.extra.get("personal_best", np.zeros(len(own))), bool)
        mute = ~np.isin(part, part[best & can_count(own)])
        told = np.isin(times, times[best]) | np.isfinite(_deletions(raw, number))
        slower = times > np.fmin.accumulate(np.where(told & can_count(own), times, np.nan))
        found[number] = can_count(own) & (told | slower | mute)
    return found


def _deletions(raw: RawRace, number: str) -> Floats:
    own = raw.laps[number]
    times = own.floats("lap_time_s")
    deleted = np.asarray(own.extra.get("deleted", np.zeros(len(own))), dtype=bool)
    when = np.where(deleted, -np.inf, np.nan)
    for row in raw.race_control:
        said = read(row)
        if said.kind == "deleted_lap" and number in said.cars and said.seconds is not None:
            same = deleted & (np.abs(times - said.seconds) < SAME_S) & (own.end <= row.t + TOLD_S)
            when[same & np.isinf(when)] = row.t
    return when


def _told(timing: OfficialTiming | None, crossed: Floats) -> Floats:
    """(n,) when the feed had ranked laps that ended then."""
    if timing is None or not len(timing.t):
        return crossed
    row = np.minimum(np.searchsorted(timing.t, crossed - BEFORE_S), len(timing.t) - 1)
    spoke = timing.t[row]
    return np.where((spoke >= crossed - BEFORE_S) & (spoke <= crossed + TOLD_S), spoke, crossed)
