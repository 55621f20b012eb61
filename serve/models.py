"""Requests and responses that belong to the API alone; the published documents are in the contract."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.contract.models import (
    CatalogRace,
    Clock,
    Event,
    SeasonEvent,
    SeasonListing,
    SeasonSession,
    row_model,
)
from pipeline.contract.sessions import CHOICES, SessionCode
from pipeline.contract.tables import LAPS, TABLES


def _whole(value: Any) -> Any:
    """To JSON Schema 6.0 is an integer too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


FrameSkip = Annotated[
    int, Field(ge=1, le=10, description="every n-th frame; 5 is 5 frames a second"), BeforeValidator(_whole)
]
Year = Annotated[
    int,
    Field(ge=1900, le=2100, description="season; 1900 is the demo", examples=[2025]),
    BeforeValidator(_whole),
]
Round = Annotated[
    int, Field(ge=1, le=99, description="round of the season", examples=[1]), BeforeValidator(_whole)
]
Session = Annotated[SessionCode, Field(description=CHOICES)]
Driver = Annotated[str, Field(pattern="^[0-9A-Za-z]{1,4}$", examples=["VER"]), BeforeValidator(_upper)]
DOCUMENTS = ("standings", "circuits")  # of a season, as JSON
SEASON_TABLES = tuple(table.name for table in TABLES if table.of_season)


class Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SeasonPath(Request):
    year: Year


class RacePath(Request):
    year: Year
    round: Round


class RaceQuery(Request):
    session: Session = "R"


class TelemetryQuery(RaceQuery):
    frame_skip: FrameSkip = 1
    compress: bool = Field(True, description="false: plain JSON even for a client that accepts gzip")


class LapsQuery(RaceQuery):
    driver: Driver | None = Field(None, description="the driver's three letters; without, all drivers")


class SeasonTablePath(SeasonPath):
    table: Literal[*DOCUMENTS, *SEASON_TABLES] = Field(description="a table of the season")  # type: ignore[valid-type]


class ProgressQuery(RaceQuery):
    speed: float = Field(20, ge=0, le=10000, allow_inf_nan=False, description="0 at once, 1 as it was")
    after: int = Field(-1, ge=-1, description="resume after this sequence number")


class TelemetryRequest(Request):
    """Body of POST /f1/race-telemetry."""

    model_config = ConfigDict(
        strict=True, json_schema_extra={"examples": [{"year": 2025, "round_number": 1}]}
    )

    year: Year
    round_number: Round
    refresh_data: bool = Field(False, description="true is refused with 409: the API never computes")
    frame_skip: FrameSkip = 1
    session: Session = "R"


class ListedSession(SeasonSession):
    links: dict[str, str] | None = Field(
        None, description="where to fetch what, progress by WebSocket; null where nothing is published"
    )


class ListedEvent(SeasonEvent):
    sessions: list[ListedSession]  # type: ignore[assignment]  # narrower than the published ones
    other_sessions: list[ListedSession] = Field([])  # type: ignore[assignment]


class Sessions(SeasonListing):
    """GET /f1/sessions/{year}: the season listing with links."""

    events: list[ListedEvent]  # type: ignore[assignment]  # narrower than the published one


if TYPE_CHECKING:
    LapRow: TypeAlias = Any
else:
    LapRow = row_model("LapRow", "One lap, as in laps.parquet.", LAPS.in_browser())


class Laps(BaseModel):
    """GET /f1/laps/{year}/{round}: the laps of timing.json.gz as rows."""

    event: Event
    clock: Clock
    rows: list[LapRow] = Field(description="by driver and lap")


class Live(BaseModel):
    status: Literal["ok"] = "ok"


Status = Annotated[
    Literal["ok", "degraded", "unavailable"],
    Field(description="degraded: races are listed that are gone, and others are served"),
]


class Ready(BaseModel):
    status: Status
    reasons: list[str] = Field([], description="what keeps the server from serving all; empty when ok")


class Health(BaseModel):
    status: Status
    live: Literal["ok"] = "ok"
    ready: bool
    reasons: list[str] = []
    version: str
    schema_version: int
    seasons: int = 0
    races: int = Field(0, description="sessions with artifacts")
    newest: CatalogRace | None = Field(None, description="the race or sprint that was held last")
    newest_session: CatalogRace | None = Field(None, description="the session of any kind")


class ProblemDetails(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
