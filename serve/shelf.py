"""What exists: the catalog and season listings, and answers to "not there" that name what is."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.contract.artifacts import CATALOG, SessionKey, media_of, season_key, session_of
from pipeline.contract.media import IMMUTABLE
from pipeline.contract.models import Catalog, Manifest, SeasonEvent, SeasonListing, SeasonSession
from pipeline.contract.sessions import SESSIONS
from serve.files import Library, Stamp
from serve.problems import Problem, unavailable

_M = TypeVar("_M", bound=BaseModel)
_WORDS = {
    "upcoming": "has not been run yet",
    "cancelled": "was cancelled",
    "failed": "could not be computed",
}


class Shelf:
    """Reads the listings of one library. Its methods raise `Problem`."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._named: dict[SessionKey, tuple[Stamp | None, frozenset[str]]] = {}

    def catalog(self) -> Catalog:
        nothing = partial(unavailable, "Nothing has been published yet: there is no catalog.", 60)
        return self._model(CATALOG, Catalog, nothing, "catalog")

    def years(self) -> list[int]:
        return sorted(season.year for season in self.catalog().seasons)

    def season(self, year: int) -> SeasonListing:
        missing = partial(self.missing_season, year)
        return self._model(season_key(year), SeasonListing, missing, f"listing of {year}")

    def manifest(self, key: SessionKey) -> Manifest:
        return self._model(key.manifest, Manifest, partial(self.missing_race, key), f"manifest of {key}")

    def _model(self, key: str, model: type[_M], missing: Callable[[], Problem], what: str) -> _M:
        try:
            return self.library.model(key, model)
        except FileNotFoundError:
            raise missing() from None
        except (OSError, ValidationError) as error:
            raise unavailable(f"The {what} cannot be read.") from error

    def serves(self, key: str) -> bool:
        """Whether a file is one that its race's manifest names.

        What is named by its content, a replay's, goes out as long as it is there: an older manifest that
        somebody holds names it.
        """
        session = session_of(key)
        if session is None or key == session.manifest or media_of(key).cache_control == IMMUTABLE:
            return True
        stamp = self.library.stamp(session.manifest)
        known, named = self._named.get(session, (None, frozenset()))
        if stamp is None or known != stamp:
            named = frozenset(artifact.key for artifact in self.manifest(session).artifacts)
            self._named[session] = (stamp, named)
        return key in named

    def refuse_unfinished(self, key: SessionKey) -> Manifest:
        """The manifest; 503 while the race's files are replaced, and it names only some."""
        manifest = self.manifest(key)
        if manifest.lacks:
            raise unavailable(f"The files of {key} are being replaced.")
        return manifest

    def missing_season(self, year: int) -> Problem:
        years = self.years()
        return Problem(404, f"There is no season {year}. Computed seasons: {_listed(years)}.", seasons=years)

    def missing_race(self, key: SessionKey) -> Problem:
        """404 that says what is known of the session and which rounds are nearest."""
        try:
            listing = self.season(key.year)
        except Problem as problem:
            return problem
        states = {event.round: session.state for event, session in _sessions(listing, key)}
        state = _WORDS.get(states.get(key.round, "missing"), "has no published files")
        rounds = [number for number, found in states.items() if found == "published"]
        nearest = sorted(sorted(rounds, key=lambda number: abs(number - key.round))[:3])
        kind = SESSIONS[key.session].word
        detail = f"{str(key).capitalize()} {state}. Nearest rounds with a {kind}: {_listed(nearest)}."
        return Problem(404, detail, nearest_rounds=nearest, rounds=rounds, seasons=self.years())

    def missing_artifact(self, key: str, session: SessionKey | None) -> Problem:
        """404 for a well-formed key without a file."""
        if session is None:
            years = self.years()
            return Problem(404, f"There is no {key}. Computed seasons: {_listed(years)}.", seasons=years)
        manifest = self.refuse_unfinished(session)
        keys = [artifact.key for artifact in manifest.artifacts if "/replay/" not in artifact.key]
        detail = f"There is no {key}. The manifest {session.manifest} lists what {session} has."
        return Problem(404, detail, manifest=session.manifest, artifacts=keys)


def _sessions(listing: SeasonListing, key: SessionKey) -> Iterator[tuple[SeasonEvent, SeasonSession]]:
    """The season's sessions of the same kind, with their events."""
    for event in listing.events:
        for session in event.every_session:
            if session.session == key.session:
                yield event, session


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
