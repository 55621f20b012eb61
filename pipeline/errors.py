"""The few errors that reach a user: one sentence that says what is wrong and what would be right."""

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
    """Anything a run may fail with on purpose; the CLI prints its message and nothing else."""

    exit_code: ClassVar[Exit] = Exit.FAILED


class UsageError(PipelineError):
    """What was asked for cannot be: a year, round or option that does not exist."""

    exit_code = Exit.USAGE


class SourceError(PipelineError):
    """The input is missing, damaged or too thin to compute true frames from."""


class UnreachableError(SourceError):
    """A host was down, slow or limiting for as long as we waited: nothing is wrong here, try again later."""


class BlockedError(SourceError):
    """A host refuses this machine: waiting does not help, someone must act."""


class NotYetError(SourceError):
    """The hosts answer, but do not have the session (yet)."""


class StoreError(PipelineError):
    """An artifact could not be written or read back."""


class DamagedError(StoreError):
    """A local file is not what its manifest says; it is not published, other races are."""


class UnavailableError(StoreError):
    """S3 or a cluster did not answer within the budget."""

    exit_code = Exit.TEMPORARY


class NewerSchemaError(PipelineError):
    """What is published was written by a newer version; overwriting it would lose data."""


class BusyError(PipelineError):
    """Another run holds the output."""

    exit_code = Exit.TEMPORARY
