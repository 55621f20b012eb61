"""No damage goes by in silence: what it makes false is named with its car, and the grade says so.

`make damage` does a thousand and more; here hypothesis picks some, and what once failed stays.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases import examples
from tests.damage.blows import Blow
from tests.damage.catalogue import KINDS
from tests.damage.trial import attempt, demo, drawn, smaller

# what still goes by in one run of many; docs/quality.md says why
OPEN = {
    "order: another place for a while",
    "order: of seconds before",
    "order: of other moments",
    "car data: an offset in speed",
    "positions: end early",
    "recording: lines cut short",
}
ONCE_SILENT = [  # each was found by the table, and shrunk
    Blow("positions: one sample far away", ("22",), 200.0, 1.0, 500.0, 1),
    Blow("positions: an offset from some moment on", ("33",), 200.0, 1.0, 300.0, 1),
    Blow("positions: zeros", ("41",), 200.0, 20.0, 1.0),
    Blow("car data: zeros", ("19",), 120.0, 30.0, 1.0),
    Blow("car data: speed in other units", ("58",), 0.0, 1.0, 0.6),
    Blow("car data: ends early", ("11",), 185.0, 1.0, 1.0),
    Blow("car data: of seconds before", ("19",), 340.0, 60.0, 7.0),
    Blow("car data: of seconds before", ("22",), 276.5, 34.0, 24.0),
    Blow("laps: none of one car", ("76", "88"), 200.0, 1.0, 1.0),
    Blow("laps: one lap lost", ("33",), 200.0, 1.0, 1.0),
    Blow("tyres: age anew within a stint", ("64",), 120.0, 1.0, 1.0),
    Blow("gaps: too large", ("41",), 300.0, 60.0, 30.0),
    Blow("gaps: too large", ("41",), 400.0, 100.0, 20.0),
    Blow("order: ends early", ("88",), 400.0, 1.0, 1.0),
    Blow(
        "order: silent for a while",
        ("33", "76", "19", "88", "64", "58", "11", "22", "27", "41"),
        81.1,
        79.5,
        1.0,
    ),
    Blow("order: two cars swapped for a while", ("33", "41"), 279.3, 171.0, 1.0),
    Blow("order: two cars swapped for a while", ("27", "76"), 174.5, 160.5, 1.0),
    Blow("order: another place for a while", ("88", "58"), 375.2, 117.0, 7.279),
    Blow("order: another place for a while", ("22", "11"), 180.0, 80.0, 4.0),
    Blow("order: another place for a while", ("58", "41"), 400.0, 30.0, 4.0),
    Blow("order: another place for a while", ("76", "11"), 76.0, 80.0, 5.0),
    Blow("order: of other moments", ("19",), 200.0, 40.0, 40.0, 26),
    Blow("car data: an offset in speed", ("11",), 498.0, 20.0, 100.0),
    Blow("car data: an offset in speed", ("88",), 90.0, 20.0, 40.0),
    Blow("positions: end early", ("64",), 344.7, 1.0, 1.0),
    Blow("positions: end early", ("27",), 330.9, 1.0, 1.0),
    Blow("recording: lines cut short", (), 158.7, 37.742, 1.0),
]


@pytest.mark.parametrize("blow", ONCE_SILENT, ids=lambda blow: blow.kind)
def test_what_was_silent_once_is_named(blow: Blow) -> None:
    trial = attempt(demo(), blow)
    assert not trial.wrong, str(trial)


@pytest.mark.slow(15)
@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(set(KINDS) - OPEN)), seed=st.integers(0, 30))
def test_no_falsehood_is_silent(name: str, seed: int) -> None:
    trial = attempt(demo(), drawn(demo(), KINDS[name], seed))
    assert not trial.wrong, str(smaller(demo(), trial))


@pytest.mark.slow
@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 1000))
def test_no_damage_crashes(name: str, seed: int) -> None:
    trial = attempt(demo(), drawn(demo(), KINDS[name], seed))
    assert not trial.error, str(trial)
