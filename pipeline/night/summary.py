"""How a night went: its exit code, its counts, and one line for a monitor."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import RunRace, RunSummary
from pipeline.contract.sessions import SESSIONS
from pipeline.errors import Exit
from pipeline.job import Outcome
from pipeline.run.decide import WORK, Decision

WAITING = "without data yet"
ONLINE_AFTER = timedelta(hours=12)  # so long F1's archive may take; later a race that is not there has failed
_WORDS = {  # how a race ended, or what was done about it -> what the line counts it as, in its order
    "compute": "published",
    "refresh": "refreshed",
    "upgrade": "upgraded",
    "move": "moved",
    "unchanged": "unchanged",
    "kept": "kept",
    "skip": "up to date",
    "wait": "waiting",
    WAITING: WAITING,
    "retire": "retired",
    "cancelled": "cancelled",
    "given up": "given up for tonight",
    "failed": "failed",
}


@dataclass(frozen=True)
class Problem:
    """What went wrong beside single races. `passing`: nothing has to be done about it."""

    text: str
    public: str
    passing: bool = False


def summarise(
    *,
    run: str,
    seasons: list[int],
    started_at: datetime,
    seconds: float,
    waited: float,
    decisions: list[Decision],
    ended: dict[SessionKey, Outcome],
    problems: list[Problem],
    notes: list[str],
    public: bool = False,
) -> RunSummary:
    """The summary: for the operator, or for whoever reads what is published."""
    told = [_race(d, ended.get(d.key) if d.action in WORK else None, public) for d in decisions]
    counts = Counter(_word(race) for race in told)
    shown = [f"{counts[word]} {word}" for word in _WORDS.values() if counts[word]]
    shown += [f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"] if problems else []
    years = ", ".join(map(str, seasons))
    return RunSummary(
        run=run,
        seasons=seasons,
        started_at=started_at,
        seconds=round(seconds, 1),
        exit_code=_exit_code(told, problems),
        line=f"nightly {years}: {', '.join(shown) or 'nothing to do'} in {seconds:.0f} s",
        counts=dict(counts),
        problems=[problem.public if public else problem.text for problem in problems],
        notes=notes,
        network_wait_s=round(waited, 1),
        races=[race for race in told if SESSIONS[race.session].is_race],
        other_sessions=[race for race in told if not SESSIONS[race.session].is_race],
    )


def _race(decision: Decision, outcome: Outcome | None, public: bool) -> RunRace:
    key, outcome = decision.key, outcome or Outcome(decision.key, "skipped")
    state: str = {"skipped": "", "waiting": WAITING}.get(outcome.state, outcome.state)
    if state == "failed" and outcome.blame == "network":
        state = "given up"
    return RunRace(
        year=key.year,
        round=key.round,
        session=key.session,
        name=decision.name,
        action=decision.action,
        reason=decision.reason if outcome.note is None else f"{decision.reason}; {outcome.note}",
        state=state or None,
        error=outcome.public if public else outcome.error,
        grade=outcome.grade,
        seconds=round(outcome.seconds, 1),
    )


def _word(race: RunRace) -> str:
    """What the line counts a race as; of what a dry run would do, the plan itself."""
    if race.state is None and race.action in WORK:
        return race.action
    return _WORDS[race.action if race.state in (None, "published") else race.state]


def _exit_code(races: list[RunRace], problems: list[Problem]) -> int:
    """1 where somebody should look; 75 where it passes by itself."""
    states = {race.state for race in races}
    if "failed" in states or any(not problem.passing for problem in problems):
        return Exit.FAILED
    return Exit.TEMPORARY if "given up" in states or problems else Exit.DONE
