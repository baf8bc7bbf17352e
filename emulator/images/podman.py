"""Real images: built and run by podman, where `--runtime container` was chosen."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from emulator.api import ServiceError

# Written by scripts/oci/prepare.sh; podman's own configuration is used where it is missing.
_CONFIGURATION = Path(__file__).resolve().parent.parent.parent / ".oci"


def environment() -> dict[str, str]:
    """Variables that make podman use the project's storage and limits."""
    found = {"BUILDAH_FORMAT": "docker", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    for variable, name in (("CONTAINERS_CONF", "containers.conf"), ("CONTAINERS_STORAGE_CONF", "storage.conf")):
        if (_CONFIGURATION / name).exists():
            found[variable] = str(_CONFIGURATION / name)
    return found


def build(tag: str, context: Path, dockerfile: Path, arguments: Sequence[str]) -> None:
    """Raises `ServiceError` with the build's last lines."""
    command = ["podman", "build", "-q", "--pull=never", "--network=host", "-t", tag, "-f", str(dockerfile)]
    for argument in arguments:
        command += ["--build-arg", argument]
    _run([*command, str(context)])


def tag(source: str, target: str) -> None:
    _run(["podman", "tag", source, target])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ServiceError("BuildFailed", "podman is not installed: apt-get install podman runc netavark") from error
    if done.returncode:
        tail = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise ServiceError("BuildFailed", f"{' '.join(command[:2])} failed: {tail}")


def run_command(image: str, command: Sequence[str], variables: Mapping[str, str], ml: Path, name: str) -> list[str]:
    """The command line that runs one command of an image with its `/opt/ml` mounted and the account reachable."""
    run = ["podman", "run", "--rm", "--name", name, "--no-healthcheck", "--network=host", "--pull=never"]
    run += ["-v", f"{ml}:/opt/ml"]
    hidden = ("PATH", "PYTHONPATH", "HOME", "TMPDIR")
    for key, value in variables.items():
        if key not in hidden:
            run += ["-e", f"{key}={value}"]
    if command[0] in ("train", "serve"):
        return [*run, image, *command]
    return [*run, "--entrypoint", command[0], image, *command[1:]]
