"""fastf1's tables -> plain values and arrays, one function a table; what is missing is None, NaN or empty."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from fastf1 import _api
from fastf1.mvapi import get_circuit_info

from pipeline.contract.models import RaceControlMessage, WeatherSample
from pipeline.input.words import word
from pipeline.model import CarSamples, Floats, Laps, MapMarker, OfficialTiming, PosSamples, Status

S = TypeVar("S", CarSamples, PosSamples)

AT_EXIT_S = 1.0  # the line and the pit lane's end are further apart
DAY_S = 86400.0  # of the clock's zero is all that a session is told

_LAP_SECONDS = {  # durations, and ends in session seconds
    "lap_time_s": "LapTime",
    "sector1_s": "Sector1Time",
    "sector2_s": "Sector2Time",
    "sector3_s": "Sector3Time",
    "sector1_end_s": "Sector1SessionTime",
    "sector2_end_s": "Sector2SessionTime",
    "sector3_end_s": "Sector3SessionTime",
}
_LAP_FLOATS = {
    "stint": "Stint",
    "position": "Position",
    "speed_i1": "SpeedI1",
    "speed_i2": "SpeedI2",
    "speed_fl": "SpeedFL",
    "speed_st": "SpeedST",
}
_LAP_BOOLS = {
    "fresh_tyre": "FreshTyre",
    "deleted": "Deleted",
    "accurate": "IsAccurate",
    "personal_best": "IsPersonalBest",
}
_LAP_TEXTS = {"track_status": "TrackStatus", "deleted_reason": "DeletedReason"}
_WEATHER = {
    "air_temp": "AirTemp",
    "track_temp": "TrackTemp",
    "humidity": "Humidity",
    "pressure": "Pressure",
    "wind_speed": "WindSpeed",
    "wind_direction": "WindDirection",
    "rainfall": "Rainfall",
}


def laps(own: pd.DataFrame, race: bool = True) -> Laps:
    """One driver's laps, by number; without tyres, which `tyres.resolved` adds.

    Where nobody races, laps mostly end in the garage: for such an end that the feed lacks fastf1 has the pit
    entry, or the moment of the next exit, where no line is crossed.
    """
    own = own[own["LapNumber"].notna()].sort_values("LapNumber").drop_duplicates("LapNumber", keep="last")
    extra = {name: _seconds(own[column]) for name, column in _LAP_SECONDS.items()}
    extra |= {name: own[column].to_numpy(dtype=np.float64) for name, column in _LAP_FLOATS.items()}
    bools = {name: own[column].eq(True).to_numpy(dtype=bool) for name, column in _LAP_BOOLS.items()}
    texts = {
        name: np.array([word(value) for value in own[column]], dtype=object)
        for name, column in _LAP_TEXTS.items()
    }
    end, pit_in = _seconds(own["Time"]), _seconds(own["PitInTime"])
    return Laps(
        number=own["LapNumber"].to_numpy(dtype=np.int64),
        start=_seconds(own["LapStartTime"]),
        end=end if race else np.where(_assumed(own, end, pit_in), np.nan, end),
        pit_in=pit_in,
        pit_out=_seconds(own["PitOutTime"]),
        tyre=np.zeros(len(own), dtype=np.int64),
        tyre_life=np.full(len(own), -1, dtype=np.int64),
        generated=own["FastF1Generated"].eq(True).to_numpy(dtype=bool),
        extra=extra | bools | texts,
    )


def _assumed(own: pd.DataFrame, end: Floats, pit_in: Floats) -> Any:
    """(n,) ends of laps that are no line crossings, see `laps`."""
    leaves = np.append(_seconds(own["PitOutTime"])[1:], np.nan)
    return (end == pit_in) | (own["LapTime"].isna().to_numpy() & (np.abs(end - leaves) < AT_EXIT_S))


def car_samples(samples: pd.DataFrame) -> CarSamples:
    t, keep = _clock(samples)
    return CarSamples(
        t=t,
        speed=samples["Speed"].to_numpy(dtype=np.float64)[keep],
        rpm=samples["RPM"].to_numpy(dtype=np.float64)[keep],
        throttle=samples["Throttle"].to_numpy(dtype=np.float64)[keep],
        gear=_int16(samples["nGear"])[keep],
        drs=_int16(samples["DRS"])[keep],
        brake=_int16(samples["Brake"])[keep],
    )


def position_samples(samples: pd.DataFrame) -> PosSamples:
    t, keep = _clock(samples)
    x, y, z = (samples[c].to_numpy(dtype=np.float64)[keep] for c in ("X", "Y", "Z"))
    nowhere = (x == 0) & (y == 0) & (z == 0)  # the feed's way to say that it does not know
    return PosSamples(t, *(np.where(nowhere, np.nan, v) for v in (x, y, z)))


def _clock(samples: pd.DataFrame) -> tuple[Floats, Any]:
    """Strictly increasing sample times, and the rows to keep for them."""
    t = _seconds(samples["SessionTime"])
    keep: Any = np.arange(len(t))
    keep = keep[~np.isnan(t)]
    keep = keep[np.argsort(t[keep], kind="stable")]
    keep = keep[np.diff(t[keep], prepend=-np.inf) > 0]
    return t[keep], keep


def shared_clocks(by_driver: dict[str, S]) -> dict[str, S]:
    """Let samples with equal times share one array, so that work on a clock is done once."""
    seen: list[Floats] = []
    for number, samples in by_driver.items():
        for t in seen:
            if np.array_equal(t, samples.t):
                by_driver[number] = type(samples)(**{**samples.__dict__, "t": t})
                break
        else:
            seen.append(samples.t)
    return by_driver


def official_timing(session: Any) -> dict[str, OfficialTiming]:
    """The official timing stream, which load() has already parsed and cached."""
    try:
        _, stream = _api.timing_data(session.api_path)
    except Exception:
        return {}
    found = {}
    known = stream[stream["Time"].notna() & stream["Position"].notna()]
    for number, rows in known.groupby("Driver"):
        found[str(number)] = OfficialTiming(
            t=_seconds(rows["Time"]),
            place=rows["Position"].to_numpy(dtype=np.int64),
            gap=_each(_gap, rows["GapToLeader"]),
            interval=_each(_behind, rows["IntervalToPositionAhead"]),
            laps_down=_each(_laps_down, rows["GapToLeader"]),
        )
    return found


def _each(told: Callable[[str], float], texts: pd.Series) -> Floats:
    """The numbers of a column of texts, each text looked at once; NaN where there is none."""
    known = {text: told(text.strip()) if isinstance(text, str) else np.nan for text in texts.unique()}
    return texts.map(known).to_numpy(dtype=np.float64)


def _gap(text: str) -> float:
    """Seconds behind the leader; 0 for the leader's own "LAP 12"."""
    return 0.0 if text.startswith("LAP") else _behind(text)


