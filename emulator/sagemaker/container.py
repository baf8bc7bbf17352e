"""How an image's command runs: as a process of this machine, or in its container with podman."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from emulator import children, settings
from emulator.images import podman, registry
from emulator.images.network import LoopbackNetwork

_ML = Path("/opt/ml")
_PORT_INSIDE = 8080


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

    def seen_inside(self, path: str) -> str:
        """How the command itself names a path below `/opt/ml`: as it is in a container, below `root` as a process."""
        return path if settings.current().runtime == "container" else str(self.path(path))


class Container(ABC):
    """A command of an image that was started; stdout and stderr come through one pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> int:
        """The exit status as containers give it: 137 after SIGKILL. Raises `subprocess.TimeoutExpired`."""
        status = self._process.wait(seconds)
        return 128 - status if status < 0 else status

    def terminate(self) -> None:
        """SIGTERM; to end for certain, `stop`."""
        children.signal_group(self._process, signal.SIGTERM)

    @abstractmethod
    def kill(self) -> None:
        """SIGKILL to everything in it."""

    def stop(self, grace: float = 0.0) -> int:
        """SIGTERM, after `grace` seconds SIGKILL; nothing of it is left afterwards. Returns the exit status."""
        if self.running() and grace:
            self.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self.kill()
        status = children.stop(self._process)
        return 128 - status if status < 0 else status

    @abstractmethod
    def connect(self, timeout: float) -> socket.socket:
        """A connection to the port that its server listens on. Raises `OSError`."""

    def http(self, timeout: float) -> http.client.HTTPConnection:
        """An HTTP connection to its server; it connects with the first request."""
        return _Connection(self, timeout)


class _Connection(http.client.HTTPConnection):
    def __init__(self, container: Container, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._container, self._seconds = container, timeout

    def connect(self) -> None:
        self.sock = self._container.connect(self._seconds)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Process(Container):
    """A process group of this machine."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        super().__init__(process)
        self._port = port

    def kill(self) -> None:
        # Also after a clean exit: the group may hold processes that outlived their leader.
        children.signal_group(self._process, signal.SIGKILL)

    def connect(self, timeout: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout)


class _Podman(Container):
    """A container; the process is `podman run`, which passes SIGTERM on and ends with the container's status."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, network: LoopbackNetwork) -> None:
        super().__init__(process)
        self._name, self._network = name, network

    def kill(self) -> None:
        if self.running():
            podman.kill(self._name)

    def stop(self, grace: float = 0.0) -> int:
        status = super().stop(grace)
        podman.remove(self._name)
        self._network.close()
        return status

    def connect(self, timeout: float) -> socket.socket:
        return self._network.connect(_PORT_INSIDE, timeout)


def start(
    machine: Machine,
    image_uri: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    region: str,
    entrypoint: Sequence[str] = (),
) -> Container:
    """Runs an image: `entrypoint`, or the image's own, with `arguments`.

    Raises `CannotStart`, or `ServiceError` for an unknown image.
    """
    image = registry.resolve(image_uri)
    base = children.base_environment(region)
    common = {name: value for name, value in base.items() if not name.startswith(("CDK_", "JSII_", "NODE_"))}
    (machine.root / "tmp").mkdir(parents=True, exist_ok=True)
    if settings.current().runtime == "container":
        return _start_container(machine, image_uri, [*entrypoint], [*arguments], {**common, **environment})
    variables = {**common, **image.environment, **environment}
    return _start_process(machine, image_uri, image, [*entrypoint, *arguments], variables)


def _start_container(
    machine: Machine, image_uri: str, entrypoint: list[str], arguments: list[str], variables: dict[str, str]
) -> Container:
    name = f"emulator-{uuid.uuid4().hex[:12]}"
    try:
        network = LoopbackNetwork()
    except OSError as error:
        raise CannotStart(str(error)) from error
    command = podman.run_command(image_uri, entrypoint, arguments, variables, machine.ml, name, network.path)
    try:
        return _Podman(children.start(command, env=podman.environment(), cwd=machine.root), name, network)
    except OSError as error:
        network.close()
        raise CannotStart(f"podman cannot be started: {error}") from error


def _start_process(
    machine: Machine, image_uri: str, image: registry.Image, command: list[str], variables: dict[str, str]
) -> Container:
    executables = [str(image.folder / "bin"), str(Path(sys.executable).parent), variables.get("PATH", "/usr/bin:/bin")]
    path = ":".join(executables)
    port = _free_port()
    local = {
        **variables,
        "PATH": path,
        "PYTHONPATH": str(image.context),
        "HOME": str(machine.root / "tmp"),
        "SAGEMAKER_BASE_DIR": str(machine.ml),
        "SAGEMAKER_PROCESSING_DIR": str(machine.ml / "processing"),
        "SAGEMAKER_BIND_TO_PORT": str(port),
    }
    executable = shutil.which(command[0], path=path)
    if executable is None:
        raise CannotStart(f'exec: "{command[0]}": executable file not found in $PATH of {image_uri}')
    # What the CDK passes as /opt/ml/… on the command line means this machine's folder.
    translated = [str(machine.path(each)) if Path(each).is_relative_to(_ML) else each for each in command[1:]]
    try:
        return _Process(children.start([executable, *translated], env=local, cwd=machine.root / "tmp"), port)
    except OSError as error:
        raise CannotStart(f"{command[0]} of {image_uri} cannot be started: {error}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
