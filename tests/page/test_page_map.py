"""The map of the replay page: the circuit, nearer, a car that is followed, a ghost, and the finish."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.page.conftest import Tab
from tests.page.test_page_parts import arrives
from tests.page.truth import Columns, Truth
from tests.serve.support import serving

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

# the box around the pixels that another picture changed, left, top, right, bottom
KEEP = """() => {
  const { width, height } = document.getElementById("cars");
  window.before = document.getElementById("cars").getContext("2d").getImageData(0, 0, width, height).data;
}"""
CHANGED = """() => {
  const { width, height } = document.getElementById("cars");
  const { data } = document.getElementById("cars").getContext("2d").getImageData(0, 0, width, height);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < data.length; i += 4) {
    if ([0, 1, 2, 3].every((k) => data[i + k] === window.before[i + k])) continue;
    const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
    box.splice(0, 4, Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y));
  }
  return box;
}"""
Row = dict[str, Any]


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


def test_two_fingers_zoom(new_tab: Callable[..., Tab], served: str) -> None:
    """What lies between them stays there, and the page's own zoom does not answer."""
    tab = new_tab(viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce")
    tab.open(f"{served}{RACE}#t=100")
    fingers = tab.page.context.new_cdp_session(tab.page)
    box = tab.page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + side * far, "y": y, "id": i} for far in apart for i, side in enumerate((-1, 1))]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def pinch(first: float, last: float) -> None:
        touch("touchStart", first)
        for apart in np.linspace(first, last, 8):
            touch("touchMove", float(apart))
        touch("touchEnd")

    road = count(tab, "ground", "--road")
    pinch(20, 60)
    tab.page.get_by_label("The whole map").wait_for()
    assert tab.page.evaluate("() => visualViewport.scale") == 1
    assert count(tab, "ground", "--road") != road
    assert tab.page.locator("tr.chosen").count() == 0
    pinch(80, 10)
    tab.page.get_by_label("The whole map").wait_for(state="hidden")
    assert abs(count(tab, "ground", "--road") - road) < 0.02 * road


@pytest.mark.thorough
def test_ghost_of_the_best_lap_of_a_real_qualifying(
    new_tab: Callable[..., Tab], served_real: str, real_out: Path
) -> None:
    folder = "telemetry/2025/1/qualifying"
    check_ghost(new_tab, f"{served_real}/replay/2025/1?session=Q", real_out / folder)


@pytest.mark.thorough
def test_ghost_of_the_best_lap_of_a_practice(new_tab: Callable[..., Tab], timed_out: Path) -> None:
    folder = "telemetry/1900/1/fp1"
    with serving(timed_out) as server:
        check_ghost(new_tab, f"{server.url}/replay/1900/1?session=FP1", timed_out / folder)


def check_ghost(new_tab: Callable[..., Tab], url: str, folder: Path) -> None:
    """It is where the best lap so far was after as long, and the chosen car as far behind as it says."""
    laps = pq.read_table(folder / "laps.parquet").to_pylist()
    timed = [r for r in laps if r["kind"] == "timed" and r["lap"] > 1 and r["lap_time_s"] is not None]
    own = max((r for r in timed if best_before(timed, r)), key=lambda r: r["start_s"])
    best, truth = best_before(timed, own), Truth.read(folder)
    assert best is not None
    tab = new_tab(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    tab.open(f"{url}#car={own['driver']}")
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    tab.page.keyboard.press("g")
    tab.page.keyboard.type(f"{own['lap']}\n")  # where nobody races it is a lap of the chosen car
    arrives(tab, own["start_s"])
    told, seen = [], []
    for since in np.linspace(0.1, 0.9, 6) * best["lap_time_s"]:
        tab.page.evaluate(
            "(said) => (location.hash = said)", f"t={own['start_s'] + since:.2f}&car={own['driver']}"
        )
        arrives(tab, own["start_s"] + since)
        tab.page.evaluate(KEEP)
        tab.page.get_by_label("Ghost of the best lap").click()
        said = tab.page.locator("#duel", has_text=re.compile(r"[+−][\d.]+ s$"))
        said.wait_for()
        tab.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        left, _, right, bottom = tab.page.evaluate(CHANGED)
        seen.append(((left + right) / 2, bottom))  # the foot of its label
        told.append(column(truth, best, "x", since) + 1j * column(truth, best, "y", since))
        match = re.fullmatch(
            rf"Ghost: {best['driver']} ([\d:.]+) · {own['driver']} ([+−].*) s", said.inner_text()
        )
        assert match is not None
        assert match[1] == f"{best['lap_time_s'] // 60:.0f}:{best['lap_time_s'] % 60:06.3f}"
        behind = since - when(truth, best, column(truth, own, "rel_dist", since))
        assert float(match[2].replace("−", "-")) == pytest.approx(behind, abs=0.25)
        tab.page.keyboard.press("h")
        said.wait_for(state="hidden")
    check_same_path(np.array(told), np.array(seen))


def best_before(timed: list[Row], own: Row) -> Row | None:
    counting = [r for r in timed if r["end_s"] <= own["start_s"] and not r["deleted"]]
    return min(counting, key=lambda r: r["lap_time_s"], default=None)


def frames_of(truth: Truth, lap: Row) -> tuple[Columns, np.ndarray[Any, Any]]:
    car = truth.cars[lap["driver"]]
    return car, np.arange(np.ceil(lap["start_s"] * truth.fps) + 1, lap["end_s"] * truth.fps - 1).astype(int)


def column(truth: Truth, lap: Row, name: str, since: float) -> float:
    """A lap's value so many seconds after it began."""
    car, frames = frames_of(truth, lap)
    return float(np.interp(since, frames / truth.fps - lap["start_s"], car[name][frames]))


def when(truth: Truth, lap: Row, share: float) -> float:
    """How many seconds after its begin a lap had come so far."""
    car, frames = frames_of(truth, lap)
    return float(np.interp(share, car["rel_dist"][frames], frames / truth.fps - lap["start_s"]))


def check_same_path(told: np.ndarray[Any, Any], seen: np.ndarray[Any, Any]) -> None:
    """Points of the page are points of the track, turned, in one scale, moved, and with y down."""
    design = np.stack([told, np.ones_like(told)], axis=1)
    found = seen[:, 0] - 1j * seen[:, 1]
    fit, *_ = np.linalg.lstsq(design, found, rcond=None)
    assert np.ptp(seen[:, 0]) > 100
    assert np.abs(design @ fit - found).max() < 2
