"""Races that get another number: in which order, so that none is lost where one cannot be made.

What is published under a number goes only once it is there under its new one, and a race that wants a number
waits until it is free. Where they go round in a circle there is no such order, and all are made at once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Manifest
from pipeline.run.decide import Decision


@dataclass
class Moves:
    """leaving: numbers to be free -> where what is there goes. moving: the same races by where they go."""

    leaving: dict[SessionKey, SessionKey] = field(default_factory=dict)
    moving: dict[SessionKey, Manifest] = field(default_factory=dict)

    def add(self, decisions: Iterable[Decision], there: Mapping[SessionKey, Manifest]) -> None:
        for decision in decisions:
            if decision.moves_to is not None:
                self.leaving[decision.key] = decision.moves_to
                self.moving[decision.moves_to] = there[decision.key]

    def ready(self, wanted: Collection[SessionKey]) -> list[SessionKey]:
        """What can be made now, of what is wanted."""
        free = [key for key in wanted if key not in self.leaving]
        if free or not all(self.leaving[key] in wanted for key in wanted):
            return free
        for key in wanted:
            self.moving.pop(self.leaving.pop(key), None)
        return list(wanted)

    def made(self, key: SessionKey) -> None:
        """A race is there under its new number, here."""
        self.moving.pop(key, None)

    def arrived(self, keys: Collection[SessionKey]) -> set[SessionKey]:
        """The numbers that are free now that these races are everywhere that they have to be."""
        free = {old for old, new in self.leaving.items() if new in keys}
        for old in free:
            del self.leaving[old]
        return free
