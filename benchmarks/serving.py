"""How many sheets the inference server reads a second for eight clients on loopback, and how long they wait.

Starts the real server for each split of the cores over workers and threads, sends synthetic sheets for a fixed time,
then stops it. The peer in the same run is rapidocr with the same weights, called in a loop on all cores without any
server before it; it looks at each sheet once, ours twice. RapidOCRAPI 0.2, its server, was measured by hand because it
is not a dependency: 0.32 sheets a second for eight clients on two cores, p50 24 s, p99 30 s.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from rapidocr import RapidOCR
from rich.console import Console
from rich.table import Table

from drawing_ocr.models import package
from drawing_ocr.models.official import build_official_package
from drawing_ocr.synthesis.sheet import draw_sheet

ROOT = Path(__file__).resolve().parent.parent
SERVE = ROOT / "containers" / "inference" / "bin" / "serve"
CLIENTS = 8
READY_WITHIN = 120.0  # seconds


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(draw_sheet(seed)[0]).save(buffer, format="PNG")
    return buffer.getvalue()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def resident_megabytes(process: int) -> float:
    """Peak of the resident memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))


def peer_rate(sheets: list[bytes], cores: int, seconds: float) -> float:
    """Sheets a second of rapidocr, one after the other."""
    engine = RapidOCR(params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": cores})
    read, begun = 0, time.perf_counter()
    while time.perf_counter() < begun + seconds:
        engine(sheets[read % len(sheets)])
        read += 1
    return read / (time.perf_counter() - begun)


def measure(base: Path, sheets: list[bytes], workers: int, threads: int, seconds: float, peer: float) -> list[str]:
    port = free_port()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
        "READING_THREADS": str(threads),
        "SAGEMAKER_MODEL_SERVER_TIMEOUT": "300",
    }
    url = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    server = subprocess.Popen([str(SERVE)], env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _answers(f"{url}/ping"):
            if server.poll() is not None or time.perf_counter() - started > READY_WITHIN:
                raise SystemExit(f"the server with {workers} workers did not become ready")
            time.sleep(0.02)
        ready = time.perf_counter() - started
        latencies: list[float] = []
        begun = time.perf_counter()
        clients = [
            threading.Thread(target=_ask, args=(url, sheets[number % len(sheets)], begun + seconds, latencies))
            for number in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        elapsed = time.perf_counter() - begun
        memory = resident_megabytes(server.pid)
    finally:
        server.terminate()
        server.wait(60)
    p50, p99 = np.percentile(latencies, [50, 99])
    return [
        f"{workers} × {threads}",
        f"{ready:.2f} s",
        f"{len(latencies) / elapsed:.2f}",
        f"{len(latencies) / elapsed / peer:.2f}",
        f"{p50:.1f} s",
        f"{p99:.1f} s",
        f"{memory:.0f} MB",
        str(server.returncode),
    ]


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _ask(url: str, sheet: bytes, until: float, latencies: list[float]) -> None:
    with httpx.Client(timeout=300) as client:
        while time.perf_counter() < until:
            begun = time.perf_counter()
            client.post(f"{url}/invocations", content=sheet, headers={"content-type": "image/png"}).raise_for_status()
            latencies.append(time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="for how long clients send, for each split")
    parser.add_argument("--package", type=Path, help="model.tar.gz to serve; the official one if absent")
    arguments = parser.parse_args()
    sheets = [png(seed) for seed in (101, 102, 103, 104)]
    table = Table(
        "workers × threads",
        "ready",
        "sheets a second",
        "of rapidocr's",
        "p50",
        "p99",
        "peak memory",
        "exit",
        title="Serving",
    )
    with tempfile.TemporaryDirectory() as folder:
        archive = arguments.package or build_official_package(Path(folder) / "model.tar.gz")
        package.unpack(archive, Path(folder) / "ml" / "model")
        cores = len(os.sched_getaffinity(0))
        peer = peer_rate(sheets, cores, arguments.seconds)
        table.add_row("rapidocr, no server", "", f"{peer:.2f}", "1.00", "", "", "", "")
        for workers, threads in dict.fromkeys([(cores, 1), (1, cores)]):
            table.add_row(*measure(Path(folder) / "ml", sheets, workers, threads, arguments.seconds, peer))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
