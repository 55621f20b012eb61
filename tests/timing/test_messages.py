"""What race control's sentences are read as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract.models import RaceControlMessage
from pipeline.contract.tables import MESSAGE_KINDS
from pipeline.frames.messages import Said, read


def _said(message: str, **fields: object) -> Said:
    return read(RaceControlMessage.model_validate({"t": 0.0, "message": message, **fields}))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("GREEN LIGHT - PIT EXIT OPEN", "pit_exit_open"),
        ("PIT EXIT CLOSED", "pit_exit_closed"),
        ("PIT LANE ENTRY CLEAR", "pit_entry_open"),
        ("TRACK CLEAR", "clear"),
        ("DRS ENABLED IN ZONE 2", "drs_enabled"),
        ("OVERTAKE DISABLED", "overtake_disabled"),
        ("VIRTUAL SAFETY CAR DEPLOYED", "vsc"),
        ("VSC ENDING", "vsc_ending"),
        ("SAFETY CAR DEPLOYED", "safety_car"),
        ("SAFETY CAR WILL ENTER PITS: STANDING START", "safety_car_ending"),
        ("SAFETY CAR THROUGH THE PIT LANE", "safety_car_route"),
        ("ALL CARS MAY OVERTAKE THE SAFETY CAR", "unlapping"),
        ("START ABORTED - EXTRA FORMATION LAP", "aborted_start"),
        ("FORMATION LAP WILL START AT 15:15", "formation_lap"),
        ("F3 RACE 2 START FORMATION LAP 16.55", "notice"),
        ("RACE WILL RESUME AT 15:33 - STANDING START PROCEDURE", "schedule"),
        ("RECOVERY VEHICLE ON TRACK AT TURN 14", "hazard"),
        ("RISK OF RAIN FOR F1 RACE IS 40%", "conditions"),
        ("RED FLAG", "red"),
        ("CHEQUERED FLAG", "chequered"),
        ("words that nobody has said before", None),
    ],
)
def test_kinds(message: str, kind: str | None) -> None:
    assert _said(message).kind == kind


def test_what_a_message_names() -> None:
    assert _said("CAR 4 (NOR) TIME 1:45.587 DELETED - TRACK LIMITS AT TURN 12 LAP 44 16:36:36") == Said(
        "deleted_lap", ("4",), "12", reason="TRACK LIMITS AT TURN 12", lap=44, seconds=105.587
    )
    assert _said("CAR 81 (PIA) LAP DELETED - TRACK LIMITS AT TURN 9 (NEXT LAP)").reason == (
        "TRACK LIMITS AT TURN 9"
    )
    assert _said("CAR 12 (ANT) TIME 1:25.936 WILL BE REINSTATED").seconds == pytest.approx(85.936)
    assert _said("DOUBLE YELLOW IN TRACK SECTOR 10") == Said("double_yellow", sector=10)
    assert _said("WAVED BLUE FLAG FOR CAR 87 (BEA) TIMED AT 16:07:48").cars == ("87",)
    assert _said("LAPPED CARS MAY NOW OVERTAKE THE SAFETY CAR: 5, 31 AND 87").cars == ("5", "31", "87")
    assert _said("RESTART ORDER: 1 - 44 - 14 -81").cars == ("1", "44", "14", "81")
    assert _said("CAR 7 (RAI) STOPPED AT TURNS 7 AND 8").turn == "7-8"


def test_rulings_are_those_of_the_stewards() -> None:
    said = _said("FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 5 (BOR) - UNSAFE RELEASE")
    assert said == Said("penalty", ("5",), reason="UNSAFE RELEASE", penalty="5 SECOND TIME PENALTY")


def test_f1s_own_fields_help_where_the_words_do_not() -> None:
    assert _said("", flag="BLUE", number="44") == Said("blue", ("44",))
    assert _said("YELLOW", flag="YELLOW", sector=3) == Said("yellow", sector=3)


@given(st.text() | st.text("CARTIMELDS 0123456789.:-(),"))
def test_any_text_is_read(message: str) -> None:
    said = _said(message)
    assert said.kind is None or said.kind in MESSAGE_KINDS
    assert all(number.isdigit() for number in said.cars)
