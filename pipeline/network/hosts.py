"""The hosts that races are fetched from. A mirror or a proxy of one is named by its variable, F1_TIMING_URL
and so on: the one place where they are changed, for users behind mirrors and for tests alike."""

import os
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import UsageError

Role = Literal["timing", "mirror", "results", "schedule", "circuits"]


@dataclass(frozen=True)
class Host:
    """`needed` is false for a host whose absence costs a detail: nothing waits for it."""

    role: Role
    what: str
    default: str
    variable: str
    needed: bool = True

    @property
    def url(self) -> str:
        """The address in use, without a slash at the end.

        Raises:
            UsageError: the variable holds no http address.
        """
        given = os.environ.get(self.variable, "").strip()
        if not given and self.role == "mirror":
            given = os.environ.get(TIMING.variable, "").strip()
        if given and not given.startswith(("http://", "https://")):
            raise UsageError(f"{self.variable}={given} is not an address: write it like {self.default}")
        return (given or self.default).rstrip("/")


HOSTS = (TIMING, MIRROR, RESULTS, SCHEDULE, CIRCUITS) = (
    Host("timing", "F1's timing host", "https://livetiming.formula1.com", "F1_TIMING_URL"),
    Host(
        "mirror", "the mirror of F1's timing host",
        "https://livetiming-mirror.fastf1.dev", "F1_TIMING_MIRROR_URL",
    ),
    Host("results", "jolpica (results)", "https://api.jolpi.ca/ergast/f1", "F1_JOLPICA_URL"),
    Host(
        "schedule", "the schedule's host",
        "https://raw.githubusercontent.com/theOehrly/f1schedule/master", "F1_SCHEDULE_URL",
    ),
    Host("circuits", "MultiViewer (corners)", "https://api.multiviewer.app", "F1_CIRCUITS_URL", needed=False),
)  # fmt: skip


def host_of(url: str) -> Host | None:
    """The host that a request goes to; None for others, such as the F1 account's."""
    return next((host for host in HOSTS if f"{url}/".startswith(f"{host.url}/")), None)


def path_of(url: str) -> str:
    """What is asked for, without the host: the mirror's is the same as the original's."""
    host = host_of(url)
    return (url if host is None else url.removeprefix(host.url)).split("?")[0]


def apply() -> None:
    """Let fastf1 ask the hosts in use; it keeps their addresses as module constants."""
    import fastf1._api as api  # noqa: PLC0415 - only a child process pays for fastf1
    import fastf1.ergast.interface as ergast  # noqa: PLC0415
    import fastf1.ergast.legacy as ergast_schedule  # noqa: PLC0415
    import fastf1.mvapi.api as circuits  # noqa: PLC0415
    from fastf1 import events  # noqa: PLC0415

    api.base_url, api.base_url_mirror = TIMING.url, MIRROR.url
    ergast.BASE_URL = ergast_schedule.base_url = RESULTS.url
    events._SCHEDULE_BASE_URL = f"{SCHEDULE.url}/"
    circuits.PROTO, circuits.HOST = CIRCUITS.url.split("://", 1)
