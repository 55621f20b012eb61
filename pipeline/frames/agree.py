"""What the topics of the feed say of one another: speed, places and gaps are held against race distance.

A topic may be false and still look like itself: car data of another car, an order that hangs, gaps of a
minute ago. Positions tell. Car data and gaps that they contradict become unknown; places stay the official
ones, and the quality table names the cars.
"""

import numpy as np
import numpy.typing as npt

from pipeline.contract.columns import COLUMNS, PIT, TRACK
from pipeline.frames.clean import Clean, Parked, by_car
from pipeline.frames.laps import inside
from pipeline.frames.order import HELD_S, OTHER_GAP_S
from pipeline.frames.race import CLEAR, RED, Columns, Race
from pipeline.frames.resample import Index, interpolate, make_index
from pipeline.model import Bools, CarSamples, Finding, Floats, Laps, PosSamples, RawRace

Rows = npt.NDArray[np.intp]

STEP_S = 0.5
SHORT = ((8, 55.0), (16, 35.0))  # steps, and km/h that half are off one way at most, late stamps and all
LONG, LONG_KMH = 40, 30.0  # the same either way, which late stamps hardly are over
APART = 4  # steps
MOVES_KMH = 90.0
TURNS_KMH = 180.0  # wheels that spin in the gravel or on the jacks turn slower
LAP_SHARE = 0.015  # by which speed, integrated over a lap, differs from car to car
KNOCK_KMH = 60.0  # from one sample to the next: no car brakes or grips like that, but in a crash
KNOCK_S = 0.6
KNOCKS, KNOCKS_S = 6, 10.0
FROZEN_S, FROZEN_KMH = 2.0, 30.0
FROZEN_M = 20.0
STOOD_S, STANDS_M, DRIVES_KMH = 60.0, 20.0, 30.0  # a car that stood where it stopped does not drive
AHEAD_M = 60.0  # the official order changes where cars pass a timing loop
FAR_M = 250.0  # behind a safety car
AHEAD_S = 40  # both at speed; about a sector
WRONG_S = 6  # the feed is ahead of the cars by up to 5
CAUGHT_S = 15  # and by up to this of a car that slows and is caught, between two loops
SHARED_S = 5  # no place is that of two cars for as long
CRAWL_S = 60  # who crawls between two loops loses places late
AT_SPEED, SPEED_S = 20.0, 10  # m/s, in the seconds after
BRIDGE_S = 10.0

Stretches = list[tuple[float, float]]
"""Begins and ends, session seconds."""


def car_data(
    clean: Clean,
    laps: dict[str, Laps],
    end: float,
    told: dict[str, Stretches],
    sound: dict[str, PosSamples | None],
) -> dict[str, CarSamples]:
    """Each car's samples without car data that its own positions contradict.

    Args:
        end: session second of the last line crossing of all.
        told: of each car, the stretches in which it is not the speed's fault, see `told_by_laps`; empty where
            the positions have been judged.
        sound: of each car without fault the positions that it was held against, which is done once; filled
            here.
    """
    cars = dict(clean.cars)
    clocks: dict[tuple[int, int], Index] = {}
    for number, car in clean.cars.items():
        pos = clean.positions.get(number)
        if len(car.t) < 2 or (number in sound and sound[number] is pos):
            continue
        others = _knocked(car)
        if pos is not None and number in laps:
            others |= _parked(car, pos, laps[number]) & (car.t <= end)
        false = others if pos is None else others | _drifting(car, pos, [], clocks)
        if not false.any():
            sound[number] = pos
        elif pos is not None and number in told:
            false = others | _drifting(car, pos, told[number], clocks)
        if false.any():
            cars[number] = without_data(car, false)
    return cars


def false_car_data(
    raw: RawRace, before: dict[str, CarSamples], after: dict[str, CarSamples], parked: Parked | None = None
) -> Finding:
    """The seconds of each car that `car_data` made unknown, but for those that it rests, see `clean`."""
    lost = {}
    for number, car in before.items():
        if after[number] is not car:
            false = np.isnan(after[number].speed) & (car.speed >= 0)
            false &= ~inside(car.t, (parked or {}).get(number, []))
            lost[number] = float(np.diff(car.t, append=car.t[-1])[false].sum())
    what = "seconds of car data that contradict the car's own positions, or no car can drive, and are null"
    return by_car(raw, "car_data_false", lost, what)


