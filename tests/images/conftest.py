"""Both images, built by podman from their real Dockerfiles on a Debian base (scripts/oci/prepare.sh)."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drawing_ocr.models.official import build_official_package

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS = 900


@dataclass(frozen=True)
class Podman:
    """podman with its own storage below .oci/."""

    variables: Mapping[str, str]

    def run(self, *arguments: str, timeout: float = 300, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs `podman <arguments>`; a failure shows what it said."""
        done = subprocess.run(
            ["podman", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(
                f"podman {shlex.join(arguments)}: exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        return done

    def build(self, name: str, *, variant: str = "", **arguments: str) -> str:
        """Builds `containers/<name>/Dockerfile` with build arguments and gives back the image's tag."""
        tag = f"drawing-{name}-{variant}" if variant else f"drawing-{name}"
        self.run(
            *("build", "--quiet", "--pull=never", "--network=host", "--file", f"containers/{name}/Dockerfile"),
            *(f"--build-arg={argument}={value}" for argument, value in arguments.items()),
            *("--tag", tag, "."),
            timeout=BUILD_SECONDS,
        )
        return tag

    @contextmanager
    def built(self, name: str, variant: str, **arguments: str) -> Iterator[str]:
        """An image for one test: it goes afterwards, for with Paddle's libraries it has gigabytes."""
        tag = self.build(name, variant=variant, **arguments)
        try:
            yield tag
        finally:
            self.run("rmi", "--force", tag, check=False)


@pytest.fixture(scope="session")
def podman() -> Podman:
    """Skipped where images cannot be built, except in CI, where that is a failure."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        message = "building images needs a Debian system and root (scripts/oci/prepare.sh)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    prepared = subprocess.run(
        [ROOT / "scripts" / "oci" / "prepare.sh"], capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
    )
    if prepared.returncode:
        pytest.fail(f"scripts/oci/prepare.sh: {prepared.stderr[-2000:]}")
    assignments = shlex.split(prepared.stdout.removeprefix("export "))
    return Podman(dict(assignment.split("=", 1) for assignment in assignments))


@pytest.fixture(scope="session")
def training_image(podman: Podman) -> str:
    return podman.build("training")


@pytest.fixture(scope="session")
def inference_image(podman: Podman) -> str:
    return podman.build("inference")


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official reader's `model.tar.gz`."""
    return build_official_package(tmp_path_factory.mktemp("official") / "model.tar.gz")


def shorten(path: Path, lines: int) -> None:
    """Keeps the first lines of a text file."""
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:lines]), "utf-8")
