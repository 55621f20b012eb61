"""What is right at every moment of a session, and where published frames say something else.

A value is false where it lies outside what was true within some time before and after its moment, give or
take the column's tolerance. Nothing is asked of a null. A falsehood that lasts is visible to a viewer. What
is right about a race is here, about qualifying and practice in `known_timed`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from pipeline.contract.columns import COLUMNS, FINISHED, GRID, OUT, PIT, TRACK
from pipeline.contract.models import Part
from pipeline.demo import Truth
from pipeline.model import RaceFrames

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STEP_S = 0.1
VISIBLE_S = 1.0  # a wrong value for less than this is over before a viewer has seen it
LEAVES_S = 160.0  # after its halt, a retired car stands for as long as the timing lets it, at most


@dataclass(frozen=True)
class Rule:
    """tolerance in the published unit; before, after: seconds in which a value may have been true."""

    tolerance: float
    before: float
    after: float


RULES = {
    "x": Rule(100.0, 1.0, 1.0),
    "y": Rule(100.0, 1.0, 1.0),
    "progress": Rule(30.0, 1.0, 1.0),  # metres
    "lap": Rule(0.0, 0.5, 0.5),
    "tyre": Rule(0.0, 0.5, 0.5),
    "tyre_life": Rule(0.0, 0.5, 0.5),
    "speed": Rule(30.0, 1.5, 1.5),  # about as well as positions tell; the others follow it
    "rpm": Rule(3000.0, 2.0, 2.0),
    "throttle": Rule(25.0, 4.0, 4.0),
    "gear": Rule(1.0, 4.0, 4.0),
    "drs": Rule(0.0, 4.0, 4.0),
    "brake": Rule(0.0, 4.0, 4.0),
    "gap": Rule(3.5, 21.0, 2.0),  # held for so long and no longer
    "interval": Rule(3.5, 21.0, 2.0),
    "status": Rule(0.0, 2.0, 2.0),
}
# late by up to a second in the feed
STEPPED = ("throttle", "gear", "drs", "brake", "rpm", "gap", "interval", "position")
PLACE_S = (40.0, 2.0)  # before, after: the feed changes the order where cars pass a timing loop
PLACE_M, CLOSE_M = 150.0, np.inf  # where the track is clear, and where it is not: nothing is asked


@dataclass(frozen=True)
class Facts:
    """What is right about a driver, in session seconds; None where it did not happen.

    laps: and without the last one where that ended in the pits, and nobody need say when. bests: the best lap
    of each part, seconds. place: at the end.
    """

    finished: float | None
    retired: float | None
    laps: tuple[int, ...]
    bests: tuple[float | None, ...] = ()
    place: int | None = None


@dataclass(frozen=True)
class Known:
    """The session as it was, every STEP_S from `begin` on; arrays (cars, moments), NaN where not asked.

    low, high: what each column may be. places: the order, 1 first. far: metres of race, finishers apart by
    their order. clear: of the track's status. here: the car races; lingers: or stands where it retired, and
    may be there still. parts: of qualifying and practice, in session seconds.
    """

    codes: list[str]
    begin: float
    start: float
    length_m: float
    low: dict[str, Floats]
    high: dict[str, Floats]
    places: Floats
    far: Floats
    clear: Bools
    here: Bools
    lingers: Bools
    facts: dict[str, Facts]
    parts: list[Part] = field(default_factory=list)

    def at(self, times: Floats) -> npt.NDArray[np.intp]:
        last = self.places.shape[1] - 1
        return np.clip(np.rint((times - self.begin) / STEP_S), 0, last).astype(np.intp)


@dataclass(frozen=True)
class Falsehood:
    """Published values of one car that are not true: of which column, in how many frames, for how long."""

    code: str
    what: str
    frames: int
    seconds: float
    first: float

    @property
    def visible(self) -> bool:
        return self.seconds >= VISIBLE_S

    def __str__(self) -> str:
        lasting = f"{self.frames} frames, {self.seconds:.1f} s on end, from {self.first:.1f}"
        return f"{self.code} {self.what}: {lasting}"


def windows(rule: Rule, true: Floats) -> tuple[Floats, Floats]:
    """The least and the most that a column may be at each moment; inf is true where there is no value, and
    any would be invented."""
    before, after = round(rule.before / STEP_S), round(rule.after / STEP_S)
    size = before + after + 1
    origin = (before - after) // 2  # the filter's window is centred: move it
    lost = ~np.isfinite(true)
    low = minimum_filter1d(np.where(lost, np.inf, true), size, axis=1, mode="nearest", origin=origin)
    high = maximum_filter1d(np.where(lost, -np.inf, true), size, axis=1, mode="nearest", origin=origin)
    asked = np.isfinite(low) & np.isfinite(high) & ~np.isnan(true)
    return (
        np.where(asked, low - rule.tolerance, np.where(np.isposinf(true), np.inf, -np.inf)),
        np.where(asked, high + rule.tolerance, np.inf),
    )


def of_cars(truth: Truth, times: Floats) -> dict[str, Floats]:
    """What cars did by themselves, by column, (cars, n) each; in qualifying they go on after the last lap."""
    codes = [car.code for car in truth.cars]
    true = {name: truth.at(getattr(truth, name), times) for name in ("x", "y", "speed", "rpm", "throttle")}
    true |= {name: truth.held(getattr(truth, name), times).astype(float) for name in ("gear", "drs", "brake")}
    true["brake"] = true["brake"] / 100.0
    lap = np.stack([1 + np.searchsorted(truth.line_s[c], times, "right") for c in codes])
    lap = np.minimum(lap, [[len(truth.compounds[c]) + bool(truth.parts)] for c in codes])
    true["lap"] = lap.astype(float)
    tyres = {"SOFT": 1, "MEDIUM": 2, "HARD": 3, "INTERMEDIATE": 4, "WET": 5}
    worn = {c: [tyres[name] for name in truth.compounds[c]] for c in codes}
    for name, told in (("tyre", worn), ("tyre_life", truth.tyre_life)):
        true[name] = np.stack([np.array([*told[c], np.nan])[lap[i] - 1] for i, c in enumerate(codes)])
    return true


def of_demo(truth: Truth) -> Known:
    """From the simulation, which knows everything."""
    times = np.arange(float(truth.t[0]), float(truth.t[-1]), STEP_S)
    codes = [car.code for car in truth.cars]
    true = of_cars(truth, times)
    progress = truth.at(truth.progress, times)
    for i, code in enumerate(codes):
        if code in truth.finished_s:
            progress[i] = np.minimum(progress[i], len(truth.line_s[code]))
    moments = np.array([t for t, _ in truth.orders])
    at = np.clip(np.searchsorted(moments, times + 1e-6, "right") - 1, 0, None)
    order = np.array([[names.index(code) + 1 for _, names in truth.orders] for code in codes], dtype=float)
    true["gap"] = _gaps(truth, times, progress, codes)
    true["interval"] = _intervals(truth, times, progress, order[:, at])
    true["progress"] = np.maximum(progress, 0.0) * truth.length_m
    true["status"] = _statuses(truth, times, codes)
    bounds = {name: windows(RULES[name], values) for name, values in true.items()}
    gone = np.array([[truth.retired_s.get(code, np.inf)] for code in codes])
    return Known(
        codes=codes,
        begin=float(times[0]),
        start=truth.start_s,
        length_m=truth.length_m,
        low={name: low for name, (low, _) in bounds.items()},
        high={name: high for name, (_, high) in bounds.items()},
        places=order[:, at],
        far=np.where(true["status"] == FINISHED, 1e6 - 1e3 * order[:, at], true["progress"]),
        clear=_clear(truth, times),
        here=times[None, :] <= gone,
        lingers=times[None, :] <= gone + LEAVES_S,
        facts={
            c: Facts(truth.finished_s.get(c), truth.retired_s.get(c), (len(truth.line_s[c]),)) for c in codes
        },
    )


def _clear(truth: Truth, times: Floats) -> Bools:
    since = np.array([t for t, _ in truth.track_status])
    codes = np.array([code for _, code in truth.track_status])
    return np.asarray(codes[np.clip(np.searchsorted(since, times, "right") - 1, 0, None)] == "1")


def _gaps(truth: Truth, times: Floats, progress: Floats, codes: list[str]) -> Floats:
    """Seconds since the leader of the moment was where each car is; the gap at the flag from then on."""
    leader = np.argmax(progress, axis=0)
    gaps = np.full(progress.shape, np.nan)
    for front in np.unique(leader):
        passed = np.interp(progress, np.maximum.accumulate(progress[front]), times)
        gaps = np.where(leader == front, times - passed, gaps)
    lapped = progress.max(axis=0) - progress >= 1.0
    gaps[lapped | (progress <= 0.05)] = np.nan  # in the first seconds the cars are where the others stood
    for i, code in enumerate(codes):
        if (end := truth.finished_s.get(code)) is not None:
            home = len(truth.line_s[code]) == truth.laps
            gaps[i, times >= end] = end - min(truth.finished_s.values()) if home else np.nan
    return gaps


def _intervals(truth: Truth, times: Floats, progress: Floats, places: Floats) -> Floats:
    """Seconds since the car one place ahead was where each car is; between crossings from the flag on."""
    intervals = np.full(progress.shape, np.nan)
    done = [truth.line_s[car.code] for car in truth.cars]
    for i, j in permutations(range(len(truth.cars)), 2):
        behind = places[i] == places[j] + 1
        passed = np.interp(progress[i], np.maximum.accumulate(progress[j]), times)
        value = np.where(progress[j] - progress[i] < 1.0, times - passed, np.nan)
        if (end := truth.finished_s.get(truth.cars[i].code)) is not None:
            value[times >= end] = end - done[j][-1] if len(done[i]) == len(done[j]) else np.nan
        intervals[i, behind] = value[behind]
    intervals[progress <= 0.05] = np.nan
    return intervals


def _statuses(truth: Truth, times: Floats, codes: list[str]) -> Floats:
    out = np.full((len(codes), len(times)), float(TRACK))
    for i, code in enumerate(codes):
        moved = truth.t[(truth.t > truth.start_s) & (truth.speed[i] > 1.0)][0]
        out[i, times < moved] = GRID
        for entry, leave in truth.pits.get(code, []):
            out[i, (times >= entry) & (times < leave)] = PIT
        if (end := truth.finished_s.get(code)) is not None:
            out[i, times >= end] = FINISHED
    return out


def falsehoods(known: Known, frames: RaceFrames) -> Iterator[Falsehood]:
    """Everything published that was not so, but what lies in a car that nothing is known of."""
    times = frames.clock.times()
    at = known.at(times)
    fps = frames.clock.fps
    seen = np.zeros((len(known.codes), len(times)), dtype=bool)
    shown = np.full((len(known.codes), len(times)), np.nan)
    cars = {i: frames.cars[code].columns for i, code in enumerate(known.codes) if code in frames.cars}
    for i, columns in cars.items():
        n = len(columns["position"])
        seen[i, :n], shown[i, :n] = True, columns["position"]
    alike = _ahead(shown) == _ahead(known.places[:, at])
    for i, columns in cars.items():
        n = len(columns["position"])
        for name, value in published(columns, known.length_m, known.low):
            low, high = known.low[name][i, at[:n]], known.high[name][i, at[:n]]
            wrong = ~np.isnan(value) & ((value < low) | (value > high))
            if name == "status":  # of laps whose kind nobody knows it says that the car is on the track
                wrong &= (value != TRACK) | (high < OUT)
            if name == "interval":  # to the car one place ahead: where that is another, the place is asked
                wrong &= alike[i, :n]
            yield from _found(known.codes[i], name, wrong, times, fps)
    for i, code in enumerate(known.codes):
        yield from _found(code, "absent", known.here[i, at] & ~seen[i], times, fps)
        yield from _found(code, "present", ~known.lingers[i, at] & seen[i], times, fps)
    if "position" not in known.low:
        yield from _misplaced(known, shown, times, fps)
    yield from _facts(known, frames)


def _ahead(places: Floats) -> npt.NDArray[np.intp]:
    """Row of the car one place ahead, (cars, m); that of the car itself for the leader and the absent."""
    ahead = places[None] == places[:, None] - 1.0
    return np.where(ahead.any(axis=1), ahead.argmax(axis=1), np.arange(len(places))[:, None])


def published(
    columns: dict[str, npt.NDArray[np.signedinteger]], length_m: float, names: Iterable[str]
) -> Iterator[tuple[str, Floats]]:
    """What a car's columns say, by the names of RULES and their like; (n,) each, NaN unknown."""

    def real(name: str) -> Floats:
        column = COLUMNS[name]
        values = columns[name].astype(float)
        return np.where(values == column.null, np.nan, values / 10.0**column.decimals)

    for name in names:
        if name == "progress":
            yield name, (real("lap") - 1 + real("rel_dist")) * length_m
        elif name == "tyre":  # 0 is its null
            yield name, np.where(columns[name] == 0, np.nan, real(name))
        else:
            yield name, real(name)


