"""One race in two versions, made with other options, as two runs leave it in a folder."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.contract.artifacts import SessionKey
from pipeline.contract.models import Manifest, Options, ReplayChunk, SeasonListing
from pipeline.publish.documents import published_in, read_manifest
from pipeline.publish.race import publish_race
from pipeline.store.base import StagedFile
from pipeline.store.local import LocalStore
from pipeline.store.lock import only_run
from tests.serve.support import OTHER, frames_text, manifest_of, race_files

CHUNKS = 10
OLD, NEW = (25.0, (1, 2, 5, 10)), (10.0, (1, 2, 4, 5))


def sessions_of(listing: SeasonListing) -> list[SessionKey]:
    """What a listing has as published, by round and code."""
    return sorted(published_in(race.manifest for race in listing.published))


@dataclass
class Version:
    """The race as it is made with other options: no file of one version is in the other."""

    fps: float
    skips: tuple[int, ...]

    @property
    def generation(self) -> str:
        return f"{int(self.fps):04x}"

    def files(self) -> dict[str, bytes]:
        made = {k: data for k, data in race_files(OTHER).items() if "/skip_" not in k and "/replay/" not in k}
        for skip in self.skips:
            text = frames_text(OTHER, skip, fps=self.fps)
            made[OTHER.frames_json(skip)] = gzip.compress(text, mtime=0)
        for index in range(CHUNKS):
            key = OTHER.file("replay", generation=self.generation, index=index)
            made[key] = f"{index} of {self.fps}".encode()
        made[OTHER.file("laps_parquet")] += str(self.fps).encode()
        made[OTHER.progress] += b"\n" * int(self.fps)
        return made

    def manifest(self, files: dict[str, bytes]) -> Manifest:
        chunks = [key for key in files if "/replay/" in key]
        listed = [
            ReplayChunk(key=key, start_s=4 * i, end_s=4 * i + 4, bytes=len(files[key]))
            for i, key in enumerate(chunks)
        ]
        first = OTHER.file("replay", generation="0123abcd", index=0)
        made = manifest_of(OTHER, files | {first: b""})
        return made.model_copy(
            update={
                "artifacts": [artifact for artifact in made.artifacts if artifact.key != first],
                "replay": made.replay.model_copy(update={"chunks": listed, "generation": self.generation}),
                "clock": made.clock.model_copy(update={"fps": self.fps}),
                "provenance": made.provenance.model_copy(
                    update={"options": Options(fps=self.fps, frame_skips=list(self.skips))}
                ),
            }
        )

    def publish(self, out: Path) -> None:
        store, files = LocalStore(out), self.files()
        staged = []
        for index, (key, data) in enumerate(files.items()):
            path = store.staging(f"{index}")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            staged.append(StagedFile(key, path, len(data), sha256(data).hexdigest()))
        with only_run(out):
            publish_race(store, self.manifest(files), staged, read_manifest(store, OTHER))
