"""The interface that local folder and S3 share. Keys are the contract's; every put is atomic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Stored:
    """What a store knows of an object without reading it; None is what it would have to read or ask for."""

    key: str
    bytes: int
    sha256: str | None = None
    modified: datetime | None = None


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
