"""What a store is: all that is known outside this folder of a local folder, a bucket, or another to come.

Keys are the contract's; every put is atomic.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from pipeline.contract.artifacts import media_of
from pipeline.contract.models import Artifact
from pipeline.errors import DamagedError


@dataclass(frozen=True)
class Stored:
    """What a store knows of an object; None is what it would have to read or ask for, or does not have.

    version: differs once the object was put again. headers: what readers are told with it. noted: the sha256
    that whoever put it wrote beside it.
    """

    key: str
    bytes: int
    sha256: str | None = None
    modified: datetime | None = None
    version: str | None = None
    headers: Mapping[str, str] | None = None
    noted: str | None = None

    def is_before(self, other: "Stored | None") -> bool:
        """Whether it is known to be no newer than the other. S3 tells whole seconds."""
        if other is None or self.modified is None or other.modified is None:
            return False
        return self.modified <= other.modified

    def holds(self, artifact: Artifact) -> bool:
        """Whether it is what a manifest says, by size and sha256, and is told to be."""
        return (self.bytes, self.sha256) == (artifact.bytes, artifact.sha256) and not self.mislabelled

    @property
    def mislabelled(self) -> list[str]:
        """A few words for each header that is not the format's."""
        if self.headers is None:
            return []
        right = {**media_of(self.key).headers, "x-amz-meta-sha256": self.sha256}
        told = {**self.headers, "x-amz-meta-sha256": self.noted}
        names = [name for name in {**right, **told} if told.get(name) != right.get(name)]
        return [f"{name} {told.get(name) or 'none'} instead of {right.get(name) or 'none'}" for name in names]


@dataclass(frozen=True)
class Fetched:
    """An object that was read whole."""

    stored: Stored
    data: bytes


@dataclass(frozen=True)
class StagedFile:
    """A finished file that waits for its name."""

    key: str
    path: Path
    bytes: int
    sha256: str

    def artifact(self) -> Artifact:
        return Artifact.of(self.key, self.bytes, self.sha256)


@dataclass(frozen=True)
class Unfinished:
    """An upload in parts that has not ended: nobody sees it, all pay for it."""

    key: str
    id: str
    began: datetime


class Readable(Protocol):
    """What is there. All methods raise StoreError with one clear sentence."""

    def fetch(self, key: str) -> Fetched | None:
        """The content, and what is known of it, with the sha256 of what was read; None: there is none."""

    def read(self, key: str) -> bytes | None:
        """The content alone."""
        found = self.fetch(key)
        return None if found is None else found.data

    def stat(self, key: str) -> Stored | None: ...

    def digest(self, key: str) -> Stored | None:
        """As stat, with the sha256 of what a reader would really get."""

    def list(self, prefix: str) -> Iterable[Stored]: ...


class Store(Readable, Protocol):
    """A place for artifacts. Use it as a context manager, so that its connections are closed.

    Its methods may be called from `parallel` threads at a time.
    """

    parallel: int
    sent: list[int]  # the size of each file that was put

    def where(self, key: str = "") -> str:
        """The place, or an object in it, in sentences."""

    def public_url(self, key: str) -> str | None:
        """Where a browser reads an object; None where the store is not on the web."""
        return None

    def put_file(self, key: str, path: Path, digest: str) -> Stored:
        """Publish the file, which stays where it is; DamagedError where its sha256 is not `digest`."""

    def put_bytes(self, key: str, data: bytes) -> Stored: ...

    def delete(self, key: str) -> None: ...

    def unfinished(self, prefix: str) -> Iterable[Unfinished]:
        """Uploads that a killed run left behind."""
        return ()

    def abort(self, upload: Unfinished) -> None:
        """End one of them."""
        return

    def close(self) -> None:
        """Give back what it holds open."""
        return

    def spent(self, seconds: float) -> str:
        """What the work cost."""
        return f"{seconds:.1f} s"

    def summary(self, seconds: float, *, whole: bool = True) -> str:
        """What was written so far, in a line; `whole` where nothing failed."""
        spent = self.spent(seconds)
        if not self.sent and whole:
            return f"Nothing to upload: {self.where()} is up to date ({spent})."
        size = f"{sum(self.sent) / 1e6:.1f} MB"
        return f"{len(self.sent)} files uploaded to {self.where()}, {size} ({spent})."

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Place(Protocol):
    """Which store, in plain values: a worker on another machine is given the same."""

    def open(self) -> Store:
        """Raises StoreError."""


@contextmanager
def checked(path: Path, sha256: str) -> Iterator[BinaryIO]:
    """A file to put, open at its beginning.

    Raises:
        DamagedError: it is not what `sha256` says, or cannot be read.
    """
    try:
        with path.open("rb") as body:
            if file_digest(body, "sha256").hexdigest() != sha256:
                raise DamagedError(f"{path} is not what its manifest says: compute it again with --force")
            body.seek(0)
            yield body
    except OSError as error:
        raise DamagedError(f"cannot read {path}: {error.strerror}") from error