def told_by_laps(raw: RawRace, clean: Clean) -> dict[str, Stretches]:
    """By racing number, the laps (begin, end in session seconds) over which speed sums up to the usual way:
    where positions are apart from it there, the positions are false."""
    cars = clean.cars
    driven = {n: at for n in raw.laps if n in cars and (at := cars[n].odometer) is not None}
    laps = {n: raw.laps[n] for n in driven}
    ways = {n: np.interp(own.end, *driven[n]) - np.interp(own.start, *driven[n]) for n, own in laps.items()}
    plain = {
        n: own.completed & np.isnan(own.pit_in) & np.isnan(own.pit_out) & (own.number > 1)
        for n, own in laps.items()
    }
    every = np.concatenate([ways[n][plain[n]] for n in laps]) if laps else np.empty(0)
    usual = float(np.nanmedian(every)) if np.isfinite(every).any() else np.nan
    told = {}
    for n, own in laps.items():
        right = plain[n] & (np.abs(ways[n] - usual) < LAP_SHARE * usual)
        told[n] = [(float(own.start[i]), float(own.end[i])) for i in np.flatnonzero(right)]
    return told


def without_data(car: CarSamples, false: Bools) -> CarSamples:
    """The samples with those that are `false`, (n,), unknown."""
    speed, rpm, throttle = (np.where(false, np.nan, v) for v in (car.speed, car.rpm, car.throttle))
    gear, drs, brake = (np.where(false, -1, v).astype(np.int16) for v in (car.gear, car.drs, car.brake))
    return CarSamples(car.t, speed, rpm, throttle, gear, drs, brake)


def _knocked(car: CarSamples) -> Bools:
    """(n,) samples that are faster or slower than both neighbours by more than a car can be; and windows in
    which speed jumps again and again."""
    steps = np.where(np.diff(car.t) < KNOCK_S, np.diff(car.speed), 0.0)
    knock = np.abs(np.nan_to_num(steps)) > KNOCK_KMH
    false = np.zeros(len(car.t), dtype=bool)
    false[1:-1] = knock[1:] & knock[:-1] & (np.sign(steps[1:]) != np.sign(steps[:-1]))
    times = car.t[1:][knock]
    for first in times[: -KNOCKS + 1][times[KNOCKS - 1 :] - times[: -KNOCKS + 1] < KNOCKS_S]:
        false |= (car.t >= first) & (car.t < first + KNOCKS_S)
    return false


def _drifting(
    car: CarSamples, pos: PosSamples, told: Stretches, clocks: dict[tuple[int, int], Index]
) -> Bools:
    """(n,) samples of windows in which speed and driven path drift apart, and of stretches that repeat one
    sample while they do.

    Args:
        told: laps in which it is not the speed's fault. clocks: what `_index` has found, for all cars.
    """
    grid = np.arange(car.t[0], car.t[-1], STEP_S)
    if len(grid) <= LONG or (driven := car.odometer) is None:
        return np.zeros(len(car.t), dtype=bool)
    by_speed = interpolate(np.interp(car.t, *driven), _index(car.t, grid, car.t, clocks))
    by_path = interpolate(_path(pos), _index(pos.t, grid, car.t, clocks))
    moved, turned = (path * (3.6 / STEP_S) for path in (by_path, by_speed))
    off = moved - turned
    covered = np.zeros(len(grid), dtype=bool)
    for size, limit in SHORT:
        way, wheels = ((path[size:] - path[:-size]) / size for path in (moved, turned))
        covered |= _apart(np.diff(off), size, limit, (way > MOVES_KMH) | (wheels > TURNS_KMH))
    covered[: len(grid) - APART + 1] |= _apart(np.abs(off[APART:] - off[:-APART]) / APART, LONG, LONG_KMH)
    covered &= ~inside(grid, told)
    at = np.minimum(np.rint((car.t - grid[0]) / STEP_S), len(grid) - 1).astype(np.intp)
    drifted = np.concatenate(([0.0], np.nancumsum(np.diff(off)))) * (STEP_S / 3.6)
    return np.asarray(covered[at] | _frozen(car, drifted[at]))


