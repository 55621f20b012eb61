"""The replay page in a browser, against our server and a plain file server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.contract.artifacts import SessionKey
from tests.cases import some
from tests.conftest import REPOSITORY
from tests.page.conftest import GO_TO, Tab
from tests.page.truth import Truth
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

Report = Callable[[str, object], None]
FIRST_PICTURE_BYTES = 150_000
TOWER_BYTES = 250_000
MEMORY_GROWTH = 8_000_000
RACE = "/replay/1900/1"

LOADED_BY = """(mark) => {
  const { startTime } = performance.getEntriesByName(mark)[0];
  const entries = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
  const before = entries.filter((entry) => entry.responseEnd <= startTime);
  const bytes = before.reduce((sum, entry) => sum + entry.transferSize, 0);
  return { ms: startTime, bytes, files: before.length };
}"""
FRAMES_A_SECOND = """(seconds) => new Promise((resolve) => {
  let frames = 0;
  let begun = 0;
  const step = (now) => {
    begun ||= now;
    if (now - begun >= seconds * 1000) resolve((1000 * (frames - 1)) / (now - begun));
    else requestAnimationFrame(step);
    frames++;
  };
  requestAnimationFrame(step);
})"""
PAINTED = """() => {
  const canvas = document.getElementById("cars");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colors = new Map();
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] === 255) {
      const hex = [...data.subarray(i, i + 3)].map((n) => n.toString(16).padStart(2, "0"));
      const color = hex.join("").toUpperCase();
      colors.set(color, (colors.get(color) ?? 0) + 1);
    }
  return Object.fromEntries(colors);
}"""
FAINT = """(selectors) => {
  const ctx = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    ctx.fillStyle = color;
    ctx.fillRect(0, 0, 1, 1);
    const linear = [...ctx.getImageData(0, 0, 1, 1).data].map((n) => {
      const share = n / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    return /^rgba.* 0\\)$/.test(backgroundColor) ? ground(element.parentElement) : backgroundColor;
  };
  const faint = {};
  for (const selector of selectors)
    for (const element of document.querySelectorAll(selector)) {
      const texts = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!texts || !element.checkVisibility()) continue;
      const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
      const contrast = (a + 0.05) / (b + 0.05);
      if (contrast < 4.5) faint[`${selector} ${element.className} ${element.textContent}`] = contrast;
    }
  return faint;
}"""


@pytest.fixture
def report(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Report:
    """Says what was measured, where a person and a CI report will see it."""

    def say(name: str, value: object) -> None:
        record_property(name, value)
        with capsys.disabled():
            sys.stdout.write(f"\n  {name}: {value}")

    return say


def test_first_picture(new_tab: Callable[..., Tab], served: str, report: Report, demo_out: Path) -> None:
    check_first_picture(new_tab(), served, demo_out, SessionKey(1900, 1), report)


def test_first_picture_of_a_real_race(
    new_tab: Callable[..., Tab], served_real: str, report: Report, real_out: Path
) -> None:
    check_first_picture(new_tab(), served_real, real_out, SessionKey(2025, 1), report)


def check_first_picture(tab: Tab, url: str, out: Path, key: SessionKey, report: Report) -> None:
    """Cars are drawn, in their colours, after few bytes."""
    tab.open(f"{url}/replay/{key.year}/{key.round}")
    first = tab.page.evaluate(LOADED_BY, "first-picture")
    report(f"first picture of {key}, ms and bytes", (round(first["ms"]), first["bytes"]))
    assert first["bytes"] <= FIRST_PICTURE_BYTES
    tab.page.wait_for_function("() => performance.getEntriesByName('tower').length")
    tower = tab.page.evaluate(LOADED_BY, "tower")
    report(f"tower complete of {key}, ms and bytes", (round(tower["ms"]), tower["bytes"]))
    assert tower["bytes"] <= TOWER_BYTES
    truth = Truth.read(out / key.prefix)
    colors = {driver.code: driver.color for driver in truth.manifest.drivers}
    painted = tab.page.evaluate(PAINTED)
    leader = truth.order(0)[0]
    assert painted.get(colors[leader], 0) > 50
    assert tab.order() == truth.order(0)


def test_order_after_seeking_to_any_minute(
    new_tab: Callable[..., Tab], served: str, demo_out: Path, report: Report
) -> None:
    tab = new_tab().open(served + RACE)
    check_order(tab, Truth.read(demo_out / "telemetry/1900/1"), 60, report)


def test_order_after_seeking_in_a_real_race(
    new_tab: Callable[..., Tab], served_real: str, real_out: Path, report: Report
) -> None:
    tab = new_tab().open(served_real + "/replay/2025/1")
    check_order(tab, Truth.read(real_out / "telemetry/2025/1"), 60, report)


def check_order(tab: Tab, truth: Truth, every: int, report: Report) -> None:
    spent = []
    minutes = list(range(every, int(truth.manifest.clock.duration_s), every))
    for t in minutes[1::2] + minutes[::2]:  # so that hardly one is loaded already
        spent.append(tab.page.evaluate(GO_TO, t))
        assert tab.order() == truth.order(t), t
    spent.sort()
    report("seek, ms, median and longest", (round(spent[len(spent) // 2]), round(spent[-1])))


def test_moves_smoothly(new_tab: Callable[..., Tab], served: str, report: Report) -> None:
    tab = new_tab().open(served + RACE)
    tab.page.click("#play")
    report("frames a second at speed 1", round(tab.page.evaluate(FRAMES_A_SECOND, 2), 1))
    assert tab.page.evaluate("() => Number(document.querySelector('#bar input').value)") > 0.5
    tab.page.click("#play")
    assert tab.page.get_attribute("#play", "aria-label") == "Play"


@pytest.mark.thorough
def test_memory_is_flat_over_a_race(new_tab: Callable[..., Tab], served: str, report: Report) -> None:
    tab = new_tab().open(served + RACE)
    tab.page.click("#order tbody button >> nth=0")
    tab.page.click("text=50×")
    client = tab.page.context.new_cdp_session(tab.page)
    heaps = []
    tab.page.click("#play")
    while tab.page.get_attribute("#play", "aria-label") == "Pause":
        tab.page.wait_for_timeout(1000)
        client.send("HeapProfiler.collectGarbage")
        heaps.append(client.send("Runtime.getHeapUsage")["usedSize"])
    report("heap at speed 50, MB, second by second", [round(heap / 1e6, 1) for heap in heaps])
    assert heaps[-1] - heaps[1] < MEMORY_GROWTH


def test_from_a_plain_file_server(
    new_tab: Callable[..., Tab], plain: str, demo_out: Path, report: Report
) -> None:
    tab = new_tab().open(plain + "/replay.html")
    tab.page.click("text=Testland Grand Prix")
    tab.page.locator("#order tbody tr").first.wait_for()
    tab.page.locator("html[data-state=ready]").wait_for(state="attached")
    report("first picture from a plain file server", tab.page.evaluate(LOADED_BY, "first-picture"))
    tab.seek(120)
    assert tab.order() == Truth.read(demo_out / "telemetry/1900/1").order(120)


def test_sprint(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    tab = new_tab().open(served + "/replay/1900/2?session=S")
    assert tab.text("#where").startswith("Sprint")
    assert tab.order() == Truth.read(demo_out / "telemetry/1900/2/sprint").order(0)
    tab.page.locator("#weekend").get_by_role("link", name="Race").click()
    tab.page.locator("#weekend a >> text=S").wait_for()
    assert tab.page.url == served + "/replay/1900/2"
    assert tab.text("#where").startswith("Race")


def test_a_hole_in_all_positions_is_said(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    truth = Truth.read(demo_out / SessionKey(1900, 2, "S").prefix)
    ends = max(len(car["x"]) for car in truth.cars.values())
    known = np.zeros(ends, dtype=bool)
    for car in truth.cars.values():
        known[: len(car["x"])] |= ~np.isnan(car["x"])
    hole = np.flatnonzero(~known)
    tab = new_tab().open(served + "/replay/1900/2?session=S")
    for frame, shown in ((hole[len(hole) // 2], True), (hole[-1] + truth.fps, False)):
        tab.seek(float(frame / truth.fps))
        assert tab.page.locator("#blind").is_visible() == shown


def test_asks_nobody_else(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab().open(served + RACE)
    tab.page.keyboard.press("q")
    assert {re.sub(r"^(\w+://[^/]+).*", r"\1", url) for url in tab.requests if url[:5] != "data:"} == {served}


@pytest.mark.parametrize("path", ["/replay/1900/30", "/replay/1900/1?session=S"])
def test_an_unknown_race_is_said_to_be_unknown(new_tab: Callable[..., Tab], served: str, path: str) -> None:
    tab = new_tab()
    answer = tab.page.goto(served + path)
    assert answer.status == 404
    tab.page.locator("html[data-state=failed]").wait_for(state="attached")
    tab.page.wait_for_load_state("networkidle")  # no answer is left unread: it would hold its connection
    assert tab.text("#notice").splitlines()[0] == "This race has not been published."
    assert not tab.page.locator("button").locator("visible=true").count()  # none that does nothing
    tab.page.click("#notice a")
    assert tab.page.url == served + "/"
    tab.errors.clear()


def test_from_a_race_to_the_list_and_back(new_tab: Callable[..., Tab], served: str, plain: str) -> None:
    ours = new_tab().open(served + RACE)
    ours.page.get_by_role("link", name="All races").click()
    assert ours.page.url == served + "/"
    tab = new_tab().open(plain + "/replay.html?race=telemetry/1900/2/sprint/manifest.json")
    tab.page.get_by_role("link", name="All races").click()
    tab.page.click("text=Testland Grand Prix")
    tab.page.locator("#name", has_text="Testland").wait_for()


def test_a_race_recomputed_while_it_is_watched_goes_on(
    new_tab: Callable[..., Tab], served: str, demo_out: Path
) -> None:
    old = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    new = old["replay"]["generation"]
    old["replay"]["generation"] = "0" * 16
    for chunk in old["replay"]["chunks"][5:]:  # beyond what is loaded ahead at the start
        chunk["key"] = chunk["key"].replace(new, "0" * 16)
    answers = iter([json.dumps(old)])

    def first_old(route: Any) -> None:
        body = next(answers, None)
        route.continue_() if body is None else route.fulfill(body=body, content_type="application/json")

    tab = new_tab()
    tab.page.route("**/telemetry/1900/1/manifest.json", first_old)
    tab.open(served + RACE)
    with tab.page.expect_event("load"):
        tab.page.evaluate("() => (location.hash = 't=310&car=EKL')")
    tab.page.locator("html[data-state=ready]").wait_for(state="attached")
    assert tab.page.url == served + RACE + "#t=310&car=EKL"
    assert tab.text("#clock") == "0:05:10"
    tab.errors.clear()  # the browser's own lines about the chunks that are gone


def test_waits_for_what_is_slow_and_says_so(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab().open(served + RACE)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    tab.page.route("**/replay/*/0006.json.gz", hold)
    tab.page.evaluate("() => (location.hash = 't=400')")
    tab.page.locator("#notice", has_text="Loading…").wait_for()
    held[0].continue_()
    tab.page.locator("#notice").wait_for(state="hidden")
    assert tab.text("#clock") == "0:06:40"


def test_flags_and_retirements(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    manifest = Truth.read(demo_out / "telemetry/1900/1").manifest
    car = next(status for status in manifest.track_statuses if status.status == "4")
    out = next(driver for driver in manifest.drivers if driver.retired_at)
    tab = new_tab().open(served + RACE)
    assert tab.page.locator(".stretch[data-kind=sc]").count() == 1
    assert not tab.page.locator(".tick[data-kind=out]").is_visible()  # who will be out is not told
    tab.seek(car.start_time + 1)
    assert tab.text("#flag") == "SAFETY CAR"
    assert "Safety car" in tab.text("#announce")
    assert out.retired_at is not None
    tab.seek(out.retired_at - 5)
    assert tab.text(f"tr[data-code={out.code}] .mark") == ""
    tab.seek(out.retired_at + 1)
    assert tab.text(f"tr[data-code={out.code}] .mark") == "OUT"
    assert tab.page.locator(".tick[data-kind=out]").is_visible()
    newest = max((m for m in manifest.race_control if m.t <= out.retired_at + 1), key=lambda m: m.t)
    assert newest.message in tab.text("#messages li:first-child")


YELLOW = """() => {
  const canvas = document.getElementById("ground");
  const wanted = getComputedStyle(document.documentElement).getPropertyValue("--yellow").trim();
  const probe = new OffscreenCanvas(1, 1).getContext("2d");
  probe.fillStyle = wanted;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) count += data[i] === r && data[i + 1] === g && data[i + 2] === b;
  return count;
}"""


def test_one_yellow_sector_is_yellow_alone(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """Where the map knows the marshal sector that race control names; else the whole track is."""
    manifest = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    yellow = next(status for status in manifest["track_statuses"] if status["status"] == "2")
    named = {row["sector"] for row in manifest["race_control"] if row["flag"] == "YELLOW"}
    length, painted = manifest["circuit"]["length_m"], {}
    for last in (0, 4, 12):  # marshal sectors that the map knows: none, not the one that is yellow, all
        at = [
            {"number": n, "letter": "", "x": 0, "y": 0, "dist": length * n / 13} for n in range(1, last + 1)
        ]
        manifest["circuit"]["marshal_sectors"] = at
        tab = new_tab()
        tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
        tab.open(served + RACE + f"#t={yellow['start_time'] + 1:.0f}")
        painted[last] = tab.page.evaluate(YELLOW)
    assert named == {9}
    assert painted[0] == painted[4] > 500
    assert 0.04 < painted[12] / painted[0] < 0.12


def test_keyboard(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab().open(served + RACE)
    press = tab.page.keyboard.press
    press("ArrowRight")
    press("Shift+ArrowRight")
    tab.page.locator("#clock", has_text="0:01:10").wait_for()
    press("ArrowLeft")
    tab.page.locator("#clock", has_text="0:01:00").wait_for()
    press("ArrowUp")
    assert tab.page.get_attribute("#speeds button >> nth=2", "aria-pressed") == "true"
    press("7")
    assert tab.page.get_attribute("#speeds button >> nth=6", "aria-pressed") == "true"
    press("2")
    press("Space")
    assert tab.page.get_attribute("#play", "aria-label") == "Pause"
    press("Space")
    press("j")
    press("j")
    assert tab.page.get_attribute("#order tbody tr:nth-child(2) button", "aria-pressed") == "true"
    press("Escape")
    assert tab.page.locator("#order tbody [aria-pressed=true]").count() == 0
    press("?")
    assert tab.page.get_by_role("dialog", name="Keyboard shortcuts").is_visible()
    press("Escape")
    press("q")
    dialog = tab.page.get_by_role("dialog", name="Data quality")
    assert dialog.is_visible()
    assert dialog.get_by_role("row").count() > 5
    press("Escape")
    press("t")
    assert tab.page.evaluate("() => document.documentElement.style.colorScheme") == "dark"
    press("End")
    tab.page.locator("#flag", has_text="Chequered flag").wait_for()


def test_telemetry_of_a_chosen_car(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    truth = Truth.read(demo_out / "telemetry/1900/1")
    tab = new_tab().open(served + RACE + "#t=100&car=EKL")
    frame = round(100 * truth.fps)
    assert abs(int(tab.text("[data-field=Speed] dd").split()[0]) - truth.cars["EKL"]["speed"][frame]) <= 1
    assert tab.text("[data-field=Gear] dd") == str(int(truth.cars["EKL"]["gear"][frame]))
    assert tab.page.locator("#car canvas").is_visible()
    tab.page.locator("#cars").click(position={"x": 5, "y": 5})  # where no car is
    assert tab.page.locator("#car canvas").count() == 0


def test_choose_cars(new_tab: Callable[..., Tab], served: str) -> None:
    """All of a row is the button; with a key held one car more, at most four; a link has them all."""
    tab = new_tab().open(served + RACE + "#t=100")
    chosen = "() => [...document.querySelectorAll('#order tr.chosen')].map((row) => row.dataset.code)"
    codes = tab.order()
    tab.page.click(f"tr[data-code={codes[2]}] td.gap")
    assert tab.page.evaluate(chosen) == [codes[2]]
    for code in codes[3:7]:
        tab.page.click(f"tr[data-code={code}] td.p", modifiers=["Shift"])
    assert tab.page.evaluate(chosen) == codes[3:7]
    tab.page.click(f"tr[data-code={codes[4]}] button", modifiers=["Shift"])
    wanted = f"#t=100&car={codes[3]},{codes[5]},{codes[6]}"
    tab.page.wait_for_url("**" + wanted)
    again = new_tab().open(served + RACE + wanted)
    assert again.page.evaluate(chosen) == [codes[3], *codes[5:7]]
    tab.page.click(f"tr[data-code={codes[5]}] td.gap")
    tab.page.click(f"tr[data-code={codes[5]}] td.gap")
    assert tab.page.evaluate(chosen) == []


def test_read_aloud(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab().open(served + RACE)
    table = tab.page.get_by_role("region", name="Order").get_by_role("table")
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert [head.lower() for head in heads] == [
        "p",
        "±",
        "driver",
        "state and penalties",
        "gap",
        "int",
        "last",
        "tyre",
    ]
    assert table.get_by_role("rowheader").count() == 10
    assert (
        tab.page.get_by_role("slider", name="Race time").get_attribute("aria-valuetext") == "0:00:00, lap 1"
    )
    unnamed = tab.page.evaluate(
        "() => [...document.querySelectorAll('button')].filter("
        "(b) => !(b.getAttribute('aria-label') || b.textContent.trim())).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", some([360, 800, 1100, 1920], 4))
def test_fits(new_tab: Callable[..., Tab], served: str, width: int, scheme: str) -> None:
    tab = new_tab(viewport={"width": width, "height": 780}, color_scheme=scheme).open(served + RACE)
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= width
    for selector in ("#play", "#bar", "#flag", "#lap", "#grade"):
        box = tab.page.locator(selector).bounding_box()
        assert box["x"] >= 0, selector
        assert box["x"] + box["width"] <= width, selector
        assert box["y"] + box["height"] <= 780, selector
    background = tab.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert (brightness > 128) == (scheme == "light")


@pytest.mark.parametrize("width", some([360, 1280], 2))
def test_long_names_fit(new_tab: Callable[..., Tab], served: str, demo_out: Path, width: int) -> None:
    manifest = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    manifest["event"] |= {
        "name": "Gran Premio del Made in Italy " * 4,
        "location": "Llanfairpwllgwyngyll" * 3,
    }
    manifest["race_control"][0]["message"] = "INCIDENT" * 30
    for driver in manifest["drivers"]:
        driver |= {"name": "Wolfeschlegelsteinhausenbergerdorff" * 2, "team": "Racing" * 20}
    tab = new_tab(viewport={"width": width, "height": 780})
    tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
    tab.open(served + RACE + "#t=60&car=CAS")
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= width
    tab.page.get_by_role("button", name="Close telemetry").click()


def test_fits_a_phone_held_sideways(new_tab: Callable[..., Tab], served: str) -> None:
    """The whole track is in sight, between the head and the controls."""
    tab = new_tab(viewport={"width": 844, "height": 390}).open(served + RACE)
    stage = tab.page.locator("#stage").bounding_box()
    assert stage["y"] + stage["height"] <= tab.page.locator("#controls").bounding_box()["y"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_texts_stand_out(new_tab: Callable[..., Tab], served: str, demo_out: Path, scheme: str) -> None:
    """WCAG's 4.5 to 1, on coloured grounds too: a car's number on its team's colour, grades, flags."""
    manifest = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    for check, level in zip(manifest["quality"]["checks"], ["ok", "note", "warn", "bad"], strict=False):
        check["level"] = level
    teams = ["B6BABD", "27F4D2", "FF8000", "E80020", "3671C6", "229971", "6692FF", None, "FFFFFF", "000000"]
    for driver, color in zip(manifest["drivers"], teams, strict=True):
        driver["color"] = color
    tab = new_tab(color_scheme=scheme, reduced_motion="reduce")
    tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
    tab.open(served + RACE + "#t=205")
    faint = tab.page.evaluate(FAINT, ["#flag", "#top *", "#order *", "#messages *", "#speeds *"])
    for driver in manifest["drivers"]:
        tab.page.click(f"tr[data-code={driver['code']}] button")
        faint |= tab.page.evaluate(FAINT, ["#car *", "#order .chosen *"])
    tab.page.keyboard.press("q")
    faint |= tab.page.evaluate(FAINT, ["dialog[open] *"])
    assert faint == {}


