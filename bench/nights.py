"""Nights against hosts and an S3 server of this machine: how soon a race is out, and what an idle run costs.

A real race has its car data and positions served as F1's archive has them, made again from what fastf1 had
parsed; its other topics are in the cache, parsed. The demo's race is fetched as a whole.
"""

import base64
import ctypes
import json
import os
import pickle
import resource
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.child import run
from bench.inputs import Input
from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Options
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.run.batch import Listener, Settings
from pipeline.run.batch import run as compute
from pipeline.store.local import LocalStore
from tests.command import clean_environment
from tests.nightly import archive
from tests.nightly.archive import Weekend, hours_ago
from tests.nightly.hosts import Hosts, serving
from tests.s3.support import place
from tests.s3.swift import environment, running

_CAR = {"0": "RPM", "2": "Speed", "3": "nGear", "4": "Throttle", "5": "Brake", "45": "DRS"}
_WEEKEND: dict[SessionCode, int] = {"FP1": 2, "FP2": 2, "FP3": 1, "Q": 1, "R": 0}  # days before the race
_SUBREAPER = 36  # of Linux's prctl


@dataclass(frozen=True)
class Night:
    """What a run of the command took, with its children, and what it asked of hosts and bucket."""

    seconds: float
    cpu_s: float
    said: str
    hosts: dict[str, int]


def _night(hosts: Hosts, year: int, folder: Path, *more: str, **variables: str) -> Night:
    where = ("--out", str(folder / "out"), "--fastf1-cache", str(folder / "cache"))
    words = ("nightly", "--season", str(year), *where, *more)
    hosts.requests.clear()
    told = clean_environment() | hosts.environment() | variables
    seconds, cpu, said = run("bench.nights:command", words, told)
    return Night(seconds, cpu, said, dict(hosts.requests))


def command(words: tuple[str, ...], told: dict[str, str]) -> tuple[float, float, str]:
    """Wall and processor seconds of f1-precompute, all its processes counted, and its last line.

    Races are forked by a server that outlives the command: this process has to inherit it to learn its time.
    """
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *words], env=told, capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - begin
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, used.ru_utime + used.ru_stime, done.stdout.splitlines()[-1]


def fresh(given: Input) -> tuple[Night, Night]:
    """A run that finds a race over, and uploads it; and the next one.

    Raises:
        RuntimeError: nothing was published.
    """
    folder = given.work / "fresh"
    (folder / "cache").mkdir(parents=True)
    weekend = Weekend(1, given.task.event.name, hours_ago(2.5), 1)
    with serving() as hosts, running(folder / "swift", environment()) as server, place(server) as bucket:
        hosts.content["schedule"] = {f"/schedule_{weekend.start.year}.json": archive.schedule([weekend])}
        hosts.content["jolpica"] = archive.no_results(weekend)
        pages = _real(given, weekend, folder / "cache") if given.real else archive.timing(weekend, folder)
        status = next(page for page in pages if page.endswith("/SessionStatus.jsonStream"))
        begun = pages[status][: pages[status].index(b"Finalised") - 25]
        published = bucket.environment(F1_PUBLISH="1")
        hosts.content["timing"] = {status: begun}
        _night(hosts, weekend.start.year, folder, **published)  # is told to wait
        hosts.content["timing"] = pages
        first = _night(hosts, weekend.start.year, folder, **published)
        if not bucket.published():
            raise RuntimeError(first.said)
        return first, _night(hosts, weekend.start.year, folder, **published)


def _real(given: Input, weekend: Weekend, cache: Path) -> dict[str, bytes]:
    """The pages of the input's race on another day; what is not among them is parsed already."""
    (parsed,) = given.task.source.cache.glob(f"20*/{given.task.event.date}_*/*_Race")
    folder = cache / weekend.folder
    folder.mkdir(parents=True)
    pages = {"SessionStatus.jsonStream": b"".join(_statuses(_read(parsed / "session_status_data.ff1pkl")))}
    for file in parsed.glob("*.ff1pkl"):
        if file.stem == "car_data":
            pages["CarData.z.jsonStream"] = _stream(_read(file), "Entries", "Utc", "Cars", _car)
        elif file.stem == "position_data":
            pages["Position.z.jsonStream"] = _stream(
                _read(file), "Position", "Timestamp", "Entries", _position
            )
        elif file.stem != "session_status_data":
            shutil.copy(file, folder)
    return {f"/static/{weekend.folder}/{name}": page for name, page in pages.items()}


