"""One answer of a host, bounded in time and in size: requests bounds the pause between two bytes alone, so a
host that sends one now and then would be waited for, and one that never ends be kept, without an end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

from pipeline import __version__

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
LARGEST: Final = 400_000_000  # bytes; of a session's the largest has some 50 MB
_STEP: Final = 1 << 16


class TooLargeError(OSError):
    """An answer larger than any of use."""


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask` gives. Raises TimeoutError after that long, and leaves it to itself."""
    given: Future[T] = Future()

    def run() -> None:
        try:
            given.set_result(ask())
        except BaseException as error:
            given.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return given.result(seconds)
    except TimeoutError:
        if given.done():  # its own
            raise
        raise TimeoutError(f"no whole answer in {seconds:g} s") from None


def whole(seconds: float, ask: Callable[[], requests.Response]) -> requests.Response:
    """The answer, asked for with stream=True and read to its end.

    Raises:
        OSError: as requests raises; TimeoutError where it takes longer, TooLargeError.
    """

    def read() -> requests.Response:
        with ask() as answer:
            body = bytearray()
            for piece in answer.iter_content(_STEP):
                body += piece
                if len(body) > LARGEST:
                    raise TooLargeError(f"more than {LARGEST} bytes")
            answer._content = bytes(body)
        return answer

    return within(seconds, read)


def get(url: str, seconds: float) -> requests.Response:
    """As fastf1 asks, by requests: with the same proxies and certificates. Raises as `whole`."""
    import requests  # noqa: PLC0415 - for none but who asks without fastf1

    agent = {"User-Agent": f"f1-precompute/{__version__}"}
    return whole(seconds, partial(requests.get, url, headers=agent, timeout=seconds, stream=True))
