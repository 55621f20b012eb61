"""What jolpica and MultiViewer would say of the demo season, put where fastf1 keeps their answers.

So results, points and the grid, corners and the map's rotation arrive as those of a real race do, without a
network. Points are a whole race's; time penalties count, though not for the order at the flag.
"""

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pipeline.contract.sessions import SessionCode
from pipeline.demo.timed import bests
from pipeline.demo.track import markers
from pipeline.demo.truth import DemoCar, DemoEvent, Truth, lap_time
from pipeline.network.hosts import CIRCUITS, RESULTS

PENALTY_S: Final = 5.0
_POINTS: Final[dict[SessionCode, tuple[int, ...]]] = {
    "R": (25, 18, 15, 12, 10, 8, 6, 4, 2, 1),
    "S": (8, 7, 6, 5, 4, 3, 2, 1),
}
_CLASSIFIED: Final = 0.9  # of the winner's laps
_PAGES: Final[dict[SessionCode, tuple[str, str]]] = {
    "R": ("results", "Results"),
    "S": ("sprint", "SprintResults"),
    "Q": ("qualifying", "QualifyingResults"),
}


def answer(cache: Path, event: DemoEvent, truth: Truth) -> None:
    """Add what is said of a session to the responses that a fastf1 cache holds."""
    results = f"{RESULTS.url}/{event.year}/{event.round}"
    said = {f"{CIRCUITS.url}/api/v1/circuits/{event.circuit_key}/{event.year}": circuit(truth.seed)}
    if event.session in _PAGES:
        page, name = _PAGES[event.session]
        said[f"{results}/{page}.json"] = _page(event, {name: result(event, truth)})
    if event.session == "R":
        said[f"{results}/laps/1.json"] = _page(event)
    _keep(cache, said)


def _keep(cache: Path, said: dict[str, Any]) -> None:
    from requests_cache.backends.sqlite import SQLiteCache  # noqa: PLC0415 - a fifth of a second
    from requests_cache.models.request import CachedRequest  # noqa: PLC0415
    from requests_cache.models.response import CachedResponse  # noqa: PLC0415

    with closing(SQLiteCache(str(cache / "fastf1_http_cache"))) as kept:
        for url, text in said.items():
            request = CachedRequest(method="GET", url=url)
            content = json.dumps(text).encode()
            kept.save_response(CachedResponse(status_code=200, url=url, content=content, request=request))


def circuit(seed: int) -> dict[str, Any]:
    """A circuit as MultiViewer has it."""
    rotation, corners, sectors = markers(seed)
    marshal = [_marker(*marker) for marker in sectors]
    return {
        "corners": [_marker(*marker) for marker in corners],
        "marshalLights": marshal,
        "marshalSectors": marshal,
        "rotation": rotation,
    }


def _marker(number: int, x: float, y: float, angle: float) -> dict[str, Any]:
    position = {"x": round(x, 1), "y": round(y, 1)}
    return {"number": number, "letter": "", "angle": round(angle, 1), "trackPosition": position}


def result(event: DemoEvent, truth: Truth) -> list[dict[str, Any]]:
    """The rows of a race, sprint or qualifying as jolpica has them."""
    return _qualified(truth) if truth.parts else _raced(truth, _POINTS[event.session])


def _raced(truth: Truth, points: tuple[int, ...]) -> list[dict[str, Any]]:
    total = {
        code: when - truth.start_s + PENALTY_S * (code == truth.penalised)
        for code, when in truth.finished_s.items()
    }
    laps = {code: len(ends) for code, ends in truth.line_s.items()}
    order = sorted(laps, key=lambda code: (-laps[code], total.get(code, math.inf)))
    first, rows = order[0], []
    for place, code in enumerate(order, 1):
        classified = laps[code] >= int(_CLASSIFIED * laps[first])
        row = who(truth, code) | {
            "position": str(place),
            "positionText": str(place) if classified else "R" if code in truth.retired_s else "N",
            "points": str(points[place - 1] if classified and place <= len(points) else 0),
            "grid": str(_car(truth, code).grid),
            "laps": str(laps[code]),
            "status": "Retired" if code in truth.retired_s else "Finished",
        }
        if laps[code] == laps[first]:
            behind = total[code] - total[first]
            time = f"+{behind:.3f}" if behind else lap_time(total[code])
            row["Time"] = {"millis": str(round(total[code] * 1000)), "time": time}
        elif code in total:
            row["status"] = "Lapped"
        rows.append(row)
    return rows


def _qualified(truth: Truth) -> list[dict[str, Any]]:
    found = [bests(truth, part, math.inf) for part in range(len(truth.parts))]
    return [
        who(truth, code)
        | {"position": str(place)}
        | {f"Q{part}": lap_time(best[code]) for part, best in enumerate(found, 1) if code in best}
        for place, code in enumerate(truth.orders[-1][1], 1)
    ]


def _car(truth: Truth, code: str) -> DemoCar:
    return next(car for car in truth.cars if car.code == code)


def who(truth: Truth, code: str) -> dict[str, Any]:
    """A driver and the team as jolpica has them in a row of any result."""
    car = _car(truth, code)
    return {
        "number": car.number,
        "Driver": {
            "driverId": car.last_name.lower(),
            "permanentNumber": car.number,
            "code": car.code,
            "givenName": car.first_name,
            "familyName": car.last_name,
            "nationality": "Utopian",
        },
        "Constructor": {"constructorId": car.team.lower().replace(" ", "_"), "name": car.team},
    }


def _page(event: DemoEvent, rows: dict[str, Any] | None = None) -> dict[str, Any]:
    """jolpica's answer about a session; without a race where it has nothing of it."""
    race = {
        "season": str(event.year),
        "round": str(event.round),
        "raceName": event.name,
        "Circuit": {
            "circuitId": event.location.lower().replace(" ", "_"),
            "circuitName": event.location,
            "Location": {"locality": event.location, "country": event.country},
        },
        "date": f"{event.start_utc:%Y-%m-%d}",
        "time": f"{event.start_utc:%H:%M:%S}Z",
    }
    races = [] if rows is None else [race | rows]
    table = {"season": race["season"], "round": race["round"], "Races": races}
    total = str(sum(map(len, (rows or {}).values())))
    return {"MRData": {"series": "f1", "limit": "30", "offset": "0", "total": total, "RaceTable": table}}
