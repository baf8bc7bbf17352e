"""The two container images, built from this repository: one prepares, trains and evaluates, one serves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from constructs import Construct
from drawing_platform.settings import ImageSettings

ROOT = Path(__file__).resolve().parents[2]

# What each Dockerfile copies. Nothing else is in its build context, so that nothing else changes its hash.
CONTENTS = {
    "training": ("containers/training", "drawing_ocr", "requirements/train.txt"),
    "inference": ("containers/inference", "drawing_ocr", "requirements/serve.txt"),
}
NEVER = ("**/__pycache__", "**/*.pyc")


@dataclass(frozen=True, kw_only=True)
class ImagesProps:
    """What the images are built with: the GPU variants need other base images and packages."""

    images: ImageSettings


class Images(Construct):
    """Images that the CDK command line builds and pushes; their tags are hashes of their contents."""

    training: ecr_assets.DockerImageAsset
    inference: ecr_assets.DockerImageAsset

    def __init__(self, scope: Construct, construct_id: str, *, props: ImagesProps) -> None:
        super().__init__(scope, construct_id)
        self.training = self._define_image("training", props.images.training)
        self.inference = self._define_image("inference", props.images.inference)

    def _define_image(self, name: str, build_args: dict[str, str]) -> ecr_assets.DockerImageAsset:
        return ecr_assets.DockerImageAsset(
            self,
            name.capitalize(),
            directory=str(ROOT),
            file=f"containers/{name}/Dockerfile",
            exclude=["*", *(f"!{path}" for path in CONTENTS[name]), *NEVER],
            ignore_mode=cdk.IgnoreMode.DOCKER,
            build_args=build_args or None,
            platform=ecr_assets.Platform.LINUX_AMD64,
            asset_name=name,
        )
