"""What the races of one run share of the network: seconds left to wait for it, and hosts known to be down."""

from dataclasses import dataclass, field, replace

from pipeline.job import Outcome, Source
from pipeline.network.hosts import Role
from pipeline.network.trouble import Trouble

WAITING = 2 / 3  # of a race's time limit; the rest is for computing it


@dataclass
class NetworkBudget:
    """A host that one race gave up is not waited for by the next ones."""

    left_s: float = 0.0
    down: dict[Role, Trouble] = field(default_factory=dict)

    def apply(self, source: Source, limit_s: float | None = None) -> Source:
        """What is left, for a task that is ended after `limit_s` seconds: it must give up before it is."""
        patience = self.left_s if limit_s is None else min(self.left_s, WAITING * limit_s)
        return replace(source, patience_s=patience, down=tuple(self.down.values()))

    def spend(self, seconds: float) -> None:
        self.left_s = max(0.0, self.left_s - seconds)

    def learn(self, outcome: Outcome) -> None:
        self.spend(outcome.waited_s)
        self.down |= {trouble.host.role: trouble for trouble in outcome.down}
