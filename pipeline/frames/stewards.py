"""What race control says of incidents and penalties, as data: the kind of ruling, cars, turn and reason.

Messages are sentences typed by hand, of clauses joined by dashes. What is ruled stands in the first clause
that rules anything; a penalty in a later one is a reason ("NOTED - SERVING TIME PENALTY INCORRECTLY").
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal[
    "noted",
    "investigation",
    "deferred",
    "no_action",
    "penalty",
    "rescinded",
    "served",
    "not_served",
    "disqualified",
    "warning",
    "reprimand",
]

_AWARD = re.compile(
    r"\b(?:\d+ ?(?:S|SEC|SECONDS?|MINUTES?|PLACES?) )?"
    r"(?:(?:TIME|STOP(?:/| AND | & | )?(?:GO|HOLD)|DRIVE ?THROUGH|GRID|PLACE|POSITION|LAP) )*"
    r"PENALT(?:Y|IES)\b"
)
_KINDS: dict[Kind, re.Pattern[str]] = {  # in a clause the first of these counts
    "rescinded": re.compile(
        r"^(?=.*(?:PENALT|INVESTIGATION|DECISION|BLACK))"
        r".*\b(?:RESCINDED|REVOKED|CANCELL?ED|WITHDRAWN|OVERTURNED|ANNULLED|DELETED)\b"
    ),
    "not_served": re.compile(
        r"\bNOT (?:\w+ )?SERVED\b|\bSERVED INCORRECTLY\b|\bFAIL\w* TO SERVE\b|\bSERVING\b.*\bINCORRECTLY\b"
    ),
    "served": re.compile(r"\bSERVED\b"),
    "no_action": re.compile(r"\bNO (?:\w+ )*(?:PENALTY|ACTION|INVESTIGATION)\b|\bNOT BE INVESTIGATED\b"),
    "deferred": re.compile(r"\bBE (?:INVESTIGATED|REVIEWED)\b"),
    "investigation": re.compile(r"\bUNDER (?:INVESTIGATION|REVIEW)\b"),
    "disqualified": re.compile(r"\bDISQUALIF\w+\b|\bBLACK FLAG\b"),
    "warning": re.compile(r"\bBLACK (?:AND|&) WHITE\b"),
    "reprimand": re.compile(r"\bREPRIMAND(?:ED)?\b"),
    "penalty": re.compile(rf"{_AWARD.pattern}(?: \w+)?(?= (?:FOR|TO|ON|CARS?)\b|$)"),
    "noted": re.compile(r"\bNOTED\b"),
}
_LATER: tuple[Kind, ...] = ("no_action", "deferred", "penalty")  # what a later clause may add to "noted"
_NUMBER = (
    r"(\d{1,2})\b(?! ?(?:S|SEC|SECONDS?|MINUTES?|PLACES?)\b)(?: ?\([A-Z ]*\)| (?!AND\b|FOR\b)[A-Z]{3}\b)?"
)
_CARS = re.compile(
    rf"\b(?:CARS?|PENALT(?:Y|IES) (?:FOR|TO|ON)) {_NUMBER}(?:(?:[ ,&]|\bAND\b|\bCARS?\b)+{_NUMBER})*"
)
_EACH = re.compile(rf"\b{_NUMBER}")
_TURN = re.compile(r"\bTURNS? (\d+)(?: ?(?:-|/|TO|AND) ?(\d+))?")


@dataclass(frozen=True)
class Ruling:
    """What one message rules.

    cars: racing numbers it is about; of a penalty, of those who have it. turn: "4", or "7-9". penalty: as
    worded, "5 SECOND TIME PENALTY" or only "PENALTY". corrects: it replaces what was said before.
    """

    kind: Kind
    cars: tuple[str, ...]
    turn: str | None
    reason: str | None
    penalty: str | None
    corrects: bool


@lru_cache(maxsize=4096)  # each driver's penalties are looked for in all messages
def parse(message: str) -> Ruling | None:
    """The ruling of a race control message; None for messages of anything else."""
    text = re.sub(r"[\u2010-\u2015]", "-", " ".join(message.upper().split()))
    text = re.sub(r"(?<=\w)-(?=[A-Z])", " ", text)  # DRIVE-THROUGH, 5-SECOND
    clauses = re.split(r" - ?(?=[A-Z])| - (?=\d+ ?(?:S|SEC|PLACE)\w*\b)", text)
    found = _ruled(clauses)
    if found is None:
        return None
    kind, i, end = found
    turn = _TURN.search(text)
    reasons = [clause for clause in clauses[i + 1 :] if not (_CARS.search(clause) and _kind(clause))]
    return Ruling(
        kind=kind,
        cars=_cars(clauses, i, end, kind),
        turn=None if turn is None else "-".join(part for part in turn.groups() if part),
        reason=" - ".join(reasons).strip(" -.") or None,
        penalty=max(_AWARD.findall(text), key=len, default=None),
        corrects=text.startswith("CORRECT"),
    )


def _ruled(clauses: list[str]) -> tuple[Kind, int, int] | None:
    """The kind of the ruling, its clause, and where in that it ends."""
    rules = [(*found, i) for i, clause in enumerate(clauses) if (found := _kind(clause)) is not None]
    if not rules:
        return None
    kind, end, i = rules[0]
    if kind == "noted":
        kind, end, i = next((rule for rule in rules if rule[0] in _LATER), rules[0])
    return kind, i, end


def _kind(clause: str) -> tuple[Kind, int] | None:
    for kind, pattern in _KINDS.items():
        if found := pattern.search(clause):
            return kind, found.end()
    return None


def _cars(clauses: list[str], i: int, end: int, kind: Kind) -> tuple[str, ...]:
    """Of those named after what is ruled, in its clause, or first: a penalty's reason may name its victim."""
    own = clauses[i]
    after = [own[found.start() :] for found in _AWARD.finditer(own)] if kind == "penalty" else [own[end:]]
    for texts in (after, [own], [*clauses[:i], *clauses[i + 1 :]]):
        named = [
            number[1] for text in texts if (cars := _CARS.search(text)) for number in _EACH.finditer(cars[0])
        ]
        if named:
            return tuple(dict.fromkeys(named))
    return ()
