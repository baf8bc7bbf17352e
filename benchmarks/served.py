"""The inference server as a process of its own: started, asked, weighed, ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from drawing_ocr.models import package

ROOT = Path(__file__).resolve().parent.parent
SERVE = ROOT / "containers" / "inference" / "bin" / "serve"
READY_WITHIN = 120.0  # seconds


@dataclass(frozen=True)
class Served:
    """A server that answers.

    Attributes:
        port: Of loopback.
        process: Its only process.
        ready: Seconds from its start to the first 200 of /ping.
    """

    port: int
    process: subprocess.Popen[bytes]
    ready: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ping(self) -> int:
        """The status of /ping; 0 when nobody listens."""
        return status_of(f"{self.url}/ping")

    def resident(self, *, peak: bool = False) -> float:
        """Resident memory of the process in MB (10^6 bytes), now or at its highest."""
        return resident(self.process.pid, peak=peak)


def resident(process: int, *, peak: bool = False) -> float:
    """Resident memory of a process in MB (10^6 bytes), now or at its highest."""
    field = "VmHWM" if peak else "VmRSS"
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field))


def status_of(url: str) -> int:
    """The status that an address answers with; 0 when nobody listens."""
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def official_model() -> Iterator[Path]:
    """SageMaker's file tree with the official reader in it."""
    from drawing_ocr.models.official import build_official_package  # imports Paddle

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        package.unpack(build_official_package(base / "model.tar.gz"), base / "model")
        yield base


@contextmanager
def serve(base: Path, variables: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Runs the server on the model under `base`, SageMaker's file tree, until the end of the block."""
    port = free_port()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        **(variables or {}),
    }
    begun = time.perf_counter()
    process = subprocess.Popen([str(SERVE)], env=environment, stdout=subprocess.DEVNULL)
    try:
        while status_of(f"http://127.0.0.1:{port}/ping") != 200:
            if process.poll() is not None or time.perf_counter() - begun > READY_WITHIN:
                raise SystemExit("the server did not become ready: run containers/inference/bin/serve and read its log")
            time.sleep(0.02)
        yield Served(port, process, time.perf_counter() - begun)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