def _read(file: Path) -> Any:
    return pickle.loads(file.read_bytes())["data"]


def _statuses(told: Any) -> Iterator[bytes]:
    for when, status in zip(told["Time"], told["Status"], strict=True):
        yield archive.line(when, {"Status": status})


def _car(row: Any) -> dict[str, Any]:
    return {"Channels": {key: int(row[name]) * (100 if key == "5" else 1) for key, name in _CAR.items()}}


def _position(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in ("Status", "X", "Y", "Z")}


def _stream(tables: Any, samples: str, stamp: str, cars: str, entry: Any) -> bytes:
    """A packed topic, a second and a bit a line."""
    rows = {number: table.to_dict("records") for number, table in tables.items()}
    first = next(iter(rows.values()))
    lines = []
    for begin in range(0, len(first), 5):
        message = [
            {
                stamp: f"{first[i]['Date'].isoformat()}Z",
                cars: {number: entry(own[i]) for number, own in rows.items()},
            }
            for i in range(begin, min(begin + 5, len(first)))
        ]
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(json.dumps({samples: message}).encode()) + packer.flush()
        lines.append(archive.line(first[begin]["Time"], base64.b64encode(packed).decode()))
    return b"".join(lines)


def idle(given: Input, published: Path, rounds: int) -> tuple[Night, Night, int]:
    """A run for a season of which all is there: the usual one, and one that asks for the schedule.

    Returns:
        And how many sessions there are.
    """
    folder, year = given.work / "idle", datetime.now(UTC).year - 1
    weekends = _weekends(year, rounds)
    for weekend in weekends:
        for code in _WEEKEND:
            _furnish(given, published, folder, weekend, code)
    with serving() as hosts:
        hosts.content["schedule"] = {f"/schedule_{year}.json": archive.schedule(weekends)}
        hosts.content["jolpica"] = archive.no_results(weekends[0])
        more = ("--sessions", "all")
        _night(hosts, year, folder, *more)
        usual = _night(hosts, year, folder, *more)
        (folder / "cache" / f"f1_precompute_schedule_{year}.json").unlink()
        return usual, _night(hosts, year, folder, *more), rounds * len(_WEEKEND)


def whole_season(given: Input, folder: Path, sessions: int) -> LocalStore:
    """A season of so many sessions, all of them the input's first with few frames."""
    made = folder / "made"
    settings = Settings(out=made, source=given.task.source, options=Options(fps=5, frame_skips=[10]), jobs=1)
    compute([given.task], settings, Listener(), [given.task.event])
    wanted = [(w, code) for w in _weekends(datetime.now(UTC).year - 1, 99) for code in _WEEKEND]
    for weekend, code in wanted[:sessions]:
        _furnish(given, made, folder, weekend, code)
    return LocalStore(folder / "out")


def _weekends(year: int, rounds: int) -> list[Weekend]:
    first, step = datetime(year, 3, 1, 13, tzinfo=UTC), timedelta(days=7 if rounds <= 40 else 3)
    return [Weekend(n, f"Round {n} Grand Prix", first + (n - 1) * step, n) for n in range(1, rounds + 1)]


def _furnish(given: Input, published: Path, folder: Path, weekend: Weekend, code: SessionCode) -> None:
    """The input's race, its files and its cache, as a session of the season."""
    old, key = given.task.key, SessionKey(weekend.start.year, weekend.round, code)
    manifest = json.loads((published / old.manifest).read_text().replace(old.prefix, key.prefix))
    manifest["event"] |= {
        "year": key.year,
        "round": key.round,
        "session": code,
        "name": weekend.name,
        "date_utc": (weekend.start - timedelta(days=_WEEKEND[code])).isoformat(),
    }
    about = manifest["provenance"]
    about |= {"provisional": False, "reasons": []}
    for artifact in manifest["artifacts"]:
        path = folder / "out" / artifact["key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(published / artifact["key"].replace(key.prefix, old.prefix), path)
    if about["input"]["kind"] == "cache":
        parsed = about["input"]["path"]
        own = weekend.folder.removesuffix("Race") + SESSIONS[code].name.replace(" ", "_")
        about["input"]["path"] = own
        cache = folder / "cache" / own
        cache.mkdir(parents=True)
        for file in (given.task.source.cache / parsed).glob("*.ff1pkl"):
            os.link(file, cache / file.name)
    (folder / "out" / key.manifest).write_text(json.dumps(manifest))
