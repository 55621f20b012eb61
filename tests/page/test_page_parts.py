"""Beside tower and map: the car's card, race control, jumps, the result, a broadcast's clock."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.page.conftest import Tab
from tests.page.truth import Truth

pytestmark = pytest.mark.slow

RACE = "/replay/1900/1"
FOLDER = "telemetry/1900/1"
Row = dict[str, Any]


def rows(out: Path, name: str, folder: str = FOLDER) -> list[Row]:
    found: list[Row] = pq.read_table(out / folder / f"{name}.parquet").to_pylist()
    return found


def now(tab: Tab) -> float:
    return float(tab.page.evaluate("() => document.querySelector('#bar input').value"))


def arrives(tab: Tab, t: float, within: float = 0.1) -> None:
    """Wait until the page shows a moment."""
    close = "([t, within]) => Math.abs(document.querySelector('#bar input').value - t) < within"
    tab.page.wait_for_function(close, arg=[t, within])


def test_card_of_a_chosen_car(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """Its times are those of the tables; a second car stands beside it as a button."""
    t = 300.0
    tab = new_tab().open(f"{served}{RACE}#t={t}&car=EKL,CAS")
    own = [lap for lap in rows(demo_out, "laps") if lap["driver"] == "CAS" and (lap["end_s"] or 1e9) <= t]
    last = tab.page.locator("#car [data-field=Last] dd")
    last.wait_for()
    seconds = own[-1]["lap_time_s"]
    assert last.inner_text() == f"{int(seconds // 60)}:{seconds % 60:06.3f}"
    stops = [s for s in rows(demo_out, "pit_stops") if s["driver"] == "CAS" and (s["pit_in_s"] or 0) <= t]
    assert tab.page.locator("#car .told li").count() >= len(stops)
    tab.page.click("#car .chips button")
    assert tab.page.locator("#car .number").inner_text() == next(
        d.number for d in Truth.read(demo_out / FOLDER).manifest.drivers if d.code == "EKL"
    )


def test_race_control_and_events_lead_to_their_moment(
    new_tab: Callable[..., Tab], served: str, demo_out: Path
) -> None:
    events = [e for e in rows(demo_out, "events") if e["kind"] == "overtake" and e["t_s"] < 400]
    driver = events[-1]["driver"]
    tab = new_tab().open(f"{served}{RACE}#t=400&car={driver}")
    assert tab.page.locator("#messages li").count() > 0
    tab.page.click("#messages >> text=Events")
    tab.page.locator("#messages li", has_text="passes").first.wait_for()
    everyone = tab.page.locator("#messages li").count()
    tab.page.check("#messages input")
    own = tab.page.locator("#messages li").all_inner_texts()
    assert 0 < len(own) < everyone
    assert all(driver in line for line in own)
    passes = tab.page.locator("#messages li", has_text=f"{driver} passes {events[-1]['other']}").first
    passes.click()
    arrives(tab, events[-1]["t_s"])
    assert max(m.t for m in Truth.read(demo_out / FOLDER).manifest.race_control if m.t <= 400) > 0


def test_jumps(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """By lap, by overtakes and stops of the chosen car, by message; with buttons and keys."""
    tab = new_tab().open(f"{served}{RACE}#t=200")
    laps = rows(demo_out, "laps")
    starts = sorted(
        min(lap["end_s"] for lap in laps if lap["lap"] == n and lap["end_s"] is not None)
        for n in {lap["lap"] for lap in laps if lap["end_s"] is not None}
    )
    tab.page.locator(".lapline").first.wait_for(state="attached")
    assert tab.page.locator(".lapline").count() == len(starts)
    tab.page.keyboard.press("g")
    tab.page.keyboard.type("99\n")
    lap = tab.page.get_by_label("To lap")
    assert lap.evaluate("(field) => field.validationMessage") == "There is no lap 99"
    lap.fill("3")
    lap.press("Enter")
    arrives(tab, starts[1])
    tab.page.keyboard.press("Home")  # the keys are the page's again
    arrives(tab, 0)
    tab.seek(201)
    tab.page.keyboard.press("PageDown")
    after = next(t for t in starts if t > 201.1)
    arrives(tab, after)
    tab.page.click("#jump button >> nth=1")
    arrives(tab, next(t for t in starts if t > after + 0.1))
    stops = [s for s in rows(demo_out, "events") if s["kind"] == "pit_stop"]
    driver = stops[0]["driver"]
    tab.page.click(f"tr[data-code={driver}] td.gap")
    tab.page.select_option("#jump select", "1 minute")
    there = now(tab)
    tab.page.click("#jump button >> nth=1")
    arrives(tab, there + 60)
    tab.page.select_option("#jump select", "pit_stop")
    tab.seek(0)
    tab.page.click("#jump button >> nth=1")
    first = min(s["t_s"] for s in stops if s["driver"] == driver)
    arrives(tab, first - 3)
    tab.page.evaluate("() => document.activeElement.blur()")
    tab.seek(100)
    for key, step in ((">", 1), ("<", -1), (".", 0.04)):
        there = now(tab) + step
        tab.page.keyboard.press(key)
        arrives(tab, there, 0.01)


def test_result(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    check_result(new_tab(), served + RACE, demo_out / FOLDER)


@pytest.mark.thorough
def test_result_of_a_real_race(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    check_result(new_tab(), served_real + "/replay/2025/1", real_out / "telemetry/2025/1")


def check_result(tab: Tab, url: str, folder: Path) -> None:
    """Not before it is asked for twice; at the flag it is offered. Nothing of it is fetched before."""
    tab.open(url)
    tab.page.keyboard.press("r")
    assert tab.page.locator("dialog[open] table").count() == 0
    assert not any(address.endswith("results.json") for address in tab.requests)
    assert not tab.page.is_visible("#outcome")
    tab.page.click("text=Show the result")
    tab.page.locator("dialog[open] tbody tr").first.wait_for()
    shown = tab.page.eval_on_selector_all(
        "dialog[open] tbody tr",
        "(all) => all.map((row) => [...row.children].map((cell) => cell.textContent))",
    )
    truth = json.loads((folder / "results.json").read_text())["rows"]
    assert [line[1].split()[0] for line in shown] == [row["driver"] for row in truth]
    assert [line[7] for line in shown] == [f"{row['points']:g}" if row["points"] else "" for row in truth]
    assert [int(line[4]) for line in shown] == [row["laps"] for row in truth]
    winner = truth[0]
    if winner["time_s"] is not None:
        assert shown[0][5].endswith(f"{winner['time_s'] % 60:06.3f}")
        assert shown[1][5].startswith(f"+{truth[1]['gap_s']:.3f}")
    tab.page.keyboard.press("Escape")
    finish = min(d.finished_at for d in Truth.read(folder).manifest.drivers if d.finished_at is not None)
    tab.seek(finish + 1)
    tab.page.locator("#outcome").click()
    assert tab.page.locator("dialog[open] tbody tr").count() == len(truth)


def test_in_step_with_a_broadcast(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab().open(f"{served}{RACE}#t=100")
    tab.page.keyboard.press("s")
    field = tab.page.get_by_label("The broadcast's player shows")
    field.fill("12x")
    tab.page.click("text=…at the moment shown here")
    assert "is no time" in tab.text("dialog[open]")
    field.fill("0:31:40")
    tab.page.click("text=…at the moment shown here")
    tab.page.locator("#video", has_text="0:31:40").wait_for()
    field.fill("32:00")
    tab.page.click("text=Go there")
    arrives(tab, 120)
    tab.page.click("dialog[open] >> text=+1 s")
    arrives(tab, 121)
    tab.page.locator("#video", has_text="0:32:00").wait_for()
    tab.page.wait_for_url("**#t=121")
    tab.page.reload()
    tab.page.locator("#video", has_text="0:32:00").wait_for()  # kept, as is the moment
    tab.page.keyboard.press("s")
    tab.page.click("dialog[open] >> text=Forget")
    assert not tab.page.is_visible("#video")


@pytest.mark.thorough
def test_moments_of_a_real_weekend(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    """A car's overtakes, a lap of the race; of qualifying the parts, a car's timed laps, its messages."""
    race, qualifying = "telemetry/2025/1", "telemetry/2025/1/qualifying"
    passes = [e for e in rows(real_out, "events", race) if e["kind"] == "overtake"]
    laps, timed = rows(real_out, "laps", race), rows(real_out, "laps", qualifying)
    starts = [r["start_s"] for r in timed if r["driver"] == "NOR" and r["kind"] == "timed"]
    parts = Truth.read(real_out / qualifying).manifest.parts
    tab = new_tab().open(f"{served_real}/replay/2025/1#car=VER")
    tab.page.locator(".lapline").first.wait_for(state="attached")
    follow(tab, "overtake", [e["t_s"] - 5 for e in passes if "VER" in (e["driver"], e["other"])][:3])
    tab.page.keyboard.press("g")
    tab.page.keyboard.type("30\n")
    arrives(tab, min(r["end_s"] for r in laps if r["lap"] == 29 and r["end_s"] is not None))
    tab = new_tab().open(f"{served_real}/replay/2025/1?session=Q#car=NOR")
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    follow(tab, "part", [t for part in parts for t in (part.start, part.end) if t][:4])
    follow(tab, "lap", starts[:4])
    tab.page.keyboard.press("End")
    tab.page.check("#messages input")
    told = tab.page.locator("#messages li").all_inner_texts()
    said = [m for m in rows(real_out, "race_control", qualifying) if "(NOR)" in m["message"]]
    assert [line.split("\n")[-1] for line in told] == [m["message"] for m in reversed(said)]
    tab.page.click("#messages button[value=events]")
    waits = [
        e["seconds"]
        for e in rows(real_out, "events", qualifying)
        if e["kind"] == "pit_stop" and e["driver"] == "NOR"
    ]
    garage = tab.page.locator("#messages li", has_text="in the garage")
    garage.first.wait_for()
    told = garage.all_inner_texts()
    assert len(told) == len(waits)
    assert f"NOR in the garage, {waits[2] // 60:.0f}:{waits[2] % 60:02.0f}" in "\n".join(told)


def follow(tab: Tab, kind: str, times: list[float]) -> None:
    """From the start to each of the moments of a kind in turn."""
    tab.page.select_option("#jump select", kind)
    tab.page.evaluate("() => document.activeElement.blur()")
    tab.page.keyboard.press("Home")
    for t in times:
        tab.page.keyboard.press("n")
        arrives(tab, max(t, 0.0))
