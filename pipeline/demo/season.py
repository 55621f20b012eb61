"""The demo season as tasks like any other: simulated, written as recordings, loaded through fastf1."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

from pipeline.contract.artifacts import SessionKey
from pipeline.demo import DemoEvent, demo_season, simulate, write_recording
from pipeline.input.recording import event
from pipeline.job import ScheduledEvent, Source
from pipeline.run.batch import Task
from pipeline.store.scratch import scratch


@contextmanager
def recorded() -> Iterator[tuple[list[Task], list[ScheduledEvent]]]:
    """Tasks and events of the demo season; the recordings last as long as the context."""
    with scratch("demo") as folder:
        sessions = demo_season()
        rounds = sorted({about.round for about, _, _ in sessions})
        events = {number: _event([e for e, _, _ in sessions if e.round == number]) for number in rounds}
        tasks = []
        for about, seed, laps in sessions:
            key = SessionKey(about.year, about.round, about.session)
            path = folder / f"{key.slug}.txt"
            write_recording(simulate(seed, laps), path, about)
            tasks.append(Task(key, events[about.round], Source(folder, offline=True, recording=(path,))))
        yield tasks, list(events.values())


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
