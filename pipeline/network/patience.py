"""Requests that wait out what passes, within a budget, and remember what was lost for good.

fastf1 asks once, without a timeout, and turns most failures into log lines. So its session is watched where
requests leave it: refused, slow, limited and broken answers are tried again with growing pauses; when the
budget is spent the host counts as down for the rest of the night, and what was lost is known exactly.
"""

import random
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import requests
from requests.adapters import BaseAdapter

from pipeline.network.answer import whole
from pipeline.network.hosts import Host, Role, host_of, path_of
from pipeline.network.trouble import Trouble, of_error, of_status

TIMEOUT = (10.0, 60.0)  # to connect, and between two bytes
LEAST_S = 300.0  # for a whole answer, however little may be spent on waiting; 50 MB at 170 kB a second
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
FRESH: tuple[Role, ...] = ("timing", "mirror", "results")  # corners do not change


def pause(trouble: Trouble, attempt: int, left: float, jitter: float) -> float | None:
    """Seconds to wait before the next attempt; None where waiting is of no use or not within `left`.

    Args:
        attempt: 0 for the first that failed.
        jitter: 0..1, so that many machines do not come back at once.
    """
    if not trouble.passing or not trouble.host.needed:
        return None
    wait = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt) * (0.75 + 0.5 * jitter)
    if trouble.retry_after is not None:
        wait = max(wait, trouble.retry_after)
    return wait if wait <= left else None


class Watch:
    """Sends one process's requests. `budget` is how many seconds it may spend waiting.

    lost: path -> why, for what no host gave. given: paths that one gave. waited: seconds spent so far, in
    pauses and on answers that did not come in time. down: hosts given up, and why.
    """

    def __init__(
        self,
        budget: float = 0.0,
        down: Iterable[Trouble] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.budget = budget
        self.down: dict[Role, Trouble] = {trouble.host.role: trouble for trouble in down}
        self.lost: dict[str, Trouble] = {}
        self.given: set[str] = set()
        self.waited = 0.0
        self._absent: set[str] = set()
        self._sleep = sleep

    def mount(self, session: requests.Session, fresh: bool) -> None:
        """Watch what leaves `session`; `fresh` asks anew for what the HTTP cache holds."""
        for prefix, adapter in list(session.adapters.items()):
            session.mount(prefix, _Watched(adapter, self))
        if fresh:
            session.request = _asking_anew(session.request)  # type: ignore[method-assign]

    def send(self, inner: BaseAdapter, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        url = request.url or ""
        host = host_of(url)
        if host is None:
            return inner.send(request, **kwargs)
        path = path_of(url)
        for attempt in count():
            if (trouble := self.down.get(host.role)) is not None:
                return self._lose(path, trouble, _unavailable(request, trouble))
            began = time.monotonic()
            longest = max(LEAST_S, self.budget - self.waited)
            response, trouble = _once(inner, request, host, longest, **kwargs)
            if trouble is None:
                self.lost.pop(path, None)
                self.given.add(path)
                return response
            if trouble.kind == "absent":
                self._absent.add(path)
            if path in self._absent:  # what one host does not have, no other is waited for
                return response
            if trouble.kind == "timeout":
                self.waited += time.monotonic() - began
            wait = pause(trouble, attempt, self.budget - self.waited, random.random())  # noqa: S311
            if wait is None:
                if trouble.kind != "other":  # which concerns this request alone
                    self.down[host.role] = trouble
                return self._lose(path, trouble, response)
            self._sleep(wait)
            self.waited += wait
        raise AssertionError("not reached")

    @property
    def answered(self) -> bool:
        """Whether a host said of something that it does not have it."""
        return bool(self._absent)

    def settled(self, path: str) -> bool:
        """Whether a page that did not come is not there. One refused for good is then no loss either."""
        trouble = self.lost.get(path)
        if trouble is not None and not trouble.passing:
            del self.lost[path]
        return trouble is None and path in self._absent

    def _lose(self, path: str, trouble: Trouble, response: requests.Response) -> requests.Response:
        if trouble.host.needed and path not in self._absent:
            self.lost.setdefault(path, trouble)
        return response


class _Watched(BaseAdapter):
    """An adapter in front of another, so that a login that fastf1 adds for one host stays."""

    def __init__(self, inner: BaseAdapter, watch: Watch) -> None:
        super().__init__()
        self._inner = inner
        self._watch = watch

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **kwargs: Any
    ) -> requests.Response:
        return self._watch.send(self._inner, request, **kwargs)

    def close(self) -> None:
        self._inner.close()


def _once(
    inner: BaseAdapter, request: requests.PreparedRequest, host: Host, longest: float, **kwargs: Any
) -> tuple[requests.Response, Trouble | None]:
    """One attempt; the body is read here, so that one that breaks off counts too."""
    kwargs |= {"timeout": kwargs.get("timeout") or TIMEOUT, "stream": True}
    try:
        response = whole(longest, lambda: inner.send(request, **kwargs))
    except OSError as error:
        trouble = of_error(host, error)
        return _unavailable(request, trouble), trouble
    return response, of_status(
        host, response.status_code, response.headers, response.content, datetime.now(UTC)
    )


def _unavailable(request: requests.PreparedRequest, trouble: Trouble) -> requests.Response:
    """What stands for no answer, so that fastf1 goes on to the mirror."""
    response = requests.Response()
    response.status_code = 503
    response.reason = str(trouble)
    response.url = request.url or ""
    response.request = request
    response._content = b""
    return response


def _asking_anew(ask: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
    def request(method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        host = host_of(url)
        anew = host is not None and host.role in FRESH
        return ask(method, url, *args, **kwargs, **({"force_refresh": True} if anew else {}))

    return request