def _apart(off: Floats, size: int, limit: float, asked: Bools | None = None) -> Bools:
    """(m + 1,) moments of windows of `size` steps of which half are off by more than `limit` km/h.

    One leap is the positions'. off: (m,) km/h by which way and speed differ; unknown, nothing is asked.
    asked: windows, by their begin.
    """
    covered = np.zeros(len(off) + 1, dtype=bool)
    if len(off) < size:
        return covered
    total = np.concatenate(([0.0], np.nancumsum(off)))
    suspect = np.abs(total[size:] - total[:-size]) > size * limit / 2
    first = np.flatnonzero(suspect if asked is None else suspect & asked[: len(suspect)])
    steps = np.lib.stride_tricks.sliding_window_view(off, size)[first]
    for start in first[np.abs(np.median(steps, axis=1)) > limit]:
        covered[start : start + size + 1] = True
    return covered


def _parked(car: CarSamples, pos: PosSamples, own: Laps) -> Bools:
    """(n,) samples at which a car drives that has stood for STOOD_S since its last line crossing, and is seen
    nowhere else from then on."""
    since = own.end[own.completed].max(initial=-np.inf)
    stopped = np.where(car.speed == 0, -np.inf, car.t)  # when it moved last, or nobody knew
    stood = np.flatnonzero((car.t > since) & (car.t - np.maximum.accumulate(stopped) > STOOD_S))
    if not len(stood) or since == -np.inf:
        return np.zeros(len(car.t), dtype=bool)
    begin = car.t[stood[0]]
    seen = np.flatnonzero((pos.t > begin - STOOD_S) & ~np.isnan(pos.x))
    spread = max(np.ptp(pos.x[seen]), np.ptp(pos.y[seen])) if len(seen) else np.inf
    return np.asarray((car.t > begin) & (car.speed > DRIVES_KMH) & (spread < 10.0 * STANDS_M))


def _index(samples: Floats, grid: Floats, of: Floats, clocks: dict[tuple[int, int], Index]) -> Index:
    """Where the `grid` of a car's clock `of` is among `samples`: the feed stamps all cars at once."""
    key = id(samples), id(of)
    if key not in clocks:
        clocks[key] = make_index(samples, grid)
    return clocks[key]


def _path(pos: PosSamples) -> Floats:
    """Metres driven by positions at each sample, NaN where they are unknown; (n,)."""
    steps = np.hypot(np.diff(pos.x), np.diff(pos.y)) / 10.0
    return np.where(np.isnan(pos.x), np.nan, np.concatenate(([0.0], np.nancumsum(steps))))


def _frozen(car: CarSamples, off: Floats) -> Bools:
    """(n,) samples of long stretches that repeat the first while `off`, path less integrated speed, moves."""
    same = car.speed[1:] > FROZEN_KMH
    for values in (car.speed, car.rpm, car.throttle, car.gear):
        same &= values[1:] == values[:-1]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], same.view(np.int8), [0])))).reshape(-1, 2)
    long = car.t[edges[:, 1]] - car.t[edges[:, 0]] > FROZEN_S
    false = np.zeros(len(car.t), dtype=bool)
    for first, last in edges[long]:
        if abs(off[last] - off[first]) > FROZEN_M:
            false[first + 1 : last + 1] = True
    return false


