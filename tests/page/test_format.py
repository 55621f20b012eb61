"""The examples of docs/format.md, run as they stand there."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.contract.models import Manifest
from tests.conftest import REPOSITORY
from tests.page.conftest import Tab
from tests.page.test_page import PAINTED
from tests.page.truth import Truth

TEXT = (REPOSITORY / "docs" / "format.md").read_text()


def example(language: str) -> str:
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return str(code)


def test_python(demo_out: Path, tmp_path: Path) -> None:
    (tmp_path / "computed_data").symlink_to(demo_out)
    done = subprocess.run(
        [sys.executable, "-c", example("python")], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    truth = Truth.read(demo_out / "telemetry/1900/1")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [code for _, code, *_ in rows] == truth.order(150)
    frame = round(150 * truth.fps)
    for place, code, lap, speed in rows:
        car = truth.cars[code]
        assert (float(place), float(lap)) == (car["position"][frame], car["lap"][frame])
        assert abs(float(speed) - car["speed"][frame]) <= 1


def test_javascript(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    tab = new_tab()

    def page(route: Any) -> None:
        route.fulfill(body=example("html"), content_type="text/html")

    tab.page.route("**/example.html", page)
    tab.page.goto(served + "/example.html")
    manifest = Manifest.model_validate_json((demo_out / "telemetry/1900/1/manifest.json").read_bytes())
    teams = {driver.color for driver in manifest.drivers}
    for _ in range(100):
        painted = tab.page.evaluate(PAINTED)
        if painted:
            break
        tab.page.wait_for_timeout(50)
    assert teams <= set(painted)


def test_every_field_of_a_frame_is_explained(demo_out: Path) -> None:
    schema = json.loads((demo_out / "schemas/v1/frames.schema.json").read_text())
    chunk = json.loads((demo_out / "schemas/v1/replay_chunk.schema.json").read_text())
    assert [name for name in schema["$defs"]["DriverFrame"]["properties"] if f"`{name}`" not in TEXT] == []
    ours = {"schema_version", "index", "start_ms", "end_ms"}
    assert [name for name in chunk["properties"] if name not in ours and f"`{name}" not in TEXT] == []


def test_every_key_is_explained(demo_out: Path) -> None:
    manifest = Manifest.model_validate_json((demo_out / "telemetry/1900/1/manifest.json").read_bytes())
    names = {artifact.key.split("/")[-1] for artifact in manifest.artifacts if "/replay/" not in artifact.key}
    patterns = {re.sub(r"skip_\d+", "skip_{n}", name) for name in names} - {"progress.jsonl"}
    assert [name for name in patterns if name not in TEXT] == []
