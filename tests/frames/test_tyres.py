"""Stints, compounds and the age of tyres from a feed that counts, corrects and renumbers as it likes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.input import tyres
from pipeline.input.tyres import COMPOUNDS, resolved
from pipeline.model import CarSamples, Floats, Laps

LAP_S = 100.0
INTER, HARD, MEDIUM = COMPOUNDS["INTERMEDIATE"], COMPOUNDS["HARD"], COMPOUNDS["MEDIUM"]
Message = tuple[float, int, dict[str, Any]]


def laps(count: int, *pits: int) -> Laps:
    """Laps of 100 s; a car that pits enters 10 s before the line and leaves 10 s after it."""
    number = np.arange(1, count + 1)
    end, nan = np.asarray(number * LAP_S, dtype=np.float64), np.full(count, np.nan)
    return Laps(
        number=number,
        start=np.asarray(end - LAP_S, dtype=np.float64),
        end=end,
        pit_in=np.where(np.isin(number, pits), end - 10, np.nan),
        pit_out=np.where(np.isin(number - 1, pits), end - LAP_S + 10, np.nan),
        tyre=np.zeros(count, dtype=np.int64),
        tyre_life=np.full(count, -1),
        generated=np.zeros(count, dtype=bool),
        extra={"stint": nan, "fresh_tyre": np.zeros(count, dtype=bool)},
    )


def feed(*messages: Message) -> pd.DataFrame:
    columns = ("Compound", "New", "StartLaps", "TyresNotChanged", "TotalLaps")
    rows = [
        {"Time": pd.Timedelta(seconds=t), "Stint": counter, **dict.fromkeys(columns), **said}
        for t, counter, said in sorted(messages, key=lambda message: message[0])
    ]
    return pd.DataFrame(rows, columns=["Time", "Stint", *columns])


def told(compound: str, age: int = 0, flag: str | None = "0") -> dict[str, Any]:
    return {
        "Compound": compound, "New": age == 0, "StartLaps": age, "TotalLaps": age, "TyresNotChanged": flag,
    }  # fmt: skip


def counts(counter: int, first: int, last: int, age: int = 0) -> list[Message]:
    """The feed's count of the laps of a set, 4 s after each lap."""
    return [(n * LAP_S + 4, counter, {"TotalLaps": age + n - first + 1}) for n in range(first, last + 1)]


def found(own: Laps) -> list[tuple[int, int, int, int]]:
    """(first lap, stint, compound, age on it) of every stint, after what must hold for any."""
    stint, life = own.extra["stint"], own.tyre_life
    same = np.diff(stint) == 0
    assert (np.diff(life)[same & (life[1:] >= 0)] == np.diff(own.number)[same & (life[1:] >= 0)]).all()
    rows = [i for i in range(len(own)) if i == 0 or not same[i - 1]]
    return [(int(own.number[i]), int(stint[i]), int(own.tyre[i]), int(life[i])) for i in rows]


def drive(speed_in_pits: float, own: Laps) -> CarSamples:
    t = np.arange(0, own.end[-1], 0.25)
    speed: Floats = np.full(len(t), 250.0)
    for entry in own.pit_in[~np.isnan(own.pit_in)]:
        inside = (t >= entry) & (t <= entry + 20)
        speed[inside] = 80 + np.arange(inside.sum()) % 2
        speed[(t >= entry + 8) & (t <= entry + 11)] = speed_in_pits
    zeros = np.zeros(len(t), dtype=np.int16)
    return CarSamples(t, speed, t, t, zeros, zeros, zeros)


def test_a_drive_through_the_pit_lane_is_no_stint() -> None:
    """As the feed said it in Australia 2025: a counter of its own, and what it was half a minute later."""
    own = laps(9, 2, 6)
    said = feed(
        (0, 0, told("INTERMEDIATE")), *counts(0, 1, 2),
        (205, 1, {"Compound": "UNKNOWN", "New": False, "StartLaps": 0, "TyresNotChanged": "1"}),
        (240, 1, {"Compound": "INTERMEDIATE", "StartLaps": 2}), *counts(1, 3, 6, age=2),
        (605, 2, told("HARD", age=1)), *counts(2, 7, 9, age=1),
    )  # fmt: skip
    assert found(resolved(own, said, None)) == [(1, 1, INTER, 1), (7, 2, HARD, 2)]


@pytest.mark.parametrize(("speed", "stints"), [(80.5, 1), (0.0, 2)])
def test_on_a_car_that_did_not_stop_nothing_was_changed(speed: float, stints: int) -> None:
    own = laps(6, 3)
    said = feed((0, 0, told("HARD")), *counts(0, 1, 3), (305, 1, told("HARD")), *counts(1, 4, 6))
    assert len(found(resolved(own, said, drive(speed, own)))) == stints
    assert len(found(resolved(own, said, None))) == 2


def test_another_compound_was_fitted_whatever_the_speed_says() -> None:
    own = laps(6, 3)
    said = feed((0, 0, told("HARD")), *counts(0, 1, 3), (305, 1, told("MEDIUM")), *counts(1, 4, 6))
    assert found(resolved(own, said, drive(80.5, own))) == [(1, 1, HARD, 1), (4, 2, MEDIUM, 1)]


