"""Another version of a race's artifacts, as a new computation would leave them."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any


def remake(out: Path, version: int) -> None:
    """Give every race in `out` other frames, another replay generation and a manifest that says so."""
    for path in out.rglob("manifest.json"):
        _remake(out, path, version)


def _remake(out: Path, path: Path, version: int) -> None:
    manifest = json.loads(path.read_text())
    old = manifest["replay"]["generation"]
    new = hashlib.sha256(f"{old}{version}".encode()).hexdigest()[: len(old)]
    for artifact in manifest["artifacts"]:
        _rewrite(out, artifact, old, new, version)
    for chunk in manifest["replay"]["chunks"]:
        chunk["key"] = chunk["key"].replace(old, new)
        chunk["bytes"] = (out / chunk["key"]).stat().st_size
    manifest["replay"]["generation"] = new
    manifest["provenance"]["run"] = f"version-{version}"
    _replace(path, json.dumps(manifest).encode())


def _rewrite(out: Path, artifact: dict[str, Any], old: str, new: str, version: int) -> None:
    data = (out / artifact["key"]).read_bytes()
    if artifact["key"].endswith(".json.gz"):
        data = gzip.compress(gzip.decompress(data).rstrip() + b" " * version, 1, mtime=0)
    elif artifact["key"].endswith(".jsonl"):
        data += b"\n" * version
    elif artifact["key"].endswith(".json"):
        data += b" " * version
    else:
        data += str(version).encode()
    artifact["key"] = artifact["key"].replace(old, new)
    artifact["bytes"], artifact["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    _replace(out / artifact["key"], data)


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}")
    staged.write_bytes(data)
    staged.replace(path)
