"""The options that commands share, the types of lists and ages, and what a run is given of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import click

from pipeline.contract import FPS, FRAME_SKIPS
from pipeline.contract.options import F, Number, Parsed, option
from pipeline.contract.sessions import ALL, CHOICES, DEFAULT_SESSIONS, SESSIONS, session_code
from pipeline.errors import StoreError, UsageError
from pipeline.store.s3_options import ACLS, S3Options

if TYPE_CHECKING:
    from pipeline.job import Source
    from pipeline.run.batch import Settings


def default_cache() -> Path:
    """fastf1's own default, so that what other tools fetched is found."""
    given = os.environ.get("FASTF1_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "fastf1"


def years_of(text: str) -> list[int]:
    """A year, or years like 2018-2026 or 2024,2025; the newest first."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{4})(?:\s*-\s*(\d{4}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise ValueError(f"{text!r} is no season: write a year, or several like 2018-2026 or 2024,2025")
        found.update(range(first, last + 1))
    return sorted(found, reverse=True)


def rounds_of(text: str) -> frozenset[int]:
    """Rounds like 1,3-5."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,2})(?:\s*-\s*(\d{1,2}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last:
            raise ValueError(f"{text!r} is not a list of rounds: write it like 1,3-5")
        found.update(range(first, last + 1))
    return frozenset(found)


def frame_skips_of(text: str) -> list[int]:
    """Frame skips like 1,2,5,10."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9]|10", part) for part in parts):
        raise ValueError(
            f"{text!r} is not a list of frame skips: write whole numbers from 1 to 10 like 1,2,5,10"
        )
    return sorted({int(part) for part in parts})


def sessions_of(text: str) -> frozenset[str]:
    """Sessions like R,S, or all."""
    if text.strip().lower() == ALL:
        return frozenset(SESSIONS)
    try:
        return frozenset(session_code(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"{error}, several like {DEFAULT_SESSIONS}, or {ALL}") from None


def age_of(text: str) -> timedelta:
    """An age like 30m, 48h or 7d."""
    match = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an age: write it like 30m, 48h or 7d")
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[match[2]]: int(match[1])})


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for add in reversed(options):
            function = add(function)
        return function

    return decorate


scope_arguments = together(
    click.argument("year", type=int, required=False),
    click.argument("round_number", metavar="[ROUND]", type=click.IntRange(1, 99), required=False),
)

out_option = option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("computed_data"),
    help="Folder of the artifacts.",
)

sessions_option = option(
    "--sessions",
    type=Parsed("list", sessions_of),
    default=DEFAULT_SESSIONS,
    help=f"{CHOICES}, several like {DEFAULT_SESSIONS}, or {ALL}.",
)

source_options = together(
    option(
        "--fastf1-cache",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_cache,
        show_default="$FASTF1_CACHE or ~/.cache/fastf1",
        help="fastf1's cache folder.",
    ),
    option("--offline", is_flag=True, help="Use the cache alone; send nothing."),
)

compute_options = together(
    out_option,
    option(
        "--fps",
        type=Number(1, 50),
        default=FPS,
        help="Frames a second.",
    ),
    option(
        "--frame-skip",
        "frame_skips",
        type=Parsed("list", frame_skips_of),
        default=",".join(map(str, FRAME_SKIPS)),
        help="Which skip_{n}.json.gz to write, each 1 to 10.",
    ),
    option(
        "--jobs",
        type=click.IntRange(1, 64),
        show_default="one a processor",
        help="Races computed side by side, about 0.6 GB each.",
    ),
    option("--force", is_flag=True, help="Compute again what is up to date."),
    option("--json", "as_json", is_flag=True, help="Print progress and results as JSON lines."),
)

s3_options = together(
    option("--s3-bucket", help="Bucket; credentials come from boto3's own chain."),
    option("--s3-prefix", help="Folder in the bucket, like data/f1.  [default: none]"),
    option("--s3-endpoint-url", help="An S3-compatible server.  [default: Amazon S3]"),
    option("--s3-acl", type=click.Choice(ACLS), help="Canned ACL of what is written."),
    option(
        "--s3-uploads",
        type=click.IntRange(1, 64),
        default=8,
        help="Uploads at a time, up to 8 MB of memory each.",
    ),
    option(
        "--s3-patience",
        type=Number(0, 3600),
        default=120,
        help="Seconds to go on asking a server that does not answer.",
    ),
)

publish_options = together(
    option("--publish", is_flag=True, help="Upload each race to S3 as it is done."),
    s3_options,
    option(
        "--executor",
        type=click.Choice(["process", "dask"]),
        default="process",
        help="Where races are computed: processes here, or an existing Dask cluster (needs --publish).",
    ),
    option("--scheduler", help="Address of the Dask scheduler, like tcp://10.0.0.5:8786."),
)


def to_s3(options: dict[str, Any]) -> S3Options:
    """The values of `s3_options`; raises UsageError for names that no server takes, or none."""
    bucket = options["s3_bucket"]
    if not bucket:
        raise UsageError("which bucket? name it with --s3-bucket or F1_S3_BUCKET")
    return S3Options(
        bucket=bucket,
        prefix=options["s3_prefix"] or "",
        endpoint_url=options["s3_endpoint_url"] or None,
        acl=options["s3_acl"],
        uploads=options["s3_uploads"],
        patience_s=options["s3_patience"],
    )


def source_of(options: dict[str, Any], recording: tuple[Path, ...] = ()) -> Source:
    """Where to load from; makes the cache folder, and warns of one that others may have filled.

    Raises:
        UsageError: it cannot be made.
        StoreError: nothing can be written there, where something has to be.
    """
    from pipeline.job import Source  # noqa: PLC0415

    cache, offline = options["fastf1_cache"], options["offline"]
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the fastf1 cache {cache} cannot be made: {error.strerror}; choose another with --fastf1-cache"
        ) from error
    if not offline or not any(cache.iterdir()):
        _check_writable(cache)
    if (whose := _foreign(cache)) is not None:
        click.echo(
            f"Warning: the fastf1 cache {cache} {whose}. It is code that runs as you, with your credentials: "
            "use your own, or one from whom you trust.",
            err=True,
        )
    return Source(cache, offline, recording)


def _check_writable(cache: Path) -> None:
    """Before fastf1 tries: its database waits for minutes where the disk is full."""
    try:
        with TemporaryFile(dir=cache) as stream:
            stream.write(bytes(65536))
            stream.flush()
    except OSError as error:
        raise StoreError(
            f"the fastf1 cache {cache} cannot be written: {error.strerror}; make room for it (a race takes "
            "about 50 MB), or choose another with --fastf1-cache"
        ) from error


def _foreign(cache: Path) -> str | None:
    """Why others than this user may have put something into a cache."""
    for folder in (cache, *cache.glob("*/*/*/")) if os.name == "posix" else ():
        about = folder.stat()
        if about.st_uid not in (os.getuid(), 0):
            return "belongs to another user"
        # a group of one's own is nobody else
        if about.st_mode & (0o002 if about.st_gid == os.getgid() else 0o022):
            return "may be written by other users"
    return None


def settings_of(
    source: Source, options: dict[str, Any], tasks: int, limit_s: float | None = None
) -> Settings:
    """What all races of a run share; `tasks` is how many there are at most.

    Raises:
        UsageError: options of S3 or Dask that no server takes, or that do not go together.
    """
    from pipeline.contract.models import Options  # noqa: PLC0415
    from pipeline.run.batch import Settings  # noqa: PLC0415

    remote = to_s3(options) if options["publish"] else None
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = min(options["jobs"] or processors, max(1, tasks))
    return Settings(
        out=options["out"],
        source=source,
        options=Options(fps=options["fps"], frame_skips=options["frame_skips"]),
        jobs=jobs,
        threads=max(1, processors // jobs),
        force=options["force"],
        limit_s=limit_s,
        remote=remote,
        scheduler=_scheduler(options, remote),
    )


def _scheduler(options: dict[str, Any], remote: S3Options | None) -> str | None:
    """The address of the Dask scheduler, None for processes of this machine."""
    scheduler: str | None = options["scheduler"]
    if options["executor"] != "dask":
        if scheduler:
            raise UsageError("--scheduler is for --executor dask: give both, or neither")
        return None
    if not scheduler:
        raise UsageError("which Dask cluster? name its scheduler with --scheduler, like tcp://10.0.0.5:8786")
    if remote is None:
        raise UsageError("--executor dask needs --publish: its workers write straight to S3")
    return scheduler