def places_and_gaps(race: Race, cars: dict[str, Columns]) -> list[Finding]:
    """Make gaps unknown that race distance contradicts, and find places that it does, once a second."""
    if race.line is None:
        return []
    numbers, every = list(cars), max(1, round(race.clock.fps))
    times = race.times[::every]
    shape = (len(numbers), len(times))
    dist, place = np.full(shape, np.nan), np.full(shape, np.inf)
    said = {name: np.full(shape, np.nan) for name in ("gap", "interval")}
    on_track = np.zeros(shape, dtype=bool)
    for i, number in enumerate(numbers):
        n = len(cars[number]["lap"][::every])
        place[i, :n] = cars[number]["position"][::every]
        for table, name in ((dist, "dist"), *((table, name) for name, table in said.items())):
            values = cars[number][name][::every].astype(np.float64)
            table[i, :n] = np.where(
                values == COLUMNS[name].null, np.nan, values / 10.0 ** COLUMNS[name].decimals
            )
        status, halted = cars[number]["status"][::every], race.stays[number].retired
        on_track[i, :n] = (status == TRACK) & (times[:n] < (np.inf if halted is None else halted))
        dist[i, :n] = np.where(on_track[i, :n] | (status == PIT), _bridged(dist[i, :n], times[:n]), np.nan)
    red = _red(race, times)
    driven = np.where(on_track, dist, np.nan)
    leader = np.broadcast_to(np.argmin(place, axis=0), shape)
    for names, front in ((("gap", "laps_down"), leader), (("interval",), _ahead(place))):
        for number, false in zip(
            numbers, _false_gaps(driven, said[names[0]], front, times, red), strict=True
        ):
            near = false.copy()  # what is false at one look may be so until the next, and since the last
            near[1:] |= false[:-1]
            near[:-1] |= false[1:]
            for name in names:
                own = cars[number][name]
                own[np.repeat(near, every)[: len(own)]] = COLUMNS[name].null
    apart = np.where(race.status(times) == CLEAR, AHEAD_M, FAR_M)
    asked = on_track & race.settled(times)
    shared = _shared(race, numbers, times, on_track)
    out_of_order = _out_of_order(dist, place, np.where(asked, apart, np.inf), shared)
    found = []
    lost = {n: s for n, own in cars.items() if (s := _off_lap(own) / race.clock.fps)}
    if lost:
        what = "seconds on the track in another lap than the timing counts, race distance null"
        found.append(by_car(race.raw, "lap_contradicted", lost, what))
    seconds = {number: float(s) for number, s in zip(numbers, out_of_order, strict=True) if s}
    if seconds:
        what = f"seconds behind or ahead of a car that was on the other side by over {AHEAD_M:.0f} m for long"
        found.append(by_car(race.raw, "order_contradicted", seconds, what))
    return found


def _off_lap(own: Columns) -> int:
    """Frames in which a car's place on the track is known, and how far it has come is not."""
    known = (own["x"] != COLUMNS["x"].null) & (own["dist"] == COLUMNS["dist"].null)
    return int((known & (own["status"] == TRACK)).sum())


def _bridged(dist: Floats, times: Floats) -> Floats:
    """Race distance on a straight line across short holes; (m,)."""
    known = np.flatnonzero(~np.isnan(dist))
    if not len(known):
        return dist
    after = np.searchsorted(known, np.arange(len(dist)))
    inner = (after > 0) & (after < len(known))
    span = np.where(inner, times[known[np.minimum(after, len(known) - 1)]] - times[known[after - 1]], np.inf)
    return np.where(np.isnan(dist) & (span <= BRIDGE_S), np.interp(times, times[known], dist[known]), dist)


def _red(race: Race, times: Floats) -> Floats:
    """Session second at which the last red flag until each time began, -inf before the first; (m,)."""
    status = race.raw.track_status
    began = [float(t) for t, code in zip(status.t, status.code, strict=True) if code == RED]
    return np.concatenate(([-np.inf], began))[np.searchsorted(began, times, "right")]


def _ahead(place: Floats) -> Rows:
    """Row of the car one place ahead, (cars, m); that of the car itself for the leader and who is absent."""
    ahead = place[None] == place[:, None] - 1
    return np.where(ahead.any(axis=1), ahead.argmax(axis=1), np.arange(len(place))[:, None])


