"""Functions that end a child process in every way."""

import os
import resource
import signal
import sys


def fine(value: int) -> int:
    return value


def leave() -> None:
    sys.exit(3)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def gone() -> None:
    os._exit(7)


def broken() -> float:
    return 1 / 0


def signalled() -> None:
    """By a signal that Python has no name for."""
    os.kill(os.getpid(), 40)


def hungry() -> bytes:
    """Takes more memory than it may have."""
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    return bytes(4 << 30)
