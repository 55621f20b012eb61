"""Sessions whose timing is real and whose cars drive exactly as it says: made, computed, held against that.

The timing of many seasons and the script that adds the cars (`drive.py`) are not part of this repository:
they are found by F1_TIMING, the checker of frames by F1_CHECKER. Cars drive through every official line
crossing, sector time, pit entry and exit, so that their race distance is known at every moment.
"""

import contextlib
import importlib.util
import io
import os
import re
import shutil
import tarfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from unittest.mock import patch

import fastf1
import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow.parquet as pq
from scipy.interpolate import PchipInterpolator

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Options
from pipeline.contract.sessions import SESSIONS
from pipeline.input.load import HTTP_CACHE, configure, load
from pipeline.input.seasons import season, to_fastf1
from pipeline.job import Job, ScheduledEvent, Source
from pipeline.model import RawRace
from pipeline.run.race import run
from tests.truth import timed
from tests.truth.official import Official

SHARED = Path(__file__).resolve().parents[3] / "shared"
TIMING = Path(os.environ.get("F1_TIMING", SHARED / "timing"))
CHECKER = Path(os.environ.get("F1_CHECKER", SHARED / "check" / "check_frames.py"))
SCHEDULES = Path(os.environ.get("F1_REAL_CACHE", SHARED / "real" / "fastf1-cache")) / HTTP_CACHE
DISTANCE_M = 15.0  # what the 99th percentile of a car's error in race distance may be
NULLABLE = ("x", "dist", "speed", "gap")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Session:
    """A session of the timing, and its folder in the cache."""

    key: SessionKey
    event: ScheduledEvent
    folder: Path


@dataclass
class Verdict:
    """How one session came out. Figures are None where no frames were made.

    failed: the checks of the checker that do not hold. distance_m: the worst car's 99th percentile of the
    error in race distance while it is under way. length_off: of the track, as a share. nulls: share of the
    frames under way without a value, by column. checks: what the quality table says beside ok.
    """

    session: str
    name: str
    grade: str | None = None
    failed: list[str] = field(default_factory=list)
    distance_m: float | None = None
    worst_car: str | None = None
    length_off: float | None = None
    nulls: dict[str, float] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    error: str | None = None
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return self.error is None and not self.failed and (self.distance_m or 0.0) <= DISTANCE_M

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.session:10} {'FAIL':4} no frames: {self.error} ({self.name}, {self.seconds:.0f} s)"
        nulls = " ".join(f"{name} {share:.2%}" for name, share in self.nulls.items())
        told = f"{self.worst_car} {self.distance_m:.1f} m" if self.distance_m is not None else "none"
        said = f"; {', '.join(self.checks)}" if self.checks else ""
        return (
            f"{self.session:10} {'ok' if self.holds else 'FAIL':4} grade {self.grade}, distance p99 {told}, "
            f"length {self.length_off:+.2%}, null {nulls}, {self.seconds:.0f} s ({self.name}){said}"
            + "".join(f"\n{'':15} FAIL {line}" for line in self.failed)
        )


def absent() -> str | None:
    """What is missing to run at all, in one sentence; None where all is there."""
    wanted = {
        TIMING / "sessions.tar.xz": "F1_TIMING",
        TIMING / "drive.py": "F1_TIMING",
        CHECKER: "F1_CHECKER",
        SCHEDULES: "F1_REAL_CACHE",
    }
    lost = [f"{path} ({variable})" for path, variable in wanted.items() if not path.is_file()]
    return f"the real timing of past seasons is not here: no {lost[0]}" if lost else None


@contextmanager
def unpacked() -> Iterator[Path]:
    """A fastf1 cache with the timing of all sessions and the schedules, for as long as the context lasts."""
    with TemporaryDirectory(prefix="f1-timing-") as folder:
        unpack(Path(folder))
        yield Path(folder)


def unpack(cache: Path) -> None:
    with tarfile.open(TIMING / "sessions.tar.xz") as archive:
        archive.extractall(cache, filter="data")
    shutil.copy(SCHEDULES, cache)


def sessions(cache: Path, only: str = "") -> list[Session]:
    """The sessions of which the cache holds the timing, in the order they were held.

    Args:
        only: years, rounds and sessions to keep, as in 2021,2024/8,2025/23S,2021/7Q; all where it is empty.
    Raises:
        ValueError: a name is none of these, or no session goes by it.
    """
    names = [_parsed(name) for name in only.split(",")] if only else []
    years = {int(path.name) for path in cache.iterdir() if path.name.isdigit()}
    found = [
        one
        for year in sorted(years)
        if not names or any(n[0] == year for n in names)
        for one in _of(year, cache)
    ]
    for name in names:
        if not any(_fits(one.key, name) for one in found):
            raise ValueError(
                f"the timing holds no session of {name[0]}"
                + (f" round {name[1]}" if name[1] else "")
                + (f" called {name[2]}" if name[2] else "")
            )
    kept = [one for one in found if not names or any(_fits(one.key, name) for name in names)]
    return sorted(kept, key=lambda one: one.folder.name)


Name = tuple[int, int | None, str | None]
"""Year, round and session code; None for any."""


def _parsed(name: str) -> Name:
    parts = re.fullmatch(rf"(\d{{4}})(?:/(\d{{1,2}})({'|'.join(SESSIONS)})?)?", name.strip())
    if parts is None:
        raise ValueError(
            f"{name!r} is no year, year/round or year/round and session, like 2021,2024/8,2025/23S"
        )
    return int(parts[1]), int(parts[2]) if parts[2] else None, parts[3]


def _fits(key: SessionKey, name: Name) -> bool:
    year, number, code = name
    return key.year == year and number in (None, key.round) and code in (None, key.session)


