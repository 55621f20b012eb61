"""Key -> Content-Type, Content-Encoding, Cache-Control: one table for S3 metadata and the server."""

from dataclasses import dataclass

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "public, max-age=60, must-revalidate"

_BY_SUFFIX: tuple[tuple[str, str, str | None], ...] = (
    (".schema.json", "application/schema+json", None),
    (".json.gz", "application/json", "gzip"),
    (".json", "application/json", None),
    (".jsonl", "application/x-ndjson", None),
    (".parquet", "application/vnd.apache.parquet", None),
)


@dataclass(frozen=True)
class Media:
    """How one artifact is served. `content_encoding` is "gzip" or None."""

    content_type: str
    content_encoding: str | None
    cache_control: str


def media_of(key: str) -> Media:
    """The media of an artifact key. Raises ValueError for a suffix the format does not have."""
    cache = IMMUTABLE if "/replay/" in key else REVALIDATE
    for suffix, content_type, encoding in _BY_SUFFIX:
        if key.endswith(suffix):
            return Media(content_type, encoding, cache)
    raise ValueError(f"no media type for {key!r}")
