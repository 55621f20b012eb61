"""The demo season as tasks like any other: simulated, written as recordings, loaded through fastf1."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import partial

from pipeline.contract.artifacts import SessionKey
from pipeline.demo import (
    DemoEvent,
    Truth,
    demo_season,
    demo_timed,
    simulate,
    simulate_timed,
    write_recording,
)
from pipeline.demo.answers import answer
from pipeline.errors import UsageError
from pipeline.input.recording import event
from pipeline.input.schedule import none_of
from pipeline.job import ScheduledEvent, Source
from pipeline.run.batch import Task
from pipeline.store.scratch import scratch


@contextmanager
def recorded(
    sessions: Collection[str] = ("R", "S"),
) -> Iterator[tuple[list[Task], list[ScheduledEvent]]]:
    """Tasks and events of the demo season; the recordings last as long as the context.

    Raises:
        UsageError: it has none of the sessions.
    """
    with scratch("demo") as folder:
        known = _sessions()
        rounds = sorted({about.round for about, _ in known})
        events = {number: _event([e for e, _ in known if e.round == number]) for number in rounds}
        if not any(about.session in sessions for about, _ in known):
            raise UsageError(none_of(list(events.values()), sessions))
        tasks = []
        for about, made in known:
            if about.session not in sessions and about.session != "R":
                continue
            truth = made()
            answer(folder, about, truth)  # of races always: who drives in practice is told by them
            if about.session not in sessions:
                continue
            key = SessionKey(about.year, about.round, about.session)
            path = folder / f"{key.slug}.txt"
            write_recording(truth, path, about)
            tasks.append(Task(key, events[about.round], Source(folder, offline=True, recording=(path,))))
        yield tasks, list(events.values())


def _sessions() -> list[tuple[DemoEvent, Callable[[], Truth]]]:
    """Every session, and what makes it; races first."""
    return [
        *((about, partial(simulate, seed, laps)) for about, seed, laps in demo_season()),
        *((about, partial(simulate_timed, about.session, seed)) for about, seed in demo_timed()),
    ]


def _event(sessions: list[DemoEvent]) -> ScheduledEvent:
    first = sessions[0]
    return event(
        first.year,
        first.round,
        name=first.name,
        official_name=first.official_name,
        country=first.country,
        location=first.location,
        starts={s.session: s.start_utc.replace(tzinfo=UTC) for s in sessions},
    )
