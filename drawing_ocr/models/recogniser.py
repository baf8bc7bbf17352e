"""The text recogniser: PP-OCRv6 small with a CTC head over the characters of a dictionary.

Classes of the head: 0 is the CTC blank, then the characters in the order of `dict.txt`, the space last.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import paddle
from paddlex.inference.models.text_recognition.modeling.pp_ocrv6_small_rec import (
    PPOCRV6SmallRec,
    PPOCRV6SmallRecConfig,
)
from paddlex.modules.base.utils.pdparams2safetensors.model_config import MODEL_CONFIGS

ARCHITECTURE: Final = "PP-OCRv6_small_rec"
HEIGHT: Final = 48
"""Height of a line in pixels; its width is free."""
TIME_STEP: Final = 8
"""Pixels of width for one step of the output."""
BLANK: Final = 0

# A character that was never seen starts well below all others, so that reading does not change before training.
_NEW_BIAS: Final = -4.0
_NEW_WEIGHT_SCALE: Final = 0.1


class CharsetError(ValueError):
    """Weights and dictionary do not belong together."""


class Recogniser:
    """Architecture, weights and dictionary of a recogniser that can be trained.

    Attributes:
        network: the Paddle layer; `network.model` is the backbone, `network.head` encoder and classifier.
        characters: the lines of `dict.txt`, without blank and space.
    """

    def __init__(self, characters: Sequence[str]) -> None:
        self.characters = tuple(characters)
        self.network = _network(len(self.characters) + 2)

    @classmethod
    def load(cls, weights: Path, characters: Sequence[str]) -> Recogniser:
        """Reads `weights.pdparams`.

        Args:
            weights: state of the network as `save` wrote it.
            characters: the dictionary that the weights were trained with.

        Raises:
            CharsetError: the head has another number of classes than the dictionary asks for.
        """
        state = paddle.load(str(weights))
        classes = int(state["head.head.bias"].shape[0])
        if classes != len(characters) + 2:
            raise CharsetError(
                f"{weights}: the head has {classes} classes, the dictionary of {len(characters)} characters "
                f"asks for {len(characters) + 2} (with blank and space): take both from one model package"
            )
        recogniser = cls(characters)
        recogniser.load_state(state)
        return recogniser

    @property
    def classes(self) -> int:
        return len(self.characters) + 2

    def class_of(self) -> dict[str, int]:
        """Class of every character, the space included."""
        return {character: index for index, character in enumerate([*self.characters, " "], 1)}

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

    def extended(self, new_characters: Sequence[str], *, seed: int) -> Recogniser:
        """A recogniser that also knows `new_characters`; everything learned is kept.

        Rows of the old characters keep their place, new ones follow, the space stays last.

        Args:
            new_characters: in the order of the new lines of `dict.txt`.
            seed: of the small random start of the new rows.

        Raises:
            CharsetError: a character is already known or is the space.
        """
        known = {*self.characters, " "}
        for character in new_characters:
            if character in known:
                raise CharsetError(f"{character!r} is already in the dictionary: list a new character once")
            known.add(character)
        extended = Recogniser([*self.characters, *new_characters])
        state = {name: value.numpy() for name, value in self.network.state_dict().items()}
        weight, bias = state["head.head.weight"], state["head.head.bias"]
        kept, added = weight.shape[1] - 1, len(new_characters)
        rows = np.random.default_rng(seed).normal(
            0.0, _NEW_WEIGHT_SCALE * float(weight.std()), (weight.shape[0], added)
        )
        state["head.head.weight"] = np.concatenate([weight[:, :kept], rows.astype("float32"), weight[:, kept:]], axis=1)
        state["head.head.bias"] = np.concatenate([bias[:kept], np.full(added, _NEW_BIAS, "float32"), bias[kept:]])
        extended.load_state({name: paddle.to_tensor(value) for name, value in state.items()})
        extended.network.eval()
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
    config = copy.deepcopy(MODEL_CONFIGS[ARCHITECTURE])
    config.pop("model_type")
    config["head_out_channels"] = classes
    network = PPOCRV6SmallRec(PPOCRV6SmallRecConfig(**config))
    network.eval()
    return network
