"""The home page, from our server and from a plain file server: what it says is what is published."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import Tab

pytestmark = pytest.mark.slow

Row = dict[str, Any]
ROWS = """() => [...document.querySelectorAll(".calendar li:not(.year)")].map((row) => ({
  name: row.querySelector(".what h2").textContent,
  chips: [...row.querySelectorAll(".chip")].map((chip) => chip.textContent),
  links: [...row.querySelectorAll("a.chip")].map((chip) => chip.href),
}))"""


def listing(out: Path, year: int) -> Row:
    found: Row = json.loads((out / f"sessions/{year}.json").read_text())
    return found


def said(session: Row) -> str:
    """What a published session's chip says."""
    return f"{session['name']}{session['grade']}" + ("provisional" if session["provisional"] else "")


def check_season(tab: Tab, out: Path, year: int) -> None:
    """Every event with all of its sessions; a link for each that is published."""
    events = listing(out, year)["events"]
    rows = tab.page.evaluate(ROWS)
    assert [row["name"] for row in rows] == [event["name"] for event in events]
    for row, event in zip(rows, events, strict=True):
        sessions = [*event["sessions"], *event.get("other_sessions", [])]
        missing = [session["name"] for session in sessions if session["state"] == "missing"]
        assert len(row["chips"]) == len(sessions) - len(missing) + bool(missing)
        if missing:
            many = len(missing) > 2
            what = f"{len(missing)} sessions" if many else ", ".join(missing)
            assert row["chips"][-1] == f"{what}not computed yet"
        published = [session for session in sessions if session["state"] == "published"]
        assert [chip for chip in row["chips"] if re.search(r"[ABCD](provisional)?$", chip)] == [
            said(session) for session in sorted(published, key=lambda one: one["date_utc"])
        ]
        assert len(row["links"]) == len(published)


def check_winners(tab: Tab, out: Path, year: int) -> None:
    """Not on the page until somebody asks."""
    races = [
        session
        for event in listing(out, year)["events"]
        for session in event["sessions"]
        if session["state"] == "published" and session["session"] == "R"
    ]
    results = [json.loads((out / race["manifest"]).with_name("results.json").read_text()) for race in races]
    winners = [next(row["name"] for row in one["rows"] if row["position"] == 1) for one in results]
    assert not any(name in tab.page.inner_text("body") for name in winners)
    tab.page.click("text=Show all winners")
    tab.page.locator(".winner b").nth(len(winners) - 1).wait_for()
    assert [tab.page.locator(".winner b").nth(i).inner_text() for i in range(len(winners))] == winners


def check_standings(tab: Tab, out: Path, year: int) -> None:
    rounds = json.loads((out / f"seasons/{year}/standings.json").read_text())["rounds"]
    tab.page.click("#seasons >> text=Standings")
    tab.page.locator(".standings tbody tr").first.wait_for()
    for i, after in enumerate(rounds):
        tab.page.select_option(".standings select", str(i))
        for kind, rows in (("Drivers", after["drivers"]), ("Teams", after["teams"])):
            tab.page.click(f".standings button:text-is('{kind}')")
            shown = tab.page.locator(".standings tbody tr").all()
            assert len(shown) == len(rows)
            for line, row in zip(shown[:3], rows, strict=False):
                cells = line.locator("td").all_inner_texts()
                assert cells[:2] == ["–" if row[k] is None else f"{row[k]:g}" for k in ("position", "points")]
                assert (row.get("name") or row["team"]) in line.inner_text()
    known = any(row["points"] is not None for one in rounds for row in one["drivers"])
    assert tab.page.locator(".standings .plot").is_visible() == known
    if not known:
        return
    tab.page.click(".standings button:text-is('Place')")
    tab.page.focus(".standings canvas >> nth=1")
    tab.page.keyboard.press("ArrowLeft")
    assert re.search(r"P\d+ · [\d.]+ points", tab.text(".standings .spot"))


