"""Race control's messages as data: every shape that the feed has sent, and penalties that stand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.models import RaceControlMessage
from pipeline.frames import compute
from pipeline.frames.stewards import Ruling, parse
from pipeline.model import RawRace
from tests.frames.test_damage import FPS, numbers

HIT = "CAUSING A COLLISION"
SHAPES: list[tuple[str, str, tuple[str, ...], str | None, str | None]] = [
    (f"FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 31 (OCO) - {HIT}", "penalty", ("31",), None, HIT),
    ("10 SECOND STOP/GO PENALTY FOR CAR 99 (GIO) - X", "penalty", ("99",), None, "X"),
    ("DRIVE-THROUGH PENALTY FOR CAR 11", "penalty", ("11",), None, None),
    ("5 SECOND TIME PENALTY FOR CAR 23 (ALB) -TRACK LIMITS ", "penalty", ("23",), None, "TRACK LIMITS"),
    ("5 SECOND TIME PENALTY FOR CARS 4 AND 23 - X", "penalty", ("4", "23"), None, "X"),
    ("5 SECOND TIME PENALTY FOR CARS 4 (NOR), 23 (ALB) AND 1 (VER)", "penalty", ("4", "23", "1"), None, None),
    ("5 SECOND TIME PENALTY FOR CAR 4 (NOR) AND CAR 23 (ALB)", "penalty", ("4", "23"), None, None),
    ("LAP 1 TURN 1 INCIDENT 5 SECOND TIME PENALTY FOR CAR 1 (VER)", "penalty", ("1",), "1", None),
    ("TURN 4 INCIDENT INVOLVING CARS 4, 5 - 5 SECOND TIME PENALTY FOR CAR 4", "penalty", ("4",), "4", None),
    (f"5 SECOND TIME PENALTY FOR CAR 4 - {HIT} WITH CAR 23", "penalty", ("4",), None, f"{HIT} WITH CAR 23"),
    ("CAR 44 5 SECOND TIME PENALTY", "penalty", ("44",), None, None),
    (f"PENALTY SERVED - 5 SECOND TIME PENALTY FOR CAR 22 (TSU) - {HIT}", "served", ("22",), None, HIT),
    ("PENALTY NOT SERVED CORRECTLY - CAR 31 (OCO)", "not_served", ("31",), None, "CAR 31 (OCO)"),
    ("PENALTY RESCINDED - 5 SECOND TIME PENALTY FOR CAR 1 (VER)", "rescinded", ("1",), None, None),
    ("5 SECOND TIME PENALTY FOR CAR 1 (VER) RESCINDED", "rescinded", ("1",), None, None),
    ("INCIDENT INVOLVING CARS 4 (NOR) AND 5 REVIEWED - NO PENALTY", "no_action", ("4", "5"), None, None),
    ("INCIDENT INVOLVING CAR 31 (OCO) UNDER INVESTIGATION - SERVING TIME PENALTY INCORRECTLY",
     "investigation", ("31",), None, "SERVING TIME PENALTY INCORRECTLY"),
    ("INCIDENT INVOLVING CAR 22 (TSU) NOTED - FAILING TO SERVE PENALTY CORRECTLY",
     "noted", ("22",), None, "FAILING TO SERVE PENALTY CORRECTLY"),
    ("TURN 6 INCIDENT INVOLVING CARS 4 (NOR), 55 (SAI) AND 26 (KVY) NOTED",
     "noted", ("4", "55", "26"), "6", None),
    ("TURN 13 INCIDENT INVOLVING CARS 5 (VET)  47 AND 9 (MAZ) - WILL BE INVESTIGATED AFTER THE SESSION",
     "deferred", ("5", "47", "9"), "13", None),
    ("TURN 11 - 16 INCIDENT INVOLVING CARS 55 (SAI) AND 14 REVIEWED NO FURTHER INVESTIGATION - IMPEDING",
     "no_action", ("55", "14"), "11-16", "IMPEDING"),
    ("TURN 5 INCIDENT INVOLVING CAR 5 (VET) NOTED - NO INVESTIGATION NECESSARY",
     "no_action", ("5",), "5", None),
    ("TURN 1 INCIDENT INVOLVING CARS 31 (OCO) AND 55 (SAI) - REPRIMAND TO CAR 55 (SAI)",
     "reprimand", ("55",), "1", None),
    ("BLACK AND WHITE FLAG FOR CAR 10 (GAS) - MOVING AT TURN 5", "warning", ("10",), "5", "MOVING AT TURN 5"),
    ("FIA STEWARDS: BLACK FLAG FOR CAR 27 (HUL)", "disqualified", ("27",), None, None),
    ("INCIDENT BETWEEN SEVERAL CARS IN TURNS 16 TO 19 NOTED - IMPEDING", "noted", (), "16-19", "IMPEDING"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "kind", "cars", "turn", "reason"), SHAPES)
def test_shapes(message: str, kind: str, cars: tuple[str, ...], turn: str | None, reason: str | None) -> None:
    found = parse(message)
    assert found is not None
    assert (found.kind, found.cars, found.turn, found.reason) == (kind, cars, turn, reason)


@pytest.mark.parametrize(
    "message",
    [
        "GREEN LIGHT - PIT EXIT OPEN",
        "CAR 44 (HAM) TIME 1:32.1 DELETED - TRACK LIMITS AT TURN 4 LAP 5",
        "",
        "-",
    ],
)
def test_messages_of_other_things(message: str) -> None:
    assert parse(message) is None


@given(st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True), st.booleans())
def test_any_number_of_cars(cars: list[int], brackets: bool) -> None:
    named = [f"{car} (ABC)" if brackets else str(car) for car in cars]
    listed = " AND ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
    found = parse(f"FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR{'S' * (len(cars) > 1)} {listed} - {HIT}")
    assert found == Ruling("penalty", tuple(map(str, cars)), None, HIT, "10 SECOND TIME PENALTY", False)


@given(st.text(alphabet="CARS PENALTY FOR AND 0123456789()-,NOTED\u2013/", max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    found = parse(text)
    assert found is None or all(1 <= len(car) <= 2 for car in found.cars)


def test_the_penalties_that_stand_are_published(demo_raw: RawRace) -> None:
    a, b, c = numbers(demo_raw)[:3]
    said = [
        f"FIA STEWARDS: 5 SECOND TIME PENALTY FOR CARS {a} (AAA) AND {b} (BBB) - {HIT}",
        f"INCIDENT INVOLVING CAR {a} (AAA) UNDER INVESTIGATION - SERVING TIME PENALTY INCORRECTLY",
        f"10 SECOND TIME PENALTY FOR CAR {a} - SERVING TIME PENALTY INCORRECTLY",
        f"FIA STEWARDS: PENALTY RESCINDED - 5 SECOND TIME PENALTY FOR CAR {b} (BBB)",
        f"5 SECOND TIME PENALTY FOR CAR {c} (CCC)",
        f"CORRECTION: 10 SECOND TIME PENALTY FOR CAR {c} (CCC)",
    ]
    t = min(float(own.start[0]) for own in demo_raw.laps.values())
    rows = [RaceControlMessage(t=t + i, category="Other", message=text) for i, text in enumerate(said)]
    frames = compute(replace(demo_raw, race_control=rows), FPS)
    found = {d.number: [p.message for p in d.penalties] for d in frames.drivers}
    assert found[a] == [said[0], said[2]]
    assert found[b] == []
    assert found[c] == [said[5]]
