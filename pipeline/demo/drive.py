"""Drives the cars round the track, step by step: the only place where the race is decided.

Each car has a constant acceleration within a step, so place and speed between the steps are exact.
Cars do not feel each other except behind the safety car: they pass on different lines, by pace.
"""

import math
from dataclasses import dataclass, field

from pipeline.demo.track import PIT_ENTRY_M, PIT_EXIT_M, Track, braking, drag, engine

STEP_S = 0.1
FEED_LEAD_S = 60.0
"""The feed begins this long before the start, and ends this long after the last flag."""

_APPROACH_M = 560.0
_APPROACH_V = 20.0
_SC_PACE, _CATCH_UP_PACE, _SC_SPACING_M = 0.55, 0.75, 16.0
_COOL_DOWN_V, _PARK_LAPS = 30.0, 0.72
_YELLOW_BELOW_V, _SC_AFTER_S, _CLEAR_AFTER_S = 15.0, 8.0, 14.0


@dataclass(frozen=True)
class CarPlan:
    """What is decided about a car before the race. Distances in metres from the line of lap 1."""

    slot: float
    pace: float
    reaction: float
    traction: float
    pit_lap: int | None = None
    box: float = 0.0
    stand: float = 0.0
    retires_at: float | None = None
    damaged: bool = False


@dataclass(kw_only=True)
class Moving:
    """A car's state, and its whole drive as knots: s (m), v (m/s), a (m/s2)."""

    s: float
    v: float
    knots: list[tuple[float, float, float]] = field(default_factory=list)

    def advance(self, wanted: float, pace: float, brakes: float) -> None:
        """One step towards the wanted speed, with a share of the engine's power and the brakes' (m/s2)."""
        push = engine(self.v) * pace - drag(self.v)
        a = max(-brakes, min(push, (wanted - self.v) / STEP_S), -self.v / STEP_S)
        self.knots.append((self.s, self.v, a))
        self.s += self.v * STEP_S + a * STEP_S**2 / 2
        self.v = max(0.0, self.v + a * STEP_S)
        self.v = 0.0 if self.v < 1e-9 else self.v


@dataclass(kw_only=True)
class Car(Moving):
    """One in a race: on its way to the grid, round the track, and to where it stops."""

    plan: CarPlan
    stop_at: float | None
    stop_with: float = 3.0
    waits_until: float = math.inf
    finish_lap: int | None = None

    @property
    def parked(self) -> float | None:
        """Where it stops after the flag; None for one that does not get there."""
        return None if self.finish_lap is None else self.stop_at

    @property
    def retiring(self) -> bool:
        return self.plan.retires_at is not None and self.s > self.plan.retires_at - 400

    def in_pit_lane(self, length: float) -> bool:
        lap = self.plan.pit_lap
        return lap is not None and lap * length - PIT_ENTRY_M < self.s < lap * length + PIT_EXIT_M


