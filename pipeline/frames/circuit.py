"""The track as the manifest draws it: its outline, what F1's map marks on it, what the cars show of it."""

import numpy as np

from pipeline.contract.models import Circuit, Corner, Marker, SectorLine
from pipeline.frames.drs import drs_zones
from pipeline.frames.line import Line
from pipeline.frames.pit_lane import pit_lane
from pipeline.frames.race import Race
from pipeline.model import Floats, MapMarker

OUTLINE_POINTS = 400
FEWEST_LAPS = 5  # that a sector line is learned from
BLIND_S = 1.0  # between two positions: in between, nobody knows where the car was
ADD_UP_S = 0.05  # by which three sectors and their lap may differ


def circuit(race: Race, along: dict[str, Floats]) -> Circuit:
    """What is known of the track. along: progress in laps at each car's position samples."""
    raw, line = race.raw, race.line
    marks = {
        "corners": [Corner(**_mark(marker, line)) for marker in raw.corners],
        "marshal_sectors": [Marker(**_mark(marker, line)) for marker in raw.marshal_sectors],
        "marshal_lights": [Marker(**_mark(marker, line)) for marker in raw.marshal_lights],
    }
    if line is None:
        return Circuit(rotation=raw.rotation, **marks)
    at = np.linspace(0, len(line.x), min(OUTLINE_POINTS, len(line.x)), endpoint=False).astype(int)
    return Circuit(
        length_m=round(line.length_m, 1),
        rotation=raw.rotation,
        **{
            name: [round(v) for v in values[at]]
            for name, values in (("x", line.x), ("y", line.y), ("z", line.z))
        },
        **marks,
        sectors=_sector_lines(race, along, line),
        pit_lane=pit_lane(race, line),
        drs_zones=drs_zones(race, along, line) if raw.has_drs else [],
    )


def _mark(marker: MapMarker, line: Line | None) -> dict[str, object]:
    dist = None
    if line is not None:
        nearest = int(np.argmin(np.hypot(line.x - marker.x, line.y - marker.y)))
        dist = round(nearest / len(line.x) * line.length_m, 1)
    return {
        "number": marker.number,
        "letter": marker.letter,
        "x": round(marker.x),
        "y": round(marker.y),
        "dist": dist,
        "angle": None if marker.angle is None else round(marker.angle),
    }


def _sector_lines(race: Race, along: dict[str, Floats], line: Line) -> list[SectorLine]:
    """Where most cars were when the timing says that their sector ended."""
    seen = [_at_sector_ends(race, number, own) for number, own in along.items()]
    found = []
    for i in (0, 1):
        parts = np.concatenate([ends[i] for ends in seen]) if seen else np.empty(0)
        if len(parts) >= FEWEST_LAPS:
            part = float(np.median(parts))
            at = int(part * len(line.x))
            x, y, dist = round(line.x[at]), round(line.y[at]), round(part * line.length_m, 1)
            found.append(SectorLine(number=i + 1, x=x, y=y, dist=dist, laps=len(parts)))
    return found


def _at_sector_ends(race: Race, number: str, along: Floats) -> tuple[Floats, Floats]:
    """The part of the lap at the end of sectors 1 and 2, of each lap that says it."""
    own, t = race.raw.laps[number], race.clean.positions[number].t
    first, second = own.floats("sector1_s"), own.floats("sector2_s")
    off = np.abs(first + second + own.floats("sector3_s") - own.floats("lap_time_s"))
    clean = own.completed & (own.number > 1) & np.isnan(own.pit_in) & np.isnan(own.pit_out) & (off < ADD_UP_S)
    known = ~np.isnan(along)
    if known.sum() < 2:
        return np.empty(0), np.empty(0)
    ends = []
    for moment in (own.start + first, own.start + first + second):
        when, lap = moment[clean], own.number[clean]
        after = np.clip(np.searchsorted(t[known], when), 1, known.sum() - 1)
        part = np.interp(when, t[known], along[known]) - (lap - 1)
        seen = (t[known][after] - t[known][after - 1] < BLIND_S) & (part > 0) & (part < 1)
        ends.append(part[seen])
    return ends[0], ends[1]
