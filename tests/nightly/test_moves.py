"""In which order races get their new numbers."""

import pytest

from pipeline.contract.artifacts import SessionKey
from pipeline.night.moves import Moves
from pipeline.run.decide import Decision
from tests.serve.support import manifest_of, race_files


def key(number: int) -> SessionKey:
    return SessionKey(2026, number)


def moves(**to: int) -> Moves:
    """Such as r2=1: what is round 2 now is to be round 1."""
    found = Moves()
    old = {key(int(name[1:])): key(number) for name, number in to.items()}
    retired = [Decision(k, "", "retire", "", moves_to=new) for k, new in old.items()]
    there = {k: manifest_of(k, race_files(k)) for k in old}
    found.add(retired, there)
    return found


def test_a_chain_goes_one_after_the_other() -> None:
    chain = moves(r2=1, r3=2)
    wanted = {key(1), key(2), key(7)}
    assert set(chain.ready(wanted)) == {key(1), key(7)}
    assert chain.moving[key(1)].event_key == key(2)
    wanted -= {key(1), key(7)}
    assert chain.arrived({key(1), key(7)}) == {key(2)}
    assert chain.ready(wanted) == [key(2)]
    assert chain.arrived({key(1), key(2)}) == {key(3)}
    assert chain.leaving == {}


def test_what_cannot_be_made_keeps_its_number_from_the_next() -> None:
    chain = moves(r2=1, r3=2)
    chain.ready({key(1), key(2)})
    assert chain.arrived(set()) == set()
    assert chain.ready({key(2)}) == []
    assert chain.leaving == {key(2): key(1), key(3): key(2)}


@pytest.mark.parametrize("made", [True, False])
def test_a_circle_is_made_at_once(made: bool) -> None:
    circle = moves(r2=3, r3=2)
    assert set(circle.ready({key(2), key(3)})) == {key(2), key(3)}
    assert circle.arrived({key(2), key(3)} if made else set()) == set()  # nothing there is to be taken away
    assert circle.moving == {}
