"""Memory of processes, from Linux's /proc.

Not `ru_maxrss`: a new process inherits it from the one that started it, and it cannot be set back between
stages. `VmHWM` is the process's own, and writing 5 to clear_refs sets it back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")
AVAILABLE = (PROC / "self/clear_refs").exists()
_EVERY_S = 0.02


def resident_mb(pid: int | str = "self") -> float:
    return _status(pid, "VmRSS")


def peak_mb(pid: int | str = "self") -> float:
    return _status(pid, "VmHWM")


def reset_peak() -> None:
    if AVAILABLE:
        (PROC / "self/clear_refs").write_text("5")


def _status(pid: int | str, name: str) -> float:
    """A field in MB (10**6 bytes); 0 where the process is gone or there is no /proc."""
    try:
        text = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in text.splitlines() if line.startswith(name)), 0)


class FamilyWatch:
    """The largest peak among the processes below `pid`, looked up every 20 ms."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, float] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def look(self) -> None:
        for pid in family(self._pid):
            with self._lock:
                self._peaks[pid] = max(self._peaks.get(pid, 0.0), peak_mb(pid))

    def take(self) -> float:
        """The largest peak since the last call."""
        with self._lock:
            largest = max(self._peaks.values(), default=0.0)
            self._peaks.clear()
            return largest

    @contextmanager
    def running(self) -> Iterator["FamilyWatch"]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.look()


def family(pid: int) -> list[int]:
    """Processes below `pid`, at any depth."""
    found: list[int] = []
    for child in _children(pid):
        found += [child, *family(child)]
    return found


def _children(pid: int) -> list[int]:
    """A process belongs to the thread that started it, so each thread's list counts."""
    try:
        texts = [(task / "children").read_text() for task in (PROC / str(pid) / "task").iterdir()]
    except OSError:
        return []
    return [int(child) for text in texts for child in text.split()]
