"""Ask again while a service is out: growing random pauses, within one budget for everybody who asks."""

import logging
import random
from collections.abc import Callable
from threading import Lock
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
_LEAST_S = 1.0  # a connection that has gone stale is made anew by those without patience too

logger = logging.getLogger(__name__)


class Patience:
    """Waits at most `seconds` since the service last answered, whoever asked, silence included.

    Threads share the clock: ten uploads that meet the same outage wait once, not one after another. Once
    the time is up, every call gets a single short attempt until one succeeds.
    """

    def __init__(self, seconds: float, name: str) -> None:
        self.seconds = seconds
        self._name = name
        self._lock = Lock()
        self._out_since: float | None = None

    def call(self, attempt: Callable[[float], T], is_outage: Callable[[Exception], bool]) -> T:
        """The value of `attempt`, which is told for how many seconds it may wait for an answer.

        Raises its error where that is no outage, or has lasted too long.
        """
        pause = FIRST_PAUSE_S
        while True:
            began = monotonic()
            try:
                value = attempt(self._left())
            except Exception as error:
                if not is_outage(error):
                    self._answered()
                    raise
                self._note(error, began)
                if (left := self._left()) <= 0:
                    raise
                sleep(min(left, random.uniform(pause / 2, pause)))  # noqa: S311 - jitter, not a secret
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                self._answered()
                return value

    def _answered(self) -> None:
        with self._lock:
            self._out_since = None

    def _left(self) -> float:
        with self._lock:
            out = monotonic() - self._out_since if self._out_since is not None else 0.0
            return max(self.seconds, _LEAST_S) - out

    def _note(self, error: Exception, began: float) -> None:
        """The service is out since the attempt began that it did not answer."""
        with self._lock:
            if self._out_since is not None:
                return
            self._out_since = began
        if self.seconds > 0:
            logger.warning("%s is out (%s): asking again for up to %g s", self._name, error, self.seconds)
