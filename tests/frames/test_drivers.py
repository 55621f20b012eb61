"""Lists of drivers and results as they come on bad days: rows twice, missing, empty, of cars that stayed."""

import re
from dataclasses import astuple, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.frames import compute
from pipeline.frames.quality import assess
from pipeline.input.drivers import drivers, mend
from pipeline.input.words import name, word
from pipeline.model import DriverInfo, RawRace
from tests.cases import examples
from tests.frames.test_damage import FPS, level

NUMBERS = ["1", "33", "44", "63", "81"]
LAPS = pd.DataFrame({"DriverNumber": [*NUMBERS, "T1", "T1"]})
LACKING = re.compile(r"\b(nan|NaN|NaT|None|null|<NA>)\b")


def results(*abbreviations: object, **columns: Any) -> pd.DataFrame:
    count = len(abbreviations)
    lacking = {"TeamName": None, "TeamColor": np.nan, "GridPosition": -1.0, "Laps": np.nan, "Status": pd.NA}
    every = {name: [value] * count for name, value in lacking.items()}
    return pd.DataFrame({"Abbreviation": abbreviations, **every, **columns}, index=NUMBERS[:count])


def found(
    rows: pd.DataFrame, laps: pd.DataFrame = LAPS, drove: frozenset[str] = frozenset()
) -> list[DriverInfo]:
    return drivers(rows, laps, set(drove), [])[0]


def noticed(rows: pd.DataFrame, laps: pd.DataFrame = LAPS, twice: tuple[str, ...] = ()) -> dict[str, str]:
    return {finding.name: finding.message for finding in drivers(rows, laps, set(), list(twice))[1]}


def test_every_driver_has_a_code_of_its_own() -> None:
    """Two of one abbreviation and those without go by their numbers, which need not be whole."""
    codes = [d.code for d in found(results("VER", "VER", None, np.nan, pd.NA))]
    assert codes == ["1", "33", "44", "63", "81", "T1"]
    assert [d.code for d in found(results("VER", "", "HAM"))][:3] == ["VER", "33", "HAM"]
    assert [d.code for d in found(results("33", "VER"))][:2] == ["1", "VER"]


def test_a_code_goes_to_who_drove_and_who_did_not_is_left_out() -> None:
    laps = pd.DataFrame({"DriverNumber": ["33"]})
    assert [(d.number, d.code) for d in found(results("VER", "VER"), laps)] == [("33", "VER")]
    assert "VER" in noticed(results("VER", "NOR"), laps)["never_drove"]
    assert [d.code for d in found(results("VER", "NOR"), laps, frozenset({"1"}))] == ["VER", "NOR"]


def test_what_a_result_lacks_is_none() -> None:
    driver = found(results("VER"))[0]
    assert (driver.grid, driver.laps, driver.color, driver.result, driver.classified) == (None,) * 5
    assert (driver.name, driver.team) == ("1", "")
    assert (driver.first_name, driver.driver_id, driver.country, driver.headshot) == (None,) * 4
    assert (driver.points, driver.time, driver.parts) == (None, None, ())
    texts = results("VER", FullName=["None None"], ClassifiedPosition=["nan"], Status=["None"])
    assert astuple(found(texts)[0]) == astuple(driver)
    assert found(results("VER", FullName=["None Verstappen"]))[0].name == "Verstappen"


def test_who_a_driver_is_and_what_was_won() -> None:
    nothing = {"FirstName": "None", "LastName": np.nan, "DriverId": "", "CountryCode": pd.NA, "TeamId": "nan"}
    nothing |= {"HeadshotUrl": "None", "Points": np.inf, "Time": pd.NaT, "Q1": pd.NaT, "Q2": 3.0, "Q3": None}
    bare, given = found(results("VER", **nothing))[0], found(results("VER"))[0]
    assert bare == given
    told = {"FirstName": "Max", "LastName": "Verstappen", "DriverId": "max_verstappen", "TeamId": "red_bull"}
    told |= {"CountryCode": "NED", "HeadshotUrl": "https://example.invalid/v.png", "Points": "25"}
    parts = {"Q1": pd.Timedelta(seconds=80.5), "Q2": pd.NaT, "Q3": pd.NaT}
    driver = found(results("VER", **told, **parts, Time=pd.Timedelta(minutes=95)))[0]
    assert (driver.first_name, driver.last_name, driver.country) == ("Max", "Verstappen", "NED")
    assert (driver.driver_id, driver.team_id) == ("max_verstappen", "red_bull")
    assert (driver.points, driver.time, driver.parts) == (25.0, 5700.0, (80.5, None, None))
    assert driver.headshot == "https://example.invalid/v.png"


