"""A week of `watch` in a minute: a clock that is told the time, and hosts that do what race weekends do."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.contract.models import Options
from pipeline.job import Source
from pipeline.night.run import Plan
from pipeline.night.watch import Clock, watch
from pipeline.run.batch import Listener, Settings
from tests.nightly import archive
from tests.nightly.archive import Weekend
from tests.nightly.conftest import Nights
from tests.nightly.hosts import Hosts, serving
from tests.warm import prepare

HOUR = timedelta(hours=1)
AS_USUAL, DELAYED, CANCELLED, NEXT_DAY = "As Usual", "Delayed", "Cancelled", "Next Day"
STARTS = {AS_USUAL: 24, DELAYED: 62, CANCELLED: 100, NEXT_DAY: 138}  # hours from the week's beginning
OVER = {AS_USUAL: 2.0, DELAYED: 7.0, NEXT_DAY: 21.0}  # hours from the scheduled start
NO_NETWORK = (20, 26.5)  # the first race is over, and its data is there, before it comes back
LATER = timedelta(minutes=3)  # from the word that it is over until its data is there


@dataclass
class Week:
    """The fake world. published: fake hours from the start of a race to when it was first seen published."""

    hosts: Hosts
    folder: Path
    begin: datetime
    now: datetime
    pages: dict[str, dict[str, bytes]] = field(default_factory=dict)
    published: dict[str, float] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    runs: int = 0

    def __post_init__(self) -> None:
        self.nights = Nights(self.hosts, self.folder, self.begin.year)
        self.weekends = {
            name: Weekend(number, f"{name} Grand Prix", self.begin + hours * HOUR, number)
            for number, (name, hours) in enumerate(STARTS.items(), 1)
        }
        (self.folder / "made").mkdir(parents=True)
        self.pages = {name: archive.timing(w, self.folder / "made") for name, w in self.weekends.items()}

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.turn()

    def turn(self) -> None:
        """Let the hosts be as they are at this moment."""
        hours = (self.now - self.begin) / HOUR
        down = NO_NETWORK[0] <= hours < NO_NETWORK[1]
        self.hosts.fault = dict.fromkeys(("timing", "mirror", "jolpica", "schedule"), "reset" if down else "")
        held = {n: w for n, w in self.weekends.items() if n != CANCELLED or hours < STARTS[CANCELLED] - 1}
        schedule = {f"/schedule_{self.begin.year}.json": archive.schedule(list(held.values()))}
        if self.hosts.content.get("schedule") != schedule:
            self.hosts.content["schedule"] = schedule
            with suppress(OSError):
                self.nights.forget_schedule()
        timing: dict[str, bytes] = {}
        for name, weekend in held.items():
            timing |= self._of(name, self.now - weekend.start)
        self.hosts.content["timing"] = timing
        self.hosts.content["jolpica"] = {}

    def _of(self, name: str, since: timedelta) -> dict[str, bytes]:
        """What the archive has of a race so long after its start."""
        if since < timedelta(0):
            return {}
        over = OVER.get(name, 99) * HOUR
        if since >= over + LATER:
            return self.pages[name]
        pages = self.pages[name]
        status = next(path for path in pages if path.endswith("/SessionStatus.jsonStream"))
        whole = pages[status]
        return {status: whole if since >= over else whole[: whole.index(b"Finalised") - 25]}

    def saw(self) -> None:
        for event in self.nights.listing()["events"]:
            name = event["name"].removesuffix(" Grand Prix")
            if event["sessions"][0]["state"] == "published" and name not in self.published:
                self.published[name] = round((self.now - self.weekends[name].start) / HOUR, 2)


def plan(week: Week) -> Callable[[datetime], Plan]:
    options = Options(fps=5, frame_skips=[10])
    settings = Settings(week.nights.out, Source(week.nights.cache), options=options, limit_s=600)
    return lambda _: Plan(settings, [week.begin.year], frozenset("R"), network_s=0.0)


def live(words: list[str]) -> None:
    """In a process of its own: prints what became of each session, and when, as JSON."""
    prepare()
    folder = Path(words[0])
    real = datetime.now(UTC).replace(second=0, microsecond=0)
    begin = real if (real + 8 * 24 * HOUR).year == real.year else real - 21 * 24 * HOUR
    with serving() as hosts:
        os.environ.update(hosts.environment())
        week = Week(hosts, folder, begin, begin)
        week.turn()
        clock = Clock(lambda: week.now, week.sleep)
        for result in watch(plan(week), Listener(), clock):
            week.runs += 1
            week.codes.append(result.exit_code)
            week.saw()
            if week.now > begin + 7 * 24 * HOUR:
                break
        states = {e["name"]: e["sessions"][0]["state"] for e in week.nights.listing()["events"]}
        told = {
            "published": week.published,
            "states": states,
            "codes": sorted(set(week.codes)),
            "runs": week.runs,
            "summaries": len(list((folder / "out" / "runs").glob("*.json"))),
        }
        sys.stdout.write(json.dumps(told))
