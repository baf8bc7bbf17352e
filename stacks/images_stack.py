"""The container images. Apart from everything else, since building them takes longest and changes most often."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.images import Images, ImagesProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.settings import Settings


class ImagesStack(cdk.Stack):
    """One image that prepares, trains and evaluates, one that serves."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        images = Images(self, "Images", props=ImagesProps(images=settings.images))
        self.training = images.training
        self.inference = images.inference
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=settings.parameter_prefix,
                values={
                    "training-image": self.training.image_uri,
                    "inference-image": self.inference.image_uri,
                },
            ),
        )
