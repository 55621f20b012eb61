"""The same contract for sessions that go by lap times: the demo's qualifying and practice, damaged.

`make damage ARGS="--session Q"` does every kind; here hypothesis picks some, and what once failed stays.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.contract.sessions import SessionCode
from tests.cases import some
from tests.damage.blows import Blow
from tests.damage.trial import attempt, demo, drawn, kinds, smaller

pytestmark = pytest.mark.slow

ONCE_SILENT: list[tuple[SessionCode, Blow]] = [  # each was found by the table, and shrunk
    ("Q", Blow("positions: zeros", ("33",), 283.0, 0.65, 1.0)),
    ("Q", Blow("positions: end early", ("76",), 1214.0, 1.0, 1.0)),
    ("Q", Blow("car data: dropped for a while", ("64",), 547.0, 48.0, 1.0)),
    ("Q", Blow("race control: none", (), 0.0, 1.0, 1.0)),
    ("Q", Blow("all topics: end early", (), 870.9, 1.0, 1.0)),
    ("Q", Blow("lap times: one a little off", ("19",), 100.0, 1.0, 0.05)),
    ("Q", Blow("lap times: one lost", ("19",), 100.0, 1.0, 1.0)),
    ("Q", Blow("best laps: not marked", ("19",), 0.0, 1.0, 1.0)),
    ("Q", Blow("deleted laps: nobody says so", (), 0.0, 1.0, 1.0)),
    ("Q", Blow("deleted laps: one that was not", ("19",), 1022.0, 1.0, 1.0)),
    ("Q", Blow("session status: a red flag lost", (), 0.0, 1.0, 1.0)),
    ("Q", Blow("session status: late", (), 593.5, 1.0, 35.0)),
    ("Q", Blow("session status: a part that never ran", (), 0.0, 1.0, 100.0)),
    ("Q", Blow("parts: spoken of at another time", (), 0.0, 1.0, 280.0)),
    ("Q", Blow("laps: none of one car", ("76", "88"), 0.0, 1.0, 1.0)),
    ("Q", Blow("laps: the last laps lost", ("76",), 0.0, 1.0, 3.0)),
    ("Q", Blow("order: ends early", ("33",), 748.0, 1.0, 1.0)),
    ("FP1", Blow("laps: a pit stop that never was", ("76",), 198.0, 1.0, 1.0)),
    ("FP1", Blow("order: of seconds before", ("88",), 456.7, 123.0, 38.0, 1)),
    ("Q", Blow("order: two cars swapped for a while", ("92", "41"), 1082.7, 44.0, 1.0)),
    ("Q", Blow("order: another place for a while", ("93",), 753.7, 73.0, 4.6, 2)),
    ("Q", Blow("positions: an offset for a while", ("64",), 935.1, 31.4, 38.8, 3)),
    ("FP1", Blow("positions: frozen", ("95",), 201.6, 3.7, 1.0)),
    ("FP1", Blow("positions: few distinct points", ("41",), 550.9, 2649.5, 3.458)),
    ("FP1", Blow("car data: zeros", ("76",), 599.9, 41.7, 1.0)),
    ("FP1", Blow("car data: zeros", ("33",), 267.6, 3.98, 1.0)),
]


@pytest.mark.parametrize(
    ("session", "blow"), some(ONCE_SILENT, 6), ids=[f"{s} {b.kind}" for s, b in ONCE_SILENT]
)
def test_what_was_silent_once_is_named(session: SessionCode, blow: Blow) -> None:
    trial = attempt(demo(session), blow)
    assert not trial.wrong, str(trial)


@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(session=st.sampled_from(["FP1", "Q"]), seed=st.integers(0, 2), data=st.data())
def test_no_falsehood_is_silent(session: SessionCode, seed: int, data: st.DataObject) -> None:
    given_ = demo(session)
    names = [name for name in kinds(given_) if not name.startswith("recording")]
    kind = kinds(given_)[data.draw(st.sampled_from(sorted(names)))]
    trial = attempt(given_, drawn(given_, kind, seed))
    assert not trial.wrong, str(smaller(given_, trial))
