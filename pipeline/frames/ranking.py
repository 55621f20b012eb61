"""Who is where by lap times: the official places, and what each driver's best lap is behind others'.

The feed lists all cars from the start, in an order that means nothing until a car has a lap time: from then
on its place is that of the best laps. In qualifying all begins anew with each part, and who was knocked out
keeps what it had. A lap counts until race control deletes it.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.contract.models import CutOff, Part, Stop
from pipeline.frames.lap_times import SAME_S, can_count
from pipeline.frames.order import real_places
from pipeline.frames.parts import Parts, Span
from pipeline.model import Bools, Floats, FrameClock, Ints, LapTimes, OfficialTiming, RawRace

LONG_S = 45.0  # that an order of other laps lasts: the feed takes a minute at most to rank a deleted one
OUT_OF_20, OUT_OF_MORE = 5, 6  # cars that a part of qualifying knocks out, by the rules
REACH_LAST_PART = 10
MOST_TAKEN_BACK = 4


@dataclass(frozen=True)
class Ranking:
    """(cars, n) each, NaN unknown: from one change to the next. Rows are in the order of `numbers`.

    frames: (n,) in which something changes, from 0. place: official. best: seconds, in the part that runs.
    gap, interval: seconds.
    """

    numbers: list[str]
    frames: Ints
    place: Floats
    best: Floats
    gap: Floats
    interval: Floats

    def column(self, frame: int) -> int:
        """The column that holds in a frame."""
        return int(np.searchsorted(self.frames, frame, "right")) - 1

    def in_frames(self, values: Floats, frames: int) -> Floats:
        """One car's values, (n,), in each of as many frames."""
        return np.repeat(values, np.diff(np.append(self.frames, frames)))


def ranking(raw: RawRace, parts: Parts, known: dict[str, LapTimes], clock: FrameClock) -> Ranking:
    """Places, bests and gaps; without what the knocked out keep, see `keep`."""
    numbers = list(raw.laps)
    frames = _changes(raw, parts, known, clock)
    times = clock.times()[frames]
    best, place = np.full((2, len(numbers), len(frames)), np.nan)
    part = parts.in_frames(frames, clock)
    for i, number in enumerate(numbers):
        own, seconds = known[number], raw.laps[number].floats("lap_time_s")
        for lap in np.flatnonzero(own.counts):
            holds = (part == own.part[lap]) & (frames >= clock.index(own.told[lap]))
            holds &= ~(times >= own.until[lap])  # not where it is NaN
            best[i, holds] = np.fmin(best[i, holds], seconds[lap])
        told = official_place(raw.timing.get(number), times)
        place[i] = np.where(np.isnan(best[i]), np.nan, told)
    place[_outdated(raw, numbers, place, times)] = np.nan
    gap = best - np.fmin.reduce(best, axis=0) if numbers else best
    return Ranking(numbers, frames, place, best, gap, _intervals(place, best))


def taken_back(
    raw: RawRace, parts: Parts, known: dict[str, LapTimes], clock: FrameClock
) -> dict[str, LapTimes]:
    """With the laps that the feed counts no more, though nobody says that they were deleted: since a moment
    its order is that of another lap of the driver, or of none, to the part's end or the driver's next best.

    Where these are many the order hangs, and takes nothing back.
    """
    table = ranking(raw, parts, known, clock)
    times, part = clock.times()[table.frames], parts.in_frames(table.frames, clock)
    found = dict(known)
    for i, number in enumerate(table.numbers):
        own, seconds = known[number], raw.laps[number].floats("lap_time_s")
        until = own.until.copy()
        for lap in np.flatnonzero(own.valid):
            on = np.flatnonzero((table.best[i] == seconds[lap]) & (part == own.part[lap]))
            others = own.valid & (own.part == own.part[lap]) & (np.arange(len(seconds)) != lap)
            if len(on) and (since := _not_counted(table, i, on, times, own.told[others], seconds[others])):
                until[lap] = times[since]
        found[number] = replace(own, until=until)
    return found if sum(map(len, unsaid(known, found).values())) <= MOST_TAKEN_BACK else known


def unsaid(said: dict[str, LapTimes], found: dict[str, LapTimes]) -> dict[str, Ints]:
    """Racing number -> rows of the laps that were taken back without a word."""
    return {n: np.flatnonzero(said[n].valid & ~own.valid) for n, own in found.items()}


