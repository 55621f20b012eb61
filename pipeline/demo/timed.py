"""Makes a qualifying or a practice from a seed: plans the runs, lets the cars drive, and ranks their laps.

More cars try than race: the ten of the last part are the grid of the race of the same seed.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.demo.drive import FEED_LEAD_S
from pipeline.demo.motion import clock, fine, gearbox, path_speed, paths_from_garages, pedals
from pipeline.demo.official import line_times
from pipeline.demo.runs import Run, Runner, drive_runs
from pipeline.demo.simulate import PEOPLE, worn_by_lap
from pipeline.demo.track import PIT_ENTRY_M, PIT_EXIT_M, SECTOR_ENDS, Track, build_track
from pipeline.demo.truth import DemoCar, DemoPart, Floats, Stint, Truth

GO_ON = (15, 10)  # cars in the parts after the first, by the rules of up to 20
TRIES = (  # number, code, first name, last name, team, colour of those who only try
    ("90", "KOR", "Kaja", "Korhon", "Umbra Engineering", "8E44AD"),
    ("91", "LUN", "Lars", "Lundel", "Umbra Engineering", "8E44AD"),
    ("92", "MOR", "Mina", "Morano", "Coral Speed", "FF7F50"),
    ("93", "NAK", "Noor", "Nakhal", "Coral Speed", "FF7F50"),
    ("94", "OST", "Otto", "Oster", "Verdant Racing", "2ECC71"),
    ("95", "PRI", "Pia", "Prior", "Verdant Racing", "2ECC71"),
    ("96", "QUI", "Quim", "Quiroga", "Team Basalt", "34495E"),
    ("97", "ROS", "Rhea", "Rosario", "Team Basalt", "34495E"),
)

# the fates go with the order of pace, so every seed has all of them
_DELETED, _NO_TIME, _STAYS_IN = 6, 17, 16
_FASTER = 1.012  # the lap that is deleted would have been the best of all
_APART_S, _WARM_S = 3.0, 3.0
_DELETED_AFTER_S = 22.0
# by the part: green light, flag, red flag and the green light after it; the next begins when all are back
_PARTS = {"Q1": (0.0, 186.0, ()), "Q2": (336.0, 758.0, ((498.0, 620.0),)), "Q3": (948.0, 1096.0, ())}
_PRACTICE = (0.0, 450.0, ((190.0, 300.0),))
_AFTER_S = 135.0  # the last car's way home

Plan = list[list[Run]]
"""Of each car, in the order of pace, its runs by time."""


def simulate_timed(code: SessionCode, seed: int = 1) -> Truth:
    """A qualifying of three parts, or a practice with one stop, on the circuit of the race of that seed."""
    rng = np.random.default_rng(seed)
    order = [PEOPLE[i] for i in rng.permutation(len(PEOPLE))] + list(TRIES)
    track = build_track(seed)
    codes = [person[1] for person in order]
    spans = _PARTS if SESSIONS[code].kind == "qualifying" else {code: _PRACTICE}
    plan = _qualifying(rng, codes) if SESSIONS[code].kind == "qualifying" else _practice(rng, len(codes))
    end = max(flag for _, flag, _ in spans.values()) + _AFTER_S + FEED_LEAD_S
    reds = [red for _, _, stops in spans.values() for red, _ in stops]
    flags = [
        f for _, _, stops in spans.values() for red, green in stops for f in ((red, "5"), (green - 60, "1"))
    ]
    people = sorted(order)  # by their numbers, as their garages
    rows = [order.index(person) for person in people]
    cars = drive_runs(track, [plan[row] for row in rows], reds, end)
    names = tuple(DemoCar(*person, grid=i) for i, person in enumerate(people, 1))
    truth = _truth(seed, names, track, cars, flags, rng)
    entered = tuple(car.code for car in names)
    parts = [DemoPart(name, start, flag, stops, entered) for name, (start, flag, stops) in spans.items()]
    deleted = list(_deletions(truth, codes[_DELETED])) if len(parts) > 1 else []
    return ranked(replace(truth, parts=parts, deleted=deleted))


def _pace(place: int) -> float:
    return 1.0 - 0.004 * place


def _leaving(rng: np.random.Generator, cars: int, green: float) -> Floats:
    return green + _WARM_S + _APART_S * rng.permutation(cars).astype(np.float64)


def _qualifying(rng: np.random.Generator, codes: list[str]) -> Plan:
    plan: Plan = [[] for _ in codes]
    for k, (start, _, stops) in enumerate(_PARTS.values()):
        entered = [len(codes), *GO_ON][k]
        for place, leave in enumerate(_leaving(rng, entered, start)):
            pace = _pace(place) + 0.002 * k
            paces = () if place == _NO_TIME else (pace,)
            deleted = place == _DELETED and k == 0
            early = Run(start + _WARM_S - 1.0, (pace * _FASTER, pace))
            plan[place].append(early if deleted else Run(float(leave), paces))
            plan[place].extend(Run(green + float(leave) - start, (pace,)) for _, green in stops)
    return plan


def _practice(rng: np.random.Generator, cars: int) -> Plan:
    start, _, stops = _PRACTICE
    first, again = _leaving(rng, cars, start), _leaving(rng, cars, stops[0][1])
    plan: Plan = []
    for place in range(cars):
        pace = _pace(place) - 0.01 + float(rng.uniform(0.0, 0.01))
        runs = [Run(float(first[place]), (pace,)), Run(float(again[place]), (pace + 0.01,))]
        plan.append([] if place == _STAYS_IN else [Run(runs[0].leave, ())] if place == _NO_TIME else runs)
    return plan


def _truth(
    seed: int,
    names: tuple[DemoCar, ...],
    track: Track,
    cars: list[Runner],
    flags: list[tuple[float, str]],
    rng: np.random.Generator,
) -> Truth:
    t, s, v, a = fine(cars)
    x, y, z = paths_from_garages(track, s, [car.visits for car in cars], rng)
    progress, codes = s / track.length_m, [car.code for car in names]
    speed = path_speed(x, y, z, v)
    rpm, gear = gearbox(speed)
    throttle, brake = pedals(v, a)
    laps = [car.visits[-1] for car in cars]
    line_s = {
        c: line_times(t, progress[i], np.arange(1, laps[i] + 1, dtype=np.float64))
        for i, c in enumerate(codes)
    }
    sectors = {
        c: np.stack(
            [line_times(t, progress[i], np.arange(laps[i], dtype=np.float64) + e) for e in SECTOR_ENDS],
            axis=1,
        )
        for i, c in enumerate(codes)
    }
    runs = {c: _runs(t, progress[i], cars[i].visits, track) for i, c in enumerate(codes)}
    stints = {c: _stints(rng, car.visits) for c, car in zip(codes, cars, strict=True)}
    worn = {c: worn_by_lap(stints[c], laps[i]) for i, c in enumerate(codes)}
    end = float(t[-1])
    return Truth(
        seed=seed,
        cars=names,
        length_m=track.length_m,
        laps=0,
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
        drs=np.zeros(s.shape, dtype=np.int16),
        orders=[],
        looks=np.empty(0),
        line_s=line_s,
        sector_s=sectors,
        pits={c: [(home, out) for (_, home), (out, _) in pairwise(own)] for c, own in runs.items()},
        stood={},
        retired_s={},
        finished_s={},
        stints=stints,
        compounds={c: [stint.compound for stint, _ in worn[c]] for c in codes},
        tyre_life={c: [life for _, life in worn[c]] for c in codes},
        track_status=[(float(t[0]), "1"), *flags],
        sc_in_s=None,
        penalised="",
        pos_t=clock(rng, end, end),
        car_t=clock(rng, end, end),
        bad_samples=[],
        runs=runs,
        stands={c: _stands(t, v[i]) for i, c in enumerate(codes)},
    )


def _runs(t: Floats, progress: Floats, visits: list[int], track: Track) -> list[tuple[float, float]]:
    """Pit exit and entry of each run."""
    lines = np.array(visits, dtype=np.float64)
    exits = line_times(t, progress, lines[:-1] + PIT_EXIT_M / track.length_m)
    entries = line_times(t, progress, lines[1:] - PIT_ENTRY_M / track.length_m)
    return list(zip(exits.tolist(), entries.tolist(), strict=True))


def _stints(rng: np.random.Generator, visits: list[int]) -> list[Stint]:
    """A set of tyres a run."""
    firsts = [begun + 1 for begun in visits[:-1]] or [1]
    return [
        Stint(first, str(rng.choice(["SOFT", "SOFT", "MEDIUM"])), int(rng.choice([0, 0, 3])))
        for first in firsts
    ]


def _stands(t: Floats, v: Floats) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], v == 0, [False]])))
    return [(float(t[a]), float(t[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _deletions(truth: Truth, code: str) -> Iterator[tuple[float, str, int]]:
    """A car's first timed lap, some time after it; race control's stamps are whole seconds of the day."""
    lap = next(lap for lap in range(1, len(truth.line_s[code]) + 1) if truth.kind(code, lap) == "timed")
    yield truth.whole_second(float(truth.line_s[code][lap - 1]) + _DELETED_AFTER_S), code, lap


def timed_laps(truth: Truth) -> Iterator[tuple[float, str, int, float]]:
    """(end, code, lap, seconds) of every timed lap."""
    for code, ends in truth.line_s.items():
        for lap in range(2, len(ends) + 1):
            if truth.kind(code, lap) == "timed":
                yield float(ends[lap - 1]), code, lap, round(float(ends[lap - 1] - ends[lap - 2]), 3)


def bests(truth: Truth, part: int, when: float) -> dict[str, float]:
    """Code -> best lap of a part that counts at a moment, the best first."""
    since, until = truth.parts[part].start, [*(p.start for p in truth.parts), np.inf][part + 1]
    gone = {(code, lap) for told, code, lap in truth.deleted if told <= when}
    found: dict[str, float] = {}
    for end, code, lap, seconds in sorted(timed_laps(truth)):
        if since < end <= min(when, until) and (code, lap) not in gone:
            found[code] = min(seconds, found.get(code, np.inf))
    return dict(sorted(found.items(), key=lambda item: item[1]))


def ranked(truth: Truth) -> Truth:
    """With the order at each lap and deletion, and whom each part knocks out: who has no time in the part
    stays behind those who have, as before, and who is out keeps the place."""
    moments = sorted([end for end, *_ in timed_laps(truth)] + [when for when, *_ in truth.deleted])
    order = truth.parts[0].entered
    orders, parts, out = [(float(truth.t[0]), order)], list[DemoPart](), list[str]()
    for k, part in enumerate(truth.parts):
        until = [*(p.start for p in truth.parts), np.inf][k + 1]
        for when in [m for m in moments if part.start < m <= until]:
            best = bests(truth, k, when)
            order = (*best, *(c for c in order if c not in best and c not in out), *out)
            if order != orders[-1][1]:
                orders.append((when, order))
        left = [code for code in order if code not in out]
        gone = left[GO_ON[k] :] if k + 1 < len(truth.parts) else []
        parts.append(replace(part, entered=tuple(left), out=tuple(gone)))
        out = [*gone, *out]
    return replace(truth, orders=orders, parts=parts)
