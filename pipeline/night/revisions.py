"""A night's look at results that may have been changed since, whatever becomes of it."""

from dataclasses import replace
from time import monotonic

from pipeline.errors import PipelineError
from pipeline.job import Source
from pipeline.network.hosts import RESULTS
from pipeline.run.budget import NetworkBudget
from pipeline.run.processes import call
from pipeline.run.revise import Revised
from pipeline.store.local import LocalStore

LIMIT_S, PATIENCE_S = 180.0, 60.0  # for five requests; what fails is asked again the next night


def revise(store: LocalStore, year: int, source: Source, network: NetworkBudget) -> Revised:
    """What was written anew of a season; where that fails all is as it was, and the notes say so."""
    given = network.apply(source)
    began = monotonic()
    try:
        told: Revised = call(
            "pipeline.run.revise:revise",
            store.root,
            year,
            replace(given, patience_s=min(given.patience_s, PATIENCE_S)),
            limit_s=LIMIT_S,
        )
    except PipelineError as error:
        network.spend(monotonic() - began)
        return Revised(notes=[f"results of {year} could not be compared with {RESULTS.what}: {error.public}"])
    network.spend(told.waited_s)
    network.down |= {trouble.host.role: trouble for trouble in told.down}
    return told
