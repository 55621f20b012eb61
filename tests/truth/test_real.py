"""Real races, a qualifying and a practice against the official timing, by checkers of their own."""

import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.cases import some
from tests.conftest import REPOSITORY, require
from tests.truth import timed
from tests.truth.official import Official, violations

pytestmark = pytest.mark.slow

CHECKER = REPOSITORY.parent / "shared" / "check" / "check_frames.py"


@pytest.fixture(scope="module", params=some([1, 2], 2))
def official(request: pytest.FixtureRequest, real_cache: Path) -> tuple[int, Official]:
    """A round and what the feed said of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fastf1 and pandas
        return request.param, Official.load(real_cache, 2025, request.param)


def test_the_official_timing_agrees(real_out: Path, official: tuple[int, Official]) -> None:
    number, feed = official
    assert violations(real_out / f"telemetry/2025/{number}", feed) == []


@pytest.mark.thorough
def test_the_check_finds_what_is_wrong(
    real_out: Path, official: tuple[int, Official], tmp_path: Path
) -> None:
    """A place that another car has, a tyre of another kind, a speed half a second late."""
    number, feed = official
    folder = real_out / f"telemetry/2025/{number}"
    shutil.copy(folder / "manifest.json", tmp_path)
    frames = pq.read_table(folder / "frames.parquet").to_pandas()
    frames.loc[frames["driver"] == "NOR", "position"] = 20
    frames["tyre"] = frames["tyre"].where(frames["driver"] != "RUS", 5)
    late = frames["driver"] == "VER"
    frames.loc[late, "speed"] = frames.loc[late, "speed"].shift(12)
    frames.to_parquet(tmp_path / "frames.parquet")
    names = {check.name for check in violations(tmp_path, feed)}
    assert names == {
        "frames whose places are not 1..n",
        "places that are not the feed's",
        "frames with another tyre",
        "km/h off the speed of the feed",
    }


@pytest.mark.thorough
@pytest.mark.parametrize("round_number", [1, 2])
def test_frames_agree_with_the_official_timing(real_races: Path, real_cache: Path, round_number: int) -> None:
    require(CHECKER.is_file(), f"no checker at {CHECKER}")
    artifacts = real_races / "telemetry" / "2025" / str(round_number)
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            CHECKER,
            artifacts,
            "2025",
            str(round_number),
            "--cache",
            real_cache,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all checks hold" in done.stdout


@pytest.mark.slow(100)  # all the others wait for what is made here
def test_what_happened_in_melbourne(real_out: Path) -> None:
    manifest = orjson.loads((real_out / "telemetry/2025/1/manifest.json").read_bytes())
    drivers = {d["code"]: d for d in manifest["drivers"]}
    assert manifest["quality"]["grade"] == "A"
    assert [d["code"] for d in manifest["drivers"]][:3] == ["NOR", "VER", "RUS"]
    assert manifest["total_laps"] == 57
    assert sum(d["finished_at"] is not None for d in drivers.values()) == 14
    assert {c for c, d in drivers.items() if d["retired_at"] is not None} == {
        "HAD",
        "DOO",
        "SAI",
        "ALO",
        "BOR",
        "LAW",
    }
    assert drivers["HAD"]["retired_at"] == 0.0  # crashed on the formation lap
    assert drivers["ANT"]["penalties"][0]["message"].startswith("FIA STEWARDS: 5 SECOND TIME PENALTY")
    assert sum(s["status"] == "4" for s in manifest["track_statuses"]) == 3
    assert 5100 < manifest["circuit"]["length_m"] < 5350
    assert not manifest["provenance"]["provisional"]


def test_a_car_that_never_started_is_in_frame_0_alone(real_out: Path) -> None:
    table = pq.read_table(real_out / "telemetry/2025/1/frames.parquet", columns=["t_ms", "driver", "x"])
    rows = table.filter(pq.filters_to_expression([("driver", "==", "HAD")])).to_pylist()
    assert rows == [{"t_ms": 0, "driver": "HAD", "x": None}]


@pytest.mark.parametrize("round_number", [1, 2])
def test_the_grid_and_the_flag(real_out: Path, round_number: int) -> None:
    """Frame 0 is the grid, who never started last; in the last frame gaps rise with the places."""
    folder = real_out / f"telemetry/2025/{round_number}"
    grid = {d["code"]: d["grid"] for d in orjson.loads((folder / "manifest.json").read_bytes())["drivers"]}
    table = pq.read_table(folder / "frames.parquet", columns=["t_ms", "driver", "position", "gap", "status"])
    rows = table.filter(pc.equal(table["t_ms"], 0)).sort_by("position").to_pylist()
    shown = [row["driver"] for row in rows if row["driver"] != "HAD" or round_number == 2]
    assert shown == sorted(shown, key=grid.__getitem__)
    if round_number == 1:
        assert (rows[-1]["driver"], rows[-1]["status"]) == ("HAD", "grid")
    last = table.filter(pc.equal(table["t_ms"], pc.max(table["t_ms"]))).sort_by("position").to_pylist()
    gaps = [row["gap"] for row in last if row["gap"] is not None]
    assert len(gaps) == {1: 14, 2: 16}[round_number]
    assert gaps == sorted(gaps)


def test_the_disqualified_took_the_flag(real_out: Path) -> None:
    manifest = orjson.loads((real_out / "telemetry/2025/2/manifest.json").read_bytes())
    out = {d["code"]: d for d in manifest["drivers"] if d["classified"] == "D"}
    assert set(out) == {"LEC", "HAM", "GAS"}
    assert all(d["finished_at"] is not None and d["laps"] == 56 for d in out.values())


@pytest.fixture
def weekend(real_out: Path) -> Path:
    """The folder of 2025 round 1, with its qualifying and practice. Read only."""
    return real_out / "telemetry" / "2025" / "1"


@pytest.mark.parametrize(("code", "folder"), some([("Q", "qualifying"), ("FP1", "fp1")], 2))
def test_lap_times_agree(weekend: Path, real_cache: Path, code: str, folder: str) -> None:
    """Best laps to the millisecond, the official place in every frame, and the parts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feed = Official.load(real_cache, 2025, 1, code)
    assert timed.violations(weekend / folder, feed) == []


