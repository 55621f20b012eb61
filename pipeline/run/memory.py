"""Memory that is free goes back to the system: glibc keeps it, and a race that fits 512 MB would not."""

import ctypes
import gc
import sys
from collections.abc import Callable

_M_ARENA_MAX = -8  # of malloc.h


def in_one_heap() -> None:
    """Let threads share a heap; each would keep one of its own as large as what it ever needed."""
    if (mallopt := _glibc("mallopt")) is not None:
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Free what only refers to itself, as fastf1's session does, and return free pages."""
    gc.collect()
    if (malloc_trim := _glibc("malloc_trim")) is not None:
        malloc_trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library, where that is glibc."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