class Race:
    """The race under way, and when it is over what it was: the cars' drives, and what race control did."""

    def __init__(self, track: Track, plans: list[CarPlan], laps: int, with_sc: bool) -> None:
        self.track, self.laps, self.with_sc = track, laps, with_sc
        self.cars = [Car(plan=p, s=p.slot - _APPROACH_M, v=_APPROACH_V, stop_at=p.slot) for p in plans]
        self.v_race, self.v_pit = track.v_race.tolist(), track.v_pit.tolist()
        self.status: list[tuple[float, str]] = [(-FEED_LEAD_S, "1")]
        self.sc_end_lap: int | None = None
        self.sc_in_s: float | None = None
        self.flag_s, self.last_flag_s = math.inf, -math.inf

    @property
    def under_sc(self) -> bool:
        return self.status[-1][1] == "4"

    def control(self, t: float, leader: Car) -> None:
        """Flags and safety car, as a race director would."""
        length = self.track.length_m
        since, status = self.status[-1]
        retiring = next((c for c in self.cars if c.retiring), None)
        if status == "1" and len(self.status) == 1 and retiring and retiring.v < _YELLOW_BELOW_V:
            self.status.append((t, "2"))
        elif status == "2" and self.with_sc and t > since + _SC_AFTER_S:
            self.status.append((t, "4"))
            self.sc_end_lap = math.floor(leader.s / length) + 2
        elif status == "2" and not self.with_sc and t > since + _CLEAR_AFTER_S:
            self.status.append((t, "1"))
        elif status == "4" and self.sc_end_lap is not None:
            if self.sc_in_s is None and leader.s > (self.sc_end_lap - 0.45) * length:
                self.sc_in_s = t
            if leader.s >= self.sc_end_lap * length:
                self.status.append((t, "1"))

    def target(self, car: Car, t: float, ahead: Car | None, pace: float) -> tuple[float, float]:
        """The speed wanted a step later, and the hardest braking allowed for it."""
        plan, length = car.plan, self.track.length_m
        self._next_stop(car, t)
        next_s = car.s + car.v * STEP_S
        pits = plan.pit_lap is not None and -0.5 * length < car.s - plan.pit_lap * length < 0.2 * length
        table = self.v_pit if pits else self.v_race
        limit = plan.pace * table[int(next_s % length / self.track.step_m) % len(table)]
        wanted = limit * pace
        if ahead is not None:
            wanted = min(wanted, max(0.0, ahead.v + 0.4 * (ahead.s - car.s - _SC_SPACING_M)))
        if t < 0 or car.finish_lap is not None:
            wanted = min(wanted, _COOL_DOWN_V)
        if car.stop_at is not None:
            stands = car.v == 0 and car.stop_at - car.s < 1.5
            room = 0.0 if stands else max(0.0, car.stop_at - next_s)
            wanted = min(wanted, math.sqrt(2 * car.stop_with * room))
        return wanted, (braking(car.v) * 1.1 if car.v > limit else 8.0)

    def _next_stop(self, car: Car, t: float) -> None:
        """Give the car its next place to stop, and let it go from the one it waited at."""
        plan, length = car.plan, self.track.length_m
        if t < 0 or car.retiring:
            pass
        elif car.stop_at == plan.slot:
            car.stop_at = None if t >= plan.reaction else car.stop_at
        elif car.stop_at is not None and car.stop_at == plan.box and car.v == 0:
            car.waits_until = min(car.waits_until, t + plan.stand)
            car.stop_at = None if t >= car.waits_until - 1e-6 else car.stop_at
        elif plan.pit_lap and car.waits_until == math.inf and car.s > plan.pit_lap * length - PIT_ENTRY_M:
            car.stop_at, car.stop_with = plan.box, 6.0
        if car.retiring:
            car.stop_at, car.stop_with = plan.retires_at, 5.0

    def move(self, car: Car, t: float, ahead: Car | None, pace: float) -> None:
        wanted, brakes = self.target(car, t, ahead, pace)
        before = car.s
        car.advance(wanted, car.plan.pace * (car.plan.traction if t < 5 else 1.0), brakes)
        self._cross(car, t, before)

    def _cross(self, car: Car, t: float, before: float) -> None:
        """The first to complete the distance brings out the flag; the others finish on their next line."""
        length = self.track.length_m
        lap = math.floor(car.s / length)
        if lap < 1 or car.finish_lap is not None or lap == math.floor(before / length):
            return
        crossed = t + STEP_S * (lap * length - before) / (car.s - before)
        if lap == self.laps:
            self.flag_s = min(self.flag_s, crossed)
        if crossed >= self.flag_s:
            parked = sum(other.finish_lap is not None for other in self.cars)
            car.finish_lap, self.last_flag_s = lap, max(self.last_flag_s, crossed)
            car.stop_at, car.stop_with = (lap + _PARK_LAPS) * length - 12 * parked, 3.0

    def step(self, t: float) -> None:
        running = sorted(self.cars, key=lambda c: -c.s)
        self.control(t, running[0])
        leader: Car | None = None
        ahead: Car | None = None
        for car in running:
            # a car in the pit lane is in nobody's way, and nobody is in its way
            alone = car.plan.damaged or car.retiring or car.in_pit_lane(self.track.length_m)
            if not self.under_sc or alone:
                self.move(car, t, None, 1.0)
            else:
                leader = leader or car
                self.move(car, t, ahead, _SC_PACE if car is leader else _CATCH_UP_PACE)
                ahead = car

    def over(self, t: float) -> bool:
        racing = any(c.finish_lap is None and c.plan.retires_at is None for c in self.cars)
        return not racing and t > self.last_flag_s + FEED_LEAD_S


def drive(track: Track, plans: list[CarPlan], laps: int, with_sc: bool) -> Race:
    """Run the race from the approach to the grid until a minute after the last flag."""
    race = Race(track, plans, laps, with_sc)
    knot = -round(FEED_LEAD_S / STEP_S)
    while not race.over(knot * STEP_S):
        race.step(round(knot * STEP_S, 3))
        knot += 1
    return race