def _not_counted(
    table: Ranking, row: int, on: Ints, times: Floats, told: Floats, seconds: Floats
) -> int | None:
    """The column since which a car's place is not that of its best, but of its next best, for long.

    Args:
        on: the columns in which it has that best. told, seconds: of its other laps.
    """
    ranked = [seconds[told <= times[column]] for column in on]
    least = np.array([own.min() if len(own) else np.inf for own in ranked])
    place, rivals = table.place[row, on], np.delete(np.arange(len(table.best)), row)
    ahead = table.place[np.ix_(rivals, on)] < place
    bests = table.best[np.ix_(rivals, on)]
    wrong, other = (
        ((ahead & (bests > mine + SAME_S)) | (~ahead & (bests < mine - SAME_S))).sum(axis=0)
        for mine in (table.best[row, on], least)
    )
    kept = np.flatnonzero(~((wrong > other) & (other == 0)))
    first = int(kept[-1]) + 1 if len(kept) else 0
    end = on[-1] + 1
    lasted = (times[end] if end < len(times) else np.inf) - times[on[first]] if first < len(on) else 0.0
    return int(on[first]) if lasted >= LONG_S else None


def _outdated(raw: RawRace, numbers: list[str], place: Floats, times: Floats) -> Bools:
    """(cars, n) places that another car has since: the feed moves cars one after the other, and tells of the
    one that got a place before it tells of the one that lost it."""
    since = np.full(place.shape, -np.inf)
    for i, number in enumerate(numbers):
        timing = raw.timing.get(number)
        if timing is not None and len(timing.t):
            moved = np.maximum.accumulate(np.where(np.diff(timing.place, prepend=-1) != 0, timing.t, -np.inf))
            row = np.searchsorted(timing.t, times + 1e-6, "right")
            since[i] = np.concatenate(([-np.inf], moved))[row]
    found = np.zeros(place.shape, dtype=bool)
    for i in range(len(place)):
        found |= (place == place[i]) & (
            (since < since[i]) | ((since == since[i]) & (np.arange(len(place))[:, None] < i))
        )
    return found


def _changes(raw: RawRace, parts: Parts, known: dict[str, LapTimes], clock: FrameClock) -> Ints:
    """The frames in which a lap comes to count or is deleted, the feed's order changes, or a part starts."""
    moments = [parts.starts, *(own.t for own in raw.timing.values())]
    moments += [times[own.counts] for own in known.values() for times in (own.told, own.until)]
    every = np.concatenate(moments)
    inside = every[(every > clock.t0) & (every < clock.t0 + clock.duration)]
    found = np.unique(np.ceil((inside - clock.t0) * clock.fps - 1e-6).astype(np.int64))
    return np.concatenate(([0], found[found > 0]))


def official_place(timing: OfficialTiming | None, times: Floats) -> Floats:
    """The feed's place at session seconds `times`, (n,), NaN where it has none."""
    if timing is None or not (real := real_places(timing)).any():
        return np.full(len(times), np.nan)
    row = np.searchsorted(timing.t[real], times + 1e-6, "right")
    return np.concatenate(([np.nan], timing.place[real].astype(np.float64)))[row]


def final_places(raw: RawRace, known: dict[str, LapTimes], clock: FrameClock) -> dict[str, int]:
    """Racing number -> official place as the session ends, of who has a lap time that counts."""
    last, numbers = np.array([clock.t0 + clock.duration]), [n for n, own in known.items() if own.valid.any()]
    place = np.array([official_place(raw.timing.get(number), last) for number in numbers]).reshape(-1, 1)
    place[_outdated(raw, numbers, place, last)] = np.nan
    return {n: int(told) for n, told in zip(numbers, place[:, 0], strict=True) if not np.isnan(told)}


def _intervals(place: Floats, best: Floats) -> Floats:
    """Each best less that of the car one place ahead; NaN for the first, and while places lag behind."""
    found = np.full(place.shape, np.nan)
    for other in range(len(place)):
        found = np.where(place == place[other] + 1, best - best[other], found)
    return np.where(found < 0, np.nan, found)


