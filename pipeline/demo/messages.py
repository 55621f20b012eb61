"""The feed's topics about the session as a whole: who drives, status, flags, race control, weather."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pipeline.contract.sessions import SESSIONS
from pipeline.demo.truth import DemoCar, DemoEvent, Line, Truth, lap_time

_TRACK = {"1": "AllClear", "2": "Yellow", "4": "SCDeployed", "5": "Red"}
_GMT_OFFSET = timedelta(hours=2)


def session_lines(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    """Session info, drivers, statuses, lap count, clock and heartbeat."""
    begin, end = float(truth.t[0]), float(truth.t[-1])
    yield begin, "SessionInfo", _session_info(event)
    yield begin, "DriverList", {car.number: _driver(car) for car in truth.cars}
    for when, remaining, runs in _clock(truth, begin):
        clock = {"Utc": event.utc(when), "Remaining": remaining, "Extrapolating": runs}
        yield when, "ExtrapolatedClock", clock
    for k in range(math.ceil((end - begin) / 15)):
        yield begin + 15 * k, "Heartbeat", {"Utc": event.utc(begin + 15 * k)}
    yield from _statuses(truth, event)
    if not truth.parts:
        yield from _lap_count(truth, event)


def _clock(truth: Truth, begin: float) -> Iterator[tuple[float, str, bool]]:
    """What remains of the session, or of each part, and whether it runs."""
    if not truth.parts:
        yield begin, "02:00:00", False
        yield 0.0, "01:59:59", True
    for part in truth.parts:
        left = part.end - part.start - sum(green - red for red, green in part.stops)
        yield max(begin, part.start - 30), _remaining(left), False
        since = part.start
        for red, green in (*part.stops, (part.end, part.end)):
            yield since, _remaining(left), True
            left, since = left - (red - since), green
            yield red, _remaining(left), False


def _remaining(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))).zfill(8)


def _driver(car: DemoCar) -> dict[str, Any]:
    return {
        "RacingNumber": car.number,
        "BroadcastName": f"{car.first_name[0]} {car.last_name.upper()}",
        "FullName": f"{car.first_name} {car.last_name.upper()}",
        "Tla": car.code,
        "Line": car.grid,
        "TeamName": car.team,
        "TeamColour": car.color,
        "FirstName": car.first_name,
        "LastName": car.last_name,
        "Reference": f"{car.first_name[:3]}{car.last_name[:3]}01".upper(),
        "CountryCode": "UTO",
    }


def _session_info(event: DemoEvent) -> dict[str, Any]:
    local = event.start_utc + _GMT_OFFSET
    session = SESSIONS[event.session]
    kind = session.name
    day = local.strftime("%Y-%m-%d")
    path = f"{event.year}/{day}_{event.name}/{day}_{kind}/".replace(" ", "_")
    return {
        "Meeting": {
            "Key": event.meeting_key,
            "Name": event.name,
            "OfficialName": event.official_name,
            "Location": event.location,
            "Country": {"Key": 900, "Code": "UTO", "Name": event.country},
            "Circuit": {"Key": event.circuit_key, "ShortName": event.location},
        },
        "ArchiveStatus": {"Status": "Generating"},
        "Key": event.session_key,
        "Type": session.kind.title(),
        "Name": kind,  # a sprint is of type Race in the real feed, too
        "StartDate": local.isoformat(timespec="seconds"),
        "EndDate": (local + timedelta(hours=2)).isoformat(timespec="seconds"),
        "GmtOffset": "02:00:00",
        "Path": path,
    }


def _statuses(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    """SessionData comes before SessionStatus: fastf1 takes its zero from the first line with "Started"."""
    begin = float(truth.t[0])
    utc = event.utc(begin)
    statuses = [{"Utc": utc, "TrackStatus": "AllClear"}, {"Utc": utc, "SessionStatus": "Inactive"}]
    yield begin, "SessionData", {"Series": [{"Utc": utc, "Lap": 1}], "StatusSeries": statuses}
    yield begin, "SessionStatus", {"Status": "Inactive"}
    yield begin, "TrackStatus", {"Status": "1", "Message": "AllClear"}
    changes = [
        *((when, "SessionStatus", status) for when, status in _session_statuses(truth)),
        *((when, "TrackStatus", status) for when, status in truth.track_status[1:]),
    ]
    for k, (when, topic, status) in enumerate(sorted(changes), start=2):
        entry = {"Utc": event.utc(when), topic: _TRACK.get(status, status)}
        yield when, "SessionData", {"StatusSeries": {str(k): entry}}
        track = {"Status": status, "Message": _TRACK.get(status)}
        yield when, topic, track if topic == "TrackStatus" else {"Status": status}


def _session_statuses(truth: Truth) -> Iterator[tuple[float, str]]:
    if not truth.parts:
        yield 0.0, "Started"
        yield min(truth.finished_s.values()), "Finished"
    for k, part in enumerate(truth.parts):
        if k:
            yield part.start - 20, "Inactive"
        yield part.start, "Started"
        for red, green in part.stops:
            yield red, "Aborted"
            yield green - 20, "Inactive"
            yield green, "Started"
        yield part.end, "Finished"
    last = max([*truth.finished_s.values(), *(part.end for part in truth.parts)])
    yield round(last + 30, 3), "Finalised"
    yield round(last + 50, 3), "Ends"


def _lap_count(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    yield float(truth.t[0]), "LapCount", {"CurrentLap": 1, "TotalLaps": truth.laps}
    for lap in range(1, truth.laps):
        when = lead_s(truth, lap)
        yield when, "LapCount", {"CurrentLap": lap + 1}
        yield when, "SessionData", {"Series": {str(lap): {"Utc": event.utc(when), "Lap": lap + 1}}}


def lead_s(truth: Truth, lap: int) -> float:
    """When the first car ended a lap."""
    return min(float(times[lap - 1]) for times in truth.line_s.values() if len(times) >= lap)


def race_control(truth: Truth, event: DemoEvent) -> Iterator[Line]:
    """The messages, numbered as in the feed; the first comes as a list, the others by their number."""
    told = _timed_messages(truth, event) if truth.parts else _messages(truth)
    messages = sorted(told, key=lambda item: item[0])
    for k, (when, fields) in enumerate(messages):
        lap = 1 + sum(lead_s(truth, lap) <= when for lap in range(1, truth.laps))
        # the feed cuts these stamps to the second
        stamp = (event.zero_utc + timedelta(seconds=when)).replace(microsecond=0).isoformat()
        entry = {"Utc": stamp, **({} if truth.parts else {"Lap": lap}), **fields}
        yield when, "RaceControlMessages", {"Messages": [entry] if k == 0 else {str(k): entry}}


def _flag(name: str, text: str, scope: str = "Track", **more: Any) -> dict[str, Any]:
    return {"Category": "Flag", "Flag": name, "Scope": scope, **more, "Message": text}


def _timed_messages(truth: Truth, event: DemoEvent) -> Iterator[tuple[float, dict[str, Any]]]:
    for part in truth.parts:
        for green in (part.start, *(green for _, green in part.stops)):
            yield green, _flag("GREEN", "GREEN LIGHT - PIT EXIT OPEN")
        for red, green in part.stops:
            yield red, _flag("RED", "RED FLAG")
            yield green - 60, _flag("CLEAR", "TRACK CLEAR")
        yield part.end, _flag("CHEQUERED", "CHEQUERED FLAG")
    for when, code, lap in truth.deleted:
        number = next(car.number for car in truth.cars if car.code == code)
        began, end = truth.line_s[code][lap - 2 : lap].tolist()
        passed = event.zero_utc + timedelta(seconds=end) + _GMT_OFFSET
        text = f"CAR {number} ({code}) TIME {lap_time(end - began)} DELETED - TRACK LIMITS AT TURN 4"
        counted = lap + 1  # to race control the way out of the garage is a lap
        yield when, {"Category": "Other", "Message": f"{text} LAP {counted} {passed:%H:%M:%S}"}


def _messages(truth: Truth) -> Iterator[tuple[float, dict[str, Any]]]:
    def safety_car(status: str) -> dict[str, Any]:
        text = f"SAFETY CAR {status}"
        return {"Category": "SafetyCar", "Status": status, "Mode": "SAFETY CAR", "Message": text}

    yield float(truth.t[0]), _flag("GREEN", "GREEN LIGHT - PIT EXIT OPEN")
    yield lead_s(truth, 1), {"Category": "Drs", "Status": "ENABLED", "Message": "DRS ENABLED"}
    car = next(car for car in truth.cars if car.code == truth.penalised)
    text = f"FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR {car.number} ({car.code}) - FALSE START"
    yield lead_s(truth, 1) + 21.4, {"Category": "Other", "Message": text}
    for when, status in truth.track_status[1:]:
        if status == "2":
            yield when, _flag("YELLOW", "YELLOW IN TRACK SECTOR 9", "Sector", Sector=9)
            yield when + 1.2, {"Category": "Drs", "Status": "DISABLED", "Message": "DRS DISABLED"}
        elif status == "4":
            yield when, safety_car("DEPLOYED")
        else:
            yield when, _flag("CLEAR", "TRACK CLEAR")
    if truth.sc_in_s is not None:
        yield truth.sc_in_s, safety_car("IN THIS LAP")
    yield min(truth.finished_s.values()), _flag("CHEQUERED", "CHEQUERED FLAG")


def weather(truth: Truth) -> Iterator[Line]:
    """One sample a minute: a warm, dry day."""
    for k in range(int((truth.t[-1] - truth.t[0]) // 60) + 1):
        wave = math.sin(k * 0.9 + truth.seed)
        sample = {
            "AirTemp": f"{23.4 + 0.3 * wave:.1f}",
            "Humidity": f"{48 - 2 * wave:.1f}",
            "Pressure": f"{1012.6 + 0.1 * wave:.1f}",
            "Rainfall": "0",
            "TrackTemp": f"{38.1 + 0.8 * wave:.1f}",
            "WindDirection": str((140 + 37 * k) % 360),
            "WindSpeed": f"{1.8 + 0.6 * wave:.1f}",
        }
        yield float(truth.t[0]) + 60 * k, "WeatherData", sample
