"""The embedder: a small residual network (He et al., CVPR 2016) with GeM pooling (Radenović et al., TPAMI 2019).

One grey picture of ink to 2048 values. A drawing may lie in any of four ways: at inference the picture is looked at in
all four and the mean is taken, so that a quarter turn changes nothing but the order of a sum.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import paddle
from paddle import nn
from paddle.nn import functional as F

DIMENSION: Final = 2048
_LEAST: Final = 1e-6
_CELLS: Final = 5  # of the map, each way, in which the layout is looked at: all of it at 160 pixels
_CELL_CHANNELS: Final = 64


class Embedder(nn.Layer):
    """Architecture and weights.

    Attributes:
        widths: Channels of the stem and of the three stages at 1/8, 1/16 and 1/32 of the input.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (32, 64, 128, 256)) -> None:
        super().__init__()
        stem, first, second, third = widths
        self.stem = nn.Sequential(_convolution(1, stem // 2, 5, 2), _convolution(stem // 2, stem, 3, 2))
        self.stages = nn.Sequential(
            _Residual(stem, first, 2),
            _Residual(first, second, 2),
            _Residual(second, second, 1),
            _Residual(second, third, 2),
            _Residual(third, third, 1),
        )
        self.widen = _convolution(third, DIMENSION, 1, 1)
        self.power = self.create_parameter([1], default_initializer=nn.initializer.Constant(3.0))
        self.layout = _convolution(third, _CELL_CHANNELS, 1, 1)
        # Nothing at first: the network begins as if it had no layout.
        self.place = nn.Conv2D(
            _CELL_CHANNELS, DIMENSION, _CELLS, weight_attr=nn.initializer.Constant(0.0), bias_attr=False
        )
        # Centred values keep cosines apart (Luo et al., CVPRW 2019, "BNNeck").
        self.centre = nn.BatchNorm1D(DIMENSION)
        self.whitening: Any = nn.Identity()

    def forward(self, ink: Any) -> Any:
        """Pictures as they lie.

        Args:
            ink: float32 [batch, 1, size, size], 0 paper to 1 ink.

        Returns:
            float32 [batch, 2048], not normalised.
        """
        features = self.stages(self.stem(ink))
        powered = paddle.clip(self.widen(features), min=_LEAST) ** self.power
        pooled = powered.mean(axis=[2, 3]) ** (1.0 / self.power)
        cells = self.layout(features)
        if cells.shape[2] != _CELLS:
            cells = F.interpolate(cells, (_CELLS, _CELLS), mode="bilinear")
        return self.centre(pooled + self.place(cells).flatten(1))

    def embed(self, ink: Any) -> Any:
        """The mean over the four quarter turns, L2 = 1; arguments and result as `forward`."""
        across = ink.transpose([0, 1, 3, 2])
        turns = [ink, across.flip(axis=[2]), ink.flip(axis=[2, 3]), across.flip(axis=[3])]
        together = self(paddle.concat(turns)).reshape([len(turns), -1, DIMENSION]).sum(axis=0)
        return F.normalize(self.whitening(F.normalize(together, axis=1)), axis=1)

    def whiten(self, mean: npt.NDArray[np.float32], matrix: npt.NDArray[np.float32]) -> None:
        """From now on `embed` turns a vector x of length 1 into (x - mean) @ matrix, again of length 1."""
        self.whitening = nn.Linear(DIMENSION, DIMENSION)
        self.whitening.weight.set_value(matrix)
        self.whitening.bias.set_value(-mean @ matrix)

    @classmethod
    def load(cls, weights: Path) -> Embedder:
        """Reads `weights.pdparams`."""
        network = cls()
        network.set_state_dict(paddle.load(str(weights)))
        network.eval()
        return network


class _Residual(nn.Layer):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(inside, outside, 3, stride)
        same = stride == 1 and inside == outside
        # A block that may pass on what it gets begins with that.
        scale = nn.initializer.Constant(0.0 if same else 1.0)
        self.second = nn.Sequential(
            nn.Conv2D(outside, outside, 3, padding=1, bias_attr=False), nn.BatchNorm2D(outside, weight_attr=scale)
        )
        self.short = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.AvgPool2D(stride, stride) if stride > 1 else nn.Identity(),
                nn.Conv2D(inside, outside, 1, bias_attr=False),
                nn.BatchNorm2D(outside),
            )
        )

    def forward(self, x: Any) -> Any:
        return F.relu(self.second(self.first(x)) + self.short(x))


def _convolution(inside: int, outside: int, kernel: int, stride: int) -> Any:
    return nn.Sequential(
        nn.Conv2D(inside, outside, kernel, stride, padding=kernel // 2, bias_attr=False),
        nn.BatchNorm2D(outside),
        nn.ReLU(),
    )
