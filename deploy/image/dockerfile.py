"""A Dockerfile as stages and steps: as much of the language as this project's own file uses, and no more."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Self

_KNOWN = {
    *("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN"),
    *("STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
}


class DockerfileError(ValueError):
    """Something in the Dockerfile that this reader does not know: better to stop than to skip it."""


@dataclass(frozen=True)
class Step:
    """One instruction: its word, its --flags and the rest."""

    word: str
    flags: dict[str, str]
    value: str

    @property
    def array(self) -> list[str]:
        """The value as a JSON array; shell forms are refused, for they would start a shell as process 1."""
        if not self.value.startswith("["):
            raise DockerfileError(f"{self.word} {self.value}: only the JSON form is known")
        return [str(word) for word in json.loads(self.value)]

    @property
    def pairs(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for pair in shlex.split(self.value))


@dataclass(frozen=True)
class Stage:
    name: str
    parent: str
    steps: list[Step] = field(default_factory=list)


@dataclass
class Config:
    """What an image says about how it is started."""

    env: dict[str, str]
    workdir: str = "/"
    user: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    stopsignal: str = "SIGTERM"

    def apply(self, step: Step) -> None:
        """Take over an instruction that changes how the image starts; the others change nothing here."""
        value = Template(step.value).safe_substitute(self.env)
        match step.word:
            case "ENV":
                self.env |= Step("ENV", {}, value).pairs
            case "WORKDIR":
                self.workdir = value
            case "USER":
                self.user = value
            case "STOPSIGNAL":
                self.stopsignal = value
            case "ENTRYPOINT":
                self.entrypoint = step.array
            case "CMD":
                self.command = step.array
            case "VOLUME":
                self.volumes += step.array
            case "HEALTHCHECK":
                self.healthcheck = _healthcheck(step)


def _healthcheck(step: Step) -> list[str]:
    word, _, rest = step.value.partition(" ")
    return [] if word == "NONE" else Step(word, {}, rest.strip()).array


def parse(text: str) -> dict[str, Stage]:
    """The stages by name, in order."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for line in _logical_lines(text):
        step = _step(line)
        if step.word == "FROM":
            parent, _, name = step.value.partition(" AS ")
            stage = stages[name] = Stage(name, parent)
        elif stage is None:
            raise DockerfileError(f"{line}: before the first FROM")
        else:
            stage.steps.append(step)
    return stages


def _logical_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()


def _step(line: str) -> Step:
    word, _, rest = line.partition(" ")
    if word not in _KNOWN:
        raise DockerfileError(f"{word}: unknown instruction")
    flags = {}
    while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
        flags[found[1]] = found[2]
        rest = rest[found.end() :]
    return Step(word, flags, rest.strip())


@dataclass(frozen=True)
class Ignore:
    """.dockerignore: the last rule that matches a path, or a folder above it, decides."""

    rules: list[tuple[re.Pattern[str], bool]]

    @classmethod
    def read(cls, path: Path) -> Self:
        lines = (line.strip() for line in path.read_text().splitlines())
        kept = [line for line in lines if line and not line.startswith("#")]
        return cls([(_pattern(line.removeprefix("!")), not line.startswith("!")) for line in kept])

    def __call__(self, path: Path) -> bool:
        names = [path.as_posix(), *(parent.as_posix() for parent in path.parents if parent.name)]
        ignored = False
        for pattern, ignores in self.rules:
            if any(pattern.fullmatch(name) for name in names):
                ignored = ignores
        return ignored


def _pattern(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*)", glob)
    return re.compile("".join({"**/": "(?:.*/)?", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts))
