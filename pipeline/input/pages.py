"""Topics of the feed that fastf1 has no parser for, fetched and kept as fastf1 does with those that it has.

Its own `fetch_page` asks, so hosts, mirror, HTTP cache and patience are the same, and what was read lies
parsed beside the rest of the session. That a session has no such topic is kept too, and not asked again. A
cache from before is whole without these files: offline their topics are absent.
"""

from typing import Any, Final

from fastf1 import _api
from fastf1.req import Cache

from pipeline.input.segments import Page, pared
from pipeline.job import Source
from pipeline.network.patience import Watch

PAGES: Final = {  # topic -> name of its page, and of its file in the cache
    "TeamRadio": "team_radio",
    "ExtrapolatedClock": "extrapolated_clock",
    "PitStopSeries": "pit_stop_series",
    "PitLaneTimeCollection": "pit_lane_time_collection",
    "TyreStintSeries": "tyre_stint_series",
    "TimingData": "timing_segments",  # what fastf1's parser drops of it
}
_NONE: Final = "the session has no such topic"  # in the cache


class LostError(Exception):
    """No host gave a page, and none said that there is none."""


def page(topic: str, path: str, source: Source, watch: Watch, heard: dict[str, Page]) -> Page | None:
    """A topic of the session at `path`; None where it has none, or nothing is known of it.

    Args:
        heard: pages that were fetched for fastf1 just now, by topic.
    Raises:
        Exception: what is in the cache, or arrived, is damaged.
    """
    kept = source.cache / path.removeprefix("/static/") / f"{PAGES[topic]}.ff1pkl"
    if source.offline and not kept.is_file():
        return None
    try:
        found = Cache.api_request_wrapper(_asking(topic, watch, heard))(path)
    except LostError:
        if kept.is_file():
            raise
        return None
    return None if found == _NONE else list(found)


def _asking(topic: str, watch: Watch, heard: dict[str, Page]) -> Any:
    """What fastf1's cache calls where it has no file, by the name of which it calls that."""

    def ask(path: str) -> Any:
        if topic in heard:
            return heard[topic] or _NONE
        _api.pages[PAGES[topic]] = f"{topic}.jsonStream"
        found = _api.fetch_page(path, PAGES[topic])
        if found is not None:
            return (pared(found) or _NONE) if topic == "TimingData" else found
        if watch.settled(f"{path}{topic}.jsonStream"):
            return _NONE
        raise LostError(topic)

    ask.__name__ = PAGES[topic]
    return ask