@pytest.mark.thorough
def test_the_check_of_lap_times_finds_what_is_wrong(weekend: Path, real_cache: Path, tmp_path: Path) -> None:
    """A place before the first lap, another car's place, a gap of other laps, a garage on the track."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feed = Official.load(real_cache, 2025, 1, "Q")
    for name in ("manifest.json", "results.json"):
        shutil.copy(weekend / "qualifying" / name, tmp_path)
    frames = pq.read_table(weekend / "qualifying" / "frames.parquet").to_pandas()
    frames.loc[(frames["driver"] == "NOR") & (frames["t_ms"] < 60_000), "position"] = 1
    frames.loc[(frames["driver"] == "PIA") & (frames["position"] == 2), "position"] = 3
    frames.loc[frames["driver"] == "VER", "gap"] += 0.1
    frames["status"] = frames["status"].astype(str)
    frames.loc[(frames["driver"] == "RUS") & (frames["status"] == "timed"), "status"] = "garage"
    frames.to_parquet(tmp_path / "frames.parquet")
    assert {check.name for check in timed.violations(tmp_path, feed)} == {
        "frames with another place than the feed's",
        "frames with a place before the car had a lap time",
        "gaps at the end of a part that are not those of the best laps",
        "frames in the pits while the car was out",
        "share of frames in the garage in which the car drives",
    }


def test_what_happened_in_the_qualifying_of_melbourne(weekend: Path) -> None:
    manifest = orjson.loads((weekend / "qualifying" / "manifest.json").read_bytes())
    rows = orjson.loads((weekend / "qualifying" / "results.json").read_bytes())["rows"]
    parts = manifest["parts"]
    assert [(part["name"], part.get("goes_on")) for part in parts] == [("Q1", 15), ("Q2", 10), ("Q3", None)]
    assert parts[0]["knocked_out"] == ["ANT", "HUL", "LAW", "OCO", "BEA"]
    assert parts[0]["cutoff"] == {"driver": "BOR", "position": 15, "time_s": 76.516}
    assert parts[1]["knocked_out"] == ["HAD", "ALO", "STR", "DOO", "BOR"]
    assert [(row["driver"], row["q3_s"]) for row in rows[:3]] == [
        ("NOR", 75.096),
        ("PIA", 75.180),
        ("VER", 75.481),
    ]
    said = {check["name"] for check in manifest["quality"]["checks"] if check["level"] != "ok"}
    assert said == {"results"}  # of which this cache has none
    assert sum(chunk["bytes"] for chunk in manifest["replay"]["chunks"]) < 2_000_000
