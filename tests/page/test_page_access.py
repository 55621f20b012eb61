"""The replay page for everyone: no barrier that axe-core finds, on the screens people have, at 200 % zoom."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cases import some
from tests.conftest import REPOSITORY, require
from tests.page.conftest import Tab

pytestmark = pytest.mark.slow

AXE = REPOSITORY / "tests/page/node_modules/axe-core/axe.min.js"
RACE = "/replay/1900/1"
FOUND = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  ({ id, help, nodes }) => [id, help, nodes.slice(0, 3).map(({ html }) => html.slice(0, 160))])"""
# what a finger needs, and whether it is on the screen without scrolling
SEEN = """(selectors) => selectors.filter((selector) => {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  if (!box?.width) return true;
  return box.top < 0 || box.left < 0 || box.right > innerWidth || box.bottom > innerHeight;
})"""


def barriers(tab: Tab) -> list[Any]:
    found: list[Any] = tab.page.evaluate(FOUND)
    return found


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_no_barriers(new_tab: Callable[..., Tab], served: str, size: tuple[int, int], scheme: str) -> None:
    require(AXE.exists(), "axe-core is not installed: make lint does that")
    tab = new_tab(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    tab.open(f"{served}{RACE}#t=330&car=CAS,EKL")
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    tab.page.evaluate(AXE.read_text() + "; undefined")
    assert barriers(tab) == []
    for key in ("q", "r", "s", "?"):
        tab.page.keyboard.press(key)
        if key == "r":
            tab.page.click("text=Show the result")
            tab.page.locator("dialog[open] tbody tr").first.wait_for()
        assert barriers(tab) == [], key
        tab.page.keyboard.press("Escape")
        tab.page.locator("dialog[open]").wait_for(state="detached")
    if size[0] < 720:
        tab.page.click("#tabs button[value=messages]")
    tab.page.click("#messages button[value=events]")
    assert barriers(tab) == []


PAGES = (
    f"{RACE}#t=330&show=compare",
    f"{RACE}#t=330&show=positions,laps&car=CAS",
    f"{RACE}#show=tyres",
    "/",
    "/#1900/standings",
)


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_no_barriers_in_charts_and_home(
    new_tab: Callable[..., Tab], served: str, size: tuple[int, int], scheme: str
) -> None:
    require(AXE.exists(), "axe-core is not installed: make lint does that")
    tab = new_tab(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    for path in PAGES:
        tab.page.goto("about:blank")
        tab.open(served + path)
        tab.page.wait_for_load_state("networkidle")
        tab.page.evaluate(AXE.read_text() + "; undefined")
        assert barriers(tab) == [], path


@pytest.mark.parametrize(("width", "height"), some([(390, 844), (844, 390), (360, 780), (1024, 768)], 4))
def test_a_chosen_car_is_seen_at_once(
    new_tab: Callable[..., Tab], served: str, width: int, height: int
) -> None:
    """Its card, the map and the controls are on the screen together, whatever is tapped."""
    tab = new_tab(viewport={"width": width, "height": height}, has_touch=True).open(f"{served}{RACE}#t=330")
    tab.page.locator("html[data-timed]").wait_for(state="attached")
    tab.page.tap("#order tbody tr:nth-child(3) td.gap")
    wanted = ["#car h2", "#car .numbers", "#car .times", "#stage", "#play", "#bar", "#jump", "#order thead"]
    assert tab.page.evaluate(SEEN, wanted) == []
    assert tab.page.locator("#stage").bounding_box()["height"] > 90
    tab.page.get_by_label("Choose one more car").tap()
    tab.page.tap("#order tbody tr:nth-child(1) td.gap")
    assert tab.page.locator("#order tr.chosen").count() == 2  # fingers have no Shift key
    assert tab.page.evaluate(SEEN, wanted) == []
    tab.page.tap("#tabs button[value=messages]")
    assert tab.page.evaluate(SEEN, ["#messages h2", "#car h2", "#play"]) == []


@pytest.mark.parametrize(("width", "height"), some([(720, 450), (195, 422), (422, 195)], 3))
def test_at_twice_the_size(new_tab: Callable[..., Tab], served: str, width: int, height: int) -> None:
    """A page zoomed to 200 % has half the room: nothing is cut off, and all of it can be reached."""
    tab = new_tab(viewport={"width": width, "height": height}).open(f"{served}{RACE}#t=330&car=CAS")
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= width
    for selector in ("#play", "#result", "#car .numbers", "#order tbody tr:last-child", "#stage"):
        tab.page.locator(selector).scroll_into_view_if_needed()
        assert tab.page.locator(selector).is_visible(), selector
    tab.page.click("#order tbody tr:nth-child(2) td.gap")