def _behind(text: str) -> float:
    """Seconds of "+1.234" or "+1:02.345"; NaN for "1 L" and "LAP 12"."""
    found = re.fullmatch(r"\+?(?:(\d+):)?(\d+(?:\.\d+)?)", text)
    return np.nan if found is None else 60.0 * int(found[1] or 0) + float(found[2])


def _laps_down(text: str) -> float:
    """Laps of "1 L", "2L" or "+1 LAP"; 0 where there are seconds, NaN where there is neither."""
    if found := re.fullmatch(r"\+?(\d+) ?L(?:APS?)?", text):
        return float(found[1])
    return np.nan if np.isnan(_behind(text)) else 0.0


def stepped(frame: pd.DataFrame | None) -> Status:
    """fastf1's table of the track's or the session's status."""
    if frame is None or frame.empty:
        return Status(np.empty(0), [])
    return Status(_seconds(frame["Time"]), [str(code) for code in frame["Status"]])


def race_control(frame: pd.DataFrame | None, zero: Any) -> tuple[list[RaceControlMessage], int]:
    """Each message once: a client that connects anew is told all of them again.

    Returns:
        And how many are of another day, and left out.
    """
    if frame is None or frame.empty or pd.isna(zero):
        return [], 0
    t = (pd.to_datetime(frame["Time"], errors="coerce") - zero).dt.total_seconds()
    known = t.abs() < DAY_S
    rows = [
        RaceControlMessage(
            t=float(seconds),
            category=word(row.get("Category")),
            message=word(row.get("Message")) or "",
            flag=word(row.get("Flag")),
            scope=word(row.get("Scope")),
            sector=whole(row.get("Sector")),
            number=word(row.get("RacingNumber")),
            lap=whole(row.get("Lap")),
            status=word(row.get("Status")),
        )
        for seconds, (_, row) in zip(t[known], frame[known].iterrows(), strict=True)
    ]
    return list(dict.fromkeys(rows)), int((~known & frame["Time"].notna()).sum())


def weather(frame: pd.DataFrame | None) -> list[WeatherSample]:
    if frame is None or frame.empty:
        return []
    columns = {name: frame[column].tolist() for name, column in _WEATHER.items() if column in frame}
    return [
        WeatherSample.model_validate(
            {"t": float(t)}
            | {name: None if pd.isna(values[i]) else values[i] for name, values in columns.items()}
        )
        for i, t in enumerate(_seconds(frame["Time"]))
    ]


def circuit(year: int, info: dict[str, Any]) -> dict[str, Any]:
    """RawRace's corners, marshal_sectors, marshal_lights and rotation; nothing where the source has none.

    A circuit that nobody has drawn yet has a rotation of 0 there, and neither sectors nor lights.
    """
    circuit = ((info.get("Meeting") or {}).get("Circuit") or {}).get("Key")
    try:
        found = get_circuit_info(year=year, circuit_key=int(circuit)) if circuit is not None else None
    except Exception:
        found = None
    if found is None:
        return {"corners": [], "rotation": None}
    marked = {
        name: _markers(getattr(found, name)) for name in ("corners", "marshal_sectors", "marshal_lights")
    }
    drawn = found.rotation or marked["marshal_sectors"] or marked["marshal_lights"]
    return {**marked, "rotation": float(found.rotation) if drawn else None}


def _markers(rows: Any) -> list[MapMarker]:
    found = [
        MapMarker(number, word(row.Letter) or "", float(row.X), float(row.Y), float(row.Angle))
        for row in rows.itertuples()
        if (number := whole(row.Number)) is not None and np.isfinite([row.X, row.Y, row.Angle]).all()
    ]
    return sorted(found, key=lambda marker: (marker.number, marker.letter))


def _seconds(series: pd.Series) -> Floats:
    return np.asarray(series.dt.total_seconds(), dtype=np.float64)


def _int16(series: pd.Series) -> Any:
    return series.fillna(-1).to_numpy(dtype=np.int16)


def whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):  # None, NaN, NA, infinity, words
        return None
