"""Content into a file that waits for its name."""

from hashlib import file_digest
from pathlib import Path

from pipeline.store.base import StagedFile


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def staged(key: str, path: Path) -> StagedFile:
    with path.open("rb") as stream:
        return StagedFile(key, path, path.stat().st_size, file_digest(stream, "sha256").hexdigest())
