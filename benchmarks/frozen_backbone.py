"""The official recogniser with a frozen body: lines become features once, then its classifier alone is trained.

What the classifier sees (120 numbers a step) is computed once for each line. Rows of the classifier that no label needs
stay as they are, as in `drawing_ocr.training.classifier`; of them only two numbers a step are kept: the logarithm of
the sum of their exponentials (so that every probability and the CTC loss are those of all 18,710 classes, exactly), and
the best one with its class (so that reading is, too).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import paddle
from onnx import numpy_helper

from drawing_ocr.models.official import official_charset, recogniser_onnx
from drawing_ocr.models.recogniser import BLANK, HEIGHT, TIME_STEP
from drawing_ocr.text import canonical

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

_LEAST_WIDTH: Final = 320  # pixels; the reader pads narrower lines to it
_MOST_WIDTH: Final = 960
_WIDTH_STEP: Final = 64  # lines of like width are read together
_TOGETHER: Final = 16
_STEPS_AT_ONCE: Final = 4096
_BELOW_MEAN: Final = -4.0  # bias of a new character's row, as in `Recogniser.extended`
_GRADIENT_NORM: Final = 5.0
_WEIGHT_DECAY: Final = 1e-4


@dataclass(frozen=True)
class Features:
    """What the classifier sees of some lines, one after the other.

    Attributes:
        values: [steps of all lines, 120] float16.
        starts: Where each line begins, and the end of the last, [lines + 1].
        rest: Logarithm of the summed exponentials of the rows that never learn, [steps].
        best_rest, best_rest_class: The largest of their logits and its class, [steps].
    """

    values: npt.NDArray[np.float16]
    starts: npt.NDArray[np.int64]
    rest: Floats
    best_rest: Floats
    best_rest_class: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The lines of all parts, in order."""
        lengths = np.concatenate([np.diff(part.starts) for part in parts])
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__}
        return cls(**{**arrays, "starts": np.cumsum([0, *lengths])})

    def between(self, first: int, last: int) -> Self:
        """The lines from `first` up to, but without, `last`."""
        steps = slice(self.starts[first], self.starts[last])
        arrays = {name: getattr(self, name)[steps] for name in self.__dataclass_fields__ if name != "starts"}
        return type(self)(**arrays, starts=self.starts[first : last + 1] - self.starts[first])

    def save(self, path: Path) -> None:
        """Writes them as .npz."""
        with path.open("wb") as file:
            np.savez(file, **{name: getattr(self, name) for name in self.__dataclass_fields__})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote."""
        with np.load(path) as arrays:
            return cls(**{name: arrays[name] for name in cls.__dataclass_fields__})


class FrozenBackbone:
    """Turns pictures of lines into features.

    Attributes:
        characters: That may learn; their rows follow the blank in this order.
        weight, bias: Of the blank and of those rows as the official model has them, [120, 1 + characters], [1 + …].
    """

    def __init__(self, characters: str, *, threads: int) -> None:
        model = onnx.load(recogniser_onnx())
        constants = {item.name: item for item in model.graph.initializer}
        classifier = [node for node in model.graph.node if node.op_type == "MatMul"][-1]
        bias = next(node for node in model.graph.node if classifier.output[0] in node.input)
        weights = numpy_helper.to_array(constants[classifier.input[1]])
        biases = numpy_helper.to_array(constants[next(name for name in bias.input if name in constants)])
        # The graph ends where the classifier begins.
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(classifier.input[0]))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        self._input, self._output = self._session.get_inputs()[0].name, classifier.input[0]

        self.characters = characters
        self._known = ("", *official_charset().characters, " ")
        place = {character: index for index, character in enumerate(self._known)}
        mean = weights.mean(axis=1), biases.mean() + _BELOW_MEAN
        rows = [(weights[:, place[each]], biases[place[each]]) if each in place else mean for each in characters]
        self.weight = np.stack([weights[:, BLANK], *(row for row, _ in rows)], axis=1).astype(np.float32)
        self.bias = np.array([biases[BLANK], *(row for _, row in rows)], np.float32)
        learning = {BLANK, *(place[each] for each in characters if each in place)}
        self._resting = np.array([index for index in range(len(self._known)) if index not in learning], np.int32)
        self._resting_weight = np.ascontiguousarray(weights[:, self._resting])
        self._resting_bias = biases[self._resting]

    def character(self, resting: int) -> str:
        """The character of a class that never learns."""
        return self._known[resting]

    def features(self, crops: Sequence[Pixels]) -> Features:
        """Features of upright crops, uint8 [height, width, 3]."""
        widths = [_width(crop) for crop in crops]
        found: list[Floats] = [np.empty((0, 0), np.float32)] * len(crops)
        order = sorted(range(len(crops)), key=lambda index: widths[index])
        for first in range(0, len(order), _TOGETHER):
            some = order[first : first + _TOGETHER]
            width = max(widths[index] for index in some)
            batch = np.zeros((len(some), 3, HEIGHT, width), np.float32)
            for row, index in zip(batch, some, strict=True):
                own = min(width, math.ceil(HEIGHT * crops[index].shape[1] / crops[index].shape[0]))
                row[:, :, :own] = cv2.resize(crops[index], (own, HEIGHT)).transpose(2, 0, 1) / 127.5 - 1.0
            (values,) = self._session.run([self._output], {self._input: batch})
            for row, index in zip(values, some, strict=True):
                found[index] = row[: widths[index] // TIME_STEP]
        values = np.concatenate(found)
        rest, best, best_class = self._rest(values)
        starts = np.cumsum([0, *(len(row) for row in found)])
        return Features(values.astype(np.float16), starts, rest, best, best_class)

    def _rest(self, values: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int32]]:
        parts = []
        for start in range(0, len(values), _STEPS_AT_ONCE):
            logits = values[start : start + _STEPS_AT_ONCE] @ self._resting_weight + self._resting_bias
            best = logits.argmax(axis=1)
            top = logits[np.arange(len(logits)), best]
            parts.append((top + np.log(np.exp(logits - top[:, None]).sum(axis=1)), top, self._resting[best]))
        rest, top, classes = (np.concatenate(part) for part in zip(*parts, strict=True))
        return rest.astype(np.float32), top.astype(np.float32), classes.astype(np.int32)


class Classifier:
    """The rows of a classifier that may learn, beside those that rest."""

    def __init__(self, backbone: FrozenBackbone, weight: Floats, bias: Floats) -> None:
        self._backbone = backbone
        self.weight, self.bias = weight, bias
        self._classes = {character: index for index, character in enumerate(backbone.characters, 1)}

    def read(self, features: Features) -> list[tuple[str, float]]:
        """Text (canonical) and confidence (mean probability of its characters) of each line."""
        logits = features.values.astype(np.float32) @ self.weight + self.bias
        best = logits.argmax(axis=1)
        top = logits[np.arange(len(logits)), best]
        total = np.logaddexp(np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top, features.rest)
        rests = features.best_rest > top
        # Classes of rows that rest are told apart from those that learn by their sign.
        classes = np.where(rests, -1 - features.best_rest_class, best)
        chance = np.exp(np.where(rests, features.best_rest, top) - total)
        lines = []
        for start, end in zip(features.starts[:-1], features.starts[1:], strict=True):
            own = classes[start:end]
            kept = own != BLANK
            kept[1:] &= own[1:] != own[:-1]
            text = "".join(
                self._backbone.characters[index - 1] if index > 0 else self._backbone.character(-1 - index)
                for index in own[kept].tolist()
            )
            lines.append((canonical(text), float(chance[start:end][kept].mean()) if kept.any() else 0.0))
        return lines

    def trained(
        self,
        features: Sequence[Features],
        texts: Sequence[Sequence[str]],
        *,
        steps: int,
        batch: int,
        rate: float,
        seed: int,
    ) -> Classifier:
        """A classifier that has also learned some lines, by CTC and AdamW; rows that no text needs stay as they are.

        Args:
            features, texts: Parts of equal weight: each gives an equal share of every batch.
            steps, batch, rate: Of the training; the rate falls to nothing along a cosine.
            seed: Of the order.
        """
        weight: Any = paddle.create_parameter(list(self.weight.shape), "float32")
        bias: Any = paddle.create_parameter(list(self.bias.shape), "float32")
        weight.set_value(self.weight)
        bias.set_value(self.bias)
        learning = np.zeros(len(self.bias), np.float32)
        learning[[BLANK, *{self._classes[character] for part in texts for text in part for character in text}]] = 1
        mask = paddle.to_tensor(learning)
        schedule = paddle.optimizer.lr.CosineAnnealingDecay(rate, steps)
        optimiser = paddle.optimizer.AdamW(
            schedule,
            parameters=[weight, bias],
            weight_decay=_WEIGHT_DECAY,
            grad_clip=paddle.nn.ClipGradByGlobalNorm(_GRADIENT_NORM),
        )
        generator = np.random.default_rng(seed)
        share = batch // len(features)
        for _ in range(steps):
            lines = []
            for number, part in enumerate(features):
                chosen = generator.integers(len(part), size=share)
                lines += [(part, int(index), texts[number][int(index)]) for index in chosen]
            loss = self._loss(lines, weight, bias)
            loss.backward()
            weight.grad.set_value(weight.grad * mask)
            bias.grad.set_value(bias.grad * mask)
            # `F.ctc_loss` gives a non-finite gradient now and then although the loss is finite.
            if bool(paddle.isfinite(weight.grad).all()) and bool(paddle.isfinite(bias.grad).all()):
                optimiser.step()
            optimiser.clear_grad()
            schedule.step()
        kept = learning == 0
        new_weight, new_bias = weight.numpy(), bias.numpy()
        new_weight[:, kept], new_bias[kept] = self.weight[:, kept], self.bias[kept]
        return Classifier(self._backbone, new_weight, new_bias)

    def _loss(self, lines: Sequence[tuple[Features, int, str]], weight: Any, bias: Any) -> Any:
        spans = [(part.starts[index], part.starts[index + 1]) for part, index, _ in lines]
        lengths = np.array([end - start for start, end in spans])
        labels = [[self._classes[character] for character in text] for *_, text in lines]
        values = np.zeros((int(lengths.max()), len(lines), self.weight.shape[0]), np.float32)
        rest = np.zeros((int(lengths.max()), len(lines), 1), np.float32)
        targets = np.full((len(lines), max(map(len, labels))), BLANK, np.int32)
        for row, ((part, _, _), (start, end), label) in enumerate(zip(lines, spans, labels, strict=True)):
            values[: end - start, row] = part.values[start:end]
            rest[: end - start, row, 0] = part.rest[start:end]
            targets[row, : len(label)] = label
        logits = paddle.concat([paddle.to_tensor(values) @ weight + bias, paddle.to_tensor(rest)], axis=2)
        return paddle.nn.functional.ctc_loss(
            logits,
            paddle.to_tensor(targets),
            paddle.to_tensor(lengths.astype(np.int64)),
            paddle.to_tensor(np.array([len(label) for label in labels], np.int64)),
            blank=BLANK,
            reduction="mean",
        )


def _width(crop: Pixels) -> int:
    own = math.ceil(HEIGHT * crop.shape[1] / crop.shape[0])
    wide = min(max(_LEAST_WIDTH, own), _MOST_WIDTH)
    return int(-(-wide // _WIDTH_STEP) * _WIDTH_STEP)