def test_a_stint_that_was_never_driven_is_none() -> None:
    """As in the Qatar sprint 2025: hard tyres before the grid, and the laps counted for the mediums."""
    said = feed((0, 0, told("MEDIUM", age=6)), (1, 1, told("HARD")), *counts(0, 1, 5, age=6))
    assert found(resolved(laps(5), said, None)) == [(1, 1, MEDIUM, 7)]


def test_stints_that_are_renumbered_while_they_last() -> None:
    """As in Monaco 2022: the stint before the start is dropped, and later ones go by the number before."""
    own = laps(9, 3)
    said = feed(
        (-9, 0, told("WET")), (-5, 1, told("WET")), *counts(0, 1, 3), *counts(1, 1, 3),
        (305, 2, told("INTERMEDIATE")), *counts(2, 4, 6),
        (630, 1, {"Compound": "INTERMEDIATE", "TotalLaps": 3}), *counts(1, 7, 9, age=3),
    )  # fmt: skip
    assert found(resolved(own, said, None)) == [(1, 1, COMPOUNDS["WET"], 1), (4, 2, INTER, 1)]


def test_stints_told_all_at_once_and_late() -> None:
    own = laps(9, 2, 5)
    at_once = [(720.0, n, told(c)) for n, c in enumerate(("HARD", "MEDIUM", "INTERMEDIATE"))]
    assert found(resolved(own, feed(*at_once, *counts(2, 8, 9, age=2)), None)) == [
        (1, 1, HARD, 1), (3, 2, MEDIUM, 1), (6, 3, INTER, 1),
    ]  # fmt: skip


def test_where_the_feed_is_silent_the_tyres_are_unknown() -> None:
    """A stop while the topic is lost: what was fitted nobody says, and what was on is not held for it."""
    own = resolved(laps(9, 3, 6), feed((0, 0, told("HARD")), *counts(0, 1, 3)), None)
    assert own.tyre.tolist() == [HARD] * 3 + [0] * 6
    assert (own.tyre_life[3:] == -1).all()
    nothing = resolved(laps(3), None, None)
    assert np.isnan(nothing.extra["stint"].astype(float)).all()
    assert (nothing.tyre == 0).all()


def test_corrections_reach_the_stint_that_they_are_of() -> None:
    own = laps(9, 3)
    said = feed(
        (0, 0, told("HARD")), *counts(0, 1, 3), (305, 1, told("MEDIUM")), *counts(1, 4, 9, age=3),
        (500, 0, {"StartLaps": 2, "New": False}), (510, 1, {"StartLaps": 3}),
    )  # fmt: skip
    fitted = resolved(own, said, None)
    assert found(fitted) == [(1, 1, HARD, 3), (4, 2, MEDIUM, 4)]
    assert fitted.extra["fresh_tyre"].tolist() == [False] * 3 + [True] * 6


def test_every_compound_has_a_code_of_its_own() -> None:
    names = [
        "HYPERSOFT",
        "ULTRASOFT",
        "SUPERSOFT",
        "SOFT",
        "MEDIUM",
        "HARD",
        "SUPERHARD",
        "INTERMEDIATE",
        "WET",
    ]
    codes = [int(resolved(laps(1), feed((0, 0, told(name))), None).tyre[0]) for name in names]
    assert len({*codes, 0}) == len(names) + 1
    assert codes[3:6] == [1, 2, 3]
    assert resolved(laps(1), feed((0, 0, told("TEST_UNKNOWN"))), None).tyre.tolist() == [0]


def test_a_first_stint_that_is_not_the_first_is_noted() -> None:
    rows = {"1": feed((0, 0, told("HARD"))), "4": feed((0, 1, told("HARD"))), "7": feed((0, 1, told("SOFT")))}
    assert tyres.noticed({"1": rows["1"]}, {"1": "VER"}) == []
    note = tyres.noticed(rows, {"1": "VER", "4": "NOR"})[0]
    assert (note.name, note.count) == ("first_stint", 1)
    assert "NOR" in note.message
    assert found(resolved(laps(2), rows["4"], None)) == [(1, 1, HARD, 1)]


ANYTHING: Any = st.one_of(st.none(), st.booleans(), st.integers(-5, 99), st.floats(), st.text(max_size=5))
MESSAGES = st.lists(
    st.tuples(
        st.floats(-100, 1500), st.integers(0, 6),
        st.fixed_dictionaries({}, optional={
            "Compound": st.one_of(st.sampled_from([*COMPOUNDS, "UNKNOWN"]), ANYTHING), "New": ANYTHING,
            "StartLaps": ANYTHING, "TyresNotChanged": st.one_of(st.sampled_from(["0", "1"]), ANYTHING),
            "TotalLaps": ANYTHING,
        }),
    ),
    max_size=12,
)  # fmt: skip


@given(st.lists(st.integers(1, 11), max_size=4, unique=True), MESSAGES)
def test_whatever_the_feed_says(pits: list[int], messages: list[Message]) -> None:
    own = resolved(laps(12, *pits), feed(*messages), None)
    if messages:
        stints = [stint for _, stint, _, _ in found(own)]
        assert stints == list(range(1, len(stints) + 1))
    assert ((own.tyre >= 0) & (own.tyre <= 9)).all()
    assert (own.tyre_life >= -1).all()
