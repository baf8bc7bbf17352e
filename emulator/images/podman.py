"""Real images: built and run by podman, where `--runtime container` was chosen."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from emulator import settings
from emulator.api import ServiceError
from emulator.images.network import LoopbackNetwork

# Written by scripts/oci/prepare.sh; podman's own configuration is used where it is missing.
_CONFIGURATION = Path(__file__).resolve().parent.parent.parent / ".oci"
_LABEL = "drawing-emulator"
# The image and this machine's shell have their own.
_NOT_PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "TMPDIR")


class Unusable(RuntimeError):
    """Containers cannot be run here; the message says why and what to do."""


def environment() -> dict[str, str]:
    """Variables that make podman use the project's storage and limits."""
    found = {"BUILDAH_FORMAT": "docker", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    for variable, name in (("CONTAINERS_CONF", "containers.conf"), ("CONTAINERS_STORAGE_CONF", "storage.conf")):
        if (_CONFIGURATION / name).exists():
            found[variable] = str(_CONFIGURATION / name)
    return found


def check() -> None:
    """Raises `Unusable` when this machine cannot run containers as the emulator does."""
    try:
        LoopbackNetwork().close()
        _run(["podman", "image", "exists", "any"], accepted=(0, 1))
    except OSError as error:
        raise Unusable(f"--runtime container: {error.strerror}") from error
    except ServiceError as error:
        raise Unusable(f"--runtime container: {error}; prepare podman with scripts/oci/prepare.sh") from error


def build(tag: str, context: Path, dockerfile: Path, arguments: Sequence[str]) -> None:
    """Raises `ServiceError` with the build's last lines."""
    command = ["podman", "build", "-q", "--pull=never", "--network=host", "-t", tag, "-f", str(dockerfile)]
    for argument in arguments:
        command += ["--build-arg", argument]
    _run([*command, str(context)])


def tag(source: str, target: str) -> None:
    _run(["podman", "tag", source, target])


def kill(name: str) -> None:
    """SIGKILL for every process of a container; nothing when it has ended."""
    _run(["podman", "kill", "--signal", "KILL", name], accepted=(0, 125))


def remove(*names: str) -> None:
    """Containers, running or not, with all that podman keeps of them."""
    if names:
        _run(["podman", "rm", "--force", "--ignore", "--time", "0", *names])


def remove_all() -> None:
    """Every container of this state directory, also of a server that was killed."""
    listed = _run(["podman", "ps", "--all", "--quiet", "--filter", f"label={_label()}"])
    remove(*listed.split())


def _label() -> str:
    return f"{_LABEL}={settings.current().state_dir}"


def _run(command: list[str], accepted: Sequence[int] = (0,)) -> str:
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ServiceError("BuildFailed", "podman is not installed: apt-get install podman runc netavark") from error
    if done.returncode not in accepted:
        tail = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise ServiceError("BuildFailed", f"{' '.join(command[:2])} failed: {tail}")
    return done.stdout


def run_command(
    image: str,
    entrypoint: Sequence[str],
    arguments: Sequence[str],
    variables: Mapping[str, str],
    ml: Path,
    name: str,
    network: str,
) -> list[str]:
    """The command line that runs an image with its `/opt/ml` mounted in the network namespace at `network`.

    `entrypoint`: what takes the place of the image's own, or nothing.
    """
    run = ["podman", "run", "--rm", "--name", name, "--label", _label(), "--no-healthcheck", "--pull=never"]
    run += [f"--network=ns:{network}", "-v", f"{ml}:/opt/ml"]
    for key, value in variables.items():
        if key not in _NOT_PASSED_ON:
            run += ["-e", f"{key}={value}"]
    if entrypoint:
        run += ["--entrypoint", json.dumps(list(entrypoint))]
    return [*run, image, *arguments]
