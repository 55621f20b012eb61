"""What the published sessions of a weekend have shown of its track, each part by the one that shows it best.

A practice sees the pit lane a hundred times and every DRS zone, a sprint neither; the race has the outline.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Circuit, Circuits, Manifest, Model, WeekendCircuit
from pipeline.contract.sessions import SessionCode, turn

_SHOWN: Final[
    dict[str, Callable[[Circuit], int]]
] = {  # part of a circuit -> how often a session has shown it
    "sectors": lambda own: sum(line.laps for line in own.sectors),
    "pit_lane": lambda own: own.pit_lane.visits if own.pit_lane is not None else 0,
    "drs_zones": lambda own: sum(zone.openings for zone in own.drs_zones),
    "corners": lambda own: len(own.corners),
    "marshal_sectors": lambda own: len(own.marshal_sectors),
    "marshal_lights": lambda own: len(own.marshal_lights),
    "rotation": lambda own: own.rotation is not None,
}
_FROM_LINE: Final = ("dist", "entry", "exit", "start", "end", "detection")  # metres along the lap


def circuits(year: int, manifests: Mapping[SessionKey, Manifest]) -> Circuits:
    """The tracks of a season's weekends that have a published session."""
    rounds: dict[int, dict[SessionCode, Manifest]] = {}
    for key in sorted(manifests, key=lambda key: (key.round, turn(key.session))):
        rounds.setdefault(key.round, {})[key.session] = manifests[key]
    return Circuits(year=year, rounds=[_weekend(number, held) for number, held in rounds.items()])


def _weekend(number: int, held: dict[SessionCode, Manifest]) -> WeekendCircuit:
    known = {code: manifest.circuit for code, manifest in held.items()}
    outlined = max(known, key=lambda code: known[code].length_m is not None)  # the first of equals: the race
    base, learned = known[outlined], {"outline": outlined}
    parts: dict[str, Any] = {}
    for part, shown in _SHOWN.items():
        best = max(known, key=lambda code: shown(known[code]))
        if shown(known[best]):
            learned[part] = best
            parts[part] = _on(base, known[best], getattr(known[best], part))
    return WeekendCircuit(
        round=number,
        name=next(iter(held.values())).event.name,
        sessions=list(held),
        learned_from=learned,
        circuit=base.model_copy(update=parts),
    )


def _on(base: Circuit, other: Circuit, part: Any) -> Any:
    """A part of one session's circuit on the lap of another, whose length was measured anew."""
    if isinstance(part, list):
        return [_on(base, other, one) for one in part]
    if not isinstance(part, Model) or not base.length_m or not other.length_m:
        return part
    by = base.length_m / other.length_m
    metres = {name: value for name in _FROM_LINE if (value := getattr(part, name, None)) is not None}
    return part.model_copy(update={name: round(value * by, 1) for name, value in metres.items()})
