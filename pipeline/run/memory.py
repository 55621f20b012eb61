"""Memory that is free goes back to the system: glibc keeps it, and a race that fits 512 MB would not."""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of malloc.h
_LITTLE = 700 << 20  # bytes of memory; with as much a race leaves not much for others
_LARGE = 128 << 10  # bytes of a piece


def in_one_heap() -> None:
    """Let threads share a heap; each would keep one of its own as large as what it ever needed."""
    if (mallopt := _glibc("mallopt")) is not None:
        mallopt(_M_ARENA_MAX, 1)
        if _memory() < _LITTLE:  # each large piece goes back at once, which takes a fifth more time
            mallopt(_M_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Free what only refers to itself, as fastf1's session does, and return free pages."""
    gc.collect()
    if (malloc_trim := _glibc("malloc_trim")) is not None:
        malloc_trim(0)


def _memory() -> int:
    """What the machine has, or its container may use."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):  # cgroups, version 2 and 1
        with suppress(OSError, ValueError):
            found.append(int(Path("/sys/fs/cgroup", limit).read_text()))
    return min(found)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library, where that is glibc."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
