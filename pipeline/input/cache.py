"""The parsed files that fastf1 keeps of a session: what they are, and how to fetch them anew without loss.

A fingerprint of them tells that an input is unchanged. They never expire, so thin data of race day stays; to
renew a session its files are set aside. They come back where the new load fails or is thinner, and also after
a kill: whoever runs next finds them set aside and restores them, unless the new ones had been kept already.
Nothing else is touched. Needs no fastf1.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path

import orjson

from pipeline.contract.models import InputIdentity, Manifest
from pipeline.job import Source

PARSED, ASIDE, KEPT, FINGERPRINT = "*.ff1pkl", ".aside", ".kept", ".fingerprint"


def identify(folder: str, source: Source) -> InputIdentity:
    """The fingerprint of a session's parsed files in the cache `folder`, or of its recording's files."""
    if source.recording:
        path = ",".join(file.name for file in source.recording)
        return InputIdentity(kind="recording", path=path, sha256=_digest(list(source.recording)))
    digest = _remembered(_cached(folder, source))
    return InputIdentity(kind="cache", path=folder, sha256=digest, fetched_at=fetched_at(folder, source))


def fetched_at(folder: str, source: Source) -> datetime | None:
    """When the oldest of a session's parsed files was fetched; None where there is none, or a recording.

    fastf1 does not note it, so it is when the file was written.
    """
    files = [] if source.recording else _cached(folder, source)
    oldest = min((file.stat().st_mtime for file in files), default=None)
    return None if oldest is None else datetime.fromtimestamp(int(oldest), UTC)


def same_input(manifest: Manifest, source: Source) -> bool:
    """Whether the input is what the race was made from. A cache that was emptied does not count as change."""
    made_from = manifest.provenance.input
    if (made_from.kind == "recording") != bool(source.recording):
        return False
    if not source.recording and not _cached(made_from.path, source):
        return True
    return identify(made_from.path, source).sha256 == made_from.sha256


def _cached(folder: str, source: Source) -> list[Path]:
    return sorted((source.cache / folder).glob(PARSED))


def _remembered(files: list[Path]) -> str:
    """Their digest, kept beside them: a season of files that nobody touched is not read each time."""
    if not files:
        return _digest(files)
    memo, states = files[0].with_name(FINGERPRINT), [_state(file) for file in files]
    with suppress(OSError, ValueError):
        known: dict[str, str] = orjson.loads(memo.read_bytes())
        if known.keys() == {"sha256", "of"} and known["of"] == "\n".join(states):
            return known["sha256"]
    digest = _digest(files)
    with suppress(OSError):  # a cache may be read only
        memo.write_bytes(orjson.dumps({"of": "\n".join(states), "sha256": digest}))
    return digest


def _state(file: Path) -> str:
    """What differs once a file is another, or was written to."""
    about = file.stat()
    return f"{file.name} {about.st_size} {about.st_mtime_ns} {about.st_ctime_ns} {about.st_ino}"


def _digest(files: list[Path]) -> str:
    digest = sha256()
    for file in files:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            file_digest(stream, lambda: digest)
    return digest.hexdigest()


@dataclass
class Renewal:
    """The parsed files of one session, set aside. They come back unless the new ones are kept."""

    keep_new: bool = False


@contextmanager
def renewing(folder: Path | None) -> Iterator[Renewal]:
    """Set the files of a session's cache `folder` aside; None renews nothing."""
    renewal = Renewal()
    if folder is None:
        yield renewal
        return
    restore(folder)
    old = sorted(folder.glob(PARSED))
    for file in old:
        file.rename(file.with_name(file.name + ASIDE))
    try:
        yield renewal
    finally:
        if renewal.keep_new:
            forget(folder)
        else:
            for file in folder.glob(PARSED) if old else ():  # also what the old ones did not have
                file.unlink()
            restore(folder)


def restore(folder: Path) -> int:
    """Put files that were set aside back in place of newer ones; how many they were.

    Where the newer ones were kept and a kill came before the older were all gone, those go: a mixture of both
    would be of no race.
    """
    if (folder / KEPT).exists():
        forget(folder)
    aside = sorted(folder.glob(PARSED + ASIDE))
    for file in aside:
        file.replace(file.with_name(file.name.removesuffix(ASIDE)))
    return len(aside)


def restore_all(cache: Path, year: int) -> int:
    """As `restore`, for every session of a season: what a killed run left behind."""
    return sum(
        restore(folder) for folder in {file.parent for file in cache.glob(f"{year}/*/*/{PARSED}{ASIDE}")}
    )


def tidy(cache: Path, year: int) -> None:
    """Remove folders that fastf1 made for sessions of a season, and left empty."""
    for folder in sorted(cache.glob(f"{year}/**/"), reverse=True):
        with suppress(OSError):  # it is not empty
            folder.rmdir()


def forget(folder: Path) -> None:
    """Keep the new files: delete what was set aside."""
    (folder / KEPT).touch()
    for file in folder.glob(PARSED + ASIDE):
        file.unlink()
    (folder / KEPT).unlink()
