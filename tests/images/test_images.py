"""The real images: two training steps, a served answer, and the file contract of SageMaker around them."""

from __future__ import annotations

import json
import shutil
import socket
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import httpx
import pytest

from drawing_ocr.dataset.build import build_dataset
from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.dataset.regression import build_regression_set
from drawing_ocr.models import package
from drawing_ocr.models.official import official_charset
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.sheet import draw_sheet
from tests.images.conftest import Podman, shorten

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

# As SageMaker runs a container: no root needed, nothing writable but its own folders, no capabilities.
ANY_USER = ("--user", "4321:4321", "--cap-drop=all", "--read-only", "--tmpfs", "/tmp:rw,mode=1777")
HYPERPARAMETERS = {"epochs": "1", "batch_size": "4", "processes": "1", "seed": "1", "max_seconds": "120"}


@pytest.fixture
def opt_ml(tmp_path: Path, official: Path) -> Path:
    """`/opt/ml` of a training job: a dataset of one sheet, a regression set, the official reader."""
    base = tmp_path / "ml"
    batch = load_manifest(str(write_batch(tmp_path / "batch", 3, seed=5, processes=1)))
    channels = base / "input" / "data"
    build_dataset(
        batch.annotations,
        [],
        official_charset(),
        channels / "training",
        replay_ratio=0.0,
        val_ratio=0.34,
        seed=1,
        quarantine_dir=tmp_path / "quarantine",
    )
    shorten(channels / "training" / "rec_train.txt", lines=8)  # two steps of four lines
    shorten(channels / "training" / "rec_val.txt", lines=8)
    build_regression_set(channels / "regression")
    shorten(channels / "regression" / "rec_val.txt", lines=8)
    (channels / "model").mkdir()
    shutil.copyfile(official, channels / "model" / "model.tar.gz")
    config = base / "input" / "config"
    config.mkdir()
    (config / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS))
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
    for folder in ("model", "checkpoints", "output/data"):
        (base / folder).mkdir(parents=True)
    open_to_everyone(base)
    return base


def open_to_everyone(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)


def train(podman: Podman, image: str, base: Path) -> int:
    command = ("run", "--rm", "--no-healthcheck", "--network=none", *ANY_USER, "-v", f"{base}:/opt/ml", image, "train")
    return podman.run(*command, timeout=600, check=False).returncode


@contextmanager
def served(podman: Podman, image: str, model: Path) -> Iterator[str]:
    """The address of a container that serves the package in `model`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = podman.run(
        *("run", "--detach", "--no-healthcheck", *ANY_USER, "-p", f"127.0.0.1:{port}:8080"),
        *("-v", f"{model}:/opt/ml/model:ro", image, "serve"),
    )
    container = started.stdout.strip()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        logs = podman.run("logs", container, check=False)
        podman.run("rm", "--force", "--time", "5", container, check=False)
        print(logs.stdout[-2000:], logs.stderr[-2000:])


def wait_until_ready(address: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/ping", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"{address}/ping was not 200 within {seconds:.0f} s")


def test_the_images_train_two_steps_and_serve_what_they_trained(
    podman: Podman, training_image: str, inference_image: str, opt_ml: Path
) -> None:
    assert train(podman, training_image, opt_ml) == 0, (opt_ml / "output" / "data" / "train.log").read_text()

    log = (opt_ml / "output" / "data" / "train.log").read_text()
    assert "step=2 " in log or "epoch=1 " in log
    info = package.check_folder(opt_ml / "model")
    assert info.parent is not None

    sheet, annotation = draw_sheet(11)
    drawing = cv2.imencode(".png", sheet)[1].tobytes()
    with served(podman, inference_image, opt_ml / "model") as address:
        wait_until_ready(address)
        answer = httpx.post(
            f"{address}/invocations", content=drawing, headers={"content-type": "image/png"}, timeout=60
        )
        refused = httpx.post(
            f"{address}/invocations", content=b"not a picture", headers={"content-type": "image/png"}, timeout=60
        )
    assert answer.status_code == 200, answer.text
    read = answer.json()
    assert (read["width"], read["height"]) == (annotation.width, annotation.height)
    assert len(read["predictions"]) > len(annotation.regions) / 4
    assert 400 <= refused.status_code < 500
    assert refused.json()["error"]["message"]


def test_a_training_job_that_cannot_run_says_why_in_one_line(podman: Podman, training_image: str, opt_ml: Path) -> None:
    (opt_ml / "input" / "config" / "hyperparameters.json").write_text(json.dumps({"learning_rate": "7"}))

    assert train(podman, training_image, opt_ml) == 1

    first_line = (opt_ml / "output" / "failure").read_text("utf-8").splitlines()[0]
    assert "learning_rate" in first_line
    assert "7" in first_line
    assert not any((opt_ml / "model").iterdir())


def test_the_inference_image_serves_the_official_package_as_sagemaker_unpacks_it(
    podman: Podman, inference_image: str, official: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    with tarfile.open(official) as archive:
        archive.extractall(model, filter="data")
    with served(podman, inference_image, model) as address:
        wait_until_ready(address)
        sheet, _ = draw_sheet(12)
        answer = httpx.post(
            f"{address}/invocations",
            content=cv2.imencode(".jpg", sheet)[1].tobytes(),
            headers={"content-type": "image/jpeg"},
            timeout=60,
        )
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"]
