"""What was recorded, held against itself: car data, positions and laps judge each other."""

from dataclasses import replace

from pipeline.frames.agree import car_data, false_car_data, told_by_laps
from pipeline.frames.clean import Clean, Parked
from pipeline.frames.line import Line
from pipeline.frames.plausible import Verdict
from pipeline.frames.positions import believed
from pipeline.frames.rows import contradictions
from pipeline.frames.track import LEAD_IN_S, Placed
from pipeline.model import Finding, PosSamples, RawRace


def judged(
    raw: RawRace,
    possible: Clean,
    line: Line | None,
    within: tuple[float, float],
    noticed: list[Finding],
    parked: Parked | None = None,
) -> tuple[Clean, dict[str, Placed], dict[str, Verdict]]:
    """The samples that are believed, where they are along the line, and what was false of each car.

    Args:
        possible: samples that can be at all. within: the session's first and last second. noticed: before.
        parked: see `clean`.
    """
    start, last = within
    told, sound = told_by_laps(raw, possible), dict[str, PosSamples | None]()
    cleaned = replace(possible, cars=car_data(possible, raw.laps, last, told, sound))
    positions, placed, verdicts = believed(raw, cleaned, line, start, last + LEAD_IN_S)
    noticed = [*cleaned.findings, *noticed, *contradictions(raw, cleaned, line)]
    cleaned = replace(cleaned, positions=positions)
    cars = car_data(cleaned, raw.laps, last, {}, sound)
    if (lost := false_car_data(raw, possible.cars, cars, parked)).count:
        noticed.append(lost)
    return replace(cleaned, cars=cars, findings=noticed), placed, verdicts
