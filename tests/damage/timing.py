"""What goes wrong with the official timing: laps, order and gaps."""

from dataclasses import replace

import numpy as np

from pipeline.model import Laps, OfficialTiming, RawRace
from tests.damage.blows import (
    Blow,
    cut,
    each,
    frozen,
    kind,
    lap_at,
    lap_rows,
    late,
    one_row,
    shuffled,
    swap,
    until,
)

# ---- lap timing


@kind("laps", "one lap lost")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: lap_rows(o, np.arange(len(o)) != lap_at(o, blow)))


@kind("laps", "the last laps lost", size=(1, 3))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: lap_rows(o, np.arange(len(o)) < max(1, len(o) - int(blow.size))))


@kind("laps", "the last lap only begun", hits=1)
def _(raw: RawRace, blow: Blow) -> RawRace:
    """As fastf1 marks a lap that was never completed."""

    def change(own: Laps) -> Laps:
        last = np.arange(len(own)) == len(own) - 1
        return replace(own, generated=own.generated | last)

    return each(raw, blow, "laps", change)


@kind("laps", "the last lap of the first three lost", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    first = sorted(raw.laps, key=lambda n: (-raw.laps[n].done, raw.laps[n].end[-1]))[:3]
    return each(raw, replace(blow, cars=tuple(first)), "laps", lambda o: lap_rows(o, np.arange(len(o) - 1)))


@kind("laps", "none of one car", hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", lambda o: None)


@kind("laps", "of one car alone", hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, laps={n: own for n, own in raw.laps.items() if n == blow.cars[0]})


@kind("laps", "end early")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(
        raw, blow, "laps", lambda o: lap_rows(o, np.maximum.accumulate(o.start[::-1])[::-1] < blow.at)
    )


@kind("laps", "a pause", span=(60, 240))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: lap_rows(o, ~blow.within(np.nan_to_num(o.end, nan=-1e9))))


@kind("laps", "a crossing at another time", size=(2, 60))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        i, off = lap_at(own, blow), blow.size * blow.random.choice([-1, 1])
        end, start = own.end.copy(), own.start.copy()
        end[i] += off
        if i + 1 < len(own):
            start[i + 1] += off
        return replace(own, end=end, start=start)

    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", change)


@kind("laps", "all crossings of a car late", size=(2, 30), hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        start = np.where(own.number > 1, own.start + blow.size, own.start)
        return replace(own, end=own.end + blow.size, start=start)

    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", change)


@kind("laps", "a crossing sent twice", size=(0.5, 20))
def _(raw: RawRace, blow: Blow) -> RawRace:
    """One more row, and all later laps counted one too many."""

    def change(own: Laps) -> Laps:
        i = lap_at(own, blow)
        rows = np.sort(np.concatenate((np.arange(len(own)), [i])))
        more = lap_rows(own, rows)
        start, end, number = more.start.copy(), more.end.copy(), more.number.copy()
        start[i + 1], end[i + 1] = end[i], end[i] + blow.size
        number[i + 1 :] += 1
        if i + 2 < len(start):
            start[i + 2] = end[i + 1]
        return replace(more, start=start, end=end, number=number)

    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", change)


@kind("laps", "miscounted from some lap on", hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        return replace(own, number=own.number + (np.arange(len(own)) > lap_at(own, blow)))

    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", change)


@kind("laps", "a crossing unknown")
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        this = np.arange(len(own)) == lap_at(own, blow)
        return replace(own, end=np.where(this, np.nan, own.end))

    return each(raw, blow, "laps", change)


@kind("laps", "of two cars exchanged", hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    """Their times, not their tyres: nothing tells whose those are."""
    a, b = blow.cars
    n = min(len(raw.laps[a]), len(raw.laps[b]))
    laps = dict(raw.laps)
    for mine, theirs in ((a, b), (b, a)):
        own, other = lap_rows(raw.laps[mine], slice(n)), lap_rows(raw.laps[theirs], slice(n))
        laps[mine] = replace(own, start=other.start, end=other.end)
    return replace(raw, laps=laps)


@kind("laps", "pit entries lost")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: replace(o, pit_in=np.full(len(o), np.nan)))


@kind("laps", "pit exits lost")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: replace(o, pit_out=np.full(len(o), np.nan)))


@kind("laps", "a pit stop that never was")
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        i = lap_at(own, blow)
        if i + 1 >= len(own):
            return own
        pit_in, pit_out = own.pit_in.copy(), own.pit_out.copy()
        pit_in[i], pit_out[i + 1] = own.end[i] - 5.0, own.end[i] + 18.0
        return replace(own, pit_in=pit_in, pit_out=pit_out)

    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", change)


# ---- the official order and gaps


@kind("order", "frozen", span=(20, 200))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: frozen(o, blow))


@kind("order", "silent for a while", span=(20, 200))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: cut(o, blow))


@kind("order", "none at all")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: None)


@kind("order", "ends early")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: until(o, blow))


@kind("order", "two cars swapped for a while", span=(20, 200), hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return swap(raw, blow, "timing")


@kind("order", "of seconds before", size=(5, 60), span=(20, 200))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: late(o, blow))


@kind("order", "of other moments", size=(5, 60), span=(20, 200))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: shuffled(o, blow))


@kind("order", "places that do not exist", span=(5, 100))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: OfficialTiming) -> OfficialTiming:
        wild = blow.random.choice([0, 99, -1], len(own.t))
        return replace(own, place=np.where(blow.within(own.t), wild, own.place))

    return each(raw, blow, "timing", change)


@kind("order", "another place for a while", size=(3, 9), span=(30, 150), hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: OfficialTiming) -> OfficialTiming:
        other = (own.place + int(blow.size) - 1) % len(raw.timing) + 1
        return replace(own, place=np.where(blow.within(own.t), other, own.place))

    return each(raw, replace(blow, cars=blow.cars[:1]), "timing", change)


@kind("gaps", "too large", size=(5, 60), span=(20, 200), race=True)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: replace(o, gap=o.gap + blow.size * blow.within(o.t)))


@kind("gaps", "one far too large", size=(5, 500), race=True)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: replace(o, gap=o.gap + blow.size * one_row(o.t, blow)))


@kind("gaps", "none for a while", span=(5, 200), race=True)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "timing", lambda o: replace(o, gap=np.where(blow.within(o.t), np.nan, o.gap)))
