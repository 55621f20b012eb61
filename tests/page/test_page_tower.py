"""The tower of the replay page: what stands in its cells, against the Parquet tables."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.demo import simulate_timed
from tests.cases import some
from tests.page.conftest import Tab
from tests.page.test_page import FAINT
from tests.page.truth import Truth
from tests.serve.support import serving

pytestmark = pytest.mark.slow

WIDE = {"width": 1920, "height": 1080}
CELLS = """() => Object.fromEntries(
[...document.querySelectorAll("#order tbody tr")].map((row) => [row.dataset.code, {
  ...Object.fromEntries([...row.children].map((cell) => [cell.classList[0], cell.innerText.trim()])),
  mark: row.querySelector(".mark").textContent, clock: row.querySelector(".clock").textContent,
  signs: Object.fromEntries(
    [...row.querySelectorAll(".sign")].map((sign) => [sign.classList[1], sign.textContent])),
  color: row.querySelector(".last").dataset.color, drs: row.dataset.drs,
  minis: [...row.querySelectorAll(".minis")].map((strip) => strip.dataset.key ?? ""),
  stints: [...row.querySelectorAll(".bar i")].map((part) => part.title),
}]))"""


def text(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes}:{rest / 1000:06.3f}" if minutes else f"{rest / 1000:.3f}"


def cells_at(tab: Tab, t: float) -> dict[str, Any]:
    tab.seek(t)
    tab.page.wait_for_timeout(150)  # the tower answers after the picture
    cells: dict[str, Any] = tab.page.evaluate(CELLS)
    return cells


def test_tower(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    check_tower(new_tab(viewport=WIDE), f"{served}/replay/1900/1", demo_out / "telemetry/1900/1", 9)


@pytest.mark.thorough
def test_tower_of_a_real_race(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    check_tower(new_tab(viewport=WIDE), f"{served_real}/replay/2025/1", real_out / "telemetry/2025/1", 9)


def check_tower(tab: Tab, url: str, folder: Path, n: int) -> None:
    """At times all over a race: laps, gains, sets of tyres, deleted laps, DRS and the fastest lap."""
    truth = Truth.read(folder)
    duration = truth.manifest.clock.duration_s
    names = ("laps", "stints", "events", "results")
    laps, stints, events, results = (pq.read_table(folder / f"{name}.parquet").to_pylist() for name in names)
    grid = {row["driver"]: row["grid"] for row in results}
    tab.open(url)
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    seen = set()
    for k in range(1, n + 1):
        t = round(k * duration / (n + 1), 2)
        for code, cells in cells_at(tab, t).items():
            done = [
                lap
                for lap in laps
                if lap["driver"] == code
                and lap["end_s"] is not None
                and lap["end_s"] <= t
                and not lap["generated"]
            ]
            assert cells["last"] == (text(done[-1]["lap_time_s"]) if done else ""), (code, t)
            used = [s for s in stints if s["driver"] == code and (s["first_lap"] == 1 or s["start_s"] <= t)]
            assert len(cells["stints"]) == len(used)
            deleted = [
                e for e in events if e["driver"] == code and e["kind"] == "deleted_lap" and e["t_s"] <= t
            ]
            assert cells["signs"]["deleted"] == (f"×{len(deleted)}" if deleted else "")
            assert cells["drs"] in drs_of(truth, code, t), (code, t)
            seen |= {f"drs {cells['drs']}"}
            if cells["p"] and cells["gain"] and grid[code]:
                won = grid[code] - int(cells["p"])
                assert cells["gain"] == (f"▲{won}" if won > 0 else f"▼{-won}" if won < 0 else "·")
            seen |= {name for name in ("gain", "last", "best", "s1", "gap", "int") if cells[name]}
            seen |= {name for name, said in cells["signs"].items() if said}
    assert seen >= {"last", "best", "s1", "gap", "int", "fastest", "drs close"} | (
        {"gain"} if any(grid.values()) else set()
    )


def drs_of(truth: Truth, code: str, t: float) -> set[str]:
    """Open, or within a second of the car ahead, by the frames around a moment."""
    car, found = truth.cars[code], set()
    out = next(d.retired_at for d in truth.manifest.drivers if d.code == code)
    for frame in (int(t * truth.fps), int(t * truth.fps) + 1):
        racing = frame < len(car["lap"]) and car["status"][frame] == "track" and car["position"][frame] > 1
        if not racing or (out is not None and t >= out):
            found.add("")
        elif car["drs"][frame] in (10, 12, 14):
            found.add("open")
        else:
            found.add("close" if car["interval"][frame] < 1 else "")
    return found


@pytest.mark.thorough
def test_tower_of_a_real_qualifying(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    """By best laps, with a line under the last that goes on; its result has the times of its parts."""
    folder = real_out / "telemetry/2025/1/qualifying"
    truth = Truth.read(folder)
    check_qualifying(new_tab(viewport=WIDE), f"{served_real}/replay/2025/1?session=Q", truth, folder)


def test_tower_of_the_demos_qualifying(new_tab: Callable[..., Tab], timed_out: Path) -> None:
    """The same; and who was knocked out stands last from when the next part begins, with what it had."""
    folder, sim = timed_out / "telemetry/1900/1/qualifying", simulate_timed("Q", 1)
    tab, truth = new_tab(viewport=WIDE), Truth.read(folder)
    rows = "(all) => all.map((row) => [row.dataset.code, row.classList.contains('knocked')])"
    marks = {"garage": "BOX", "pit": "PIT", "out": "OUT LAP", "timed": "TIMED", "in": "IN LAP"}
    with serving(timed_out) as server:
        url = f"{server.url}/replay/1900/1?session=Q"
        check_qualifying(tab, url, truth, folder)
        tab.page.keyboard.press("Escape")
        for k, part in enumerate(sim.parts):
            out = [code for before in reversed(sim.parts[:k]) for code in before.out]
            for t in (part.start + 1, part.start + 100, part.end + 40):
                cells = cells_at(tab, t)
                shown = tab.page.eval_on_selector_all("#order tbody tr", rows)
                assert {code for code, knocked in shown if knocked} == set(out)
                assert [code for code, _ in shown[len(shown) - len(out) :]] == out
                frame = round(t * truth.fps)
                for code, cell in cells.items():
                    assert cell["mark"] == marks[truth.cars[code]["status"][frame]], (t, code)
                left = sum(max(0.0, stop[1] - max(t, stop[0])) for stop in part.stops)
                clock = max(0.0, part.end - t - left)
                minutes, seconds = tab.text("#lap").split(":")
                assert abs(int(minutes) * 60 + int(seconds) - clock) <= 1


def check_qualifying(tab: Tab, url: str, truth: Truth, folder: Path) -> None:
    tab.open(url)
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    assert truth.manifest.parts
    for part in truth.manifest.parts:
        assert part.end is not None
        t = round(part.start + 0.8 * (part.end - part.start))
        frame = round(t * truth.fps)
        for code, cells in cells_at(tab, t).items():
            position, gap = (float(truth.cars[code][name][frame]) for name in ("position", "gap"))
            assert cells["p"] == ("" if np.isnan(position) else f"{position:.0f}"), (code, t)
            assert (cells["best"] == "") == np.isnan(position), (code, t)  # a deleted lap is none
            assert cells["gap"] == (
                "no time" if np.isnan(position) else "" if position == 1 else f"+{gap:.3f}"
            )
        assert tab.text("#counted").upper() == part.name
        cut = tab.page.locator("#order tr.cutoff .p").all_inner_texts()
        placed = {float(car["position"][frame]) for car in truth.cars.values()}
        assert cut == ([str(part.goes_on)] if part.goes_on in placed else [])
    tab.seek(truth.manifest.clock.duration_s)
    tab.page.keyboard.press("r")
    tab.page.locator("dialog[open] tbody tr").first.wait_for()
    rows = json.loads((folder / "results.json").read_text())["rows"]
    shown = tab.page.eval_on_selector_all(
        "dialog[open] tbody tr",
        "(all) => all.map((row) => [...row.children].slice(6).map((cell) => cell.textContent))",
    )
    assert shown == [[text(row["q1_s"]), text(row["q2_s"]), text(row["q3_s"])] for row in rows]


def test_a_car_in_the_pits_has_a_clock(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    stops = pq.read_table(demo_out / "telemetry/1900/1/pit_stops.parquet").to_pylist()
    stop = next(s for s in stops if s["pit_out_s"] and s["stationary_s"] and s["lane_time_s"] > 5)
    tab = new_tab(viewport=WIDE).open(served + "/replay/1900/1")
    inside = cells_at(tab, round(stop["pit_in_s"] + 4, 2))[stop["driver"]]
    assert inside["mark"] == "PIT"
    assert abs(float(inside["clock"]) - 4) < 0.2
    after = cells_at(tab, round(stop["pit_out_s"] + 2, 2))[stop["driver"]]
    assert after["clock"] == f"{stop['stationary_s']:.1f} s"
    assert cells_at(tab, round(stop["pit_out_s"] + 40, 2))[stop["driver"]]["clock"] == ""


CUT_OFF = """(row) => {
  const cell = row.querySelector(".marks").getBoundingClientRect();
  return [...row.querySelector(".marks").children].filter((sign) => {
    const box = sign.getBoundingClientRect();
    return box.right > cell.right + 0.5 || box.bottom > cell.bottom + 0.5 || box.top < cell.top - 0.5;
  }).map((sign) => sign.textContent).filter(Boolean);
}"""


@pytest.mark.parametrize(
    ("size", "scheme"), some([((1440, 900), "light"), ((1200, 800), "dark"), ((390, 844), "light")], 3)
)
def test_all_that_is_said_of_a_car_is_seen(
    new_tab: Callable[..., Tab], served: str, demo_out: Path, size: tuple[int, int], scheme: str
) -> None:
    """In the pits with their clock, a penalty, an investigation and a deleted lap; chosen, too."""
    folder = demo_out / "telemetry/1900/1"
    stops = pq.read_table(folder / "pit_stops.parquet").to_pylist()
    stop = next(s for s in stops if s["pit_out_s"] and s["lane_time_s"] > 5 and s["lap"] > 2)
    timing = json.loads(gzip.decompress((folder / "timing.json.gz").read_bytes()))
    for kind, seconds, detail in (
        ("deleted_lap", None, "TRACK LIMITS"),
        ("penalty", 10, "10 SECOND TIME PENALTY"),
        ("investigation", None, "UNSAFE RELEASE"),
    ):
        told = {"t_s": stop["pit_in_s"] - 9, "lap": 2, "kind": kind, "driver": stop["driver"]}
        for name, column in timing["events"].items():
            column.append((told | {"seconds": seconds, "detail": detail}).get(name))
    tab = new_tab(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    tab.page.route("**/timing.json.gz", lambda route: route.fulfill(json=timing))
    tab.open(served + "/replay/1900/1")
    cells = cells_at(tab, round(stop["pit_in_s"] + 4, 2))[stop["driver"]]
    signs = cells["signs"]
    assert cells["mark"] == "PIT"
    assert cells["clock"]
    assert (signs["penalty"], signs["inquiry"], signs["deleted"]) == ("+10s", "INV", "×1")
    assert tab.page.locator(f"tr[data-code={stop['driver']}]").evaluate(CUT_OFF) == []
    tab.page.click(f"tr[data-code={stop['driver']}] button")
    assert tab.page.evaluate(FAINT, ["#order .chosen *"]) == {}


def test_mini_sectors(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab(viewport=WIDE).open(served + "/replay/1900/1")
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    cells = cells_at(tab, 200)
    colors = {color for car in cells.values() for strip in car["minis"] for color in strip.split(",")}
    assert {"green", "yellow"} <= colors
    assert tab.page.evaluate("() => document.querySelector('.minis').style.background").startswith(
        "linear-gradient"
    )
