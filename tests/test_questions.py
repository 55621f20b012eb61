"""docs/questions.md: every query as it stands there, asked of the demo season and held against its truth."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from pipeline.contract.columns import TYRES
from pipeline.contract.models import Manifest
from pipeline.demo import demo_season, simulate
from pipeline.demo.truth import Truth
from tests.conftest import REPOSITORY, require

TEXT = (REPOSITORY / "docs" / "questions.md").read_text()
QUERIES = [
    (int(number), language, code)
    for number, body in re.findall(r"^## (\d+)\. .*?\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
]
Row = dict[str, Any]
_FILES = """
import { readFile } from "node:fs/promises";
const path = (url) => "computed_data" + new URL(url).pathname.slice("/data".length);
globalThis.fetch = async (url) => new Response(await readFile(path(url)));
console.log = (value) => process.stdout.write(JSON.stringify(value));
"""


def sql(code: str, _: Path) -> list[Row]:
    found = duckdb.execute(code)
    columns = [name for name, *_ in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def python(code: str, _: Path) -> list[Row]:
    names: dict[str, Any] = {}
    exec(code, names)
    rows: list[Row] = names["table"].to_dicts()
    return rows


def js(code: str, folder: Path) -> Any:
    node = shutil.which("node")
    require(node is not None, "there is no node on the path")
    shutil.copy(REPOSITORY / "serve/static/f1-replay.js", folder / "f1-replay.mjs")
    (folder / "query.mjs").write_text(_FILES + code)
    done = subprocess.run(
        [str(node), "query.mjs"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


RUN: dict[str, Callable[[str, Path], Any]] = {"sql": sql, "python": python, "js": js}


@pytest.fixture(scope="module")
def truth() -> Truth:
    """Of the first race, which most queries ask."""
    (first,) = (
        (seed, laps) for event, seed, laps in demo_season() if (event.round, event.session) == (1, "R")
    )
    return simulate(*first)


@pytest.fixture
def answer(demo_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], Any]:
    (tmp_path / "computed_data").symlink_to(demo_out)
    monkeypatch.chdir(tmp_path)

    def ask(number: int, language: str) -> Any:
        (code,) = (code for n, spoken, code in QUERIES if (n, spoken) == (number, language))
        return RUN[language](code, tmp_path)

    return ask


def fastest(truth: Truth, code: str) -> float:
    return float(np.diff(truth.line_s[code]).min())


def traces(rows: list[Row], truth: Truth) -> None:
    assert rows[-1]["delta_s"] == pytest.approx(fastest(truth, "CAS") - fastest(truth, "IBE"), abs=0.05)
    assert all(50 < row["CAS"] < 360 for row in rows)


def pit_loss(rows: list[Row], truth: Truth) -> None:
    stops = {(code, round(out - at, 3)) for code, pits in truth.pits.items() for at, out in pits}
    assert {(row["driver"], row["lane_time_s"]) for row in rows} == stops
    assert all(row["loss_s"] > row["stationary_s"] for row in rows)


def stints(rows: list[Row], truth: Truth) -> None:
    found = {(row["driver"], row["first_lap"], row["tyres"]) for row in rows}
    assert found == {(code, s.first_lap, s.compound) for code, own in truth.stints.items() for s in own}


def overtakes(rows: list[Row], _: Truth) -> None:
    assert sum(row["made"] for row in rows) == sum(row["suffered"] for row in rows) > 0


def positions(rows: list[Row], truth: Truth) -> None:
    assert [row["lap"] for row in rows] == list(range(1, truth.laps + 1))
    won = min(truth.finished_s, key=lambda code: truth.finished_s[code])
    assert rows[-1][won] == 1


def gaps(lines: dict[str, list[Row]], truth: Truth) -> None:
    behind = {point["lap"]: point["gap"] for point in lines["IBE"]}
    led = min(times[0] for times in truth.line_s.values())
    assert behind[1] == pytest.approx(float(truth.line_s["IBE"][0]) - led, abs=0.01)


def undercuts(rows: list[Row], truth: Truth) -> None:
    for row in rows:
        assert truth.pits[row["driver"]][0] < truth.pits[row["rival"]][0]
    assert rows


def wear(rows: list[Row], _: Truth) -> None:
    assert {row["tyre"] for row in rows} <= set(range(len(TYRES)))
    assert all(-5 < row["slower_by_s"] < 5 for row in rows)


def corner(rows: list[Row], truth: Truth) -> None:
    assert {row["driver"] for row in rows} == {car.code for car in truth.cars}
    assert all(0 < row["apex"] < 360 for row in rows)


def weather(rows: list[Row], _: Truth) -> None:
    assert all(35 < row["track_temp"] < 42 and row["rain"] is False for row in rows)  # see demo.messages


def mates(rows: list[Row], truth: Truth) -> None:
    assert {row["team"] for row in rows} == {car.team for car in truth.cars}
    assert all(row["ahead"] + row["behind"] <= len(demo_season()) for row in rows)


def result(rows: list[Row], truth: Truth) -> None:
    home = sorted(truth.finished_s, key=lambda code: truth.finished_s[code])
    assert rows[0]["driver"] == home[0]
    assert rows[0]["fastest_lap_s"] == pytest.approx(fastest(truth, home[0]), abs=0.002)


def safety_car(rows: list[Row], truth: Truth) -> None:
    (seconds,) = (row["seconds"] for row in rows if row["round"] == 1)
    begin = next(t for t, status in truth.track_status if status == "4")
    end = next(t for t, status in truth.track_status if t > begin)
    assert seconds == pytest.approx(end - begin, abs=0.01)


def sectors(rows: list[Row], _: Truth) -> None:
    assert len(rows) == 10
    assert all(row["ideal_s"] <= row["lap_time_s"] + 0.0015 for row in rows)


def rulings(rows: list[Row], truth: Truth) -> None:
    assert [(row["driver"], row["kind"], row["seconds"]) for row in rows] == [
        (truth.penalised, "penalty", 5.0)
    ]


def tower(rows: list[Row], truth: Truth) -> None:
    assert [row["driver"] for row in rows if row["penalty"]] == [truth.penalised]
    places = [row["place"] for row in rows if row["place"]]
    assert places == list(range(1, len(places) + 1))
    assert sum(row["fastest"] for row in rows) == 1


CHECKS: dict[tuple[int, str], Callable[[Any, Truth], None]] = {
    (1, "python"): traces,
    (2, "sql"): pit_loss,
    (3, "sql"): stints,
    (4, "sql"): overtakes,
    (5, "python"): positions,
    (6, "js"): gaps,
    (7, "sql"): undercuts,
    (8, "sql"): wear,
    (9, "sql"): corner,
    (10, "sql"): weather,
    (11, "sql"): mates,
    (12, "sql"): result,
    (13, "sql"): safety_car,
    (14, "python"): sectors,
    (15, "sql"): rulings,
    (15, "js"): tower,
}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "language"), CHECKS, ids=str)
def test_the_query_answers(
    answer: Callable[[int, str], Any], truth: Truth, number: int, language: str
) -> None:
    found = answer(number, language)
    assert found
    CHECKS[number, language](found, truth)


def test_every_query_is_run() -> None:
    assert [(number, language) for number, language, _ in QUERIES] == list(CHECKS)


def test_lengths_in_queries_are_those_of_the_race(demo_out: Path) -> None:
    manifest = Manifest.model_validate_json((demo_out / "telemetry/1900/1/manifest.json").read_bytes())
    assert set(map(float, re.findall(r"\* (\d{4})\b", TEXT))) == {manifest.circuit.length_m}