def _false_gaps(dist: Floats, gap: Floats, front: Rows, times: Floats, red: Floats) -> Bools:
    """Gaps to the car of row `front`, (cars, m), that no moment of the last HELD_S seconds has had while that
    car was in front, give or take OTHER_GAP_S; (cars, m)."""
    true = np.full(dist.shape, np.nan)
    at = np.broadcast_to(times, dist.shape)
    other = front != np.arange(len(dist))[:, None]
    for car in np.unique(front):
        known, behind = ~np.isnan(dist[car]), (front == car) & other
        if known.sum() > 1:
            way, since = np.maximum.accumulate(dist[car][known]), times[known]
            passed = np.interp(dist[behind], way, since, left=np.nan)
            true[behind] = np.where(passed > red[np.nonzero(behind)[1]], at[behind] - passed, np.nan)
    suspect, now = np.nonzero(np.abs(gap - true) > OTHER_GAP_S)
    moments = now[:, None] + np.arange(-round(HELD_S), 3)
    moments = np.where((moments >= 0) & (moments < len(times)), moments, now[:, None])
    rows = suspect[:, None]
    were = np.where(front[rows, moments] == front[rows, now[:, None]], true[rows, moments], np.nan)
    said = gap[suspect, now]
    wrong = (said < np.nanmin(were, axis=1) - OTHER_GAP_S) | (said > np.nanmax(were, axis=1) + OTHER_GAP_S)
    false = np.zeros(dist.shape, dtype=bool)
    false[suspect[wrong], now[wrong]] = True
    return false


def _shared(race: Race, numbers: list[str], times: Floats, on_track: Bools) -> Bools:
    """Whether the official place of each car is that of another one, too, for SHARED_S on end; (cars, m)."""
    said = np.full(on_track.shape, np.nan)
    for i, number in enumerate(numbers):
        if (timing := race.raw.timing.get(number)) is not None and len(timing.t):
            row = np.searchsorted(timing.t, times, "right") - 1
            said[i] = np.where((row >= 0) & on_track[i], timing.place[row], np.nan)
    twice = (said[None] == said[:, None]).sum(axis=1) > 1
    return np.stack([_lasting(own, SHARED_S) for own in twice])


def _out_of_order(dist: Floats, place: Floats, margin: Floats, shared: Bools) -> Floats:
    """Seconds that each car is, officially, on the wrong side of another, and has been for long; (cars,).

    The feed hears of a change late, and never of one that was not: what it says may have been true until
    AHEAD_S ago. It is early at times, of a car that slows: that is no fault. Where it gives two cars one
    place, it is neither, and each second counts.

    Args:
        margin: metres that are too far, (cars, m). shared: see `_shared`.
    """
    seconds = np.zeros(len(dist))
    at_speed = np.full(dist.shape, False)
    at_speed[:, :-SPEED_S] = (dist[:, SPEED_S:] - dist[:, :-SPEED_S]) > AT_SPEED * SPEED_S
    for i in range(len(dist)):
        far = dist - dist[i]
        wrong = (far > np.maximum(margin, margin[i])) & (place[i] < place)
        for j in np.flatnonzero(wrong.any(axis=1)):
            ahead = far[j] > AHEAD_M
            long = _lasting(ahead & at_speed[j] & at_speed[i], AHEAD_S) | _lasting(ahead, CRAWL_S)
            false = wrong[j] & long
            known = false & ~_caught(false, far[j])
            if known.sum() < WRONG_S:
                known = wrong[j] & (shared[i] | shared[j]) & _lasting(ahead, SHARED_S)
            seconds[[i, int(j)]] += known.sum()
    return seconds


def _caught(wrong: Bools, far: Floats) -> Bools:
    """(m,) short stretches of `wrong` moments that end as the car ahead, by `far` metres, is caught, or as it
    halts while it is."""
    found = np.zeros(len(wrong), dtype=bool)
    for first, end in np.flatnonzero(np.diff(np.concatenate(([0], wrong.view(np.int8), [0])))).reshape(-1, 2):
        if end - first <= CAUGHT_S and end < len(far):
            halted = np.isnan(far[end]) and far[end - 1] < far[first]
            found[first:end] = far[end] <= AHEAD_M or halted
    return found


def _lasting(held: Bools, least: int) -> Bools:
    """(m,) moments at which it has held for `least` moments on end."""
    at = np.arange(len(held))
    return np.asarray(at - np.maximum.accumulate(np.where(held, -1, at)) >= least)