def _found(code: str, what: str, wrong: Bools, times: Floats, fps: float) -> Iterator[Falsehood]:
    if not wrong.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([0], wrong.view(np.int8), [0])))).reshape(-1, 2)
    longest = int((edges[:, 1] - edges[:, 0]).max())
    if what in STEPPED and longest / fps < VISIBLE_S:
        return
    yield Falsehood(code, what, int(wrong.sum()), longest / fps, float(times[np.argmax(wrong)]))


def _misplaced(known: Known, shown: Floats, times: Floats, fps: float) -> Iterator[Falsehood]:
    """Places among the cars that are there, against the order within PLACE_S, but between close cars."""
    published = _ranks(shown)
    right = np.isnan(published)
    for shift in np.arange(-PLACE_S[0], PLACE_S[1] + 0.01, 0.5):
        true = np.where(np.isnan(shown), np.nan, known.places[:, known.at(times + shift)])
        right |= published == _ranks(true)
    far = np.where(np.isnan(shown), np.nan, known.far[:, known.at(times)])
    apart = np.where(known.clear[known.at(times)], PLACE_M, CLOSE_M)
    with np.errstate(invalid="ignore"):
        ahead = (far[None] - far[:, None] > apart).sum(axis=1)
        behind = (far[:, None] - far[None] > apart).sum(axis=1)
    right |= (published > ahead) & (published <= (~np.isnan(far)).sum(axis=0) - behind)
    for i, code in enumerate(known.codes):
        yield from _found(code, "position", ~right[i], times, fps)


