"""The data folder, read only: open a key's file safely, and keep small files in memory.

Artifacts are published by rename, so an open file never changes: everything a response says of a file comes
from `fstat` of the descriptor that its bytes are then read from. That is what makes a race replaced in
the middle of a request give the old bytes or the new, never a mixture.
"""

import errno
import fcntl
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple, TypeVar

from pydantic import BaseModel

from pipeline.contract.artifacts import LOCK
from serve.memory import Memory
from serve.problems import Problem, unavailable

SMALL = 1 << 20  # above this, memory is better spent on the page cache, which all workers share

# Of what is parsed the largest is a manifest, 80 KB of a race; 4 MB keep the loop for a tenth of a second.
LARGEST_DOCUMENT = 4 << 20

_ABSENT = {
    errno.ENOENT,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EISDIR,
    errno.ENXIO,
}

_M = TypeVar("_M", bound=BaseModel)


class Stamp(NamedTuple):
    """What identifies one state of a file.

    The ETag is made of it and not of the manifest's sha256, because data files are replaced before their
    manifest: for that moment the manifest's hash belongs to other bytes, and a strong ETag must not. The
    inode makes it differ even where a copy kept the time.
    """

    mtime_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, stat: os.stat_result) -> "Stamp":
        return cls(stat.st_mtime_ns, stat.st_size, stat.st_ino)

    @property
    def etag(self) -> str:
        return f"{self.mtime_ns:x}-{self.size:x}-{self.inode:x}"


class Small(NamedTuple):
    """A whole small file in memory."""

    stamp: Stamp
    body: bytes


class Open(NamedTuple):
    """A file held open; `fd` is the reader's to close."""

    stamp: Stamp
    fd: int


class Library:
    """The published tree under `root`. Keys are POSIX paths relative to it."""

    def __init__(self, root: Path, memory: Memory) -> None:
        self.root = root
        self._prefix = f"{root}/"
        self._memory = memory
        self._models: OrderedDict[tuple[str, type[BaseModel]], tuple[Stamp, BaseModel]] = OrderedDict()

    def open(self, key: str) -> Open:
        """Open a regular file below the root. Raises FileNotFoundError for anything else, and another
        OSError where there may be one that cannot be read: no rights to it, a failing disk; or a Problem
        for a JSON document larger than any that is published.

        Walks folder by folder and follows no symbolic link, so no key, however it is spelled, and no
        link someone left in the folder leads out of it, and there is no gap between check and use.
        """
        try:
            fd = _walk(self.root, key)
        except OSError as error:
            if error.errno in _ABSENT:
                raise FileNotFoundError(key) from error
            raise
        stat = os.fstat(fd)
        if not S_ISREG(stat.st_mode):
            os.close(fd)
            raise FileNotFoundError(key)
        if key.endswith(".json") and stat.st_size > LARGEST_DOCUMENT:
            os.close(fd)
            raise _too_large(key, stat.st_size)
        return Open(Stamp.of(stat), fd)

    def fetch(self, key: str) -> Small | Open:
        """A small file from memory, revalidated by its stamp; a large one opened."""
        if key in self._memory:
            stamp = self.stamp(key)
            body = self._memory.get(key, stamp)
            if stamp is not None and body is not None:
                return Small(stamp, body)
        opened = self.open(key)
        if opened.stamp.size > SMALL:
            return opened
        try:
            small = Small(opened.stamp, os.pread(opened.fd, opened.stamp.size, 0))
        finally:
            os.close(opened.fd)
        self._memory.keep(key, small.stamp, small.body)
        return small

    def read(self, key: str) -> Small:
        """A whole file, for what must be parsed. Raises a Problem for one that is too large."""
        found = self.fetch(key)
        if isinstance(found, Small):
            return found
        with closing(found):
            if found.stamp.size > LARGEST_DOCUMENT:
                raise _too_large(key, found.stamp.size)
            return Small(found.stamp, os.pread(found.fd, found.stamp.size, 0))

    def model(self, key: str, model: type[_M]) -> _M:
        """A parsed JSON artifact. Raises OSError, or pydantic's ValidationError where it is damaged."""
        small = self.read(key)
        cached = self._models.get((key, model))
        if cached is not None and cached[0] == small.stamp and isinstance(cached[1], model):
            return cached[1]
        value = model.model_validate_json(small.body)
        self._models[key, model] = (small.stamp, value)
        if len(self._models) > 32:
            self._models.popitem(last=False)
        return value

    def stamp(self, key: str) -> Stamp | None:
        try:
            return Stamp.of(os.stat(self._prefix + key))  # noqa: PTH116 - a Path a request costs more than the call
        except OSError:
            return None

    def being_written(self) -> bool:
        """Whether a run holds the folder's lock at this moment; one that was killed does not."""
        try:
            fd = os.open(self.root / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    def readable(self, key: str) -> bool:
        return os.access(self._prefix + key, os.R_OK, effective_ids=True)


def _too_large(key: str, size: int) -> Problem:
    return unavailable(f"{key} has {size} bytes, and no document of its kind more than {LARGEST_DOCUMENT}.")


@contextmanager
def closing(opened: Open) -> Iterator[Open]:
    try:
        yield opened
    finally:
        os.close(opened.fd)


def _walk(root: Path, key: str) -> int:
    *folders, name = key.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            folder = _step(folder, part)
        return _open_at(folder, name, os.O_NONBLOCK)  # a FIFO must not hold the server up
    finally:
        os.close(folder)


def _step(folder: int, part: str) -> int:
    """Go one folder down and close the upper one."""
    below = _open_at(folder, part, os.O_DIRECTORY)
    os.close(folder)
    return below


def _open_at(folder: int, part: str, flags: int) -> int:
    if part in {"", ".", ".."} or "\0" in part:
        raise FileNotFoundError(part)
    return os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=folder)
