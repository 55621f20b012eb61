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

logger = logging.getLogger(__name__)


class Patience:
    """Waits at most `seconds` since the service last answered, whoever asked.

    Threads share the clock: ten uploads that meet the same outage wait once, not one after another. Once
    the time is up, every call gets a single attempt until one succeeds.
    """

    def __init__(self, seconds: float, name: str) -> None:
        self.seconds = seconds
        self._name = name
        self._lock = Lock()
        self._out_since: float | None = None

    def call(self, attempt: Callable[[], T], is_outage: Callable[[Exception], bool]) -> T:
        """The value of `attempt`; raises its error where that is no outage, or has lasted too long."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                value = attempt()
            except Exception as error:
                if not is_outage(error):
                    self._answered()
                    raise
                if not self._worth_waiting(error):
                    raise
                sleep(random.uniform(pause / 2, pause))  # noqa: S311 - jitter, not a secret
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                self._answered()
                return value

    def _answered(self) -> None:
        with self._lock:
            self._out_since = None

    def _worth_waiting(self, error: Exception) -> bool:
        with self._lock:
            if self._out_since is None:
                self._out_since = monotonic()
                if self.seconds > 0:
                    logger.warning(
                        "%s is out (%s): asking again for up to %g s",
                        self._name,
                        error,
                        self.seconds,
                    )
            return monotonic() - self._out_since < self.seconds