def test_one_row_a_number_and_nothing_of_what_two_rows_contradict() -> None:
    rows = results("VER", "NOR", FullName=["Max", "Lando"], ClassifiedPosition=["1", "2"], Laps=[57.0, 57.0])
    again = pd.concat([rows, rows.iloc[:1].assign(ClassifiedPosition="D")])
    first = found(again)[0]
    assert (first.code, first.name, first.classified, first.laps) == ("VER", "Max", None, 57)
    assert [d.number for d in found(again)].count("1") == 1
    assert "VER" in noticed(again)["result_twice"]
    assert found(pd.concat([rows, rows.iloc[:1]]))[0].classified == "1"
    assert "NOR" in noticed(rows, twice=("33",))["result_twice"]


def test_who_is_missing_in_a_result_is_noted_once_there_is_one() -> None:
    assert "result_missing" not in noticed(results("VER", "NOR", ClassifiedPosition=["", None]))
    message = noticed(results("VER", "NOR", ClassifiedPosition=["1", "nan"]))["result_missing"]
    assert "NOR" in message
    assert "VER" not in message


def test_fastf1_reads_its_lists_with_one_row_a_number() -> None:
    rows = results("VER", "NOR")
    session = SimpleNamespace(
        _drivers_from_f1_api=lambda **_: pd.concat([rows, rows]),
        _drivers_results_from_ergast=lambda **_: None,
        _load_drivers_results=lambda **_: None,
    )
    twice = mend(session)
    assert session._drivers_from_f1_api(livedata=None).index.tolist() == ["1", "33"]
    assert session._drivers_results_from_ergast() is None
    assert twice == ["1", "33"]


CELLS: Any = st.one_of(
    st.sampled_from([None, np.nan, pd.NaT, pd.NA]), st.floats(), st.integers(-2, 99), st.text(max_size=4),
    st.sampled_from(["nan", "None", "None None", " NaT", "NaN", "<NA>", "VER", "FF00ff", "1", "R", "null"]),
)  # fmt: skip
COLUMNS = (
    "Abbreviation", "FullName", "TeamName", "TeamColor", "GridPosition", "ClassifiedPosition", "Status",
    "Laps",
)  # fmt: skip


@settings(max_examples=examples(40))
@given(
    st.lists(st.tuples(CELLS, st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELLS))), min_size=1, max_size=6)
)
def test_whatever_the_rows_hold(rows: list[tuple[Any, dict[str, Any]]]) -> None:
    table = pd.DataFrame([row for _, row in rows], index=[str(number) for number, _ in rows], dtype=object)
    infos, findings = drivers(table, LAPS, set(table.index), [])
    texts = [text for info in infos for text in astuple(info) if isinstance(text, str)]
    texts += [finding.message for finding in findings]
    assert not [text for text in texts if LACKING.fullmatch(text) or "None None" in text]
    assert len({info.number for info in infos}) == len({info.code for info in infos}) == len(infos)
    assert all(info.number and info.code and info.name for info in infos)


@given(CELLS)
def test_words(cell: Any) -> None:
    assert word(cell) is None or not LACKING.fullmatch(word(cell) or "")
    assert name(cell) is None or not LACKING.search(name(cell) or "")


def test_a_result_that_the_frames_contradict_is_noted(demo_raw: RawRace) -> None:
    frames = compute(demo_raw, FPS)
    out = next(d.number for d in frames.drivers if d.retired_at is not None)
    a, b = [d.number for d in frames.drivers if d.finished_at is not None][:2]
    said: dict[str, Any] = {out: {"result": "Finished"}, a: {"classified": "R"}, b: {"classified": "3"}}
    third = next(d.number for d in frames.drivers if d.number not in said)
    said[third] = {"classified": "3"}
    changed = replace(demo_raw, drivers=[replace(d, **said.get(d.number, {})) for d in demo_raw.drivers])
    quality = assess(changed, compute(changed, FPS))
    check = next(check for check in quality.checks if check.name == "result_agrees")
    assert (check.level, check.value) == ("note", 4)
    assert level(assess(demo_raw, frames), "result_agrees") == "ok"
