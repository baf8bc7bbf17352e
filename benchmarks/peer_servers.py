"""Other servers that read texts, each in a virtual environment of its own that is made on first use (`.venv-peers/`).

RapidOCRAPI serves rapidocr's PP-OCRv6 small on ONNX Runtime; PaddleX serves the same weights on Paddle with oneDNN, its
own default. Both are asked for texts only: no pictures in the answer, no orientation of lines or pages.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from benchmarks.served import READY_WITHIN, ROOT, Served, free_port, status_of

Ask = Callable[[httpx.Client, str, bytes], httpx.Response]


class PeerMissing(RuntimeError):
    """A peer could not be installed or started; one line with the reason."""


@dataclass(frozen=True)
class Peer:
    """A server beside which ours is measured.

    Attributes:
        name: For the table.
        packages: What is installed for it.
        command: Its command line from the folder of its programs, a folder to write to, the model and a port.
        alive: The address that answers 200 when it serves.
        ask: Has a picture read.
    """

    name: str
    packages: tuple[str, ...]
    command: Callable[[Path, Path, Path, int], list[str]]
    alive: str
    ask: Ask


def ask_ours(client: httpx.Client, url: str, sheet: bytes) -> httpx.Response:
    """Has our server read a picture."""
    return client.post(f"{url}/invocations", content=sheet, headers={"content-type": "image/png"})


def _ask_rapidocr(client: httpx.Client, url: str, sheet: bytes) -> httpx.Response:
    return client.post(f"{url}/ocr", files={"image_file": ("sheet.png", sheet)}, data={"use_cls": "false"})


def _ask_paddlex(client: httpx.Client, url: str, sheet: bytes) -> httpx.Response:
    body = {"file": base64.b64encode(sheet).decode(), "fileType": 1, "visualize": False}
    return client.post(f"{url}/ocr", json=body)


def _rapidocr(workers: int) -> Peer:
    def command(programs: Path, _: Path, __: Path, port: int) -> list[str]:
        return [str(programs / "rapidocr_api"), "-ip", "127.0.0.1", "-p", str(port), "-workers", str(workers)]

    packages = ("rapidocr_api==0.2.0", "rapidocr==3.10.0", "onnxruntime==1.31.1")
    return Peer(f"RapidOCRAPI, {workers} process" + "es" * (workers > 1), packages, command, "/", _ask_rapidocr)


def _serve_paddlex(programs: Path, scratch: Path, model: Path, port: int) -> list[str]:
    parts = {
        "TextDetection": {"module_name": "text_detection", "model_name": "PP-OCRv6_small_det", "limit_side_len": 736},
        "TextRecognition": {"module_name": "text_recognition", "model_name": "PP-OCRv6_small_rec", "batch_size": 6},
    }
    parts["TextDetection"] |= {"limit_type": "min", "max_side_limit": 4000, "thresh": 0.3, "box_thresh": 0.5}
    parts["TextDetection"] |= {"unclip_ratio": 1.6, "model_dir": str(model / "detector")}
    parts["TextRecognition"] |= {"score_thresh": 0.0, "model_dir": str(model / "recogniser")}
    pipeline = {
        "pipeline_name": "OCR",
        "text_type": "general",
        "use_doc_preprocessor": False,
        "use_textline_orientation": False,
        "SubModules": parts,
    }
    file = scratch / "ocr.yaml"
    file.write_text(yaml.safe_dump(pipeline))
    serving = ["--serve", "--pipeline", str(file), "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    return [str(programs / "paddlex"), *serving]


PADDLEX = Peer(
    "PaddleX serving",
    ("paddlex[ocr-core,serving]==3.7.2", "paddlepaddle==3.2.2"),
    _serve_paddlex,
    "/health",
    _ask_paddlex,
)


def peers(cores: int) -> list[Peer]:
    """The servers that are measured beside ours on so many cores."""
    return [_rapidocr(1), *([_rapidocr(cores)] if cores > 1 else []), PADDLEX]


@contextmanager
def serve_peer(peer: Peer, scratch: Path, model: Path) -> Iterator[Served]:
    """Runs a peer until the end of the block.

    Raises:
        PeerMissing: see there.
    """
    programs = _installed(peer)
    port = free_port()
    log = scratch / "peer.log"
    variables = {**os.environ, "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True"}
    begun = time.perf_counter()
    with log.open("wb") as output:
        command = peer.command(programs, scratch, model, port)
        process = subprocess.Popen(command, stdout=output, stderr=output, env=variables, start_new_session=True)
    try:
        while status_of(f"http://127.0.0.1:{port}{peer.alive}") != 200:
            if process.poll() is not None or time.perf_counter() - begun > READY_WITHIN:
                raise PeerMissing(f"{peer.name} did not start: {_last_line(log.read_text(errors='replace'))}")
            time.sleep(0.05)
        yield Served(port, process, time.perf_counter() - begun)
    finally:
        _end(process)


def _installed(peer: Peer) -> Path:
    """The folder of a peer's programs; it is installed when its list of packages has changed."""
    folder = ROOT / ".venv-peers" / peer.packages[0].partition("=")[0].partition("[")[0]
    stamp = folder / "packages.json"
    if not stamp.is_file() or stamp.read_text() != json.dumps(peer.packages):
        uv = str(Path(sys.executable).parent / "uv")
        python = folder / "bin" / "python"
        # Without our configuration, which keeps rapidocr's OpenCV out of our own environment.
        for command in (
            [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "-q", "--no-config", "--python", str(python), *peer.packages],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise PeerMissing(f"{peer.name} cannot be installed: {_last_line(done.stderr)}")
        stamp.write_text(json.dumps(peer.packages))
    return folder / "bin"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):  # its session holds whatever it has started
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]
