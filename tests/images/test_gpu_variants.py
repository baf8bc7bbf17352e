"""The GPU variants of both images, built as far as public registries allow: without CUDA beneath, and without a GPU.

PyPI's last paddlepaddle-gpu is 2.6.2; the one that training needs comes from Paddle's own index.
"""

from __future__ import annotations

import pytest

from tests.images.conftest import Podman

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]

PROVIDERS = "import onnxruntime; print(onnxruntime.__version__, onnxruntime.get_available_providers())"
PACKAGES = (
    "from importlib.metadata import packages_distributions as found; import paddlex; print(sorted(found()['paddle']))"
)


def test_the_inference_image_takes_the_gpu_build_of_its_runtime_at_the_same_version(
    podman: Podman, inference_image: str
) -> None:
    with podman.built("inference", "gpu", ORT_PACKAGE="onnxruntime-gpu") as gpu:
        plain, found = (
            podman.run("run", "--rm", "--network=none", image, "python3", "-c", PROVIDERS).stdout.split(" ", 1)
            for image in (inference_image, gpu)
        )
    assert found[0] == plain[0]
    assert "CUDAExecutionProvider" in found[1]
    assert "CUDAExecutionProvider" not in plain[1]


def test_the_training_image_takes_the_gpu_build_of_paddle_in_place_of_the_plain_one(podman: Podman) -> None:
    with podman.built("training", "gpu", PADDLE_PACKAGE="paddlepaddle-gpu", PADDLE_VERSION="2.6.2") as gpu:
        found = podman.run("run", "--rm", "--network=none", gpu, "python3", "-c", PACKAGES).stdout
    assert found.split("\n")[-2] == "['paddlepaddle-gpu']"
