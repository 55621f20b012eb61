"""Temporary folders that go with their process: what a killed run left is removed by the next."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_YOUNG_S = 60.0  # until then its process may not hold it yet


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A new folder in the system's for such, held as long as the context lasts.

    Others of ours of the same name that no process holds are removed.
    """
    prefix = f"f1-{name}-"
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):
            _remove_if_left(left)
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        held = _held(Path(folder))
        try:
            yield Path(folder)
        finally:
            os.close(held)


def _remove_if_left(folder: Path) -> None:
    """Raises OSError where a process holds it, or it is no folder."""
    about = folder.lstat()
    if about.st_uid == os.geteuid() and time.time() - about.st_mtime > _YOUNG_S:
        held = _held(folder)
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


def _held(folder: Path) -> int:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        raise
    return number
