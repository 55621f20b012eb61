"""sessions/{year}.json and catalog.json of a bucket that several machines may publish to.

What is published is what has a manifest in the bucket, whoever put it there; the schedule and the reasons
of failures are this machine's. Two machines that write at one moment heal at the next publish.
"""

from collections.abc import Mapping, Set
from datetime import UTC, datetime

from pipeline.contract.artifacts import SessionKey, season_key, session_of
from pipeline.contract.models import Event, Manifest, SeasonEvent, SeasonListing, SeasonSession
from pipeline.contract.sessions import SESSIONS, SessionCode
from pipeline.publish.documents import read_manifest, read_model, to_json
from pipeline.publish.listings import publish_catalog, published_session
from pipeline.store.base import Store


def publish_listing(
    local: Store,
    remote: Store,
    year: int,
    theirs: SeasonListing | None,
    in_bucket: Set[SessionKey],
    sent: Mapping[SessionKey, Manifest],
) -> None:
    """Rewrite a season's listing and the catalog in the bucket where they differ from what is there.

    Args:
        theirs: the listing that the bucket has.
        in_bucket: sessions that had a manifest there before; sent: those that this run has put there.
    """
    now = datetime.now(UTC)
    ours = read_model(local, season_key(year), SeasonListing)
    merge = _Merge(remote, year, ours, theirs, in_bucket | sent.keys(), sent)
    events = merge.events()
    listing = next((known for known in (theirs, ours) if known is not None and known.events == events), None)
    if listing is None:
        listing = SeasonListing(year=year, updated_at=now, events=events)
    if listing is not theirs:
        remote.put_bytes(season_key(year), to_json(listing))
    publish_catalog(remote, listing, now)


_NOTHING = SeasonListing(year=0, updated_at=datetime.min, events=[])


class _Merge:
    """Two listings of one season and what is really there -> the events of one."""

    def __init__(
        self,
        remote: Store,
        year: int,
        ours: SeasonListing | None,
        theirs: SeasonListing | None,
        published: Set[SessionKey],
        sent: Mapping[SessionKey, Manifest],
    ) -> None:
        self._remote = remote
        self._year = year
        self._ours = {e.round: e for e in ours.events} if ours is not None else {}
        self._theirs = {e.round: e for e in theirs.events} if theirs is not None else {}
        self._names = {e.name for e in ours.events} if ours is not None else set()
        self._meetings = {e.meeting_key for e in ours.events} - {None} if ours is not None else set()
        # round 0: cancelled events whose number another has
        self._unnumbered = [e for e in (ours or theirs or _NOTHING).events if e.round == 0]
        self._published = {key for key in published if key.year == year}
        self._sent = sent

    def events(self) -> list[SeasonEvent]:
        rounds = self._ours.keys() | self._theirs.keys() | {key.round for key in self._published}
        found = [self._event(number) for number in sorted(rounds - {0})]
        return self._unnumbered + [e for e in found if e.round in self._ours or not self._has_moved(e)]

    def _has_moved(self, event: SeasonEvent) -> bool:
        """Whether a race that the bucket has under a number unknown here is known here by another."""
        return event.name in self._names or event.meeting_key in self._meetings

    def _event(self, number: int) -> SeasonEvent:
        mine, other = self._ours.get(number), self._theirs.get(number)
        if mine is not None and other is not None and not same_meeting(mine, other):
            other = None
        base = mine or other or self._from_manifests(number)
        codes: set[SessionCode] = {s.session for e in (base, other) if e is not None for s in e.sessions}
        codes |= {key.session for key in self._published if key.round == number}
        sessions = [self._session(code, base, mine, other) for code in sorted(codes)]
        meeting = base.meeting_key if other is None else base.meeting_key or other.meeting_key
        return base.model_copy(update={"sessions": sessions, "meeting_key": meeting})

    def _from_manifests(self, number: int) -> SeasonEvent:
        """An event that no listing tells of, from the race itself."""
        keys = sorted(key for key in self._published if key.round == number)
        manifest = next((m for key in keys if (m := self._manifest(key)) is not None), None)
        if manifest is None:
            return SeasonEvent(round=number, name=f"Round {number}", sessions=[])
        date = manifest.event.date_utc
        day = f"{date:%Y-%m-%d}" if date is not None else None
        return SeasonEvent.model_validate(manifest.event.model_dump() | {"date": day, "sessions": []})

    def _session(
        self, code: SessionCode, base: SeasonEvent, mine: SeasonEvent | None, other: SeasonEvent | None
    ) -> SeasonSession:
        key = SessionKey(self._year, base.round, code)
        ours, theirs = _of(mine, code), _of(other, code)
        known = ours or theirs
        if ours is not None and (old := session_of(ours.manifest or "")) not in (None, key):
            return ours if old in self._published else _unpublished(known, code)
        if key not in self._published or (ours is not None and ours.state == "cancelled"):
            return _unpublished(known, code)
        if key not in self._sent and theirs is not None and theirs.state == "published":
            return theirs
        manifest = self._manifest(key)
        if manifest is None or not same_meeting(base, manifest.event):
            return _unpublished(known, code)
        return published_session(manifest, known.date_utc if known is not None else manifest.event.date_utc)

    def _manifest(self, key: SessionKey) -> Manifest | None:
        return self._sent.get(key) or read_manifest(self._remote, key)


def _of(event: SeasonEvent | None, code: SessionCode) -> SeasonSession | None:
    return None if event is None else next((s for s in event.sessions if s.session == code), None)


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
    return one.name == other.name or one.location == other.location
