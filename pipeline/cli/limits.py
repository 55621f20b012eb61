"""What the system allows this user, where it is too little: a sentence instead of whatever fails first."""

import os
import resource

from pipeline.errors import PipelineError

_FILES = 64  # a run with one job opens about forty


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
