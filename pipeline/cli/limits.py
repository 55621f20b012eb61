"""What the system allows this user, where it is too little: a sentence instead of whatever fails first."""

import errno
import os
import resource

from pipeline.errors import PipelineError

_FILES = 64  # a run with one job opens about forty
_ADVICE = {
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


def check_limits() -> None:
    """Raises PipelineError where no command could work; takes as many open files as it may have."""
    os.umask(mask := os.umask(0o077))
    if mask & 0o700:
        raise PipelineError(
            f"the umask {mask:03o} takes this user's rights on files of its own: set one like 022"
        )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    wanted = 1024 if unlimited else min(1024, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if not unlimited and hard < _FILES:
        raise PipelineError(
            f"this user may open {hard} files at a time: raise the limit (ulimit -n) to {_FILES}"
        )


def explained(error: Exception) -> str | None:
    """The sentence for what the system refused; None for anything else, which is a bug."""
    if isinstance(error, MemoryError):
        return _ADVICE[errno.ENOMEM]
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return _ADVICE[errno.EAGAIN]
    if not isinstance(error, OSError) or (advice := _ADVICE.get(error.errno or 0)) is None:
        return None
    return advice if error.filename is None else f"{error.filename}: {advice}"
