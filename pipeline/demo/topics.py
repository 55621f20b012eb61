"""The feed's topics beside timing: team radio, pit stops in both of their topics, the series of tyres."""

from collections.abc import Iterator
from typing import Any

from pipeline.demo.timing import tyre_changes
from pipeline.demo.truth import DemoEvent, Line, Truth

RADIO_S = 14.5  # after a car's first lap, and before it is heard of
SAID_S = 0.8  # after a car left the pit lane its times are known
SOUNDS = "https://example.invalid/radio/"


def radio_moments(truth: Truth) -> list[tuple[float, str, str]]:
    """(session second, code, address) of every message: one of each car that ends its first lap."""
    said = [(round(float(times[0]) + RADIO_S, 3), code) for code, times in truth.line_s.items() if len(times)]
    return [(when, code, f"{SOUNDS}{code}_{k}.mp3") for k, (when, code) in enumerate(sorted(said))]


def topic_lines(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    yield from _radio(truth, event)
    if not truth.parts:
        yield from _pit_stops(truth, event)
    yield from _tyre_series(truth)


def _radio(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    numbers = {car.code: car.number for car in truth.cars}
    for k, (when, code, address) in enumerate(radio_moments(truth)):
        capture = {"Utc": event.utc(when), "RacingNumber": numbers[code], "Path": address}
        yield round(when + 1.2, 3), "TeamRadio", {"Captures": [capture] if k == 0 else {str(k): capture}}


def _pit_stops(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    """As in the feed the series tells of each stop twice, first as a list."""
    for car in truth.cars:
        for k, ((entry, leave), stood) in enumerate(
            zip(truth.pits[car.code], truth.stood[car.code], strict=True)
        ):
            lap = str(1 + sum(end < entry for end in truth.line_s[car.code]))
            lane, said = f"{leave - entry:.3f}", round(leave + SAID_S, 3)
            stop = {
                "RacingNumber": car.number,
                "PitStopTime": f"{stood:.1f}",
                "PitLaneTime": lane,
                "Lap": lap,
            }
            entered = {"Timestamp": event.utc(said), "PitStop": stop}
            for told in ([entered] if k == 0 else {str(2 * k): entered}, {str(2 * k + 1): entered}):
                yield said, "PitStopSeries", {"PitTimes": {car.number: told}}
            visit = {"RacingNumber": car.number, "Duration": f"{leave - entry:.1f}", "Lap": lap}
            yield said, "PitLaneTimeCollection", {"PitTimes": {car.number: visit}}
            yield round(said + 30, 3), "PitLaneTimeCollection", {"PitTimes": {"_deleted": [car.number]}}


def _tyre_series(truth: Truth) -> Iterator[Line]:
    """What the timing app is told of stints, a little later."""
    yield float(truth.t[0]), "TyreStintSeries", {"Stints": {car.number: [] for car in truth.cars}}
    for when, number, stint, patch in tyre_changes(truth):
        told: dict[str, Any] = {key: value for key, value in patch.items() if key != "LapFlags"}
        yield round(when + 0.3, 3), "TyreStintSeries", {"Stints": {number: {str(stint): told}}}
