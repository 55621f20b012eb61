"""A simulated season of short weekends with exactly known truth, written as a raw live-timing recording.

Real races cannot be shipped with tests, and nothing about them is known exactly. Here sessions are made up,
their truth kept, and their feed written in the very format fastf1 records, so that a recording goes through
the same loading code as a real race and every result can be held against the truth. Only numpy is needed.
"""

from datetime import datetime

from pipeline.contract import DEMO_YEAR
from pipeline.demo.feed import write_recording
from pipeline.demo.simulate import simulate
from pipeline.demo.timed import simulate_timed
from pipeline.demo.truth import DemoEvent, Truth

__all__ = [
    "DEMO_YEAR",
    "DemoEvent",
    "Truth",
    "demo_season",
    "demo_timed",
    "simulate",
    "simulate_timed",
    "write_recording",
]

_FIRST = ("Testland Grand Prix", "FORMULA DEMO TESTLAND GRAND PRIX 1900", "Testland", "Port Example")
_SECOND = ("Mockania Grand Prix", "FORMULA DEMO MOCKANIA GRAND PRIX 1900", "Mockania", "Sample Hills")


def demo_season() -> list[tuple[DemoEvent, int, int]]:
    """The demo season's races as (event, seed, laps): a race; then a sprint and a race elsewhere."""
    return [
        (DemoEvent(DEMO_YEAR, 1, *_FIRST, "R", datetime(DEMO_YEAR, 3, 18, 13), 90001, 90011), 1, 5),
        (DemoEvent(DEMO_YEAR, 2, *_SECOND, "S", datetime(DEMO_YEAR, 4, 7, 10), 90002, 90021), 2, 3),
        (DemoEvent(DEMO_YEAR, 2, *_SECOND, "R", datetime(DEMO_YEAR, 4, 8, 13), 90002, 90022), 4, 5),
    ]


def demo_timed() -> list[tuple[DemoEvent, int]]:
    """Practice and qualifying of its first round, as (event, seed)."""
    return [
        (DemoEvent(DEMO_YEAR, 1, *_FIRST, "FP1", datetime(DEMO_YEAR, 3, 16, 11), 90001, 90009), 1),
        (DemoEvent(DEMO_YEAR, 1, *_FIRST, "Q", datetime(DEMO_YEAR, 3, 17, 14), 90001, 90010), 1),
    ]
