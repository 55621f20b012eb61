"""A qualifying of twenty cars whose every place, time and metre is known: made from outings, without a feed.

Each car drives an out lap, a timed one and an in lap in each part that it is in, on a circle, and stands in
its garage before, between and after. The later the car's number the slower it is, so that the order is known.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from scipy.interpolate import PchipInterpolator

from pipeline.contract.models import Event, InputIdentity, RaceControlMessage
from pipeline.contract.sessions import SessionCode
from pipeline.model import (
    CarSamples,
    DriverInfo,
    Floats,
    Laps,
    OfficialTiming,
    PosSamples,
    RawRace,
    Status,
)

CARS = 20
LENGTH_M = 3000.0
OUT_S, IN_S, LANE_S = 75.0, 70.0, 8.0
GARAGE, EXIT, ENTRY = 0.005, 0.03, 0.96  # of a lap
PARTS = ((100.0, 460.0), (560.0, 900.0), (1000.0, 1340.0))
LAST_S = 1500.0
GOES_ON = (20, 15, 10)
CONTROL = {"Started": "GREEN LIGHT - PIT EXIT OPEN", "Finished": "CHEQUERED FLAG"}


@dataclass
class Driven:
    """What one car did: laps of (start, end, pit_in, pit_out, lap time), and knots of (time, progress)."""

    laps: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    knots: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, GARAGE)])

    def outing(self, leaves: float, seconds: float) -> None:
        """An out lap, a timed lap and an in lap, from the pit exit on."""
        done = len(self.laps)
        line = self.laps[-1][1] if self.laps else leaves
        ends = [leaves + OUT_S, leaves + OUT_S + seconds, leaves + OUT_S + seconds + IN_S]
        entry = ends[2] - LANE_S
        self.laps += [
            (line, ends[0], np.nan, leaves, np.nan),
            (ends[0], ends[1], np.nan, np.nan, seconds),
            (ends[1], ends[2], entry, np.nan, np.nan),
        ]
        self.knots += [
            (leaves - 12.0, done + GARAGE),
            (leaves, done + EXIT),
            (ends[0], done + 1),
            (ends[1], done + 2),
            (entry, done + 2 + ENTRY),
            (ends[2], done + 3),
            (ends[2] + 4.0, done + 3 + GARAGE),
        ]


def seconds_of(car: int, part: int) -> float:
    """The lap time of a car in a part: each is a bit faster than in the one before."""
    return 50.0 + 0.1 * car - 0.5 * part


def qualifying(parts: int = 3, session: SessionCode = "Q") -> RawRace:
    """As loaded; the later parts may not have been run."""
    driven = {str(car + 1): Driven() for car in range(CARS)}
    for part, (start, _) in list(enumerate(PARTS))[:parts]:
        for car in range(GOES_ON[part]):
            driven[str(car + 1)].outing(start + 5.0 + 4.0 * (CARS - car), seconds_of(car, part))
    pos_t, car_t = np.arange(0.0, LAST_S, 0.25), np.arange(0.1, LAST_S, 0.25)
    words = [(t, word) for start, end in PARTS[:parts] for t, word in ((start, "Started"), (end, "Finished"))]
    return RawRace(
        event=_event(session),
        drivers=[_driver(number) for number in driven],
        laps={number: _laps(own) for number, own in driven.items()},
        cars={number: _car(own, car_t) for number, own in driven.items()},
        positions={number: _positions(own, pos_t) for number, own in driven.items()},
        timing=_timing(driven, parts),
        track_status=Status(np.array([0.0]), ["1"]),
        session_status=Status(np.array([t for t, _ in words]), [word for _, word in words]),
        race_control=[message(t, CONTROL[word]) for t, word in words],
        weather=[],
        corners=[],
        rotation=None,
        total_laps=None,
        utc_zero=None,
        official_results=False,
        has_drs=False,
        identity=InputIdentity(kind="cache", path="", sha256=""),
        fastf1="",
        messages=[],
        splits=[0.0, *(end + 20.0 for _, end in PARTS[: parts - 1])],
    )


def message(t: float, text: str, flag: str | None = None) -> RaceControlMessage:
    return RaceControlMessage(t=t, message=text, flag=flag)


def deleted(raw: RawRace, number: str, lap: int, t: float) -> RawRace:
    """With a lap's time deleted by race control at session second `t`."""
    own = raw.laps[number]
    flags = own.extra["deleted"].copy()
    flags[lap - 1] = True
    best = np.asarray(own.extra["personal_best"], dtype=bool) & ~np.asarray(flags, dtype=bool)
    seconds = float(own.floats("lap_time_s")[lap - 1])
    text = f"CAR {number} (C{number}) TIME {int(seconds // 60)}:{seconds % 60:06.3f} DELETED - TRACK LIMITS"
    mine = replace(own, extra=own.extra | {"deleted": flags, "personal_best": best})
    return replace(raw, laps={**raw.laps, number: mine}, race_control=[*raw.race_control, message(t, text)])