def keep(raw: RawRace, table: Ranking, parts: Parts, out: list[set[str]], clock: FrameClock) -> None:
    """Give those who were knocked out what they had when their part was over; places stay the feed's.

    Args:
        out: of each part the racing numbers that it knocked out.
    """
    times = clock.times()[table.frames]
    for k, numbers in enumerate(out[:-1]):
        after = table.frames >= clock.index(parts.spans[k + 1].start)
        last = int(np.argmax(after)) - 1 if after.any() else -1
        for i, number in enumerate(table.numbers):
            if number in numbers and last >= 0 and not np.isnan(table.best[i, last]):
                for values in (table.best, table.gap, table.interval):
                    values[i, after] = values[i, last]
                told = official_place(raw.timing.get(number), times)
                table.place[i, after] = told[after]
    table.place[_outdated(raw, table.numbers, table.place, times)] = np.nan


def knocked_out(
    raw: RawRace, parts: Parts, table: Ranking, clock: FrameClock
) -> tuple[list[Part], list[set[str]]]:
    """The parts as published, with who went on to the next one; and whom each knocked out, by number."""
    codes = {d.number: d.code for d in raw.drivers}
    drove, still = _drove(raw, parts), set(codes)
    found, gone = [], []
    for k, span in enumerate(parts.spans):
        part, out = _published(span, clock), list[str]()
        if k + 1 < len(parts.spans):
            frame = max(0, clock.index(parts.spans[k + 1].start) - 1)
            order = _at_the_end(raw, table, still, clock, frame)
            goes_on = max(_by_the_rules(len(raw.laps), k), len(drove[k + 1]))
            on = _who_goes_on(order, drove[k + 1] & still, goes_on)
            out = [number for number in order if number not in on]
            said = {
                "goes_on": goes_on,
                "cutoff": _cutoff(table, codes, on, frame),
                "knocked_out": [codes[number] for number in out],
            }
            part = part.model_copy(update=said)
        still -= set(out)
        found.append(part)
        gone.append(set(out))
    return found, gone


def _published(span: Span, clock: FrameClock) -> Part:
    def on_clock(t: float) -> float:
        return round(min(max(t - clock.t0, 0.0), clock.duration), 3)

    stops = [Stop(start=on_clock(begin), end=on_clock(end)) for begin, end in span.stops]
    end = None if span.end == np.inf else on_clock(span.end)
    return Part(name=span.name, start=on_clock(span.start), end=end, stops=stops)


def _by_the_rules(entered: int, part: int) -> int:
    """How many cars go on: 15 and 10 of up to 20, 16 and 10 of more."""
    out = OUT_OF_20 if entered <= 2 * REACH_LAST_PART else OUT_OF_MORE
    return REACH_LAST_PART + (out if part == 0 else 0)


def _drove(raw: RawRace, parts: Parts) -> list[set[str]]:
    """Of each part the racing numbers that left the pits in it."""
    found: list[set[str]] = [set() for _ in parts.spans]
    for number, own in raw.laps.items():
        for k in set(parts.of(own)[~np.isnan(own.pit_out) | can_count(own)].tolist()):
            found[k].add(number)
    return found


def _at_the_end(raw: RawRace, table: Ranking, still: set[str], clock: FrameClock, frame: int) -> list[str]:
    """Who was in the part, by place; those without a lap time after those with one, as the feed has them."""
    t, column = np.array([clock.t0 + frame / clock.fps]), table.column(frame)
    timed = {n for i, n in enumerate(table.numbers) if not np.isnan(table.best[i, column])}
    listed = {n: float(np.nan_to_num(official_place(raw.timing.get(n), t)[0], nan=np.inf)) for n in still}
    return sorted(still, key=lambda number: (number not in timed, listed[number], number))


def _who_goes_on(order: list[str], drove: set[str], goes_on: int) -> set[str]:
    """Those who drove in the next part, and of the others the first as far as there is room."""
    room = max(0, goes_on - len(drove))
    stayed_in = [number for number in order[:goes_on] if number not in drove]
    return drove | set(stayed_in[:room])


def _cutoff(table: Ranking, codes: dict[str, str], on: set[str], frame: int) -> CutOff | None:
    """The last of those who went on and had a place."""
    column = table.column(frame)
    places = [(table.place[i, column], i) for i, number in enumerate(table.numbers) if number in on]
    known = [(int(place), i) for place, i in places if not np.isnan(place)]
    if not known:
        return None
    place, i = max(known)
    return CutOff(
        driver=codes[table.numbers[i]], position=place, time_s=round(float(table.best[i, column]), 3)
    )
