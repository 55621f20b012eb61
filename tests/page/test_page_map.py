"""The map of the replay page: the circuit, nearer, with a car that is followed, and at the finish."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.page.conftest import Tab
from tests.page.truth import Truth

pytestmark = pytest.mark.slow

RACE = "/replay/1900/1"
FOLDER = "telemetry/1900/1"
# how many pixels of a canvas have a colour of the page, all over it or within `near` of its middle
COUNT = """([id, color, near]) => {
  const canvas = document.getElementById(id);
  const probe = new OffscreenCanvas(1, 1).getContext("2d");
  const named = getComputedStyle(document.documentElement).getPropertyValue(color).trim();
  probe.fillStyle = color.startsWith("--") ? named : color;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== r || data[i + 1] !== g || data[i + 2] !== b || data[i + 3] !== 255) continue;
    const [x, y] = [(i / 4) % canvas.width, Math.floor(i / 4 / canvas.width)];
    if (!near || Math.hypot(x - canvas.width / 2, y - canvas.height / 2) < near) count++;
  }
  return count;
}"""


def count(tab: Tab, canvas: str, color: str, near: int = 0) -> int:
    found: int = tab.page.evaluate(COUNT, [canvas, color, near])
    return found


def test_follow_and_zoom(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """A followed car is in the middle wherever it is; the whole map comes back."""
    truth = Truth.read(demo_out / FOLDER)
    color = next(f"#{driver.color}" for driver in truth.manifest.drivers if driver.code == "EKL")
    seen = [t for t in range(60, 300, 7) if np.isfinite(truth.cars["EKL"]["x"][round(t * truth.fps)])]
    tab = new_tab(reduced_motion="reduce").open(f"{served}{RACE}#t=100&car=EKL")
    road = count(tab, "ground", "--road")
    tab.page.keyboard.press("f")
    for t in seen[::5]:
        tab.page.evaluate("(t) => (location.hash = `t=${t}&car=EKL`)", t)
        tab.page.wait_for_timeout(150)
        assert count(tab, "cars", color, 30) > 100
    assert tab.page.get_by_label("Follow the chosen car").get_attribute("aria-pressed") == "true"
    tab.page.get_by_label("The whole map").click()
    tab.page.wait_for_timeout(100)
    assert abs(count(tab, "ground", "--road") - road) < 0.02 * road
    tab.page.mouse.move(640, 400)
    tab.page.mouse.wheel(0, -600)
    tab.page.get_by_label("The whole map").wait_for()
    tab.page.mouse.down()
    tab.page.mouse.move(700, 460, steps=4)
    tab.page.mouse.up()
    assert tab.page.evaluate("() => document.querySelectorAll('tr.chosen').length") == 1  # a drag is no click
    tab.page.keyboard.press("0")
    assert not tab.page.get_by_label("The whole map").is_visible()


def test_finishers_stand_in_a_row(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """Each is seen at the end, though the feed has them all near the line."""
    manifest = Truth.read(demo_out / FOLDER).manifest
    tab = new_tab().open(f"{served}{RACE}#t={manifest.clock.duration_s}")
    for driver in manifest.drivers:
        if driver.finished_at is not None:
            assert count(tab, "cars", f"#{driver.color}") > 15, driver.code


def test_circuit(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """DRS zones, ends of sectors and the pit lane are drawn where the manifest has them."""
    manifest: dict[str, Any] = json.loads((demo_out / FOLDER / "manifest.json").read_text())
    circuit = manifest["circuit"]
    length = circuit["length_m"]
    bare = circuit | {"drs_zones": [], "sectors": [], "pit_lane": None, "corners": []}
    zones = [{"start": 0.1 * length, "end": 0.2 * length, "openings": 9, "cars": 5}]
    lines = [{"number": 1, "x": 0, "y": 0, "dist": 0.3 * length, "laps": 9}]
    painted = {}
    given = {"bare": {}, "zones": {"drs_zones": zones}, "sectors": {"sectors": lines}}
    for name, changed in (given | {"lane": {"pit_lane": circuit["pit_lane"]}}).items():
        manifest["circuit"] = bare | changed
        tab = new_tab()
        tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
        tab.open(served + RACE)
        painted[name] = {color: count(tab, "ground", color) for color in ("--go", "--dim")}
    assert painted["bare"]["--go"] == 0
    assert painted["zones"]["--go"] > 50
    assert painted["sectors"]["--dim"] > painted["bare"]["--dim"] + 10
    assert circuit["pit_lane"]
    assert painted["lane"]["--dim"] > painted["bare"]["--dim"] + 100