def test_home(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    tab = new_tab().open(served + "/")
    check_season(tab, demo_out, 1900)
    check_winners(tab, demo_out, 1900)
    check_standings(tab, demo_out, 1900)
    assert tab.page.url == served + "/#1900/standings"
    tab.page.click("#seasons >> text=Calendar")
    tab.page.locator("a.chip >> text=Sprint").click()
    tab.page.locator("html[data-state=ready]").wait_for(state="attached")
    assert tab.page.url.startswith(served + "/replay/1900/2?session=S")
    tab.page.get_by_role("link", name="All races").click()
    tab.page.locator(".calendar").wait_for()


def test_home_in_a_bucket(new_tab: Callable[..., Tab], plain: str, demo_out: Path) -> None:
    tab = new_tab().open(plain + "/home.html")
    check_season(tab, demo_out, 1900)
    check_winners(tab, demo_out, 1900)
    tab.page.locator("a.chip >> text=Sprint").click()
    tab.page.locator("#order tbody tr").first.wait_for()
    tab.page.locator("html[data-state=ready]").wait_for(state="attached")
    assert tab.text("#where").startswith("Sprint")
    tab.page.locator("#weekend").get_by_role("link", name="Race").click()
    tab.page.locator("#weekend a >> text=S").wait_for()
    assert tab.text("#where").startswith("Race")
    tab.open(plain + "/home.html#1900/standings")
    check_standings(tab, demo_out, 1900)


def test_home_of_real_races(new_tab: Callable[..., Tab], served_real: str, real_out: Path) -> None:
    tab = new_tab().open(served_real + "/")
    check_season(tab, real_out, 2025)
    check_winners(tab, real_out, 2025)
    tab.page.fill("#search", "sao paulo")
    tab.page.wait_for_function("() => document.querySelectorAll('.calendar .what h2').length === 1")
    assert tab.page.evaluate(ROWS)[0]["name"] == "São Paulo Grand Prix"
    tab.page.fill("#search", "nowhere at all")
    assert tab.page.locator(".nothing").inner_text().startswith("No race matches")
    tab.page.fill("#search", "")
    tab.page.wait_for_function("() => document.querySelectorAll('.calendar .what h2').length > 20")
    check_standings(tab, real_out, 2025)


def test_what_is_missing_and_why(new_tab: Callable[..., Tab], served: str, demo_out: Path) -> None:
    """Practice and qualifying beside the races; what is not there says what became of it."""
    season = listing(demo_out, 1900)
    race = season["events"][0]["sessions"][0]
    gone = dict.fromkeys(("manifest", "grade", "provisional", "frames", "duration_s", "bytes", "updated_at"))
    failed = race | gone | {"state": "failed", "error": "the feed has no laps <b>"}
    upcoming = race | gone | {"state": "upcoming", "date_utc": "2090-03-02T15:00:00Z"}
    early = {"date_utc": "1900-01-01T10:00:00Z", "session": "Q", "name": "Qualifying"}
    season["events"] = [
        season["events"][0] | {"sessions": [failed], "other_sessions": [race | early], "country": "Italy"},
        season["events"][1] | {"sessions": [upcoming], "date": None, "round": 0, "country": "Nowhere"},
    ]
    tab = new_tab()
    tab.page.route("**/sessions/1900.json", lambda route: route.fulfill(json=season))
    tab.open(served + "/")
    rows = tab.page.evaluate(ROWS)
    assert rows[0]["chips"] == [f"Qualifying{race['grade']}", "Racefailed"]
    assert rows[1]["chips"][0].startswith("Race")
    assert "2 Mar" in rows[1]["chips"][0]
    assert tab.text(".why") == "Race failed: the feed has no laps <b>"
    flags = tab.page.evaluate(
        "() => [...document.querySelectorAll('.country')].map((one) => one.textContent)"
    )
    assert flags[0] in ("🇮🇹", "IT")
    assert flags[1] == ""


def test_before_anything_is_published(new_tab: Callable[..., Tab], served: str) -> None:
    tab = new_tab()
    tab.page.route("**/catalog.json", lambda route: route.fulfill(status=404, body=""))
    tab.open(served + "/")
    assert tab.text("#page") == "Nothing has been published yet."
    tab.errors.clear()  # the browser's own line about the answer


@pytest.mark.parametrize("size", [(390, 844), (844, 390), (1440, 900)])
def test_nothing_is_wider_than_the_screen(
    new_tab: Callable[..., Tab], served: str, size: tuple[int, int]
) -> None:
    tab = new_tab(viewport={"width": size[0], "height": size[1]})
    for fragment in ("", "#1900/standings"):
        tab.open(served + "/" + fragment)
        assert tab.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
