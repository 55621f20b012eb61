"""The sessions that the format knows, each declared once.

Keys, the choices of command line and API, the words of every sentence, and what is computed first follow from
this table.
`SessionCode` repeats its codes for the type checker alone; a test holds them equal.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

SessionCode = Literal["R", "S", "Q", "SQ", "FP1", "FP2", "FP3"]
Kind = Literal["race", "qualifying", "practice"]


@dataclass(frozen=True)
class Session:
    """One session of a race weekend.

    folder: where its files lie below the round's. lasts: from its start until its data are usually online.
    classified: whether jolpica has an official classification of it; else the timing is all there is.
    """

    code: SessionCode
    name: str
    folder: str
    kind: Kind
    lasts: timedelta
    classified: bool = True

    @property
    def word(self) -> str:
        """Its name within a sentence."""
        return self.name.lower()

    @property
    def is_race(self) -> bool:
        """Whether it is one of the sessions that version 1 began with; listings name the others apart."""
        return self.kind == "race"


SESSIONS: Final[dict[SessionCode, Session]] = {
    session.code: session
    for session in (
        Session("R", "Race", "", "race", timedelta(hours=4)),
        Session("S", "Sprint", "sprint/", "race", timedelta(hours=2)),
        Session("Q", "Qualifying", "qualifying/", "qualifying", timedelta(hours=2)),
        Session("SQ", "Sprint Qualifying", "sprint_qualifying/", "qualifying", timedelta(hours=2), False),
        Session("FP1", "Practice 1", "fp1/", "practice", timedelta(hours=2), False),
        Session("FP2", "Practice 2", "fp2/", "practice", timedelta(hours=2), False),
        Session("FP3", "Practice 3", "fp3/", "practice", timedelta(hours=2), False),
    )
}
DEFAULT_SESSIONS: Final = "R,S"  # what a season is computed of where nothing else is asked for
ALL: Final = "all"
_WORDS: Final = [f"{s.code} ({s.word})" for s in SESSIONS.values() if s.kind != "practice"]
_PRACTICES: Final = [s.code for s in SESSIONS.values() if s.kind == "practice"]
CHOICES: Final = f"{', '.join([*_WORDS, *_PRACTICES[:-1]])} or {_PRACTICES[-1]} (practice)"


def turn(code: SessionCode) -> int:
    """When it is computed, of several: races first, then sprints, as they stand in the table."""
    return list(SESSIONS).index(code)


def session_code(text: str) -> SessionCode:
    """The code that a user typed, in either case. Raises ValueError with what would be right."""
    found = SESSIONS.get(text.strip().upper())  # type: ignore[call-overload]  # what it lacks gives None
    if found is None:
        raise ValueError(f"{text!r} is no session: write {CHOICES}")
    code: SessionCode = found.code
    return code
