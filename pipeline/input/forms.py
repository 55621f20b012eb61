"""The form of a topic's messages, as far as fastf1 counts on it: a message of another costs it the topic."""

import re
from typing import Any, Final

_EACH: Final = "*"  # whatever its name
_ROW: Final = re.compile(r"\d{1,6}")
_NUMBER: Final = re.compile(r"(\d{1,6}(\.\d{1,6})?)?")
_TIME: Final = {"Value": str}
_LAP: Final = {
    "Sectors": [_TIME | {"Segments": [{"Status": int}]}],
    "Speeds": {_EACH: {"Value": _NUMBER}},
    "LastLapTime": _TIME,
    "BestLapTime": _TIME,
    "IntervalToPositionAhead": _TIME,
    "GapToLeader": str,
    "Position": re.compile(r"\d{0,6}"),
    **dict.fromkeys(("NumberOfLaps", "NumberOfPitStops", "Line"), int),
    **dict.fromkeys(("InPit", "PitOut", "Retired", "Stopped"), bool),
}
_STINT: Final = dict.fromkeys(("Compound", "New", "LapTime"), str) | dict.fromkeys(
    ("TotalLaps", "StartLaps"), int
)
_SAID: Final = dict.fromkeys(("Utc", "Category", "Flag", "Scope", "RacingNumber", "Message", "Status"), str)
_FORMS: Final[dict[str, Any]] = {  # topic -> what is in it by name; in a list, rows, which may be numbered
    "DriverList": {_EACH: dict.fromkeys(("RacingNumber", "Tla", "FirstName", "LastName", "TeamName"), str)},
    "LapCount": {_EACH: int},
    "RaceControlMessages": {"Messages": [_SAID | {"Lap": int}]},
    "SessionData": {
        "Series": [{"Utc": str}],
        "StatusSeries": [dict.fromkeys(("Utc", "TrackStatus", "SessionStatus"), str)],
    },
    "SessionStatus": {_EACH: str},
    "TimingAppData": {"Lines": {_EACH: {"Stints": [_STINT]}}},
    "TimingData": {"Lines": {_EACH: _LAP}},
    "TrackStatus": {_EACH: str},
    "TyreStintSeries": {"Stints": {_EACH: [_STINT]}},
    "WeatherData": {_EACH: str},
}


def has_form(topic: str, message: Any) -> bool:
    """Whether what is named of its topic is of the right type; what is not named may be anything."""
    return _has(_FORMS.get(topic, {}), message)


def _has(form: Any, value: Any) -> bool:
    """Whether a value is of the type that the form says, and all in it that is named there."""
    if isinstance(form, type):
        return isinstance(value, form)
    if isinstance(form, re.Pattern):
        return isinstance(value, str) and form.fullmatch(value) is not None
    if isinstance(form, list):
        rows = dict(enumerate(value)) if isinstance(value, list) else value
        return _has({_EACH: form[0]}, rows) and all(_has(_ROW, str(row)) for row in rows)
    return isinstance(value, dict) and all(
        _has(form.get(name, form.get(_EACH, object)), part)
        for name, part in value.items()
        if str(name)[:1] != "_"  # of the feed's own
    )
