"""The feed's TimingData of qualifying and practice: lap times instead of gaps, and all anew in each part."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.demo.segments import segment_changes
from pipeline.demo.timed import bests, timed_laps
from pipeline.demo.timing import Change, places, sector, speed_at, trap_speeds
from pipeline.demo.truth import Truth, lap_time

IN_GARAGE: dict[str, Any] = {"InPit": True, "Status": 272, "ShowPosition": False, "KnockedOut": False}
_NEXT_PART_S = 15.0  # before its green light the feed forgets the times of the last part
_KNOCKED_OUT_S = 120.0  # after the flag, when all have crossed the line


def timed_changes(truth: Truth) -> Iterator[Change]:
    for add in (_laps, segment_changes, _bests, _runs, _parts, places):
        yield from add(truth)


def _laps(truth: Truth) -> Iterator[Change]:
    """Sectors, lap times and speed traps; a lap from the pits has neither a first sector nor a time."""
    for i, car in enumerate(truth.cars):
        code = car.code
        yield from trap_speeds(truth, i)
        for lap, end in enumerate(truth.line_s[code].tolist(), start=1):
            kind, (first, second) = truth.kind(code, lap), truth.sector_s[code][lap - 1].tolist()
            begin = float(truth.line_s[code][lap - 2]) if kind != "out" else None
            began = None if begin is None else first - begin
            yield first, code, sector(0, began, "I1", speed_at(truth, i, first))
            yield second, code, sector(1, second - first, "I2", speed_at(truth, i, second))
            home = _home(truth, code, lap)
            yield end, code, sector(2, end - second, "FL", None if home else speed_at(truth, i, end))
            if begin is not None:
                yield end, code, {"LastLapTime": {"Value": lap_time(end - begin)}}


def _home(truth: Truth, code: str, lap: int) -> bool:
    """Whether a lap ended in the pits."""
    begin = truth.line_s[code][lap - 2] if lap > 1 else 0.0
    return any(begin < entry < truth.line_s[code][lap - 1] for _, entry in truth.runs[code])


def _bests(truth: Truth) -> Iterator[Change]:
    """The best lap of the part at each of its laps, and when one is deleted the one before."""
    moments = [(end, code) for end, code, _, _ in timed_laps(truth)]
    moments += [(when, code) for when, code, _ in truth.deleted]
    for when, code in moments:
        part = int(np.searchsorted([part.start for part in truth.parts], when)) - 1
        best = bests(truth, part, when).get(code)
        text = "" if best is None else lap_time(best)
        yield when, code, _best(truth, part, text)
        yield when, code, {"ShowPosition": bool(text), "Status": 64}


def _best(truth: Truth, part: int, text: str) -> dict[str, Any]:
    best = {"BestLapTime": {"Value": text}}
    return best | ({"BestLapTimes": {str(part): {"Value": text}}} if len(truth.parts) > 1 else {})


def _runs(truth: Truth) -> Iterator[Change]:
    """Pit exits and entries. The feed counts a lap at each exit, and not at the end of one in the pits."""
    for code, runs in truth.runs.items():
        lines = truth.line_s[code]
        counted = [end for lap, end in enumerate(lines.tolist(), 1) if not _home(truth, code, lap)]
        counted = sorted([*counted, *(leave for leave, _ in runs)])
        yield from ((when, code, {"NumberOfLaps": count}) for count, when in enumerate(counted, 1))
        for count, (leave, entry) in enumerate(runs, start=1):
            yield leave, code, {"InPit": False, "PitOut": True, "Status": 96}
            yield round(leave + 6.5, 3), code, {"PitOut": False, "Status": 64}
            yield entry, code, {"InPit": True, "PitOut": False, "Status": 80, "NumberOfPitStops": count}


def _parts(truth: Truth) -> Iterator[Change]:
    """Before each part but the first who goes on has no time, and who was knocked out is marked."""
    nothing = {"Value": ""}
    for k, part in enumerate(truth.parts):
        for code in part.entered if k else ():
            patch = {**_best(truth, k, ""), "LastLapTime": nothing, "ShowPosition": False}
            yield part.start - _NEXT_PART_S, code, patch
        for code in part.out:
            yield part.end + _KNOCKED_OUT_S, code, {"KnockedOut": True}
