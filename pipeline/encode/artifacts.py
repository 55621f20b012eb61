"""One race's files written side by side into a folder, each ready for its name."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.events import ProgressLog
from pipeline.contract.models import Head, Replay, ReplayChunk, Results
from pipeline.contract.tables import TABLES
from pipeline.encode import frames_json, parquet, replay, timing
from pipeline.encode.gzipped import GzipWriter, gzip_bytes
from pipeline.encode.results import revised, to_line
from pipeline.encode.staged import staged, written
from pipeline.job import Job
from pipeline.model import RaceFrames, RawRace
from pipeline.store.base import StagedFile
from pipeline.timing import tell
from pipeline.timing.segments import segments

P = ParamSpec("P")
T = TypeVar("T")


def write_all(
    job: Job,
    raw: RawRace,
    frames: RaceFrames,
    about: Head,
    folder: Path,
    log: ProgressLog,
    before: Results | None = None,
) -> tuple[list[StagedFile], Replay]:
    """All files of a race but its manifest and log. before: its published results, if any."""
    told = tell(raw, frames)
    with workers(job.threads) as pool:
        tables = pool.submit(parquet.write_tables, folder, told, frames, about)
        chunks = pool.submit(write_replay, job.key, frames, folder)
        files = write_frames(job, frames, about, folder, pool, log)
        log.progress(85, "encode", "Parquet and replay")
        tables.result()
        timed = written(folder / "timing.json.gz", timing.timing(told, about))
        sectors, cars = segments(raw, frames)
        result = revised(told["results"], about.event, before, datetime.now(UTC))
        classified = written(folder / "results.json", to_line(result))
        chunk_files, listed = chunks.result()
    if cars:
        coloured = written(folder / "segments.json.gz", timing.segments(sectors, cars, about))
        files.append(staged(job.key.file("segments"), coloured))
    names = [table.name for table in TABLES]
    files += [staged(job.key.file("timing"), timed), staged(job.key.file("results"), classified)]
    files += [staged(job.key.file(f"{name}_parquet"), folder / f"{name}.parquet") for name in names]
    return files + chunk_files, listed


class _Here(Executor):
    """Does the work when it is handed over: a race that may keep one thread busy has none to hand it to."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def workers(threads: int) -> Executor:
    return _Here() if threads == 1 else ThreadPoolExecutor(threads)


def write_frames(
    job: Job, frames: RaceFrames, about: Head, folder: Path, pool: Executor, log: ProgressLog
) -> list[StagedFile]:
    paths = {skip: folder / f"skip_{skip}.json.gz" for skip in job.options.frame_skips}
    with ExitStack() as stack:
        writers = {
            skip: GzipWriter(stack.enter_context(path.open("wb")), pool) for skip, path in paths.items()
        }
        for skip, writer in writers.items():
            writer.write(frames_json.document_head(about, skip))
        for done, length, texts in frames_json.documents(frames, job.options.frame_skips):
            for skip, text in texts.items():
                writers[skip].write(text, repeats_after=length)
            log.progress(45 + 40 * done, "encode", f"frames as JSON, {done:.0%}")
        for writer in writers.values():
            writer.close()
    return [staged(job.key.frames_json(skip), path) for skip, path in paths.items()]


def write_replay(key: SessionKey, frames: RaceFrames, folder: Path) -> tuple[list[StagedFile], Replay]:
    made = [(start_s, end_s, gzip_bytes(text)) for start_s, end_s, text in replay.chunks(frames)]
    # a hash of all chunks names their folder, so that what it names never changes
    generation = sha256(b"".join(content for _, _, content in made)).hexdigest()[:16]
    files, listed = [], []
    for index, (start_s, end_s, content) in enumerate(made):
        path = written(folder / f"{index:04d}.json.gz", content)
        file = staged(key.file("replay", generation=generation, index=index), path)
        files.append(file)
        listed.append(ReplayChunk(key=file.key, start_s=start_s, end_s=end_s, bytes=file.bytes))
    return files, Replay(
        generation=generation,
        chunk_s=replay.CHUNK_S,
        hole_ms=replay.HOLE_MS,
        columns=replay.columns(key.session),
        chunks=listed,
    )
