"""The demo race as F1's archive, jolpica and the schedule serve races: what a nightly run fetches online."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastf1._api import pages
from fastf1.livetiming.data import LiveTimingData

from pipeline.demo import DemoEvent, Truth, simulate, write_recording
from pipeline.demo.answers import who
from pipeline.input.pages import PAGES

SHIFT = timedelta(hours=1)  # a recording's clock has its zero at lights out; an archive's begins before
DAY = timedelta(days=1)
SEASON = timedelta(days=14)  # as far back as tests have races
LOCAL = timedelta(hours=2)  # the demo's offset from UTC


@dataclass(frozen=True)
class Weekend:
    """A race of the test's season. `meeting` is F1's key."""

    round: int
    name: str
    start: datetime
    meeting: int

    @property
    def event(self) -> DemoEvent:
        start = self.start.replace(tzinfo=None)
        official = f"FORMULA TEST {self.name.upper()}"
        names = (self.name, official, "Testland", "Port Example")
        return DemoEvent(start.year, self.round, *names, "R", start, self.meeting, self.meeting * 10)

    @property
    def folder(self) -> str:
        day = f"{self.start + LOCAL:%Y-%m-%d}"
        return f"{day[:4]}/{day}_{self.name}/{day}_Race".replace(" ", "_")


def hours_ago(hours: float) -> datetime:
    """A moment before now, or to come. What is past is of one season: in January all of it is of the last."""
    now = datetime.now(UTC)
    if hours > 0 and (now - SEASON).year != (now - DAY).year:
        hours += SEASON / timedelta(hours=1)
    return (now - timedelta(hours=hours)).replace(second=0, microsecond=0)


@cache
def truth() -> Truth:
    return simulate(1, 3)


def timing(weekend: Weekend, scratch: Path) -> dict[str, bytes]:
    """Every page of the session in F1's archive, by path."""
    write_recording(truth(), scratch / "race.txt", weekend.event)
    recording = LiveTimingData(str(scratch / "race.txt"))
    found = {}
    for name in recording.list_categories():
        page = next((page for page in pages.values() if page.startswith(f"{name}.json")), None)
        if name in PAGES:
            page = f"{name}.jsonStream"
        if page is not None:
            entries = recording.get(name)
            found[f"/static/{weekend.folder}/{page}"] = b"".join(
                line(at + SHIFT, text) for at, text in entries
            )
    return found


def line(at: timedelta, message: Any) -> bytes:
    """A line of the archive's: the session's clock, and the message."""
    total = round(at.total_seconds() * 1000)
    clock = f"{total // 3600000:02}:{total // 60000 % 60:02}:{total // 1000 % 60:02}.{total % 1000:03}"
    return f"{clock}{json.dumps(message)}\r\n".encode()


def results(weekend: Weekend) -> dict[str, bytes]:
    """jolpica's answers for a race."""
    race = truth()
    order = race.orders[-1][1]
    rows = [_result(race, code, place) for place, code in enumerate(order, 1)]
    base = f"/{weekend.start.year}/{weekend.round}"
    return {
        f"{base}/results.json": _ergast(weekend, [{**_race(weekend), "Results": rows}]),
        f"{base}/laps/1.json": _ergast(weekend, []),
    }


def no_results(weekend: Weekend) -> dict[str, bytes]:
    """What jolpica says until the stewards have spoken."""
    return {path: _ergast(weekend, []) for path in results(weekend)}


def _result(race: Truth, code: str, place: int) -> dict[str, Any]:
    grid = next(car.grid for car in race.cars if car.code == code)
    out = code in race.retired_s
    return who(race, code) | {
        "position": str(place),
        "positionText": "R" if out else str(place),
        "points": "0",
        "grid": str(grid),
        "laps": str(len(race.line_s[code])),
        "status": "Retired" if out else "Finished",
    }


def _race(weekend: Weekend) -> dict[str, Any]:
    return {
        "season": str(weekend.start.year),
        "round": str(weekend.round),
        "raceName": weekend.name,
        "Circuit": {"circuitId": "port", "circuitName": "Port", "Location": {"country": "Testland"}},
        "date": f"{weekend.start:%Y-%m-%d}",
        "time": f"{weekend.start:%H:%M:%S}Z",
    }


def _ergast(weekend: Weekend, races: list[dict[str, Any]]) -> bytes:
    table = {"season": str(weekend.start.year), "round": str(weekend.round), "Races": races}
    head = {"series": "f1", "limit": "30", "offset": "0", "total": "10", "RaceTable": table}
    return json.dumps({"MRData": head}).encode()


def schedule(weekends: list[Weekend]) -> bytes:
    """A season as fastf1's own schedule has it: columns of row number -> value."""
    rows = [_scheduled(weekend) for weekend in weekends]
    return json.dumps({name: {str(i): row[name] for i, row in enumerate(rows)} for name in rows[0]}).encode()


def _scheduled(weekend: Weekend) -> dict[str, Any]:
    event, local = weekend.event, (weekend.start + LOCAL).replace(tzinfo=None)
    row: dict[str, Any] = {
        "round_number": weekend.round,
        "country": event.country,
        "location": event.location,
        "official_event_name": event.official_name,
        "event_date": local.isoformat(),
        "event_name": event.name,
        "gmt_offset": "+02:00",
        "event_format": "conventional",
    }
    names = ("Practice 1", "Practice 2", "Practice 3", "Qualifying", "Race")
    days = (2, 2, 1, 1, 0)
    for i, (name, before) in enumerate(zip(names, days, strict=True), 1):
        row[f"session{i}"] = name
        row[f"session{i}_date"] = (local - timedelta(days=before)).isoformat()
    return row | {"f1_api_support": True}