def test_stands_still_for_those_who_want_it(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab(reduced_motion="reduce").open(served + RACE)
    before = tab.order()
    tab.seek(60)
    assert tab.order() != before
    assert tab.page.evaluate("() => document.getAnimations().length") == 0


def test_works_where_storage_is_forbidden(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab()
    tab.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('denied', 'SecurityError'); } })"
    )
    tab.open(served + RACE)
    tab.page.keyboard.press("t")
    assert tab.page.evaluate("() => document.documentElement.style.colorScheme") == "dark"


def test_gaps_to_the_leader_or_the_car_ahead(
    new_tab: Callable[..., Tab], served: str, demo_out: Path
) -> None:
    truth = Truth.read(demo_out / "telemetry/1900/1")
    tab = new_tab(viewport={"width": 390, "height": 844}).open(served + RACE + "#t=100")
    third = truth.order(100)[2]
    gap, interval = (float(truth.cars[third][name][round(100 * truth.fps)]) for name in ("gap", "interval"))
    row = tab.page.locator(f"tr[data-code={third}]")
    both = [row.locator(".gap"), row.locator(".int")]
    assert both[0].inner_text() == f"+{gap:.3f}"
    assert not both[1].is_visible()
    tab.page.click("text=To car ahead")
    assert both[1].inner_text() == f"+{interval:.3f}"
    assert not both[0].is_visible()
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    assert all(cell.is_visible() for cell in both)


