"""What is right at every moment of a qualifying or a practice, and of its parts and lap times."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.contract.columns import GARAGE, IN, OUT, PIT, TIMED
from pipeline.contract.models import CutOff, Part, Stop
from pipeline.demo import Truth
from pipeline.demo.timed import bests, timed_laps
from pipeline.frames import lap_times
from pipeline.frames.ranking import final_places
from pipeline.model import RaceFrames, RawRace
from tests.damage.known import (
    RULES,
    STEP_S,
    VISIBLE_S,
    Facts,
    Falsehood,
    Floats,
    Known,
    Rule,
    of_cars,
    windows,
)

TIMED_RULES = RULES | {
    "speed": Rule(30.0, 2.5, 2.5),  # cars stop in their garages and leave them at once
    "status": Rule(0.0, 3.0, 3.0),
    "position": Rule(0.0, 50.0, 2.0),  # the feed takes so long to rank a lap at times
    "gap": Rule(0.0015, 4.0, 1.0),
    "interval": Rule(0.0015, 50.0, 2.0),
}
KINDS = {"out": OUT, "timed": TIMED, "in": IN}
NEAR_S = 10.0  # as the status and race control differ
# of a lap that ends there the feed often says not when, and nothing else tells of engines and pedals there
OFF_IN_PITS = 100.0  # 1/10 m more: positions in real pits step by up to 14 m more than a car can drive there
NOT_IN_PITS = ("lap", "tyre", "tyre_life", "rpm", "throttle", "gear", "brake", "drs")


def of_demo_timed(truth: Truth) -> Known:
    """From the simulation, which knows everything."""
    times = np.arange(truth.parts[0].start, float(truth.t[-1]), STEP_S)
    codes = [car.code for car in truth.cars]
    place, gap, interval = standings(truth, times)
    true = of_cars(truth, times) | {"position": place, "gap": gap, "interval": interval}
    true["progress"] = truth.at(truth.progress, times) * truth.length_m
    true["status"] = np.stack([doing(truth, code, times) for code in codes])
    in_pits = np.isin(true["status"], (PIT, GARAGE))
    for name in NOT_IN_PITS:
        true[name] = np.where(in_pits, np.nan, true[name])
    for name in ("position", "gap", "interval"):
        true[name] = np.where(np.isnan(true[name]), np.inf, true[name])
    bounds = {name: windows(rule, true[name]) for name, rule in TIMED_RULES.items()}
    for name in ("x", "y"):
        for bound, off in zip(bounds[name], (-OFF_IN_PITS, OFF_IN_PITS), strict=True):
            bound[in_pits] += off
    always = np.ones(place.shape, dtype=bool)
    return Known(
        codes=codes,
        begin=float(times[0]),
        start=truth.parts[0].start,
        length_m=truth.length_m,
        low={name: low for name, (low, _) in bounds.items()},
        high={name: high for name, (_, high) in bounds.items()},
        places=place,
        far=true["progress"],
        clear=always[0],
        here=always,
        lingers=always,
        facts={code: _facts(truth, code) for code in codes},
        parts=list(_parts(truth)),
    )


def standings(truth: Truth, times: Floats) -> tuple[Floats, Floats, Floats]:
    """Place, gap and interval at session seconds `times`, which rise; (cars, n) each, NaN without a lap time.

    Who was knocked out keeps what it had.
    """
    codes = [car.code for car in truth.cars]
    place, gap, interval = np.full((3, len(codes), len(times)), np.nan)
    moments = [when for when, _ in truth.orders] + [end for end, *_ in timed_laps(truth)]
    moments += [when for when, *_ in truth.deleted] + [part.start for part in truth.parts]
    edges = np.unique(np.searchsorted(times, np.array(moments) - 1e-6))
    kept: dict[str, tuple[float, float]] = {}
    for first, until in zip(edges, [*edges[1:], len(times)], strict=True):
        if first == until:
            continue
        when = float(times[first]) + 1e-6
        part = int(np.searchsorted([part.start for part in truth.parts], when, "right")) - 1
        order = [codes_ for t, codes_ in truth.orders if t <= when][-1]
        best = bests(truth, part, when)
        ahead = dict(zip([*best][1:], [*best], strict=False))
        now = {
            code: (seconds - min(best.values()), seconds - best[ahead[code]] if code in ahead else np.nan)
            for code, seconds in best.items()
        }
        out = {code for before in truth.parts[:part] for code in before.out}
        kept = {code: told for code, told in kept.items() if code in out} | now
        for code, (behind, to_next) in kept.items():
            i = codes.index(code)
            place[i, first:until], gap[i, first:until] = order.index(code) + 1, behind
            interval[i, first:until] = to_next
    return place, gap, interval


def doing(truth: Truth, code: str, times: Floats) -> Floats:
    """What a car did at session seconds `times`, (n,): codes of `contract.columns.STATUSES`."""
    lines, runs = truth.line_s[code], truth.runs[code]
    found = np.full(len(times), float(PIT))
    for lap in range(1, len(lines) + 1):
        begin = lines[lap - 2] if lap > 1 else -np.inf
        found[(times >= begin) & (times < lines[lap - 1])] = KINDS[truth.kind(code, lap)]
    lane = truth.in_lane(code) if runs else [(-np.inf, np.inf)]
    for stretches, status in ((lane, PIT), (truth.stands[code], GARAGE)):
        for begin, end in stretches:
            found[(times >= begin) & (times < end)] = status
    return found


def _facts(truth: Truth, code: str) -> Facts:
    of_parts = [bests(truth, k, np.inf) for k in range(len(truth.parts))]
    timed = any(code in best for best in of_parts)
    return Facts(
        finished=None,
        retired=None,
        laps=(len(truth.line_s[code]), len(truth.line_s[code]) - 1),
        bests=tuple(best.get(code) for best in of_parts),
        place=truth.orders[-1][1].index(code) + 1 if timed else None,
    )


def _parts(truth: Truth) -> Iterator[Part]:
    for k, part in enumerate(truth.parts):
        said: dict[str, Any] = {"stops": [Stop(start=red, end=green) for red, green in part.stops]}
        if k + 1 < len(truth.parts):
            following = truth.parts[k + 1]
            best, goes_on = bests(truth, k, following.start), len(following.entered)
            last = list(best)[goes_on - 1]
            said["goes_on"], said["knocked_out"] = goes_on, list(part.out)
            said["cutoff"] = CutOff(driver=last, position=goes_on, time_s=best[last])
        yield Part(name=part.name, start=part.start, end=part.end, **said)


def of_parts_and_bests(known: Known, raw: RawRace, frames: RaceFrames) -> Iterator[Falsehood]:
    """What is published of parts, best laps and the result, and is not so: wrong for as long as one looks."""

    def wrong(code: str, what: str, t: float = 0.0) -> Falsehood:
        return Falsehood(code, what, 1, VISIBLE_S, t)

    if [part.name for part in frames.parts] != [part.name for part in known.parts]:
        yield wrong("", f"parts {', '.join(part.name for part in frames.parts)}")
    for shown, true in zip(frames.parts, known.parts, strict=False):
        for what in _of_part(shown, true, frames.clock.t0):
            yield wrong("", f"{true.name} {what}", true.start)
    codes = {d.number: d.code for d in raw.drivers}
    for number, own in lap_times.bests(raw, frames.lap_times, len(known.parts)).items():
        for k, (said, best) in enumerate(zip(own, known.facts[codes[number]].bests, strict=True)):
            if said is not None and said != best:
                yield wrong(codes[number], f"best of part {k + 1}: {said}, not {best}")
    for number, place in final_places(raw, frames.lap_times, frames.clock).items():
        if place != known.facts[codes[number]].place:
            yield wrong(codes[number], f"place {place} at the end, not {known.facts[codes[number]].place}")


def _of_part(shown: Part, true: Part, t0: float) -> Iterator[str]:
    assert true.end is not None
    if abs(shown.start + t0 - true.start) > NEAR_S:
        yield "start"
    if shown.end is not None and abs(shown.end + t0 - true.end) > NEAR_S:
        yield "end"
    stops = [
        abs(one.start + t0 - other.start) + abs(one.end + t0 - other.end) > 2 * NEAR_S
        for one, other in zip(shown.stops, true.stops, strict=False)
    ]
    if len(shown.stops) != len(true.stops) or any(stops):
        yield "stops"
    if shown.goes_on != true.goes_on:
        yield "goes on"
    if shown.cutoff not in (None, true.cutoff):
        yield "cut-off"
    if set(shown.knocked_out) != set(true.knocked_out):
        yield "knocked out"
