"""Content-Type, Content-Encoding, Cache-Control: one value for S3 metadata and the server."""

from dataclasses import dataclass
from typing import Final

IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATE: Final = "public, max-age=60, must-revalidate"


@dataclass(frozen=True)
class Media:
    """How a file is served. `content_encoding` is "gzip" or None."""

    content_type: str
    content_encoding: str | None = None
    cache_control: str = REVALIDATE

    @property
    def headers(self) -> dict[str, str]:
        """What a reader is told with the file."""
        headers = {"Content-Type": self.content_type, "Cache-Control": self.cache_control}
        return headers | ({"Content-Encoding": self.content_encoding} if self.content_encoding else {})


JSON: Final = Media("application/json")
GZIPPED_JSON: Final = Media("application/json", "gzip")
GENERATED_JSON: Final = Media("application/json", "gzip", IMMUTABLE)
JSON_LINES: Final = Media("application/x-ndjson")
PARQUET: Final = Media("application/vnd.apache.parquet")
SCHEMA: Final = Media("application/schema+json")
