"""Charts and the comparison of laps beside the map, held against the Parquet tables."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.page.conftest import Tab
from tests.page.test_page import FRAMES_A_SECOND, Report, report
from tests.page.truth import Truth
from tests.waiting import wait_for

__all__ = ["report"]
pytestmark = pytest.mark.slow

Row = dict[str, Any]
TABLE = """() => Object.fromEntries([...document.querySelectorAll("#desk .tableview tbody tr")].map((row) =>
  [row.cells[0].textContent, [...row.cells].slice(1).map((cell) => cell.textContent)]))"""
SLOTS = """() => [...document.querySelectorAll("#desk .slot")].map((slot) =>
  [...slot.querySelectorAll("select")].map(({ value }) => value))"""
WHOLE = "#desk .tools >> text=Whole race"
CHANGES = """() => {
  const canvas = document.querySelector("#desk canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4)
    sum = (sum * 31 + data[i] + data[i + 1] * 3 + data[i + 3]) % 1000003;
  return sum;
}"""


def completed(folder: Path) -> dict[str, list[Row]]:
    """By driver the laps that were completed, in order."""
    rows = pq.read_table(folder / "laps.parquet").to_pylist()
    done = [row for row in rows if row["end_s"] is not None and not row["generated"]]
    return {code: [row for row in done if row["driver"] == code] for code in {row["driver"] for row in done}}


def lap_text(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{int(seconds // 60)}:{seconds % 60:06.3f}" if round(seconds, 3) >= 60 else f"{seconds:.3f}"


def chart(tab: Tab, name: str) -> dict[str, list[str]]:
    """A chart's own table."""
    if tab.page.locator("#desk .tableview").count():
        tab.page.click("#desk [aria-label='The same as a table']")
    tab.page.click(f"#desk .tabs button:text-is('{name}')")
    tab.page.locator("#desk .early").wait_for(state="hidden")
    return as_table(tab)


def as_table(tab: Tab) -> dict[str, list[str]]:
    """What is shown, as a table; there is none until it is loaded."""
    rows = tab.page.locator("#desk .tableview tbody tr")

    def there() -> bool:
        if not rows.count():
            tab.page.click("#desk [aria-label='The same as a table']")
        return bool(rows.count())

    wait_for(there)
    found: dict[str, list[str]] = tab.page.evaluate(TABLE)
    return found


def check_charts(tab: Tab, url: str, folder: Path) -> None:
    """Each chart up to a moment and of the whole race."""
    laps, truth = completed(folder), Truth.read(folder)
    middle = truth.manifest.clock.duration_s / 2
    leader = {
        n: min(r["end_s"] for rows in laps.values() for r in rows if r["lap"] == n)
        for n in range(1, 200)
        if any(r["lap"] == n for rows in laps.values() for r in rows)
    }
    tab.open(f"{url}#t={middle:.0f}&show=positions")
    assert tab.page.locator("#desk .tabs [aria-pressed=true]").inner_text() == "Positions"
    for until in (round(middle), float("inf")):
        if until == float("inf"):
            tab.page.click(WHOLE)
        known = {code: [row for row in rows if row["end_s"] <= until] for code, rows in laps.items()}
        for code, cells in chart(tab, "Positions").items():
            told = [re.match(r"Lap (\d+) · P(\d+|–)", cell) for cell in cells[1:]]
            expected = [(str(row["lap"]), str(row["position"] or "–")) for row in known.get(code, [])]
            assert [match.groups() for match in told if match] == expected, code
        for code, cells in chart(tab, "Gaps").items():
            for cell, row in zip(cells, known.get(code, []), strict=True):
                gap = row["end_s"] - leader[row["lap"]]
                assert cell.startswith(f"Lap {row['lap']} · " + (f"+{gap:.1f} s" if gap else "Leader")), cell
                if row["gap_s"] is not None:
                    assert gap == pytest.approx(row["gap_s"], abs=0.51)
        for code, cells in chart(tab, "Lap times").items():
            times = [f"Lap {row['lap']} · {lap_text(row['lap_time_s'])}" for row in known.get(code, [])]
            assert [cell.split(", ")[0] for cell in cells] == times, code
        stints = pq.read_table(folder / "stints.parquet").to_pylist()
        for code, cells in chart(tab, "Stints").items():
            last = max((row["lap"] for row in known.get(code, [])), default=0)
            own = [s for s in stints if s["driver"] == code and s["first_lap"] <= last]
            told = [re.search(r"Laps (\d+) to (\d+)", cell) for cell in cells if cell.startswith("Stint")]
            assert [match.groups() for match in told if match] == [
                (str(s["first_lap"]), str(min(s["last_lap"], last))) for s in own
            ]
        chart(tab, "Tyre wear")


def test_charts(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    tab = new_tab()
    check_charts(tab, served + "/replay/1900/1", demo_out / "telemetry/1900/1")
    tab.page.click("#desk [aria-label='Close']")
    assert not tab.page.locator("#desk").is_visible()


@pytest.mark.thorough
def test_charts_of_a_real_race(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    check_charts(new_tab(), served_real + "/replay/2025/1", real_out / "telemetry/2025/1")


def test_a_chart_says_what_is_under_the_pointer_and_goes_there(
    new_tab: Callable[..., Tab], served: str, demo_out: Path
) -> None:
    """And it grows with the race: nothing of what is still to come is in it."""
    laps = completed(demo_out / "telemetry/1900/1")
    tab = new_tab().open(served + "/replay/1900/1")
    tab.page.keyboard.press("l")
    tab.page.locator("#desk .early").wait_for()
    assert "No lap has been completed yet" in tab.text("#desk .early")
    tab.page.click("#desk >> text=Show the whole race")
    tab.page.locator("#desk .early").wait_for(state="hidden")
    whole = tab.page.evaluate(CHANGES)
    tab.page.click("#desk canvas >> nth=1")
    tab.page.focus("#desk canvas >> nth=1")
    tab.page.keyboard.press("ArrowRight")
    said = tab.text("#desk .spot").splitlines()
    drivers = Truth.read(demo_out / "telemetry/1900/1").manifest.drivers
    (code,) = [driver.code for driver in drivers if driver.name == said[0]]
    lap = re.match(r"Lap (\d+) · P(\d+)", said[1])
    assert lap is not None
    row = next(row for row in laps[code] if row["lap"] == int(lap[1]))
    assert row["position"] == int(lap[2])
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_function(
        "(t) => Math.abs(Number(document.querySelector('#bar input').value) - t) < 0.1", arg=row["end_s"] - 4
    )
    box = tab.page.locator("#desk canvas >> nth=1").bounding_box()
    found = set()
    for step in range(60):
        tab.page.mouse.move(box["x"] + 50 + step * 10, box["y"] + box["height"] * 0.3)
        if tab.page.locator("#desk .spot").is_visible():
            found.add(tab.text("#desk .spot").splitlines()[0])
    assert found
    tab.page.click(WHOLE)
    until = laps[code][0]["end_s"] + 5
    tab.page.evaluate("(t) => (location.hash = `t=${t}&show=positions`)", until)
    tab.page.wait_for_function(
        "(t) => Math.abs(Number(document.querySelector('#bar input').value) - t) < 0.1", arg=until
    )
    tab.page.wait_for_timeout(200)
    assert tab.page.evaluate(CHANGES) != whole


def check_compare(tab: Tab, url: str, folder: Path, slots: list[tuple[str, int]]) -> None:
    laps = completed(folder)
    rows = [next(row for row in laps[code] if row["lap"] == lap) for code, lap in slots]
    link = ",".join(f"{code}-{lap}" for code, lap in slots)
    tab.open(f"{url}#show=compare&compare={link}")
    tab.page.locator("#desk .plot").wait_for()
    chosen = [values[-2:] for values in tab.page.evaluate(SLOTS)]
    assert chosen == [[code, str(lap)] for code, lap in slots]
    table = as_table(tab)
    corners = Truth.read(folder).manifest.circuit.corners
    assert list(table) == [f"Turn {corner.number}{corner.letter}" for corner in corners] + ["Line"]
    for row, cell in zip(rows[1:], table["Line"][1:], strict=True):
        match = re.search(r"([+−][\d.]+) s", cell)
        assert match is not None
        own, first = (one["end_s"] - one["start_s"] for one in (row, rows[0]))
        assert float(match[1].replace("−", "-")) == pytest.approx(own - first, abs=0.002)
    tab.page.click("#desk [aria-label='The same as a table']")
    box = tab.page.locator("#desk .plot").bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    said = tab.text("#desk .spot").splitlines()
    assert [line.split(" · ")[0] for line in said[1:]] == [f"{code} L{lap}" for code, lap in slots]
    tab.page.click("#desk >> text=▶ Watch")
    tab.page.wait_for_function(
        "(t) => Number(document.querySelector('#bar input').value) > t + 1", arg=rows[0]["start_s"]
    )
    assert tab.text(f"tr[data-code={slots[0][0]}] th button").startswith(slots[0][0])
    tab.page.click("#play")
    tab.page.click("#desk .add:text-is('Link')")
    assert f"compare={link}" in tab.page.url


def test_compare(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    laps = completed(demo_out / "telemetry/1900/1")
    one, two, three = sorted(laps, key=lambda code: -len(laps[code]))[:3]
    tab = new_tab()
    check_compare(
        tab, served + "/replay/1900/1", demo_out / "telemetry/1900/1", [(one, 2), (two, 3), (three, 2)]
    )
    tab.page.click(WHOLE)
    tab.page.click("#desk >> text=+ Lap")
    assert tab.page.locator("#desk .slot").count() == 4
    tab.page.locator("#desk .slot >> nth=3").locator(".close").click()
    tab.page.locator("#desk .slot >> nth=2").locator("select >> nth=-1").select_option(
        str(laps[three][-1]["lap"])
    )
    tab.page.wait_for_timeout(500)
    assert f"{three}-{laps[three][-1]['lap']}" in tab.page.url
    tab.page.click("#desk [aria-label='Close']")
    tab.page.wait_for_timeout(500)
    assert "compare" not in tab.page.url


@pytest.mark.thorough
def test_compare_in_a_real_race(
    new_tab: Callable[..., Tab], served_real: str, real_out: Path, report: Report
) -> None:
    tab = new_tab()
    slots = [("NOR", 30), ("PIA", 30), ("VER", 42), ("HAM", 31)]
    check_compare(tab, served_real + "/replay/2025/1", real_out / "telemetry/2025/1", slots)
    tab.page.click("#desk [aria-label='Two side by side']")
    tab.page.click("#play")
    report("frames a second with the comparison and a chart", round(tab.page.evaluate(FRAMES_A_SECOND, 3), 1))


@pytest.mark.thorough
def test_a_real_qualifying(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    """Its laps by the minute, in its parts; nothing of places and gaps on the road; best laps to compare."""
    race, laps = (completed(real_out / f"telemetry/2025/1/{folder}") for folder in ("", "qualifying"))
    check_qualifying(new_tab(), served_real, laps)
    tab = new_tab().open(served_real + "/replay/2025/1#show=compare&compare=NOR-30,NOR-19-Q")
    tab.page.locator("#desk .slot >> nth=1").wait_for()
    assert tab.page.evaluate(SLOTS) == [["R", "NOR", "30"], ["Q", "NOR", "19"]]
    tab.page.locator("#desk .plot").wait_for()
    cell = as_table(tab)["Line"][1]
    ends = [next(row for row in own["NOR"] if row["lap"] == lap) for own, lap in ((race, 30), (laps, 19))]
    first, own = (row["end_s"] - row["start_s"] for row in ends)
    match = re.search(r"−([\d.]+) s", cell)
    assert match is not None
    assert float(match[1]) == pytest.approx(first - own, abs=0.01)


def check_qualifying(tab: Tab, url: str, laps: dict[str, list[Row]]) -> None:
    tab.open(url + "/replay/2025/1?session=Q")
    tab.page.keyboard.press("l")
    tab.page.click("#desk .tools >> text=Whole session")
    assert tab.text("#desk .tabs").split("\n") == ["Compare", "Lap times", "Stints", "Tyre wear"]
    for code, cells in chart(tab, "Lap times").items():
        times = [f"Lap {row['lap']} · {lap_text(row['lap_time_s'])}" for row in laps.get(code, [])]
        assert [cell.split(", ")[0] for cell in cells] == times, code
    tab.page.click("#desk .tabs button:text-is('Compare')")
    tab.page.locator("#desk .slot").first.wait_for()
    rows = [row for own in laps.values() for row in own]
    timed = [row for row in rows if row["lap_time_s"] and row["lap"] > 1 and not row["deleted"]]
    fastest = min(timed, key=lambda row: row["lap_time_s"])
    assert tab.page.evaluate(SLOTS)[0][-2:] == [fastest["driver"], str(fastest["lap"])]


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_on_a_phone(new_tab: Callable[..., Tab], served: str, size: tuple[int, int]) -> None:
    """All over the page but for the controls, nothing wider than the screen."""
    tab = new_tab(viewport={"width": size[0], "height": size[1]}, has_touch=True)
    tab.open(served + "/replay/1900/1#t=300&show=compare")
    for name in ("Compare", "Positions", "Tyre wear"):
        tab.page.click(f"#desk .tabs button:text-is('{name}')")
        tab.page.locator("#desk .plot").wait_for()
        assert tab.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert tab.page.locator("#play").is_visible()
    tab.page.click("#desk [aria-label='Close']")
    assert tab.page.locator("#stage").is_visible()
