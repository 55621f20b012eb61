"""Makes a whole race from a seed: plans the cars' fates, lets them drive, and writes down the truth."""

import math

import numpy as np

from pipeline.demo.drive import CarPlan, Race, drive
from pipeline.demo.motion import clock, drs_codes, fine, gearbox, path_speed, paths, pedals
from pipeline.demo.official import line_times, look_times, official_orders
from pipeline.demo.track import PIT_ENTRY_M, PIT_EXIT_M, SECTOR_ENDS, Track, build_track
from pipeline.demo.truth import DemoCar, Flags, Floats, Stint, Truth

PEOPLE = (  # number, code, first name, last name, team, colour
    ("11", "ARN", "Ada", "Arnholt", "Vermilion Racing", "D7263D"),
    ("19", "BEC", "Bruno", "Becker", "Vermilion Racing", "D7263D"),
    ("22", "CAS", "Carla", "Castell", "Team Lagoon", "1B998B"),
    ("27", "DOV", "Dmitri", "Dovic", "Team Lagoon", "1B998B"),
    ("33", "EKL", "Elin", "Eklund", "Northwind GP", "2E86DE"),
    ("41", "FUJ", "Fumio", "Fujita", "Northwind GP", "2E86DE"),
    ("58", "GRA", "Gil", "Grana", "Scuderia Ocra", "F4A300"),
    ("64", "HAL", "Hetty", "Halloran", "Scuderia Ocra", "F4A300"),
    ("76", "IBE", "Ines", "Ibero", "Slate Motorsport", "6C757D"),
    ("88", "JAN", "Jonas", "Jansky", "Slate Motorsport", "6C757D"),
)

_SHORTEST = 3
_LONG_RACE = 5  # laps from which there are pit stops and a safety car

# the fates go with the places on the grid, so every seed has all of them
_CHARGER, _RETIRES, _DAMAGED, _PENALISED = 5, 3, 9, 7
_STOPS = {1: 2, 4: 2, 2: 3, 6: 3}  # grid index -> the lap at whose end it comes in
_POS_HOLE_S, _CAR_HOLE_S = 96.3, 131.7
_BAD_SAMPLES = 4


def simulate(seed: int = 1, laps: int = 5) -> Truth:
    """A Grand Prix of `laps` laps (3 or more); below 5 it has neither pit stops nor a safety car.

    Even and odd seeds drive on two different tracks. The same seed makes the same race.
    """
    if laps < _SHORTEST:
        raise ValueError(f"a demo race has at least {_SHORTEST} laps")
    rng = np.random.default_rng(seed)
    track = build_track(seed)
    long_race = laps >= _LONG_RACE
    cars = tuple(DemoCar(*PEOPLE[i], grid=g + 1) for g, i in enumerate(rng.permutation(len(PEOPLE))))
    race = drive(track, _plans(rng, track, long_race), laps, with_sc=long_race)
    return _truth(seed, cars, race, rng)


Times = dict[str, Floats]
"""code -> session seconds"""


def _plans(rng: np.random.Generator, track: Track, long_race: bool) -> list[CarPlan]:
    plans = []
    for g in range(len(PEOPLE)):
        pace = 1.0 - 0.0035 * g + float(rng.uniform(-0.0008, 0.0008))
        pace = {_CHARGER: 1.007, _DAMAGED: 0.55}.get(g, pace)
        pit_lap = _STOPS.get(g) if long_race else None
        plans.append(
            CarPlan(
                slot=-8.0 * (g + 1),
                pace=pace,
                damaged=g == _DAMAGED,
                reaction=float(rng.uniform(0.15, 0.45)),
                traction=float(rng.uniform(0.93, 1.0)),
                pit_lap=pit_lap,
                box=(pit_lap or 0) * track.length_m + 45.0 + 15.0 * g,
                stand=round(float(rng.uniform(2.5, 3.2)), 1),  # easing the motion takes 0.5 s off
                retires_at=(2.44 if long_race else 1.44) * track.length_m if g == _RETIRES else None,
            )
        )
    return plans


