"""The text detector: PP-OCRv6 small, a differentiable-binarisation network (Liao et al., AAAI 2020)."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import paddle
from paddlex.inference.models.text_detection.modeling.pp_ocrv6_small_det import PPOCRV6SmallDet, PPOCRV6SmallDetConfig
from paddlex.modules.base.utils.pdparams2safetensors.model_config import MODEL_CONFIGS

from drawing_ocr.models.package import DETECTOR_ARCHITECTURE

STRIDE: Final = 32
"""Width and height of the input are multiples of it."""


class Detector:
    """Architecture and weights of a detector.

    Attributes:
        network: the Paddle layer; `network.model` is backbone and neck, `network.head` gives the probability map.
    """

    def __init__(self) -> None:
        config = copy.deepcopy(MODEL_CONFIGS[DETECTOR_ARCHITECTURE])
        config.pop("model_type")
        self.network: Any = PPOCRV6SmallDet(PPOCRV6SmallDetConfig(**config))
        self.network.eval()

    @classmethod
    def load(cls, weights: Path) -> Detector:
        """Reads `weights.pdparams`."""
        detector = cls()
        detector.network.set_state_dict(paddle.load(str(weights)))
        return detector

    def probability(self, images: Any) -> Any:
        """Probability of text per pixel.

        Args:
            images: [batch, 3, height, width] float32, ImageNet-normalised BGR, sides multiples of 32.

        Returns:
            [batch, 1, height, width] float32, 0 … 1.
        """
        return paddle.nn.functional.sigmoid(self.logits(images))

    def logits(self, images: Any) -> Any:
        """The same before the sigmoid: losses need it, since a probability of exactly 0 or 1 teaches nothing."""
        head = self.network.head
        return head.conv_final(head.conv_up(head.conv_down(self.network.model(images))))

    def save(self, path: Path) -> None:
        """Writes `weights.pdparams`."""
        paddle.save(self.network.state_dict(), str(path))
