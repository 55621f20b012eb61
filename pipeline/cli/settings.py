"""The options that commands share, and the types of those that are lists or ages."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from pipeline.contract import FPS, FRAME_SKIPS
from pipeline.contract.options import F, Number, Parsed, option
from pipeline.contract.sessions import CHOICES, DEFAULT_SESSIONS, session_code
from pipeline.errors import UsageError
from pipeline.store.s3_options import ACLS, S3Options


def default_cache() -> Path:
    """fastf1's own default, so that what other tools fetched is found."""
    given = os.environ.get("FASTF1_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "fastf1"


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


def frame_skips_of(text: str) -> tuple[int, ...]:
    """Frame skips like 1,2,5,10."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9]|10", part) for part in parts):
        raise ValueError(
            f"{text!r} is not a list of frame skips: write whole numbers from 1 to 10 like 1,2,5,10"
        )
    return tuple(sorted({int(part) for part in parts}))


def sessions_of(text: str) -> frozenset[str]:
    """Sessions like R,S."""
    try:
        return frozenset(session_code(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"{error}, or several like {DEFAULT_SESSIONS}") from None


def age_of(text: str) -> timedelta:
    """An age like 30m, 48h or 7d."""
    match = re.fullmatch(r"(\d{1,6})([mhd])", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an age: write it like 30m, 48h or 7d")
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[match[2]]: int(match[1])})


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for add in reversed(options):
            function = add(function)
        return function

    return decorate


scope_arguments = _all(
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
    help=f"{CHOICES}, or several.",
)

source_options = _all(
    option(
        "--fastf1-cache",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_cache,
        show_default="$FASTF1_CACHE or ~/.cache/fastf1",
        help="fastf1's cache folder.",
    ),
    option("--offline", is_flag=True, help="Use the cache alone; send nothing."),
)

compute_options = _all(
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

s3_options = _all(
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

executor_options = _all(
    option(
        "--executor",
        type=click.Choice(["process", "dask"]),
        default="process",
        help="Where races are computed: processes here, or an existing Dask cluster (needs --publish).",
    ),
    option("--scheduler", help="Address of the Dask scheduler, like tcp://10.0.0.5:8786."),
)

publish_options = _all(
    option("--publish", is_flag=True, help="Upload each race to S3 as it is done."),
    s3_options,
    executor_options,
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
