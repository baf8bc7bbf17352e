"""The two container images, built from this repository: one prepares, trains and evaluates, one serves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from constructs import Construct

ROOT = Path(__file__).resolve().parents[2]

# What each Dockerfile copies. Nothing else is in its build context, so that nothing else changes its hash.
CONTENTS = {
    "training": ("containers/training", "drawing_ocr", "requirements/train.txt"),
    "inference": ("containers/inference", "drawing_ocr", "requirements/serve.txt"),
}
NEVER = ("**/__pycache__", "**/*.pyc")


@dataclass(frozen=True, kw_only=True)
class ImagesProps:
    """For which machines the images are built: each follows the instance types of the settings."""

    training_accelerator: Literal["cpu", "gpu"]
    serving_accelerator: Literal["cpu", "gpu"]


class Images(Construct):
    """Images that the CDK command line builds and pushes; their tags are hashes of their contents."""

    training: ecr_assets.DockerImageAsset
    inference: ecr_assets.DockerImageAsset

    def __init__(self, scope: Construct, construct_id: str, *, props: ImagesProps) -> None:
        super().__init__(scope, construct_id)
        self.training = self._define_image("training", props.training_accelerator)
        self.inference = self._define_image("inference", props.serving_accelerator)

    def _define_image(self, name: str, accelerator: Literal["cpu", "gpu"]) -> ecr_assets.DockerImageAsset:
        return ecr_assets.DockerImageAsset(
            self,
            name.capitalize(),
            directory=str(ROOT),
            file=f"containers/{name}/Dockerfile",
            exclude=["*", *(f"!{path}" for path in CONTENTS[name]), *NEVER],
            ignore_mode=cdk.IgnoreMode.DOCKER,
            build_args={"ACCELERATOR": accelerator},
            platform=ecr_assets.Platform.LINUX_AMD64,
            asset_name=f"{name} ({accelerator})",
        )
