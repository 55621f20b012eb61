"""sessions/{year}.json and catalog.json of a bucket that several machines may publish to.

What is published is what has a manifest in the bucket, whoever put it there; the schedule and the reasons
of failures are this machine's. Two machines that write at one moment heal at the next publish.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.contract.artifacts import SessionKey, season_key, session_of
from pipeline.contract.models import Event, Manifest, SeasonEvent, SeasonListing, SeasonSession, by_field
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.publish.documents import read_manifest, read_model
from pipeline.publish.listings import published_session, put_listing
from pipeline.publish.season_files import send
from pipeline.store.base import Store


def publish_listing(
    local: Store,
    remote: Store,
    year: int,
    theirs: SeasonListing | None,
    in_bucket: Set[SessionKey],
    sent: Mapping[SessionKey, Manifest],
    *,
    reread: bool = False,
) -> SeasonListing:
    """Rewrite a season's listing and the catalog in the bucket where they differ from what is there.

    The season's own files go up before them, where they are of what the bucket then has.

    Args:
        theirs: the listing that the bucket has.
        in_bucket: sessions that had a manifest there before; sent: those that this run has put there.
    """
    ours = read_model(local, season_key(year), SeasonListing)
    mine, other = ([] if listing is None else listing.events for listing in (ours, theirs))
    events = _Merge(remote, year, mine, other, in_bucket | sent.keys(), sent).events()
    here, there = (None if listing is None else listing.files for listing in (ours, theirs))
    files = send(local, remote, events, here, there, reread=reread)
    return put_listing(remote, year, events, theirs, datetime.now(UTC), same=ours, files=files)


@dataclass(frozen=True)
class _Merge:
    """Two listings of one season and what is really there -> the events of one."""

    remote: Store
    year: int
    ours: list[SeasonEvent]
    theirs: list[SeasonEvent]
    published: Set[SessionKey]
    sent: Mapping[SessionKey, Manifest]

    def events(self) -> list[SeasonEvent]:
        rounds = {e.round for e in self.ours + self.theirs}
        rounds |= {key.round for key in self.published if key.year == self.year}
        found = [self._event(number) for number in sorted(rounds - {0})]
        # round 0: cancelled events whose number another has
        unnumbered = [e for e in self.ours or self.theirs if e.round == 0]
        return unnumbered + [e for e in found if not self._has_moved(e)]

    def _has_moved(self, event: SeasonEvent) -> bool:
        """Whether a race that the bucket has under a number unknown here is known here by another."""
        if _at(self.ours, event.round) is not None:
            return False
        meeting = event.meeting_key
        return any(event.name == e.name or (meeting and meeting == e.meeting_key) for e in self.ours)

    def _event(self, number: int) -> SeasonEvent:
        mine, other = _at(self.ours, number), _at(self.theirs, number)
        if mine is not None and other is not None and not same_meeting(mine, other):
            other = None
        base = mine or other or self._from_manifests(number)
        codes = [s.session for e in (base, other) if e is not None for s in e.every_session]
        codes += [key.session for key in self._published_as(number)]
        sessions = [self._session(code, base, mine, other) for code in dict.fromkeys(codes)]
        meeting = base.meeting_key if other is None else base.meeting_key or other.meeting_key
        return base.model_copy(update=by_field(sessions) | {"meeting_key": meeting})

    def _published_as(self, number: int) -> list[SessionKey]:
        return sorted(key for key in self.published if (key.year, key.round) == (self.year, number))

    def _from_manifests(self, number: int) -> SeasonEvent:
        """An event that no listing tells of, from the race itself."""
        manifests = (self._manifest(key) for key in self._published_as(number))
        manifest = next((m for m in manifests if m is not None), None)
        if manifest is None:
            return SeasonEvent(round=number, name=f"Round {number}", sessions=[])
        date = manifest.event.date_utc
        day = f"{date:%Y-%m-%d}" if date is not None else None
        return SeasonEvent.model_validate(manifest.event.model_dump() | {"date": day, "sessions": []})

    def _session(
        self, code: SessionCode, base: SeasonEvent, mine: SeasonEvent | None, other: SeasonEvent | None
    ) -> SeasonSession:
        key = SessionKey(self.year, base.round, code)
        ours, theirs = _of(mine, code), _of(other, code)
        known = ours or theirs
        if ours is not None and self._is_under_another_number(ours, base, key):
            return ours
        if key not in self.published or (ours is not None and ours.state == "cancelled"):
            return _unpublished(known, code)
        if key not in self.sent and theirs is not None and theirs.state == "published":
            return theirs
        manifest = self._manifest(key)
        if manifest is None or not same_meeting(base, manifest.event):
            return _unpublished(known, code)
        return published_session(manifest, known.date_utc if known is not None else manifest.event.date_utc)

    def _is_under_another_number(self, ours: SeasonSession, base: SeasonEvent, key: SessionKey) -> bool:
        """Whether a race that got another number is still to be found under the one it had before."""
        old = session_of(ours.manifest or "")
        manifest = self._manifest(old) if old is not None and old != key and old in self.published else None
        return manifest is not None and same_meeting(base, manifest.event)

    def _manifest(self, key: SessionKey) -> Manifest | None:
        return self.sent.get(key) or read_manifest(self.remote, key)


def _at(events: list[SeasonEvent], number: int) -> SeasonEvent | None:
    return next((e for e in events if e.round == number), None)


def _of(event: SeasonEvent | None, code: SessionCode) -> SeasonSession | None:
    return None if event is None else next((s for s in event.every_session if s.session == code), None)


def _unpublished(known: SeasonSession | None, code: SessionCode) -> SeasonSession:
    """What is listed of a session that the bucket does not have, even where this machine does."""
    if known is not None and known.state != "published":
        return known
    start = known.date_utc if known is not None else None
    return SeasonSession(session=code, name=SESSIONS[code].name, date_utc=start, state="missing")


def same_meeting(one: SeasonEvent | Event, other: SeasonEvent | Event) -> bool:
    """Whether a round is still the same race weekend: seasons are renumbered, and sponsors rename races."""
    if one.meeting_key is not None and other.meeting_key is not None:
        return one.meeting_key == other.meeting_key
    return one.name == other.name or (one.location == other.location and one.location != "")