def _of(year: int, cache: Path) -> Iterator[Session]:
    for event in season(year, Source(cache, offline=True)):
        for scheduled in event.sessions:
            path = to_fastf1(event, scheduled.code).api_path.removeprefix("/static/").strip("/")
            if (cache / path).is_dir():
                yield Session(SessionKey(year, event.round, scheduled.code), event, Path(path))


def judge(session: Session, cache: Path, fps: float) -> Verdict:
    """Drive, compute and check one session, on a copy of its part of the cache."""
    began = time.monotonic()
    verdict = Verdict(session.key.slug, session.event.name)
    try:
        with driven(session, cache) as (own, told):
            _judge(session, own, told, fps, verdict)
    except Exception as error:
        verdict.error = f"{type(error).__name__}: {error}"
    verdict.seconds = round(time.monotonic() - began, 1)
    return verdict


@contextmanager
def driven(session: Session, cache: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A copy of a session's part of the cache with cars that drive, and what they drove; for the context."""
    key = session.key
    with TemporaryDirectory(prefix="f1-driven-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fastf1's and the script's own
        own = Path(folder) / "cache"
        shutil.copytree(cache / session.folder, own / session.folder)
        shutil.copy(cache / SCHEDULES.name, own)
        # without a track status fastf1 finds no laps for the script
        none = pd.DataFrame({"Time": [], "Status": []})
        with patch.object(fastf1.core.Session, "_track_status", none, create=True):
            told = _script(TIMING / "drive.py").drive(own, key.year, key.round, key.session)
        yield own, told


def raw_of(session: Session, cache: Path) -> RawRace:
    """A session as loaded, with cars that drive."""
    with driven(session, cache) as (own, _):
        source = Source(own, offline=True)
        configure(source)
        return load(session.key, to_fastf1(session.event, session.key.session), source)


def _judge(session: Session, cache: Path, told: dict[str, Any], fps: float, verdict: Verdict) -> None:
    key, out = session.key, cache.parent / "out"
    job = Job(
        key, session.event, Source(cache, offline=True), out, "truth", Options(fps=fps, frame_skips=[10])
    )
    outcome = run(job, lambda event: None)
    if outcome.state == "failed":
        verdict.error = outcome.error
        return
    folder = out / key.prefix
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    verdict.grade = manifest["quality"]["grade"]
    checks = manifest["quality"]["checks"]
    verdict.checks = [f"{check['name']} {check['value']}" for check in checks if check["level"] != "ok"]
    race = SESSIONS[key.session].is_race
    verdict.failed = _checker(folder, key, cache) if race else _lap_times(folder, key, cache)
    _compare(folder, manifest, told, verdict)


def _lap_times(folder: Path, key: SessionKey, cache: Path) -> list[str]:
    """What does not hold of a session that goes by lap times."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feed = Official.load(cache, key.year, key.round, key.session)
    return [
        f"{check.name}: {check.found:g}, at most {check.most:g}" for check in timed.violations(folder, feed)
    ]


def _checker(folder: Path, key: SessionKey, cache: Path) -> list[str]:
    """The lines of the checks that fail; of what stopped the checker where it could not run."""
    arguments = [folder, key.year, key.round, "--session", key.session, "--cache", cache, "--no-json"]
    said, complained = io.StringIO(), io.StringIO()
    with (
        patch("sys.argv", [str(CHECKER), *map(str, arguments)]),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        code = _script(CHECKER).main()
    lines = said.getvalue().splitlines()
    failed = [line.removeprefix("FAIL ") for line in lines if line.startswith("FAIL ")]
    return failed if failed or not code else [f"the checker could not run: {complained.getvalue()[-200:]}"]


def _script(path: Path) -> ModuleType:
    """A script that is not on the path of modules, anew each time: some keep what they found."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _compare(folder: Path, manifest: dict[str, Any], told: dict[str, Any], verdict: Verdict) -> None:
    """Race distance and what is null, against what the cars drove, while they are under way."""
    columns = ["t_ms", "driver", "status", "lap", "rel_dist", *NULLABLE]
    table = pq.read_table(folder / "frames.parquet", columns=columns).to_pandas()
    numbers = {driver["code"]: driver["number"] for driver in manifest["drivers"]}
    published = manifest["circuit"]["length_m"]
    verdict.length_off = round(published / told["length_m"] - 1.0, 5) if published else None
    table["t"] = manifest["clock"]["t0_session_s"] + table["t_ms"] / 1000.0
    under_way = []
    for code, car in table[table["status"].isin(timed.DRIVING)].groupby("driver", observed=True):
        knots = told["truth"].get(numbers[str(code)])
        if knots is None:
            continue
        driving = car[(car["t"] >= knots["t"][0]) & (car["t"] <= knots["halt"])]
        under_way.append(driving)
        error = _error(driving, knots) * told["length_m"]
        if len(error) and (worst := float(np.percentile(error, 99))) >= (verdict.distance_m or 0.0):
            verdict.distance_m, verdict.worst_car = round(worst, 1), str(code)
    missing = pd.concat(under_way)[list(NULLABLE)].isna().mean()
    verdict.nulls = {name: round(float(missing[name]), 5) for name in NULLABLE}


def _error(car: pd.DataFrame, knots: dict[str, list[float]]) -> Floats:
    """Laps between what is published and what was driven, where it is published; from the line on."""
    shown = (car["lap"] - 1 + car["rel_dist"]).to_numpy(dtype=float, na_value=np.nan)
    driven = np.maximum(PchipInterpolator(knots["t"], knots["progress"])(car["t"].to_numpy()), 0.0)
    error = np.abs(shown - driven)
    return np.asarray(error[~np.isnan(error)])
