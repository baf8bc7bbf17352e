"""The text recogniser: PP-OCRv6 small with a CTC head over the classes of a `Charset`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import numpy as np
import paddle
from paddlex.inference.models.text_recognition.modeling.pp_ocrv6_small_rec import (
    PPOCRV6SmallRec,
    PPOCRV6SmallRecConfig,
)
from paddlex.modules.base.utils.pdparams2safetensors.model_config import MODEL_CONFIGS

from drawing_ocr.models.package import RECOGNISER_ARCHITECTURE
from drawing_ocr.text import Charset, CharsetError

HEIGHT: Final = 48
"""Height of a line in pixels; its width is free."""
TIME_STEP: Final = 8
"""Pixels of width for one step of the output."""
BLANK: Final = 0

_WEIGHT: Final = "head.head.weight"
_BIAS: Final = "head.head.bias"

# A new row starts as the mean of all others, a little lower: the mean is never above the best, so nothing reads
# differently before it is trained. Small random rows, or zeros, do win over rare characters.
_BELOW_MEAN: Final = -4.0


class Recogniser:
    """Architecture, weights and dictionary of a recogniser that can be trained.

    Attributes:
        charset: the characters that it can write.
        network: the Paddle layer; `network.model` is the backbone, `network.head` encoder and classifier.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self.network = _network(charset.classes)

    @classmethod
    def load(cls, weights: Path, charset: Charset) -> Recogniser:
        """Reads `weights.pdparams`.

        Args:
            weights: state of the network as `save` wrote it.
            charset: the dictionary that the weights were trained with.

        Raises:
            CharsetError: the head has another number of classes than the dictionary asks for.
        """
        state = paddle.load(str(weights))
        classes = int(state[_BIAS].shape[0])
        if classes != charset.classes:
            raise CharsetError(
                f"{weights}: the head has {classes} classes, the dictionary asks for {charset.classes} "
                "(with blank and space): take both from one model package"
            )
        recogniser = cls(charset)
        recogniser.load_state(state)
        return recogniser

    def class_of(self) -> dict[str, int]:
        """Class of every character, the space included."""
        return {character: index for index, character in enumerate([*self.charset.characters, " "], 1)}

    def logits(self, images: Any) -> Any:
        """Scores before softmax (the network's own `forward` applies it and leaves Paddle).

        Args:
            images: [batch, 3, 48, width] float32, values −1 … 1.

        Returns:
            [batch, width / 8, classes] float32.
        """
        return self.network.head.head(self.features(images))

    def features(self, images: Any) -> Any:
        """What the classifier sees: [batch, width / 8, 120] float32."""
        return _encode(self.network.head.encoder, self.network.model(images))

    def state(self) -> dict[str, Any]:
        return dict(self.network.state_dict())

    def load_state(self, state: dict[str, Any]) -> None:
        self.network.set_state_dict(state)

    def save(self, path: Path) -> None:
        """Writes `weights.pdparams`."""
        paddle.save(self.network.state_dict(), str(path))

    def extended(self, charset: Charset) -> Recogniser:
        """A recogniser that also knows new characters; everything learned is kept.

        Rows of the old characters keep their place, new ones follow, the space stays last.

        Args:
            charset: the own characters in their order, then new ones.

        Raises:
            CharsetError: the own characters are not the beginning of `charset`.
        """
        own = self.charset.characters
        for line, character in enumerate(own):
            found = charset.characters[line] if line < len(charset.characters) else "the end"
            if found != character:
                raise CharsetError(
                    f"dictionary line {line + 1}: {found!r} where the base model has {character!r}: "
                    "new characters go to the end of its dictionary"
                )
        extended = Recogniser(charset)
        state = {name: value.numpy() for name, value in self.network.state_dict().items()}
        weight, bias = state[_WEIGHT], state[_BIAS]
        kept, added = len(own) + 1, len(charset.characters) - len(own)
        rows = np.repeat(weight.mean(axis=1, keepdims=True), added, axis=1)
        biases = np.full(added, bias.mean() + _BELOW_MEAN, "float32")
        state[_WEIGHT] = np.concatenate([weight[:, :kept], rows, weight[:, kept:]], axis=1)
        state[_BIAS] = np.concatenate([bias[:kept], biases, bias[kept:]])
        extended.load_state({name: paddle.to_tensor(value) for name, value in state.items()})
        return extended


def _encode(encoder: Any, maps: Any) -> Any:
    """The encoder of the head, written so that batch and width stay free in the exported graph.

    PaddleX's own `forward` puts both into `reshape`, which cannot be traced; in `reshape` 0 keeps a dimension.

    Args:
        maps: [batch, channels, 1, steps].

    Returns:
        [batch, steps, hidden].
    """
    residual = encoder.conv_block[0](maps).squeeze(2).transpose([0, 2, 1])
    hidden = encoder.conv_block[1](maps)
    hidden = (hidden + encoder.conv_block[2](hidden)).squeeze(2).transpose([0, 2, 1])
    for block in encoder.svtr_block:
        hidden = hidden + _attend(block.self_attn, block.layer_norm1(hidden))
        hidden = hidden + block.mlp(block.layer_norm2(hidden))
    return encoder.norm(hidden) + residual


def _attend(attention: Any, hidden: Any) -> Any:
    heads, size = attention.num_heads, attention.head_dim
    mixed = attention.qkv(hidden).reshape([0, -1, 3, heads, size]).transpose([2, 0, 3, 1, 4])
    query, key, value = mixed[0], mixed[1], mixed[2]
    scores = paddle.nn.functional.softmax(query @ key.transpose([0, 1, 3, 2]) * attention.scale, axis=-1)
    return attention.projection((scores @ value).transpose([0, 2, 1, 3]).reshape([0, -1, heads * size]))


def _network(classes: int) -> Any:
    # The class defaults of PaddleX belong to other sizes of the model: the published configuration is the truth.
    config = copy.deepcopy(MODEL_CONFIGS[RECOGNISER_ARCHITECTURE])
    config.pop("model_type")
    config["head_out_channels"] = classes
    network = PPOCRV6SmallRec(PPOCRV6SmallRecConfig(**config))
    network.eval()
    return network
