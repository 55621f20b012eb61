"""What the overview and /metrics say of the data: sessions by condition, and how old the newest is."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.contract.freshness import CONDITIONS, conditions, newest_made_at
from pipeline.contract.models import SeasonListing
from serve.problems import Problem
from serve.shelf import Shelf


class Freshness(Collector):
    """Looks at the listings, which the shelf remembers, each time it is asked."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def sessions(self) -> dict[int, Counter[str]]:
        """Sessions of each season by condition."""
        now = datetime.now(UTC)
        return {listing.year: Counter(conditions(listing, now)) for listing in self._listings()}

    def age_s(self) -> float | None:
        """Seconds since the files of the newest session were made; None where there is none."""
        with suppress(Problem):
            made_at = newest_made_at(self._shelf.catalog(), self._listings())
            if made_at is not None:
                return round((datetime.now(UTC) - made_at).total_seconds(), 1)
        return None

    def collect(self) -> Iterator[Metric]:
        counted = sum(self.sessions().values(), Counter[str]())
        by_state = GaugeMetricFamily("f1_sessions", "sessions of all seasons", labels=["state"])
        for condition in CONDITIONS:
            by_state.add_metric([condition], counted[condition])
        yield by_state
        if (age := self.age_s()) is not None:
            yield GaugeMetricFamily(
                "f1_data_age_seconds", "since the files of the newest session were made", age
            )

    def _listings(self) -> Iterator[SeasonListing]:
        years: list[int] = []
        with suppress(Problem):
            years = self._shelf.years()[::-1]
        for year in years:
            with suppress(Problem):
                yield self._shelf.season(year)
