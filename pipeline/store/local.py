"""Artifacts in a local folder: written beside, then renamed, so a name never shows half a file.

What is renamed is on the disk before, and the name right after: a loss of power leaves no name over nothing.
Files and folders have the rights that the user's umask gives, all by the same rule.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import BinaryIO

from pipeline.errors import StoreError
from pipeline.store.base import Fetched, StagedFile, Store, Stored, checked

STAGING = ".staging"
_SYNCED_AT_ONCE = 16  # the file system ends many in one go: 130 files take 0.05 s, one by one 0.7


class LocalStore(Store):
    """A Store in the folder `root`."""

    parallel = 4

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sent: list[int] = []

    def make(self) -> None:
        """Make the folder where it does not exist, and see that it can be written in."""
        with _explained(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=self.root):
                pass

    def path(self, key: str) -> Path:
        return self.root / key

    def where(self, key: str = "") -> str:
        return str(self.path(key))

    def take_files(self, files: Iterable[StagedFile]) -> None:
        """Publish finished files of this file system, which are moved away."""
        files = list(files)
        with ThreadPoolExecutor(_SYNCED_AT_ONCE) as pool:
            list(pool.map(_to_disk, (file.path for file in files)))
            for file in files:
                self._rename(file.path, file.key)
            list(pool.map(_to_disk, {self.path(file.key).parent for file in files}))

    def _rename(self, path: Path, key: str) -> None:
        target = self.path(key)
        with _explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)

    def put_file(self, key: str, path: Path, digest: str) -> Stored:
        with checked(path, digest) as body:
            return self._put(key, body)

    def put_bytes(self, key: str, data: bytes) -> Stored:
        return self._put(key, BytesIO(data))

    def _put(self, key: str, body: BinaryIO) -> Stored:
        path = self.staging(f"put-{token_hex(8)}")
        with _explained(self.path(key)):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("xb") as stream:
                    shutil.copyfileobj(body, stream)
                _to_disk(path)
                stored = _stored(key, path.stat())
                self._rename(path, key)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            _to_disk(self.path(key).parent)
            self.sent.append(stored.bytes)
            return stored

    def fetch(self, key: str) -> Fetched | None:
        with _reading(self.path(key)), self.path(key).open("rb") as stream:
            data = stream.read()
            return Fetched(_stored(key, os.fstat(stream.fileno()), sha256(data).hexdigest()), data)
        return None

    def stat(self, key: str) -> Stored | None:
        with suppress(OSError):
            return _stored(key, self.path(key).stat())
        return None

    def digest(self, key: str) -> Stored | None:
        with _reading(self.path(key)), self.path(key).open("rb") as stream:
            return _stored(key, os.fstat(stream.fileno()), file_digest(stream, "sha256").hexdigest())
        return None

    def list(self, prefix: str) -> Iterator[Stored]:
        top, above = str(self.path(prefix)), prefix.rstrip("/")
        for file in sorted(_files(top), key=lambda file: file.path):
            key = f"{above}{file.path[len(top) :]}".lstrip("/")
            with suppress(FileNotFoundError):  # it has gone meanwhile
                if not key.startswith("."):
                    yield _stored(key, file.stat())

    def delete(self, key: str) -> None:
        with _explained(self.path(key)):
            self.path(key).unlink(missing_ok=True)

    def staging(self, name: str = "") -> Path:
        """A folder on the same file system for files in the making; a killed run may leave some there."""
        return self.root / STAGING / name

    def clear_staging(self) -> None:
        shutil.rmtree(self.root / STAGING, ignore_errors=True)


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    """At any depth; a season with all its sessions has 14,000, of which Paths would cost half a second."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        elif entry.is_file():
            yield entry


def _stored(key: str, about: os.stat_result, digest: str | None = None) -> Stored:
    modified = datetime.fromtimestamp(about.st_mtime, UTC)
    version = f"{about.st_mtime_ns:x}-{about.st_size:x}-{about.st_ino:x}"
    return Stored(key, about.st_size, digest, modified, version)


def _to_disk(path: Path) -> None:
    """Wait until a file's content, or a folder's names, would outlast a loss of power."""
    with _explained(path):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """A file that does not exist is passed over; any other OSError -> StoreError."""
    try:
        yield
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """OSError -> StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        raise explain(error, path) from error


def explain(error: OSError, path: Path) -> StoreError:
    """The sentence for a write that failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"no space left to write {path}: free some (a race takes about 150 MB) and run again"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(f"cannot write {path}: {error.strerror}; choose another folder with --out")
    return StoreError(f"cannot write {path}: {error.strerror or error}")