def _event(session: SessionCode) -> Event:
    date = datetime(2024, 3, 1, 16, tzinfo=UTC)
    names = {"name": "Circle", "official_name": "Circle", "country": "", "location": ""}
    return Event(year=2024, round=1, session=session, date_utc=date, **names)


def _driver(number: str) -> DriverInfo:
    return DriverInfo(number, f"C{number}", f"Car {number}", f"Team {(int(number) + 1) // 2}", *[None] * 5)  # type: ignore[arg-type]


def _laps(own: Driven) -> Laps:
    start, end, pit_in, pit_out, seconds = np.array(own.laps).T if own.laps else np.empty((5, 0))
    n = len(start)
    nothing = np.full(n, np.nan)
    return Laps(
        number=np.arange(1, n + 1),
        start=start,
        end=end,
        pit_in=pit_in,
        pit_out=pit_out,
        tyre=np.ones(n, dtype=np.int64),
        tyre_life=np.arange(1, n + 1),
        generated=np.zeros(n, dtype=bool),
        extra={
            "lap_time_s": seconds,
            "sector1_s": np.where(np.isnan(seconds), 25.0, seconds * 0.3),
            "sector2_s": np.where(np.isnan(seconds), 25.0, seconds * 0.3),
            "sector3_s": np.where(np.isnan(seconds), nothing, seconds * 0.4),
            "personal_best": ~np.isnan(seconds),
            "deleted": np.zeros(n, dtype=bool),
            "stint": np.ones(n),
        },
    )


def progress(own: Driven, t: Floats) -> Floats:
    """Laps driven at session seconds `t`, (n,)."""
    at, done = np.array([*own.knots, (LAST_S, own.knots[-1][1] + 1e-6)]).T
    return np.asarray(PchipInterpolator(at, done)(np.minimum(t, LAST_S)))


def _car(own: Driven, t: Floats) -> CarSamples:
    speed = np.rint(np.gradient(progress(own, t), t) * LENGTH_M * 3.6)
    codes = np.ones(len(t), dtype=np.int16)
    return CarSamples(t, speed, 5000.0 + speed, np.full(len(t), 50.0), codes, codes * 0, codes * 0)


def _positions(own: Driven, t: Floats) -> PosSamples:
    angle = 2.0 * np.pi * progress(own, t)
    radius = LENGTH_M * 10.0 / (2.0 * np.pi)
    return PosSamples(t, np.rint(radius * np.cos(angle)), np.rint(radius * np.sin(angle)), np.zeros(len(t)))


def _timing(driven: dict[str, Driven], parts: int) -> dict[str, OfficialTiming]:
    """Places as the feed has them: of all cars from the start, by number, and from a lap on by the best."""
    listed, rows = list(driven), {number: [(1.0, i)] for i, number in enumerate(driven, 1)}
    for part in range(parts):
        runs = listed[: GOES_ON[part]]
        crossed = [
            (own.laps[3 * part + 1], number) for number in runs if (own := driven[number]).laps[3 * part :]
        ]
        timed: dict[str, float] = {}
        for lap, number in sorted(crossed, key=lambda one: one[0][1]):
            timed[number] = lap[4]
            ranked = sorted(timed, key=timed.__getitem__)
            order = [*ranked, *(n for n in runs if n not in timed)]
            for place, other in enumerate(order, 1):
                if rows[other][-1][1] != place:
                    rows[other].append((lap[1] + 0.1, place))
        listed = [*sorted(timed, key=timed.__getitem__), *listed[GOES_ON[part] :]]
    return {number: timing_of(own) for number, own in rows.items()}


def timing_of(rows: list[tuple[float, int]]) -> OfficialTiming:
    t, place = np.array(rows).T
    nothing = np.full(len(t), np.nan)
    return OfficialTiming(t, place.astype(np.int64), nothing, nothing, nothing)
