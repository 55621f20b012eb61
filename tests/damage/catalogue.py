"""Every kind of damage there is.

Kinds that nothing in the feed could contradict are left out: a feed that lies in every topic alike is no
damage but another race.
"""

from tests.damage import lines, samples, session, timed, timing
from tests.damage.blows import KINDS

__all__ = ["KINDS", "lines", "samples", "session", "timed", "timing"]
