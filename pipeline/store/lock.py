"""One run at a time for an output folder. The system frees the lock of a process that died."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.contract.artifacts import LOCK
from pipeline.errors import BusyError
from pipeline.store.local import explain

_MOMENT_S = 0.3  # a server that looks whether somebody holds it has it itself for as long as a call takes


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Hold the output folder's lock.

    Raises:
        BusyError: another run holds it; says which.
        StoreError: it cannot be made.
    """
    holder = out / f"{LOCK}.holder"
    lock = FileLock(out / LOCK, timeout=_MOMENT_S, poll_interval=0.02)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(
            f"{out} is in use by {_who(holder)}: wait for it, or choose another folder with --out"
        ) from None
    except OSError as error:
        raise explain(error, out / LOCK) from error
    try:
        with suppress(OSError):  # a disk may be full; the lock holds all the same
            holder.write_text(_self_description())
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    """Whoever holds the lock may not have said so yet, or have ended meanwhile."""
    try:
        return holder.read_text().strip() or "another run"
    except OSError:
        return "another run"


def _self_description() -> str:
    return f"process {os.getpid()} on {platform.node()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n"
