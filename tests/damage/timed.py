"""What goes wrong where a session goes by lap times: which of them count, when parts run, and the result."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.frames import lap_times
from pipeline.frames.lap_times import can_count
from pipeline.frames.parts import ABORTED, FINISHED, STARTED, parts_of
from pipeline.model import Bools, DriverInfo, Laps, RawRace, Status
from tests.damage.blows import Blow, each, kind

Change = Callable[[Laps, int], Laps]


def one_timed(raw: RawRace, blow: Blow, change: Change) -> RawRace:
    """`change` applied to the cars' first timed laps since the blow, or their last, by row; others stay."""

    def changed(own: Laps) -> Laps:
        rows = np.flatnonzero(can_count(own))
        later = rows[own.end[rows] >= blow.at]
        return change(own, int(later[0] if len(later) else rows[-1])) if len(rows) else own

    return each(raw, blow, "laps", changed)


def extra(own: Laps, **columns: np.ndarray) -> Laps:
    return replace(own, extra={**own.extra, **columns})


def flagged(own: Laps, name: str, rows: Bools) -> Laps:
    return extra(own, **{name: rows})


def row_of(own: Laps, i: int) -> Bools:
    return np.asarray(np.arange(len(own)) == i)


# ---- lap times


@kind("lap times", "one a little off", size=(0.02, 5), race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    off = blow.size * blow.random.choice([-1, 1])
    return one_timed(raw, blow, lambda o, i: extra(o, lap_time_s=o.floats("lap_time_s") + off * row_of(o, i)))


@kind("lap times", "one lost", race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps, i: int) -> Laps:
        return extra(own, lap_time_s=np.where(row_of(own, i), np.nan, own.floats("lap_time_s")))

    return one_timed(raw, blow, change)


@kind("lap times", "none at all", race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: extra(o, lap_time_s=np.full(len(o), np.nan)))


@kind("lap times", "of two cars exchanged", hits=2, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    a, b = blow.cars
    n = min(len(raw.laps[a]), len(raw.laps[b]))
    laps = dict(raw.laps)
    for mine, theirs in ((a, b), (b, a)):
        times = raw.laps[mine].floats("lap_time_s").copy()
        times[:n] = raw.laps[theirs].floats("lap_time_s")[:n]
        laps[mine] = extra(raw.laps[mine], lap_time_s=times)
    return replace(raw, laps=laps)


# ---- which of them count


@kind("deleted laps", "not marked", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    all_cars = replace(blow, cars=tuple(raw.laps))
    return each(raw, all_cars, "laps", lambda o: flagged(o, "deleted", np.zeros(len(o), dtype=bool)))


@kind("deleted laps", "nobody says so", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    all_cars = replace(blow, cars=tuple(raw.laps))
    raw = each(raw, all_cars, "laps", lambda o: flagged(o, "deleted", np.zeros(len(o), dtype=bool)))
    return replace(raw, race_control=[row for row in raw.race_control if "DELETED" not in row.message])


@kind("deleted laps", "one that was not", race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return one_timed(
        raw, blow, lambda o, i: flagged(o, "deleted", np.asarray(o.extra["deleted"], bool) | row_of(o, i))
    )


@kind("best laps", "not marked", race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: flagged(o, "personal_best", np.zeros(len(o), dtype=bool)))


@kind("best laps", "one not marked", race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps, i: int) -> Laps:
        return flagged(own, "personal_best", np.asarray(own.extra["personal_best"], bool) & ~row_of(own, i))

    return one_timed(raw, blow, change)


@kind("best laps", "all marked", race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: flagged(o, "personal_best", np.ones(len(o), dtype=bool)))


# ---- parts


def words(raw: RawRace, change: Callable[[float, str], list[tuple[float, str]]]) -> RawRace:
    """The session's status with each word changed to none, one or more."""
    status = raw.session_status
    told = [one for t, word in zip(status.t, status.code, strict=True) for one in change(float(t), word)]
    told.sort(key=lambda item: item[0])
    return replace(raw, session_status=Status(np.array([t for t, _ in told]), [word for _, word in told]))


def lost(raw: RawRace, blow: Blow, word: str) -> RawRace:
    """One of the session's words of a kind, if there is any."""
    status = raw.session_status
    times = [float(t) for t, code in zip(status.t, status.code, strict=True) if code == word]
    gone = blow.random.choice(times) if times else np.nan
    return words(raw, lambda t, code: [] if t == gone else [(t, code)])


@kind("session status", "none", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return words(raw, lambda t, word: [])


@kind("session status", "nobody tells of parts", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(words(raw, lambda t, word: []), race_control=[])


@kind("session status", "a start lost", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return lost(raw, blow, STARTED)


@kind("session status", "an end lost", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return lost(raw, blow, FINISHED)


@kind("session status", "a red flag lost", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return lost(raw, blow, ABORTED)


@kind("session status", "words twice", size=(0.1, 5), hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return words(raw, lambda t, word: [(t, word), (t + blow.size, word)])


@kind("session status", "late", size=(3, 60), hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return words(raw, lambda t, word: [(t + blow.size * (t >= blow.at), word)])


@kind("session status", "ends early", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return words(raw, lambda t, word: [(t, word)] if t < max(blow.at, 1.0) else [])


@kind("session status", "a part that never ran", size=(20, 200), hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    last = float(raw.session_status.t[-1])
    more = [(last + 60.0, STARTED), (last + 60.0 + blow.size, FINISHED)]
    return words(raw, lambda t, word: [(t, word), *(more if t == last else [])])


@kind("parts", "none that the timing speaks of", hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, splits=[])


@kind("parts", "spoken of at another time", size=(5, 300), hits=0, race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    off = blow.size * blow.random.choice([-1, 1])
    return replace(raw, splits=[t + off * (t > 0) for t in raw.splits])


# ---- results


def with_results(raw: RawRace, change: Callable[[str, float], float]) -> RawRace:
    """The result as published: the best laps of the parts, by driver."""
    parts = parts_of(raw)
    found = lap_times.bests(raw, lap_times.lap_times(raw, parts), len(parts.spans))

    def told(driver: DriverInfo) -> DriverInfo:
        times = found.get(driver.number, [])
        return replace(
            driver, parts=tuple(None if t is None else round(change(driver.number, t), 3) for t in times)
        )

    return replace(raw, drivers=[told(driver) for driver in raw.drivers], official_results=True)


@kind("results", "other best laps", size=(0.01, 3), race=False)
def _(raw: RawRace, blow: Blow) -> RawRace:
    off = blow.size * blow.random.choice([-1, 1])
    return with_results(raw, lambda number, t: t + off * (number in blow.cars))
