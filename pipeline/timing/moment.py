"""Something that happened, before its place on the track is known."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """A row of the events table to be: `t` on the frame clock in s, drivers by code.

    lap: where it is not the one that the driver is on. passed: when it was on the track, on the frame clock,
    where that is not `t`.
    """

    t: float
    kind: str
    driver: str | None = None
    other: str | None = None
    lap: int | None = None
    seconds: float | None = None
    detail: str | None = None
    passed: float | None = None
