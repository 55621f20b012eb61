"""The parts of the benchmark, by the names that --only takes; each gives figures as it measures them."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import machine, startup
from bench.child import Cost, measured, middle, run
from bench.figures import Figure, Limits
from bench.inputs import Input
from bench.memory import FamilyWatch
from bench.nights import Night, fresh, idle
from bench.seasons import Season

FPS = (5.0, 10.0, 25.0, 50.0)
FIRST_PICTURE = "manifest and first replay chunk"
# bytes at most, of the race that the targets are about
SIZE_LIMITS: Limits = {
    "skip_1.json.gz": 46e6,
    "skip_5.json.gz": 13e6,
    "frames.parquet": 18e6,
    "replay, whole race": 3e6,
    FIRST_PICTURE: 120e3,
}


@dataclass
class Bench:
    """The input, how thorough to be, and what several sections need but is computed once.

    repeats: of each stage. races: of the long run. minutes: of the race that the baseline does. copies: how
    often each race is in the season that is timed. rounds: of the season that is whole.
    """

    input: Input
    repeats: int
    races: int
    minutes: float
    copies: int
    rounds: int = 24
    threads: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    _done: dict[str, tuple[Cost, tuple[int, ...]]] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        return self.input.work

    def limit(self, value: float) -> float | None:
        """A target, where this is the race it is about."""
        return value if self.input.has_targets else None

    def cost(self, name: str, target: str, *args: object) -> tuple[Cost, tuple[int, ...]]:
        """Median seconds and largest memory of several runs, each in a fresh process, and the counts given.

        Done once for each name.
        """
        if name not in self._done:
            answers = [run(target, *args) for _ in range(self.repeats)]
            costs = [a[0] if isinstance(a, tuple) else a for a in answers]
            counts = answers[0][1:] if isinstance(answers[0], tuple) else ()
            self._done[name] = middle(costs), counts
        return self._done[name]

    def load(self) -> Cost:
        return self.cost("load", "bench.stages:load", self.input.task, self.work)[0]

    def frames(self) -> tuple[Cost, tuple[int, ...]]:
        self.load()
        return self.cost("frames", "bench.stages:frames", self.work)

    def everything(self) -> Cost:
        self.load()
        return self.cost(
            "everything", "bench.stages:everything", self.input.task, self.work, "out", 25.0, self.threads
        )[0]


def stages(bench: Bench) -> Iterator[Figure]:
    """Seconds and memory of each stage of one race."""
    task, work = bench.input.task, bench.work
    yield _cost("stages", "load", bench.load())
    cost, (frames, cells) = bench.frames()
    yield _cost("stages", "frames", cost, bench.limit(1.5))
    yield Figure("stages", "frames of the race", frames, "")
    yield Figure("stages", "driver-frames", cells, "")
    yield Figure("stages", "driver-frames a second, computed", cells / cost.seconds, "1/s")
    encoders = {
        "frames as JSON, all skips, compressed, 1 thread": ("frames_json", (1, 2, 5, 10), 1),
        f"the same, {bench.threads} threads": ("frames_json", (1, 2, 5, 10), bench.threads),
        "Parquet": ("parquet_files",),
        "replay": ("replay_chunks",),
    }
    for name, (function, *args) in encoders.items():
        yield _cost("stages", name, bench.cost(name, f"bench.stages:{function}", task, work, *args)[0])
    everything = bench.everything()
    for name in ("hashing", "publishing"):
        yield _cost("stages", name, bench.cost(name, f"bench.stages:{name}", task, work)[0])
    yield _cost("stages", "loaded session to published folder", everything, bench.limit(8.0))
    yield Figure("stages", "driver-frames a second, all artifacts", cells / everything.seconds, "1/s")


def _cost(section: str, name: str, cost: Cost, limit: float | None = None, note: str = "") -> Figure:
    return Figure(
        section,
        name,
        cost.seconds,
        "s",
        note,
        limit,
        cpu_s=cost.cpu_s,
        peak_mb=cost.peak_mb,
        grew_mb=cost.grew_mb,
    )


def race(bench: Bench) -> Iterator[Figure]:
    """The command line from start to end in processes of its own."""
    taken, peaks = [], []
    for i in range(bench.repeats):
        with measured() as cost:
            peaks.append(_command(bench, bench.work / f"command-{i}"))
        taken.append(cost.seconds)
    what = "one race" if bench.input.real else "the demo season, 3 sessions"
    yield Figure("race", f"command line, {what}", median(taken), "s")
    yield Figure("race", "peak memory of its largest process", max(peaks), "MB", "", bench.limit(700))


def _command(bench: Bench, out: Path) -> float:
    """Run it; returns the largest peak among all its processes."""
    task = bench.input.task
    what = ["demo"]
    if bench.input.real:
        what = ["race", str(task.key.year), str(task.key.round), "--offline"]
        what += ["--fastf1-cache", str(task.source.cache)]
    command = [sys.executable, "-m", "pipeline", *what, "--out", str(out), "--jobs", "1"]
    with FamilyWatch(os.getpid()).running() as watch:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return watch.take()


def sizes(bench: Bench) -> Iterator[Figure]:
    """Bytes of every artifact."""
    bench.everything()
    key = bench.input.task.key
    found: dict[str, int] = run("bench.stages:sizes", bench.input.task, bench.work / "out")
    chunks = sorted(name for name in found if name.startswith(f"{key.prefix}replay/"))
    named = {name.removeprefix(key.prefix): size for name, size in found.items() if name not in chunks}
    named["replay, whole race"] = sum(found[name] for name in chunks)
    named[FIRST_PICTURE] = found[key.manifest] + found[chunks[0]]
    named["all files"] = sum(found.values())
    for name, size in sorted(named.items(), key=lambda item: -item[1]):
        limit = bench.limit(SIZE_LIMITS[name]) if name in SIZE_LIMITS else None
        yield Figure(
            "bytes", name, size, "B", f"{len(chunks)} chunks" if name.startswith("replay") else "", limit
        )


def baseline(bench: Bench) -> Iterator[Figure]:
    """The usual way beside ours, in the same run."""
    task, work = bench.input.task, bench.work
    cost, frames, cells, size = run("bench.baseline:measure", task, bench.minutes, work / "usual.json.gz")
    _, (all_frames, _) = bench.frames()
    share = f"{frames:,} of {all_frames:,} frames"
    note = "the whole race" if math.isinf(bench.minutes) else f"only the first {bench.minutes:g} min: {share}"
    yield _cost("baseline", "usual way, loaded session to skip_1", cost, note=f"{note}; ")
    yield Figure("baseline", "usual way: skip_1.json.gz", size, "B", f"{note}; fewer columns")
    usual = frames / cost.seconds
    yield Figure("baseline", "usual way: frames a second", usual, "1/s", f"{cells:,} driver-frames")
    for name, ours, limit in (
        ("skip_1", _skip_1(bench), bench.limit(50)),
        ("all artifacts", bench.everything(), None),
    ):
        yield _cost("baseline", f"ours, loaded session to {name}", ours, note="the whole race; ")
        rate = all_frames / ours.seconds
        yield Figure("baseline", f"ours, {name}: frames a second", rate, "1/s")
        times = f"frames a second of both{'' if math.isinf(bench.minutes) else '; see the share above'}"
        yield Figure("baseline", f"ours, {name}: times faster", rate / usual, "x", times, limit, floor=True)
        work = (cost.cpu_s / frames) / (ours.cpu_s / all_frames)
        yield Figure("baseline", f"ours, {name}: times less processor time a frame", work, "x")


def _skip_1(bench: Bench) -> Cost:
    task, work = bench.input.task, bench.work
    return bench.cost("skip_1", "bench.stages:skip_1_alone", task, work, bench.threads)[0]


def season(bench: Bench) -> Iterator[Figure]:
    """Races side by side: what a second job brings."""
    tasks = bench.input.season(bench.copies * len(bench.input.tasks))
    ways = {
        "1 job, 1 thread": (1, 1),
        "2 jobs, 1 thread each": (2, 1),
        f"1 job, {bench.threads} threads": (1, bench.threads),
    }
    rates = {}
    for name, (jobs, threads) in ways.items():
        done = _season(bench, len(tasks), f"season-{jobs}-{threads}", jobs, threads)
        rates[name] = len(tasks) * 3600 / done.seconds
        yield Figure("season", name, rates[name], "races/h", f"{len(tasks)} races in {done.seconds:.1f} s")
    one, two, threaded = rates.values()
    yield Figure(
        "season", "2 jobs against 1, 1 thread each", two / one, "x", "", bench.limit(1.8), floor=True
    )
    yield Figure("season", f"2 jobs against 1 job of {bench.threads} threads", two / threaded, "x")
    for name, times in machine.speedups(bench.repeats).items():
        yield Figure("season", f"2 processes that only {name}, against 1", times, "x")


def _season(bench: Bench, races: int, out: str, jobs: int, threads: int, watched: bool = False) -> Season:
    tasks = bench.input.season(races)
    season: Season = run("bench.seasons:compute", tasks, bench.work / out, jobs, threads, watched)
    return season


def memory(bench: Bench) -> Iterator[Figure]:
    """Memory as races go by in one run, and the same season again, unchanged."""
    done = _season(bench, bench.races, "long", 1, bench.threads, watched=True)
    yield Figure(
        "memory", f"{bench.races} races in one run", done.seconds, "s", f"1 job, {bench.threads} threads"
    )
    kinds = len(bench.input.tasks)
    for number in sorted({1, (bench.races + 1) // 2, bench.races}):
        parent, child = done.parent_mb[number - 1], done.child_mb[number - 1]
        race = bench.input.tasks[(number - 1) % kinds].event.name
        yield Figure("memory", f"the run itself after race {number}", parent, "MB")
        yield Figure("memory", f"largest process of race {number}", child, "MB", race)
    again = _season(bench, bench.races, "long", 1, bench.threads)
    skipped = again.states.count("skipped")
    yield Figure(
        "memory", "the same season again, unchanged", again.seconds, "s",
        f"{skipped} of {bench.races} skipped", bench.limit(3.0),
    )  # fmt: skip


def fps(bench: Bench) -> Iterator[Figure]:
    """Time and memory as frames grow: loaded session to published folder."""
    bench.load()
    for rate in FPS:
        name = f"{rate:g} frames a second"
        task, work = bench.input.task, bench.work
        cost, _ = bench.cost(
            name, "bench.stages:everything", task, work, f"out-{rate:g}", rate, bench.threads
        )
        yield _cost("fps", name, cost)


def reading(bench: Bench) -> Iterator[Figure]:
    """frames.parquet as an analyst reads it."""
    bench.everything()
    path = bench.work / "out" / bench.input.task.key.file("frames_parquet")
    for name, taken in run("bench.reading:measure", path).items():
        yield Figure("reading", name, taken, "ms")


def check(bench: Bench) -> Iterator[Figure]:
    """`verify` of one race."""
    bench.everything()
    seconds, problems = run("bench.seasons:check", bench.input.task, bench.work / "out")
    yield Figure("verify", "one race", seconds, "s", f"{problems} problems", bench.limit(1.0))


def start(bench: Bench) -> Iterator[Figure]:
    """How soon the command line answers."""
    yield Figure("startup", "f1-precompute --help", startup.help_seconds(2 * bench.repeats + 1), "s", "", 0.3)
    for name, taken in startup.imports().items():
        yield Figure("startup", name, taken, "ms")


def nights(bench: Bench) -> Iterator[Figure]:
    """How soon a race is out once its data is there, and what a run with nothing to do costs."""
    first, again = fresh(bench.input)
    name = "from the feed's word to the bucket"
    yield _night(first, name, bench.limit(60))
    late = 600 + first.seconds
    yield Figure("nights", "the same by cron every 10 minutes, at most", late, "s", "", bench.limit(660))
    yield _night(again, "the next run, published and uploaded")
    bench.everything()
    usual, scheduled, sessions = idle(bench.input, bench.work / "out", bench.rounds)
    yield _night(usual, f"nothing to do, {sessions} sessions: processor", bench.limit(2), usual.cpu_s)
    yield _night(scheduled, "the same, the schedule asked for: processor", None, scheduled.cpu_s)
    asked = sum(usual.hosts.values())
    yield Figure("nights", "nothing to do: requests", asked, "", "", bench.limit(3))


def _night(night: Night, name: str, limit: float | None = None, value: float | None = None) -> Figure:
    asked = ", ".join(f"{count} of {host}" for host, count in sorted(night.hosts.items())) or "nothing asked"
    note = f"cpu {night.cpu_s:.1f} s in {night.seconds:.1f}; {asked}"
    return Figure("nights", name, night.seconds if value is None else value, "s", note, limit)


SECTIONS: dict[str, Callable[[Bench], Iterator[Figure]]] = {
    "stages": stages,
    "race": race,
    "bytes": sizes,
    "baseline": baseline,
    "season": season,
    "memory": memory,
    "fps": fps,
    "reading": reading,
    "verify": check,
    "startup": start,
    "nights": nights,
}
