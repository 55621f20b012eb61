"""The identity of a race's input, so that an unchanged one is not computed again. Needs no fastf1."""

from hashlib import sha256
from pathlib import Path

from pipeline.contract.models import InputIdentity, Manifest
from pipeline.job import Source


def identify(folder: str, source: Source) -> InputIdentity:
    """The fingerprint of a session's parsed files in the cache `folder`, or of its recording's files."""
    if source.recording:
        path = ",".join(file.name for file in source.recording)
        return InputIdentity(kind="recording", path=path, sha256=_digest(list(source.recording)))
    return InputIdentity(kind="cache", path=folder, sha256=_digest(_cached(folder, source)))


def same_input(manifest: Manifest, source: Source) -> bool:
    """Whether the input is what the race was made from. A cache that was emptied does not count as change."""
    made_from = manifest.provenance.input
    if (made_from.kind == "recording") != bool(source.recording):
        return False
    if not source.recording and not _cached(made_from.path, source):
        return True
    return identify(made_from.path, source).sha256 == made_from.sha256


def _cached(folder: str, source: Source) -> list[Path]:
    return sorted((source.cache / folder).glob("*.ff1pkl"))


def _digest(files: list[Path]) -> str:
    digest = sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + str(file.stat().st_size).encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
