"""What a race control message says, as data: its kind, and the cars, turn, sector and lap that it names.

Rulings are read by `frames.stewards`; all else is told apart by its words, which have hardly changed since
2018, and by F1's own fields where the words are new.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from pipeline.contract.models import RaceControlMessage
from pipeline.frames import stewards

_WORDS: Final = {  # whole words; the first kind that is met counts
    "notice": r"F[23] RACE|MUST BE USED|MAY BE USED|PASS HOLDERS|MANDATORY",
    "reinstated_lap": r"REINSTATED",
    "deleted_lap": r"(?:TIME|LAP)\b.* DELETED",
    "blue": r"BLUE FLAG",
    "first_to_flag": r"FIRST CAR TO TAKE THE FLAG",
    "chequered": r"CHEQUERED FLAG",
    "red": r"RED FLAG",
    "slippery": r"SLIPPERY",
    "double_yellow": r"DOUBLE YELLOW",
    "yellow": r"YELLOW",
    "clear": r"CLEAR IN TRACK SECTOR|TRACK CLEAR",
    "vsc": r"(?:VIRTUAL SAFETY CAR|VSC) DEPLOYED",
    "vsc_ending": r"(?:VIRTUAL SAFETY CAR|VSC) ENDING",
    "unlapping": r"MAY NOW OVERTAKE|MAY OVERTAKE THE SAFETY CAR",
    "safety_car": r"SAFETY CAR DEPLOYED",
    "safety_car_ending": r"SAFETY CAR (?:IN THIS LAP|WILL ENTER)",
    "aborted_start": r"ABORTED START|START ABORTED",
    "formation_lap": r"EXTRA FORMATION LAP|FORMATION LAPS? WILL|START FORMATION LAP",
    "safety_car_route": r"SAFETY CAR (?:WILL (?:USE|STAY)|THROUGH)",
    "pit_entry_closed": r"PIT (?:LANE )?ENTRY CLOSED",
    "pit_entry_open": r"PIT (?:LANE )?ENTRY (?:OPEN|CLEAR)",
    "pit_exit_closed": r"PIT EXIT CLOSED|PIT LANE CLOSED?",
    "pit_exit_open": r"PIT EXIT OPEN|PIT LANE OPEN",
    "green": r"GREEN (?:LIGHT|FLAG)",
    "drs_disabled": r"DRS (?:\w+ )?DISABLED",
    "drs_enabled": r"DRS (?:\w+ )?ENABLED",
    "overtake_disabled": r"OVERTAKE DISABLED",
    "overtake_enabled": r"OVERTAKE ENABLED",
    "stopped": r"STOPPED",
    "spun": r"SPUN",
    "off_track": r"OFF TRACK",
    "missed_apex": r"MISSED THE APEX",
    "medical_car": r"MEDICAL CAR",
    "hazard": r"ON TRACK (?:AT|BEFORE|IN)|DEBRIS|CRANE|RECOVERY VEHICLE",
    "fine": r"FINED?",
    "restart_order": r"RESTART ORDER|ORDER FOR RESTART|IN ORDER",
    "schedule": r"WILL (?:NOT )?(?:RESUME|BE (?:RESUMED|RESTARTED|DELAYED)|(?:RE-?)?START AT)|RESUMPTION"
    r"|START DELAYED|NOTICE WILL BE GIVEN|PIT LANE CLOSES? AT",
    "procedure": r"(?:STANDING|ROLLING) START|START(?:ING)? PROCEDURE|START BEHIND|SIGNAL",
    "conditions": r"RISK OF RAIN|TEMPERATURES?|GRIP|WET TRACK|CLIMATIC|DECLARED WET",
}
_KINDS: Final = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _WORDS.items()}
_FLAGS: Final = {
    "YELLOW": "yellow", "DOUBLE YELLOW": "double_yellow", "CLEAR": "clear", "GREEN": "green", "RED": "red",
    "BLUE": "blue", "CHEQUERED": "chequered", "BLACK AND WHITE": "warning", "BLACK": "disqualified",
}  # fmt: skip
_LISTED: Final = ("unlapping", "restart_order")
_CAR = re.compile(r"\bCARS? ?(\d{1,2})\b(?: \(\w*\))?(?: AND (?:CAR )?(\d{1,2})\b)?")
_LIST = re.compile(r"(?<![\d:.])(\d{1,2})(?![\d:.])")
_TURN = re.compile(r"\bTURNS? (\d+(?:(?:-| TO | AND |, ?)\d+)*)")
_SECTOR = re.compile(r"\bSECTOR (\d+)\b")
_DELETED_LAP = re.compile(r"\bLAP (\d+)\b")
_LAP_TIME = re.compile(r"\bTIME (?:(\d+):)?(\d+\.\d+)\b")
_WHY = re.compile(r"\bDELETED - (.*?)(?: LAP \d+)?(?: \d+:\d+:\d+)?(?: \((?:NEXT LAP|INVALID)?[\w ]*\))?$")


@dataclass(frozen=True)
class Said:
    """What one message says; None for what it does not, and a kind of None for words never met before.

    cars: racing numbers. turn: "4", or "7-9". sector: marshal sector. lap, seconds: number and time of a lap
    that was deleted or reinstated. penalty: in its own words.
    """

    kind: str | None
    cars: tuple[str, ...] = ()
    turn: str | None = None
    sector: int | None = None
    reason: str | None = None
    penalty: str | None = None
    lap: int | None = None
    seconds: float | None = None


def read(row: RaceControlMessage) -> Said:
    """The message by its words; where they say nothing, by the flag and the car that F1 notes with it."""
    said = _read(row.message)
    return replace(
        said,
        kind=said.kind or _FLAGS.get((row.flag or "").upper()),
        cars=said.cars or ((row.number,) if row.number else ()),
        sector=said.sector if row.sector is None else row.sector,
    )


@lru_cache(maxsize=4096)
def _read(message: str) -> Said:
    text = " ".join(message.upper().split())
    turn, sector = _TURN.search(text), _SECTOR.search(text)
    where = None if turn is None else re.sub(r" TO | AND |, ?", "-", turn[1])
    ruling = stewards.parse(message)
    if ruling is not None:
        return Said(ruling.kind, ruling.cars, ruling.turn or where, None, ruling.reason, ruling.penalty)
    kind = next((name for name, words in _KINDS.items() if words.search(text)), None)
    said = Said(kind, _cars(text, kind), where, int(sector[1]) if sector else None)
    return _with_lap(said, text) if kind in ("deleted_lap", "reinstated_lap") else said


def _cars(text: str, kind: str | None) -> tuple[str, ...]:
    if kind in _LISTED:
        return tuple(dict.fromkeys(_LIST.findall(re.split(r"OVERTAKE|ORDER", text)[-1])))
    return tuple(number for found in _CAR.findall(text) for number in found if number)


def _with_lap(said: Said, text: str) -> Said:
    lap, time, why = _DELETED_LAP.search(text), _LAP_TIME.search(text), _WHY.search(text)
    return replace(
        said,
        lap=int(lap[1]) if lap else None,
        seconds=round(60.0 * int(time[1] or 0) + float(time[2]), 3) if time else None,
        reason=why[1] if why else None,
    )
