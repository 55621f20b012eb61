"""What the races of one run share of the network: seconds left to wait for it, and hosts known to be down."""

from dataclasses import dataclass, field, replace

from pipeline.job import Outcome, Source
from pipeline.network.hosts import Role
from pipeline.network.trouble import Trouble


@dataclass
class NetworkBudget:
    """A host that one race gave up is not waited for by the next ones."""

    left_s: float = 0.0
    down: dict[Role, Trouble] = field(default_factory=dict)

    def apply(self, source: Source) -> Source:
        return replace(source, patience_s=self.left_s, down=tuple(self.down.values()))

    def spend(self, seconds: float) -> None:
        self.left_s = max(0.0, self.left_s - seconds)

    def learn(self, outcome: Outcome) -> None:
        self.spend(outcome.waited_s)
        self.down |= {trouble.host.role: trouble for trouble in outcome.down}
