"""The stages of one race. Each function here runs in a process of its own, on what the one before left.

Work folder: raw.pkl (loaded), frames.pkl (computed), out/ (published).
"""

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import Any

from bench.child import Cost, measured
from pipeline.contract.events import ProgressLog
from pipeline.contract.models import ProgressEvent
from pipeline.encode import artifacts, parquet
from pipeline.frames import compute
from pipeline.frames.head import head
from pipeline.input import load as source
from pipeline.job import Job
from pipeline.model import RaceFrames, RawRace
from pipeline.publish.documents import read_manifest
from pipeline.publish.race import publish_race
from pipeline.run import race
from pipeline.run.batch import Task
from pipeline.store.base import StagedFile
from pipeline.store.local import LocalStore
from pipeline.timing import tell

SKIPS = [1, 2, 5, 10]


def load(task: Task, work: Path) -> Cost:
    """fastf1's load and ours; leaves raw.pkl."""
    from pipeline.input.seasons import to_fastf1  # noqa: PLC0415 - as the pipeline, late

    with measured() as cost, race._own_cache(task.source) as given:
        source.configure(given)
        raw = source.load(task.key, to_fastf1(task.event, task.key.session), given)
    _keep(work / "raw.pkl", raw)
    return cost


def frames(work: Path, fps: float = 25.0) -> tuple[Cost, int, int]:
    """(cost, frames, driver-frames); leaves frames.pkl."""
    raw: RawRace = _kept(work / "raw.pkl")
    with measured() as cost:
        computed = compute(raw, fps)
    _keep(work / "frames.pkl", computed)
    return cost, computed.clock.frames, sum(len(car) for car in computed.cars.values())


def frames_json(task: Task, work: Path, skips: tuple[int, ...], threads: int) -> Cost:
    """The skip files, compression included."""
    with artifacts.workers(threads) as pool:
        return _encoded(
            task, work, lambda job, raw, own, folder: artifacts.write_frames(
                _with(job, frame_skips=list(skips)), own, head(raw, own), folder, pool, _silent(job)
            )
        )  # fmt: skip


def parquet_files(task: Task, work: Path) -> Cost:
    def write(job: Job, raw: RawRace, own: RaceFrames, folder: Path) -> None:
        parquet.write_tables(folder, tell(raw, own), own, head(raw, own))

    return _encoded(task, work, write)


def replay_chunks(task: Task, work: Path) -> Cost:
    return _encoded(task, work, lambda job, raw, own, folder: artifacts.write_replay(job.key, own, folder))


def skip_1_alone(task: Task, work: Path, threads: int) -> Cost:
    """What the baseline does: from the loaded session to skip_1.json.gz."""
    raw: RawRace = _kept(work / "raw.pkl")
    job = _with(_job(task, work), frame_skips=[1])
    folder = _folder(work / "encoded")
    with measured() as cost, artifacts.workers(threads) as pool:
        own = compute(raw, job.options.fps)
        artifacts.write_frames(job, own, head(raw, own), folder, pool, _silent(job))
    return cost


def everything(task: Task, work: Path, out: str, fps: float, threads: int) -> Cost:
    """From the loaded session to the published folder `out`, through the pipeline's own function."""
    raw: RawRace = _kept(work / "raw.pkl")
    loaded: dict[str, Any] = {"load": lambda *_, **__: raw}
    vars(race).update(loaded)  # the one step that is measured elsewhere
    job = replace(_with(_job(task, work), fps=fps), out=_folder(work / out), threads=threads)
    with measured() as cost:
        outcome = race.run(job, _ignore)
    if outcome.state != "published":
        raise RuntimeError(f"{task.key}: {outcome.error}")
    return cost


def hashing(task: Task, work: Path) -> Cost:
    """sha256 of every published file."""
    paths = [file.path for file in _published(task, work / "out")]
    with measured() as cost:
        for path in paths:
            with path.open("rb") as stream:
                file_digest(stream, "sha256")
    return cost


def publishing(task: Task, work: Path) -> Cost:
    """Every file and the manifest from staging to their names; leaves them in moved/."""
    store = LocalStore(work / "out")
    manifest = read_manifest(store, task.key)
    if manifest is None:
        raise RuntimeError(f"{task.key} is not published")
    folder = _folder(work / "staged")
    files = []
    for i, file in enumerate(_published(task, work / "out")):
        copy = folder / str(i)
        copy.write_bytes(file.path.read_bytes())
        files.append(replace(file, path=copy))
    moved = LocalStore(_folder(work / "moved"))
    with measured() as cost:
        publish_race(moved, manifest, files, None)
    return cost


def sizes(task: Task, out: Path) -> dict[str, int]:
    """Bytes of every published file of a race by key, the manifest too."""
    found = {file.key: file.bytes for file in _published(task, out)}
    found[task.key.manifest] = (out / task.key.manifest).stat().st_size
    return found


def _published(task: Task, out: Path) -> list[StagedFile]:
    manifest = read_manifest(LocalStore(out), task.key)
    if manifest is None:
        raise RuntimeError(f"{task.key} is not published")
    return [StagedFile(a.key, out / a.key, a.bytes, a.sha256) for a in manifest.artifacts]


def _encoded(task: Task, work: Path, write: Callable[[Job, RawRace, RaceFrames, Path], object]) -> Cost:
    raw, own = _kept(work / "raw.pkl"), _kept(work / "frames.pkl")
    folder = _folder(work / "encoded")
    with measured() as cost:
        write(_job(task, work), raw, own, folder)
    return cost


def _job(task: Task, work: Path) -> Job:
    return _with(Job(task.key, task.event, task.source, work / "out", "bench"), frame_skips=list(SKIPS))


def _with(job: Job, **options: Any) -> Job:
    return replace(job, options=job.options.model_copy(update=options))


def _silent(job: Job) -> ProgressLog:
    return ProgressLog(job.key, job.run)


def _ignore(event: ProgressEvent) -> None:
    """A sink for events that nobody reads."""


def _folder(path: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def _keep(path: Path, value: object) -> None:
    with path.open("wb") as stream:
        pickle.dump(value, stream, pickle.HIGHEST_PROTOCOL)


def _kept(path: Path) -> Any:
    with path.open("rb") as stream:
        return pickle.load(stream)