def _ranks(places: Floats) -> Floats:
    order = np.argsort(np.argsort(np.nan_to_num(places, nan=np.inf), axis=0, kind="stable"), axis=0) + 1.0
    return np.where(np.isnan(places), np.nan, order)


def _facts(known: Known, frames: RaceFrames) -> Iterator[Falsehood]:
    """Drivers and track of the manifest: what they say is wrong for as long as one looks."""
    t0 = frames.clock.t0

    def wrong(code: str, what: str, t: float = 0.0) -> Falsehood:
        return Falsehood(code, what, 1, VISIBLE_S, t)

    for driver in frames.drivers:
        facts = known.facts.get(driver.code)
        if facts is None:
            yield wrong(driver.code, "unheard of")
            continue
        for what, said, true, off in (
            ("finished_at", driver.finished_at, facts.finished, 0.5),
            ("retired_at", driver.retired_at, facts.retired, 5.0),
        ):
            if said is not None and (true is None or abs(said + t0 - true) > off):
                yield wrong(driver.code, what, said)
        if driver.laps not in facts.laps:
            yield wrong(driver.code, "laps")
    length = frames.circuit.length_m
    if length is not None and abs(length / known.length_m - 1.0) > 0.01:
        yield wrong("", "length")
    if abs(t0 - known.start) > 1.0:
        yield wrong("", "start")


def summed(found: list[Falsehood], of: Callable[[Falsehood], bool] = lambda one: True) -> int:
    return sum(one.frames for one in found if of(one))
