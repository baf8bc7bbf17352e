"""How an image's command runs: as a process of this machine, or in its container with podman."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator import children, settings
from emulator.images import podman, registry

_ML = Path("/opt/ml")


class CannotStart(Exception):
    """The image has no such command; the text is the failure reason."""


@dataclass(frozen=True)
class Machine:
    """The folder that stands for a container's root; `/opt/ml` lies in it."""

    root: Path

    @property
    def ml(self) -> Path:
        return self.root / "opt" / "ml"

    def path(self, inside: str) -> Path:
        """Where a path inside the container is on this machine."""
        return self.root / inside.lstrip("/")


def start(
    machine: Machine,
    image_uri: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    region: str,
    port: int | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a command of an image; stdout and stderr come through one pipe.

    `port`: where a server is to listen on this machine. Raises `CannotStart`, or `ServiceError` for an unknown image.
    """
    image = registry.resolve(image_uri)
    common = {**children.base_environment(region), **image.environment, **environment}
    common = {name: value for name, value in common.items() if not name.startswith(("CDK_", "JSII_", "NODE_"))}
    (machine.root / "tmp").mkdir(parents=True, exist_ok=True)
    if settings.current().runtime == "container":
        name = f"emulator-{uuid.uuid4().hex[:12]}"
        run = podman.run_command(image_uri, command, common, machine.ml, name)
        return children.start(run, env={**children.base_environment(region), **podman.environment()}, cwd=machine.root)
    executables = [str(image.folder / "bin"), str(Path(sys.executable).parent), common.get("PATH", "/usr/bin:/bin")]
    path = ":".join(executables)
    local = {
        **common,
        "PATH": path,
        "PYTHONPATH": str(image.context),
        "HOME": str(machine.root / "tmp"),
        "SAGEMAKER_BASE_DIR": str(machine.ml),
        "SAGEMAKER_PROCESSING_DIR": str(machine.ml / "processing"),
    }
    if port is not None:
        local["SAGEMAKER_BIND_TO_PORT"] = str(port)
    executable = shutil.which(command[0], path=path)
    if executable is None:
        raise CannotStart(f'exec: "{command[0]}": executable file not found in $PATH of {image_uri}')
    # What the CDK passes as /opt/ml/… on the command line means this machine's folder.
    arguments = [str(machine.path(each)) if Path(each).is_relative_to(_ML) else each for each in command[1:]]
    try:
        return children.start([executable, *arguments], env=local, cwd=machine.root / "tmp")
    except OSError as error:
        raise CannotStart(f"{command[0]} of {image_uri} cannot be started: {error}") from error