@pytest.mark.thorough
def test_laps_behind_at_the_end_of_a_real_race(
    new_tab: Callable[..., Tab], served_real: str, real_out: Path
) -> None:
    truth = Truth.read(real_out / "telemetry/2025/2")
    order = truth.order(truth.manifest.clock.duration_s)
    laps = [int(truth.cars[code]["lap"][-1]) for code in order]
    lapped = [code for code, lap in zip(order, laps, strict=True) if lap == laps[0] - 1]
    assert lapped
    tab = new_tab().open(served_real + "/replay/2025/2#t=999999")
    assert [tab.text(f"tr[data-code={code}] td.gap") for code in lapped] == ["+1 lap"] * len(lapped)


def test_a_race_of_which_little_is_known(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    manifest = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    manifest |= {"track_statuses": [], "race_control": [], "weather": [], "total_laps": None}
    manifest["circuit"] = {"length_m": None, "rotation": None, "x": [], "y": [], "corners": []}
    manifest["event"]["date_utc"] = manifest["clock"]["lights_out_s"] = None
    for driver in manifest["drivers"]:
        driver |= {"color": None, "finished_at": None, "retired_at": None, "penalties": []}
    tab = new_tab()
    tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
    tab.open(served + RACE + "#t=60&car=CAS")
    assert len(tab.order()) == 10
    assert tab.page.evaluate(PAINTED)
    assert tab.text("#laps") == ""


@pytest.mark.thorough
@pytest.mark.parametrize(("number", "more"), [(2, []), (40, ["--every"])])
def test_screenshots(chromium: Any, demo_out: Path, tmp_path: Path, number: int, more: list[str]) -> None:
    """The script that makes the pictures of the README runs, and that of the four sizes."""
    done = subprocess.run(
        [sys.executable, "docs/screenshots.py", "--data", str(demo_out), "--out", str(tmp_path), *more],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) == number


def test_the_files_of_a_race_can_be_opened(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab().open(served + RACE)
    tab.page.keyboard.press("q")
    with tab.page.expect_request("**/data/telemetry/1900/1/progress.jsonl"):
        tab.page.get_by_role("link", name="progress.jsonl").click()


def test_only_keys_below_the_root_become_addresses(
    new_tab: Callable[..., Tab], served: str, demo_out: Path
) -> None:
    manifest = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    forged = [
        "javascript:document.title='run'",
        "https://evil.example/a",
        "//evil.example/b",
        "../c",
        "\\\\e/d",
    ]
    kept = [artifact["key"] for artifact in manifest["artifacts"] if "/replay/" not in artifact["key"]]
    manifest["artifacts"] += [manifest["artifacts"][0] | {"key": key} for key in forged]
    tab = new_tab()
    tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
    tab.open(served + RACE)
    tab.page.keyboard.press("q")
    assert tab.page.locator("dialog .files li").count() == len(kept) + len(forged)
    hrefs = tab.page.eval_on_selector_all("dialog .files a", "(all) => all.map((a) => a.href)")
    assert hrefs == [f"{served}/data/{key}" for key in kept]


def test_a_race_of_forged_chunks_asks_nobody_else(
    new_tab: Callable[..., Tab], served: str, demo_out: Path
) -> None:
    manifest = json.loads((demo_out / "telemetry/1900/1/manifest.json").read_text())
    for chunk in manifest["replay"]["chunks"]:
        chunk["key"] = f"//evil.example/{chunk['key']}"
    tab = new_tab()
    tab.page.route("**/manifest.json", lambda route: route.fulfill(json=manifest))
    tab.page.goto(served + RACE)
    tab.page.locator("#notice", has_text="cannot be reached").wait_for()
    assert all(url.startswith((served, "data:")) for url in tab.requests)


def test_the_page_in_a_bucket_runs_its_own_scripts_alone(new_tab: Callable[..., Tab], plain: str) -> None:
    """A bucket sends no policy: the page has its own."""
    tab = new_tab().open(f"{plain}/replay.html?race=telemetry/1900/1/manifest.json")
    title = tab.page.title()
    tab.page.evaluate(
        """() => document.body.insertAdjacentHTML("beforeend",
        `<a id="out" href="javascript:document.title = 1"></a>
        <img src="data:," onerror="document.title = 2">`)"""
    )
    tab.page.evaluate("() => document.getElementById('out').click()")
    wait_for(lambda: len(tab.errors) >= 2)
    assert all("Content Security Policy" in error for error in tab.errors)
    assert tab.page.title() == title
    tab.errors.clear()
