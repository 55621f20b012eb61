"""What goes wrong with tyres, flags, messages, weather, results, and with all topics at once."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.contract.models import RaceControlMessage, WeatherSample
from pipeline.model import DriverInfo, Laps, RawRace, Status
from tests.damage.blows import Blow, cut, each, kind, lap_at, lap_rows, until

# ---- tyres


@kind("tyres", "compounds unknown")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: replace(o, tyre=np.zeros_like(o.tyre)))


@kind("tyres", "another compound for one lap", hits=2)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        this = np.arange(len(own)) == lap_at(own, blow)
        return replace(own, tyre=np.where(this, own.tyre % 3 + 1, own.tyre))

    return each(raw, replace(blow, cars=blow.cars[:1]), "laps", change)


@kind("tyres", "age anew within a stint")
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        i = lap_at(own, blow)
        if i == 0 or not np.isnan(own.pit_out[i]):  # a set that is fitted may have any age
            return own
        life, stint = own.tyre_life.copy(), own.extra["stint"].copy()
        life[i:] = np.arange(1, len(own) - i + 1)
        stint[i:] = stint[i:] + 1
        return replace(own, tyre_life=life, extra={**own.extra, "stint": stint})

    return each(raw, blow, "laps", change)


@kind("tyres", "age stands still")
def _(raw: RawRace, blow: Blow) -> RawRace:
    def change(own: Laps) -> Laps:
        i = lap_at(own, blow)
        return replace(own, tyre_life=np.where(np.arange(len(own)) > i, own.tyre_life[i], own.tyre_life))

    return each(raw, blow, "laps", change)


@kind("tyres", "age unknown")
def _(raw: RawRace, blow: Blow) -> RawRace:
    return each(raw, blow, "laps", lambda o: replace(o, tyre_life=np.full_like(o.tyre_life, -1)))


# ---- the session: flags, messages, weather


@kind("track status", "none", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, track_status=Status(np.empty(0), []))


@kind("track status", "codes that do not exist", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, track_status=Status(raw.track_status.t, ["9"] * len(raw.track_status.code)))


@kind("race control", "none", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, race_control=[])


@kind("race control", "no chequered flag", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, race_control=[row for row in raw.race_control if row.flag != "CHEQUERED"])


@kind("race control", "a chequered flag far too early", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def early(row: RaceControlMessage) -> RaceControlMessage:
        return row.model_copy(update={"t": min(row.t, blow.at)}) if row.flag == "CHEQUERED" else row

    return replace(raw, race_control=[early(row) for row in raw.race_control])


@kind("race control", "stamps set back", size=(20, 600), hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    def back(row: RaceControlMessage) -> RaceControlMessage:
        return row.model_copy(update={"t": row.t - blow.size}) if row.t >= blow.at else row

    return replace(raw, race_control=[back(row) for row in raw.race_control])


@kind("weather", "none", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return replace(raw, weather=[])


@kind("weather", "values that no day has", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    wild = {"air_temp": 900.0, "humidity": -5.0, "wind_direction": 4000.0}

    def change(row: WeatherSample) -> WeatherSample:
        return row.model_copy(update=wild) if row.t >= blow.at else row

    return replace(raw, weather=[change(row) for row in raw.weather])


# ---- results and drivers


def _drivers(raw: RawRace, blow: Blow, change: Callable[[DriverInfo], DriverInfo]) -> RawRace:
    return replace(raw, drivers=[change(d) if d.number in blow.cars else d for d in raw.drivers])


@kind("results", "say that it finished", hits=1)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return _drivers(raw, blow, lambda d: replace(d, result="Finished", classified="4"))


@kind("results", "say that it retired", hits=1)
def _(raw: RawRace, blow: Blow) -> RawRace:
    return _drivers(raw, blow, lambda d: replace(d, result="Retired", classified="R"))


@kind("results", "other counts of laps", size=(1, 4), hits=1)
def _(raw: RawRace, blow: Blow) -> RawRace:
    off = int(blow.size) * (1 if blow.seed % 2 else -1)
    return _drivers(raw, blow, lambda d: replace(d, laps=max(0, raw.laps[d.number].done + off)))


@kind("results", "another length of the race", size=(1, 4), hits=0, race=True)
def _(raw: RawRace, blow: Blow) -> RawRace:
    off = int(blow.size) * (1 if blow.seed % 2 else -1)
    done = max(own.done for own in raw.laps.values())
    return replace(raw, total_laps=(raw.total_laps or done) + off)


# ---- everything


@kind("all topics", "silent for a while", span=(10, 200), hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    blow = replace(blow, cars=tuple(raw.laps))
    raw = each(raw, blow, "laps", lambda o: lap_rows(o, ~blow.within(np.nan_to_num(o.end, nan=-1e9))))
    for field in ("cars", "positions", "timing"):
        raw = each(raw, blow, field, lambda s: cut(s, blow))
    return raw


@kind("all topics", "end early", hits=0)
def _(raw: RawRace, blow: Blow) -> RawRace:
    first = min(float(own.end[0]) for own in raw.laps.values())  # without any lap it is refused
    blow = replace(blow, cars=tuple(raw.laps), at=max(blow.at, first + 1.0))
    raw = each(raw, blow, "laps", lambda o: lap_rows(o, o.end < blow.at))
    for field in ("cars", "positions", "timing"):
        raw = each(raw, blow, field, lambda s: until(s, blow))
    status, told = raw.session_status, [row for row in raw.race_control if row.t < blow.at]
    said = Status(status.t[status.t < blow.at], status.code[: int((status.t < blow.at).sum())])
    return replace(raw, race_control=told, session_status=said, splits=[t for t in raw.splits if t < blow.at])
