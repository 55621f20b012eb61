"""What goes wrong with position and car data: of one car, of two, of all."""

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.model import CarSamples, PosSamples, RawRace
from tests.damage.blows import (
    Blow,
    cut,
    direction,
    each,
    frozen,
    kind,
    late,
    moved,
    one_row,
    shuffled,
    stamped,
    swap,
    taken,
    until,
)

# ---- positions


@kind("positions", "one sample far away", size=(20, 20_000))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: moved(p, one_row(p.t, blow), *direction(blow)))


@kind("positions", "a run of samples far away", size=(30, 5_000), span=(0.5, 5))
@kind("positions", "an offset for a while", size=(30, 3_000), span=(5, 60))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: moved(p, blow.within(p.t), *direction(blow)))


@kind("positions", "one sample in ten far away", size=(30, 9_000), span=(20, 300))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(pos: PosSamples) -> PosSamples:
        return moved(pos, blow.within(pos.t) & (blow.random.random(len(pos.t)) < 0.1), *direction(blow))

    return each(raw, blow, "positions", change)


@kind("positions", "an offset from some moment on", size=(30, 3_000))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: moved(p, p.t >= blow.at, *direction(blow)))


@kind("positions", "two cars swapped for a while", span=(5, 120), hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return swap(raw, blow, "positions")


@kind("positions", "two cars swapped from some moment on", span=(10_000, 10_000), hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return swap(raw, blow, "positions")


@kind("positions", "frozen", span=(2, 90))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: frozen(p, blow))


@kind("positions", "dropped for a while", span=(1, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: cut(p, blow))


@kind("positions", "none at all")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: None)


@kind("positions", "end early")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: until(p, blow))


@kind("positions", "of seconds before", size=(1, 40), span=(5, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: late(p, blow))


@kind("positions", "of other moments", size=(1, 20), span=(5, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: shuffled(p, blow))


@kind("positions", "stamped late", size=(1, 20), span=(5, 60))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "positions", lambda p: stamped(p, blow))


@kind("positions", "few distinct points", size=(1, 6), span=(60, 10_000))
def _(raw: RawRace, blow: Blow) -> RawRace:
    """Each point is repeated for `size` seconds."""

    def change(pos: PosSamples) -> PosSamples:
        source = np.searchsorted(pos.t, np.floor(pos.t / blow.size) * blow.size)
        return taken(pos, np.minimum(source, np.arange(len(pos.t))), blow.within(pos.t))

    return each(raw, blow, "positions", change)


@kind("positions", "zeros", span=(0.5, 60))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(pos: PosSamples) -> PosSamples:
        inside = blow.within(pos.t)
        return replace(pos, x=np.where(inside, 0.0, pos.x), y=np.where(inside, 0.0, pos.y))

    return each(raw, blow, "positions", change)


@kind("positions", "numbers that are no place", size=(1e6, 2.0**31), span=(0.3, 30))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(pos: PosSamples) -> PosSamples:
        inside = blow.within(pos.t)
        return replace(pos, x=np.where(inside, blow.size, pos.x), y=np.where(inside, -blow.size, pos.y))

    return each(raw, blow, "positions", change)


@kind("positions", "noise", size=(20, 500), span=(10, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(pos: PosSamples) -> PosSamples:
        dx, dy = blow.random.normal(0.0, 10.0 * blow.size, (2, len(pos.t)))
        return moved(pos, blow.within(pos.t), dx, dy)

    return each(raw, blow, "positions", change)


@kind("positions", "x and y exchanged", span=(5, 10_000))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(pos: PosSamples) -> PosSamples:
        inside = blow.within(pos.t)
        return replace(pos, x=np.where(inside, pos.y, pos.x), y=np.where(inside, pos.x, pos.y))

    return each(raw, blow, "positions", change)


# ---- car data


@kind("car data", "one sample far too fast", size=(60, 400))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: replace(c, speed=c.speed + blow.size * one_row(c.t, blow)))


@kind("car data", "an offset in speed", size=(40, 150), span=(10, 200))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: replace(c, speed=c.speed + blow.size * blow.within(c.t)))


@kind("car data", "speed in other units", size=(0.28, 0.7))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: replace(c, speed=c.speed * blow.size))


@kind("car data", "frozen", span=(4, 90))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: frozen(c, blow))


@kind("car data", "zeros", span=(3, 90))
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(car: CarSamples) -> CarSamples:
        inside = blow.within(car.t)
        names = ("speed", "rpm", "throttle", "gear", "drs", "brake")
        columns = {name: np.where(inside, 0, getattr(car, name)) for name in names}
        return replace(car, **{name: c.astype(getattr(car, name).dtype) for name, c in columns.items()})

    return each(raw, blow, "cars", change)


@kind("car data", "two cars swapped for a while", span=(10, 200), hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return swap(raw, blow, "cars")


@kind("car data", "dropped for a while", span=(1, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: cut(c, blow))


@kind("car data", "none at all")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: None)


@kind("car data", "ends early")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: until(c, blow))


@kind("car data", "of seconds before", size=(6, 40), span=(10, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: late(c, blow))


@kind("car data", "of other moments", size=(3, 20), span=(10, 120))
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "cars", lambda c: shuffled(c, blow))


@kind("car data", "values out of range", span=(1, 60))
def _(raw: RawRace, blow: Blow) -> RawRace:
    wild: dict[str, Any] = {"speed": 600.0, "rpm": 40_000.0, "throttle": 104.0, "gear": 128, "drs": 99}

    def change(car: CarSamples) -> CarSamples:
        inside = blow.within(car.t)
        columns = {name: np.where(inside, value, getattr(car, name)) for name, value in wild.items()}
        return replace(car, **{name: c.astype(getattr(car, name).dtype) for name, c in columns.items()})

    return each(raw, blow, "cars", change)
