"""A simulated short Grand Prix with exactly known truth, written as a raw live-timing recording.

Real races cannot be shipped with tests, and nothing about them is known exactly. Here a race is made up,
its truth kept, and its feed written in the very format fastf1 records, so that a recording goes through
the same loading code as a real race and every result can be held against the truth. Only numpy is needed.
"""

from datetime import datetime

from pipeline.contract import DEMO_YEAR
from pipeline.demo.feed import write_recording
from pipeline.demo.simulate import simulate
from pipeline.demo.truth import DemoEvent, Truth

__all__ = ["DEMO_YEAR", "DemoEvent", "Truth", "demo_season", "simulate", "write_recording"]


def demo_season() -> list[tuple[DemoEvent, int, int]]:
    """The demo season's sessions as (event, seed, laps): a race; then a sprint and a race elsewhere."""
    first = ("Testland Grand Prix", "FORMULA DEMO TESTLAND GRAND PRIX 1900", "Testland", "Port Example")
    second = ("Mockania Grand Prix", "FORMULA DEMO MOCKANIA GRAND PRIX 1900", "Mockania", "Sample Hills")
    return [
        (DemoEvent(DEMO_YEAR, 1, *first, "R", datetime(DEMO_YEAR, 3, 18, 13), 90001, 90011), 1, 5),
        (DemoEvent(DEMO_YEAR, 2, *second, "S", datetime(DEMO_YEAR, 4, 7, 10), 90002, 90021), 2, 3),
        (DemoEvent(DEMO_YEAR, 2, *second, "R", datetime(DEMO_YEAR, 4, 8, 13), 90002, 90022), 4, 5),
    ]
