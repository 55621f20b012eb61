"""The interface that local folder and S3 share. Keys are the contract's; every put is atomic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipeline.contract.artifacts import media_of
from pipeline.contract.models import Artifact


@dataclass(frozen=True)
class Stored:
    """What a store knows of an object without reading it; None is what it would have to read or ask for."""

    key: str
    bytes: int
    sha256: str | None = None
    modified: datetime | None = None


@dataclass(frozen=True)
class StagedFile:
    """A finished file that waits for its name."""

    key: str
    path: Path
    bytes: int
    sha256: str

    def artifact(self) -> Artifact:
        media = media_of(self.key)
        return Artifact(
            key=self.key,
            media_type=media.content_type,
            content_encoding=media.content_encoding,
            bytes=self.bytes,
            sha256=self.sha256,
        )


class Store(Protocol):
    """All methods raise StoreError with one clear sentence."""

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        """Publish the file at `path` under `key`; the file may be moved away."""

    def put_bytes(self, key: str, data: bytes) -> None: ...

    def read(self, key: str) -> bytes | None:
        """The content, None where the key does not exist."""

    def stat(self, key: str) -> Stored | None: ...

    def digest(self, key: str) -> Stored | None:
        """As stat, with the sha256 of what a reader would really get."""

    def list(self, prefix: str) -> Iterable[Stored]: ...

    def delete(self, key: str) -> None: ...
