"""The few errors that reach a user: one sentence that says what is wrong and what would be right."""

import errno
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """How a command ends, for schedulers and scripts. TEMPORARY: try again later."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    TEMPORARY = 75
    INTERRUPTED = 130


class PipelineError(Exception):
    """Anything a run may fail with on purpose; the CLI prints its message and nothing else.

    public: what listings, logs and summaries say in its place. Strangers read them, so it speaks of the data
    alone, where the message names folders, options and what the operator can do.
    """

    public = "it could not be computed"

    def __init__(self, message: str = "", public: str | None = None) -> None:
        super().__init__(message)
        if public is not None:
            self.public = public

    exit_code: ClassVar[Exit] = Exit.FAILED


class UsageError(PipelineError):
    """What was asked for cannot be: a year, round or option that does not exist."""

    exit_code = Exit.USAGE


class SourceError(PipelineError):
    """The input is missing, damaged or too thin to compute true frames from."""

    public = "its data is incomplete or damaged"


class UnreachableError(SourceError):
    """A host was down, slow or limiting for as long as we waited: nothing is wrong here, try again later."""

    public = "its data could not be fetched"


class BlockedError(SourceError):
    """A host refuses this machine: waiting does not help, someone must act."""

    public = UnreachableError.public


class NotYetError(SourceError):
    """The hosts answer, but do not have the session (yet)."""

    public = "there is no data of it yet"


class StoreError(PipelineError):
    """An artifact could not be written or read back."""

    public = "its files could not be written"


class DamagedError(StoreError):
    """A local file is not what its manifest says; it is not published, other races are."""


class ContestedError(StoreError):
    """Somebody else writes the same at the same time."""


class UnavailableError(StoreError):
    """S3 or a cluster did not answer within the budget."""

    exit_code = Exit.TEMPORARY


class NewerSchemaError(PipelineError):
    """What is published was written by a newer version; overwriting it would lose data."""


class BusyError(PipelineError):
    """Another run holds the output."""

    exit_code = Exit.TEMPORARY


_REFUSED = {
    errno.EMFILE: "too many open files: raise the limit (ulimit -n)",
    errno.ENFILE: "the system has too many open files",
    errno.EFBIG: "a file would be larger than this user may write: raise the limit (ulimit -f)",
    errno.EAGAIN: "there can be no more processes or threads: raise the limit (ulimit -u), or try --jobs 1",
    errno.ENOMEM: "there is not enough memory: raise the limit (ulimit -v), or try --jobs 1",
    errno.ENOSPC: "no space left: free some and run again",
    errno.EACCES: "no right to it: see its owner and rights",
    errno.EPERM: "no right to it: see its owner and rights",
    errno.EROFS: "it cannot be written: choose another place",
}


def refused(error: Exception) -> str | None:
    """The sentence for what the system refused this user; None for anything else, which is a bug."""
    if isinstance(error, MemoryError):
        return _REFUSED[errno.ENOMEM]
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return _REFUSED[errno.EAGAIN]
    if not isinstance(error, OSError) or (advice := _REFUSED.get(error.errno or 0)) is None:
        return None
    return advice if error.filename is None else f"{error.filename}: {advice}"
