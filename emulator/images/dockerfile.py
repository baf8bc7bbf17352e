"""The lines of a Dockerfile that matter when its image runs as a process of this machine."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)")
# Of the build's own file system; this machine has its own.
_PATH_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "HOME")


class DockerfileError(ValueError):
    """The file cannot be built; the message says which line and why."""


@dataclass(frozen=True)
class Dockerfile:
    """Environment and copied paths of the last stage."""

    environment: dict[str, str]
    sources: tuple[str, ...]


def read(path: Path) -> Dockerfile:
    """Raises `DockerfileError` when the file has no FROM."""
    environment: dict[str, str] = {}
    arguments: dict[str, str] = {}
    sources: list[str] = []
    seen_from = False
    for line in _logical_lines(path.read_text()):
        instruction, _, rest = line.partition(" ")
        rest = rest.strip()
        match instruction.upper():
            case "FROM":
                seen_from, environment = True, {}
            case "ARG":
                name, _, default = rest.partition("=")
                arguments[name] = default.strip("\"'")
            case "ENV":
                for name, value in _pairs(rest):
                    if name not in _PATH_VARIABLES:
                        environment[name] = _expand(value, {**arguments, **environment})
            case "COPY" | "ADD":
                sources += _copied(rest)
    if not seen_from:
        raise DockerfileError(f"{path}: no FROM line")
    return Dockerfile(environment, tuple(sources))


def missing_sources(dockerfile: Dockerfile, context: Path) -> list[str]:
    """Paths that COPY names and the build context lacks: the real build would fail on them."""
    return [source for source in dockerfile.sources if not list(context.glob(source.lstrip("./") or "*"))]


def _logical_lines(text: str) -> list[str]:
    joined = re.sub(r"\\[ \t]*\n(?:[ \t]*#.*\n)*", " ", text)
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _pairs(rest: str) -> list[tuple[str, str]]:
    words = shlex.split(rest)
    if words and "=" not in words[0]:  # the old form: ENV NAME value with blanks
        return [(words[0], " ".join(words[1:]))]
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def _expand(value: str, known: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: known.get(found[1] or found[3], found[2] or ""), value)


def _copied(rest: str) -> list[str]:
    words = shlex.split(rest)
    options = [word for word in words if word.startswith("--")]
    if any(option.startswith("--from=") for option in options):
        return []
    return [word for word in words if not word.startswith("--")][:-1]
