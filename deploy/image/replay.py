"""Follow a Dockerfile step by step in plain folders: one folder a stage, RUN in a box of its own."""

import os
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from image.box import Box
from image.dockerfile import Config, Ignore, Stage, Step

_BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
# How pip reaches its index here is the machine's business, as a build's proxy settings are the engine's.
_PASSED = (
    "PIP_",
    "SSL_CERT",
    "REQUESTS_CA",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
)


@dataclass(frozen=True)
class Image:
    """A stage that is built: its files and how it starts."""

    root: Path
    config: Config


@dataclass
class Replay:
    """Builds stages, each once."""

    stages: dict[str, Stage]
    context: Path
    ignored: Ignore
    python: Path
    work: Path
    say: Callable[[str], None]
    built: dict[str, Image] = field(default_factory=dict)

    def build(self, name: str) -> Image:
        if name not in self.built:
            stage = self.stages[name]
            image = self._start(stage)
            self.built[name] = image
            for step in stage.steps:
                self._step(name, image, step)
        return self.built[name]

    def _start(self, stage: Stage) -> Image:
        root = self.work / stage.name
        if stage.parent not in self.stages:
            root.mkdir(mode=0o755)
            return Image(root, Config({"PATH": _BASE_PATH}))
        parent = self.build(stage.parent)
        shutil.copytree(parent.root, root, symlinks=True)
        return Image(root, deepcopy(parent.config))

    def _step(self, stage: str, image: Image, step: Step) -> None:
        image.config.apply(step)
        if step.word == "WORKDIR":
            inside(image.root, image.config.workdir).mkdir(parents=True, exist_ok=True)
        if step.word in ("COPY", "RUN"):
            self.say(f"{stage}: {step.word} {step.value}")
        if step.word == "RUN":
            passed = {k: v for k, v in os.environ.items() if k.startswith(_PASSED)}
            box = Box(image.root, self.python, passed | image.config.env, image.config.workdir)
            box.run(["/bin/sh", "-c", step.value])
        if step.word == "COPY":
            self._copy(image, step)

    def _copy(self, image: Image, step: Step) -> None:
        *sources, to = Template(step.value).safe_substitute(image.config.env).split()
        target = inside(image.root, os.path.join(image.config.workdir, to))  # noqa: PTH118
        origin = self.build(step.flags["from"]).root if "from" in step.flags else None
        for source in sources:
            start = inside(origin, source) if origin else self.context / source
            into = (
                target / start.name if start.is_file() and (to.endswith("/") or target.is_dir()) else target
            )
            self._copy_one(start, into, all_files=origin is not None)
            if "chown" in step.flags and os.geteuid() == 0:
                _chown(into, step.flags["chown"])

    def _copy_one(self, start: Path, into: Path, *, all_files: bool) -> None:
        """A file, or the contents of a folder; of the context only what .dockerignore lets through."""

        def left_out(folder: str, names: list[str]) -> set[str]:
            here = Path(folder).relative_to(self.context)
            return {name for name in names if self.ignored(here / name)}

        into.parent.mkdir(parents=True, exist_ok=True)
        if not all_files and self.ignored(start.relative_to(self.context)):
            raise FileNotFoundError(f".dockerignore keeps {start} out, and the Dockerfile copies it")
        if start.is_file():
            shutil.copy2(start, into)
        else:
            ignore = None if all_files else left_out
            shutil.copytree(start, into, symlinks=True, dirs_exist_ok=True, ignore=ignore)


def inside(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _chown(top: Path, owner: str) -> None:
    user, group = map(int, owner.split(":"))
    for path in [top, *top.rglob("*")]:
        os.chown(path, user, group, follow_symlinks=False)