def _truth(seed: int, cars: tuple[DemoCar, ...], race: Race, rng: np.random.Generator) -> Truth:
    t, s, v, a = fine(race.cars)
    x, y, z = paths(race, s, rng)
    plans = [car.plan for car in race.cars]
    speed = path_speed(x, y, z, v)
    progress = s / race.track.length_m
    codes = [car.code for car in cars]
    line_s, sector_s, finished_s = _crossings(codes, race, t, progress)
    retired_s = {
        code: float(t[np.flatnonzero(v[i] > 0)[-1] + 1])
        for i, code in enumerate(codes)
        if plans[i].retires_at is not None
    }
    looks = look_times(rng, max(finished_s.values()))
    orders = official_orders(t, progress, codes, looks=looks, line_s=line_s, finished_s=finished_s)
    pits = {c: _pits(t, progress[i], plans[i], race.track) for i, c in enumerate(codes)}
    stints = {code: _stints(rng, plan) for code, plan in zip(codes, plans, strict=True)}
    worn = {code: worn_by_lap(stints[code], len(line_s[code]) + (code in retired_s)) for code in codes}
    rpm, gear = gearbox(speed)
    for code, when in retired_s.items():
        rpm[codes.index(code), t > when + 3] = 0.0
    throttle, brake = pedals(v, a)
    pos_t = clock(rng, float(t[-1]), _POS_HOLE_S)
    car_t = clock(rng, float(t[-1]), _CAR_HOLE_S)
    bad = rng.choice(car_t[(car_t > 20) & (car_t < 150)], _BAD_SAMPLES, replace=False)
    return Truth(
        seed=seed,
        cars=cars,
        length_m=race.track.length_m,
        laps=race.laps,
        start_s=0.0,
        t=t,
        progress=progress,
        x=x,
        y=y,
        z=z,
        speed=speed,
        rpm=rpm,
        throttle=throttle,
        gear=gear,
        brake=brake,
        drs=drs_codes(race.track, s, _drs_enabled(t, race, line_s, finished_s)),
        orders=orders,
        looks=looks,
        line_s=line_s,
        sector_s=sector_s,
        pits=pits,
        stood={c: [_stood(t, v[i], *visit) for visit in pits[c]] for i, c in enumerate(codes)},
        retired_s=retired_s,
        finished_s=finished_s,
        stints=stints,
        compounds={c: [stint.compound for stint, _ in worn[c]] for c in codes},
        tyre_life={c: [life for _, life in worn[c]] for c in codes},
        track_status=[(float(t[0]), "1"), *race.status[1:]],
        sc_in_s=race.sc_in_s,
        penalised=codes[_PENALISED],
        pos_t=pos_t,
        car_t=car_t,
        bad_samples=[(codes[0], float(when)) for when in np.sort(bad)],
    )


def _crossings(
    codes: list[str], race: Race, t: Floats, progress: Floats
) -> tuple[Times, Times, dict[str, float]]:
    """When each car ended its laps and its sectors, and when it took the flag."""
    line_s, sector_s, finished_s = {}, {}, {}
    for i, (code, car) in enumerate(zip(codes, race.cars, strict=True)):
        flag_lap = car.finish_lap
        last = flag_lap if flag_lap is not None else math.floor(progress[i, -1])
        begun = np.arange(last if flag_lap is not None else last + 1)
        line_s[code] = line_times(t, progress[i], np.arange(1.0, last + 1))
        sectors = [line_times(t, progress[i], begun + end) for end in SECTOR_ENDS]
        sector_s[code] = np.stack(sectors, axis=1)
        if flag_lap is not None:
            finished_s[code] = float(line_s[code][-1])
    return line_s, sector_s, finished_s


def _drs_enabled(t: Floats, race: Race, line_s: Times, finished_s: dict[str, float]) -> Flags:
    """From when the leader ends lap 1 until the first yellow or the flag."""
    begin = min(float(times[0]) for times in line_s.values())
    incidents = [when for when, status in race.status if status != "1"]
    return np.asarray((t > begin) & (t < min([*incidents, *finished_s.values()])))


def _pits(t: Floats, progress: Floats, plan: CarPlan, track: Track) -> list[tuple[float, float]]:
    if plan.pit_lap is None:
        return []
    ends = plan.pit_lap + np.array([-PIT_ENTRY_M, PIT_EXIT_M]) / track.length_m
    entry, leave = line_times(t, progress, ends)
    return [(float(entry), float(leave))]


def _stood(t: Floats, v: Floats, entry: float, leave: float) -> float:
    """Seconds without motion between pit entry and exit."""
    still = (v == 0) & (t >= entry) & (t <= leave)
    return round(float(still.sum()) * float(t[1] - t[0]), 3)


def _stints(rng: np.random.Generator, plan: CarPlan) -> list[Stint]:
    first, then = rng.permutation(["SOFT", "MEDIUM", "HARD"])[:2]
    stints = [Stint(1, str(first), int(rng.choice([0, 0, 3])))]
    if plan.pit_lap is not None:
        stints.append(Stint(plan.pit_lap + 1, str(then), int(rng.choice([0, 2]))))
    return stints


def worn_by_lap(stints: list[Stint], laps: int) -> list[tuple[Stint, int]]:
    """The stint of each lap, and the age of its tyres at the lap's end."""
    on = [[stint for stint in stints if stint.first_lap <= lap][-1] for lap in range(1, laps + 1)]
    return [(stint, stint.age + lap - stint.first_lap + 1) for lap, stint in enumerate(on, start=1)]
