"""The server as SageMaker runs it: the script `serve`, a model package under the base directory, signals."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.drawing_ocr.reading.world import sheet, write_package

ROOT = Path(__file__).resolve().parents[3]
SERVE = ROOT / "containers" / "inference" / "bin" / "serve"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(base: Path, port: int, **variables: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        **variables,
    }
    return subprocess.Popen([str(SERVE)], env=environment, cwd="/", stdout=subprocess.PIPE, text=True)


def end(server: subprocess.Popen[str]) -> None:
    if server.poll() is None:
        server.kill()
    server.communicate()


def png(text: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(sheet({text: (60, 60, 0)}, size=(400, 200))).save(buffer, format="PNG")
    return buffer.getvalue()


def ping(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ping", timeout=5).status_code
    except httpx.TransportError:
        return 0


def inside(port: int) -> float:
    """Requests that the server holds."""
    lines = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("inference_requests_inside "))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ml")
    write_package(folder / "model")
    return folder


@pytest.fixture
def server(base: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = start(base, port, MODEL_PACKAGE_VERSION="12", SAGEMAKER_MODEL_SERVER_WORKERS="2")
    try:
        latest = time.monotonic() + 100
        while ping(port) != 200:
            assert process.poll() is None
            assert time.monotonic() < latest
            time.sleep(0.05)
        yield process, port
    finally:
        end(process)


def test_it_reads_concurrently_then_drains_on_sigterm(server: tuple[subprocess.Popen[str], int]) -> None:
    process, port = server

    def ask(text: str) -> dict[str, object]:
        url = f"http://127.0.0.1:{port}/invocations"
        answer = httpx.post(url, content=png(text), headers={"content-type": "image/png"}, timeout=100)
        assert answer.status_code == 200
        return dict(answer.json())

    texts = [f"R{number}.5" for number in range(11, 15)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, texts))
        assert [answer["predictions"][0]["text"] for answer in answers] == texts  # type: ignore[index]
        assert [ask(text) for text in texts[:2]] == answers[:2]  # alone as in company, to the last digit
        assert answers[0]["model"] == {"name": "official", "version": "12"}
        running = [threads.submit(ask, "DRAINED") for _ in range(2)]
        while inside(port) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert [request.result()["predictions"][0]["text"] for request in running] == ["DRAINED"] * 2  # type: ignore[index]
    assert process.wait(60) == 0
    assert ping(port) == 0
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert {"time", "level", "message"} <= set(lines[0])
    invocations = [line for line in lines if line.get("message") == "invocation"]
    assert len(invocations) == 8
    assert {"request_id", "status", "seconds", "stages", "bytes", "predictions", "pages"} <= set(invocations[0])
    assert "R11.5" not in json.dumps(lines)  # what was read is nobody's business in a log
    embedded = [line for line in lines if "_aws" in line]  # one a minute
    assert all(line["ModelVersion"] == "12" for line in embedded)
    for metric in ("Seconds", "Confidence"):
        assert sum(len(line.get(metric, [])) for line in embedded) == 8


def test_a_model_that_cannot_be_loaded_ends_the_server_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    process = start(tmp_path, free_port())
    try:
        output, _ = process.communicate(timeout=100)
    finally:
        end(process)
    assert process.returncode == 1
    errors = [json.loads(line) for line in output.splitlines() if '"ERROR"' in line]
    assert "not a model package" in errors[0]["message"]


def test_a_variable_that_cannot_be_used_ends_the_server_with_the_reason(tmp_path: Path) -> None:
    process = start(tmp_path, free_port(), READING_QUEUE="many")
    try:
        output, _ = process.communicate(timeout=100)
    finally:
        end(process)
    assert process.returncode == 2
    assert "READING_QUEUE='many'" in json.loads(output)["message"]
