"""Rows of the classifier that the base lacks or never uses, fitted on what its encoder sees already.

A character that the base does not know starts as the mean of all rows, below every other, and a step of the whole
network moves it by a little only: minutes pass until the first one wins over the blank. The encoder tells it from its
neighbours long before. So these rows alone are fitted first, as a linear classifier over fixed features: thousands of
times cheaper than a step of the network (compare weight imprinting, Qi et al., CVPR 2018; here the loss is CTC's, since
no label says where in its line a character stands).

A few hundred labelled lines show a few dozen characters, and a row that is fitted on them alone wins now and then over
one of the thousands that they do not show (Ⓣ over 拧). So lines of such strangers are drawn, too: there the rows have
to stay below whatever the base reads.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import paddle

from drawing_ocr.models import package
from drawing_ocr.models.export import export_features
from drawing_ocr.models.recogniser import BLANK, Recogniser
from drawing_ocr.reading.session import Session
from drawing_ocr.training.augmentation import Pixels
from drawing_ocr.training.collation import collate
from drawing_ocr.training.lines import TextLine

Array = npt.NDArray[np.float32]

_READ_AT_ONCE: Final = 8
_FITTED_AT_ONCE: Final = 64
_RATE: Final = 0.02
_UNKNOWN: Final = 0.5
"""A character that the base finds in fewer of its lines is fitted anew."""
_LEAST_LINES: Final = 4
"""Fewer do not show how a character looks."""
_SHOWN: Final = 30  # lines that show a character well
_BELOW: Final = 2.0
"""By how much, in logits, fitted rows stay below what the base reads in lines of strangers."""
_ABSENT: Final = -1e4  # a score no class can win with; finite, so that its gradient is zero and not NaN


@dataclass(frozen=True)
class _Seen:
    """One line as the classifier sees it.

    Attributes:
        features: [steps, 120].
        others: Per step, the logarithm of the summed exponentials of all classes that no label needs, [steps].
        text: What it reads.
        found: Characters of its text that the base's reading contains.
    """

    features: Array
    others: Array
    text: str
    found: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Strangers:
    """What the encoder makes of lines in which no fitted character stands.

    Attributes:
        features: Of all steps of all lines, [steps, 120].
        others: Per step, the logarithm of the summed exponentials of all classes that are not fitted, [steps].
        lines: How many there are.
    """

    features: Array
    others: Array
    lines: int


def fit_rows(
    recogniser: Recogniser,
    examples: Sequence[tuple[Pixels, str]],
    *,
    steps: int,
    seed: int,
    threads: int,
    strangers: Sequence[Pixels] = (),
) -> str:
    """Fits the rows of the characters that the recogniser finds in few of the lines that contain them.

    Args:
        recogniser: Its rows change in place, and nothing else of it.
        examples: Pictures of lines and what they read; those without unknown characters keep the new rows quiet.
        steps: Of the fit.
        seed: Of the order of lines.
        threads: For reading them.
        strangers: Pictures of lines without any character of the examples.

    Returns:
        The fitted characters, sorted.
    """
    classes = recogniser.class_of()
    characters = sorted({character for _, text in examples for character in text})
    columns = np.array([BLANK, *(classes[character] for character in characters)])
    weight, bias = (parameter.numpy() for parameter in _rows(recogniser))
    with _encoder(recogniser, threads) as encoder:
        seen = list(_look(encoder, examples, classes, columns, characters, weight, bias))
        unknown = _unknown(seen)
        if not unknown:
            return ""
        place = {character: index for index, character in enumerate(characters, 1)}
        fitted = np.array([place[character] for character in unknown])
        quiet = _look_at_strangers(encoder, strangers, columns[fitted], weight, bias) if strangers else None
    weight[:, columns[fitted]], bias[columns[fitted]] = _fit(
        seen, quiet, weight[:, columns], bias[columns], fitted, place, steps, np.random.default_rng(seed)
    )
    for parameter, value in zip(_rows(recogniser), (weight, bias), strict=True):
        parameter.set_value(value)
    return unknown


def choose(lines: Sequence[TextLine], count: int, *, seed: int) -> list[TextLine]:
    """At most `count` lines, the same for the same seed: first those that show a character seldom seen before them."""
    shown: Counter[str] = Counter()
    rare: list[TextLine] = []
    common: list[TextLine] = []
    for index in np.random.default_rng(seed).permutation(len(lines)).tolist():
        line = lines[index]
        (rare if any(shown[character] < _SHOWN for character in line.text) else common).append(line)
        shown.update(set(line.text))
    return [*rare, *common][:count]


def _rows(recogniser: Recogniser) -> tuple[Any, Any]:
    """Weights [120, classes] and bias [classes] of the classifier."""
    return recogniser.network.head.head.weight, recogniser.network.head.head.bias


@contextmanager
def _encoder(recogniser: Recogniser, threads: int) -> Iterator[Session]:
    """The network without its classifier: images [n, 3, 48, width] to features [n, steps, 120]."""
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        export_features(recogniser, Path(folder))
        yield Session(Path(folder) / package.ONNX_NAME, threads=threads)


def _look(
    encoder: Session,
    examples: Sequence[tuple[Pixels, str]],
    classes: Mapping[str, int],
    columns: npt.NDArray[np.int64],
    characters: Sequence[str],
    weight: Array,
    bias: Array,
) -> Iterator[_Seen]:
    """Every line once through the network, short ones first."""
    ordered = sorted(examples, key=lambda example: _slenderness(example[0]))
    generator = np.random.default_rng(0)
    for first in range(0, len(ordered), _READ_AT_ONCE):
        part = ordered[first : first + _READ_AT_ONCE]
        labels = [[classes[character] for character in text] for _, text in part]
        features = encoder(collate([picture for picture, _ in part], labels, generator).images)
        scores = features @ weight + bias
        rest = _together(scores, columns)
        best = scores[..., columns].argmax(axis=2)
        # A step that one of the other classes wins is no find of any label's character.
        best[scores.argmax(axis=2) != columns[best]] = 0
        for (_, text), line, line_rest, path in zip(part, features, rest, best, strict=True):
            found = {characters[index - 1] for index in path if index}
            yield _Seen(line, line_rest, text, frozenset(found & set(text)))


def _look_at_strangers(
    encoder: Session, pictures: Sequence[Pixels], fitted: npt.NDArray[np.int64], weight: Array, bias: Array
) -> _Strangers:
    ordered = sorted(pictures, key=_slenderness)
    generator = np.random.default_rng(0)
    features: list[Array] = []
    others: list[Array] = []
    for first in range(0, len(ordered), _READ_AT_ONCE):
        part = ordered[first : first + _READ_AT_ONCE]
        found = encoder(collate(part, [()] * len(part), generator).images)
        features.append(found.reshape(-1, found.shape[-1]))
        others.append(_together(features[-1] @ weight + bias, fitted))
    return _Strangers(np.concatenate(features), np.concatenate(others), len(pictures))


def _slenderness(picture: Pixels) -> float:
    height, width = picture.shape[:2]
    return float(width / height)


def _together(scores: Array, without: npt.NDArray[np.int64]) -> Array:
    """The logarithm of the summed exponentials of scores [..., classes] of all classes but some, [...]."""
    rest = np.ones(scores.shape[-1], bool)
    rest[without] = False
    highest = scores.max(axis=-1, keepdims=True)
    total: Array = highest[..., 0] + np.log(np.exp(scores - highest)[..., rest].sum(axis=-1) + np.float32(1e-30))
    return total


def _unknown(seen: Sequence[_Seen]) -> str:
    lines = Counter(character for line in seen for character in set(line.text))
    found = Counter(character for line in seen for character in line.found)
    return "".join(
        sorted(
            character
            for character, count in lines.items()
            if count >= _LEAST_LINES and found[character] < _UNKNOWN * count
        )
    )


def _fit(
    seen: Sequence[_Seen],
    quiet: _Strangers | None,
    weight: Array,
    bias: Array,
    fitted: npt.NDArray[np.int64],
    place: dict[str, int],
    steps: int,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """The fitted rows: weights [120, fitted] and bias [fitted].

    Args:
        seen: Lines by width.
        quiet: Where the fitted rows must not win.
        weight, bias: Of the classes that labels need, [120, classes] and [classes]; the blank is the first.
        fitted: Which of them may change.
        place: Of every character among them.
        steps: How many.
        generator: Chooses the next lines.
    """
    learning = np.zeros(len(bias), np.float32)
    learning[fitted] = 1.0
    mask = paddle.to_tensor(learning)
    rows: list[Any] = [paddle.create_parameter(value.shape, "float32") for value in (weight, bias)]
    for row, value in zip(rows, (weight, bias), strict=True):
        row.set_value(value)
        row.register_hook(lambda gradient: gradient * mask)
    rate = paddle.optimizer.lr.CosineAnnealingDecay(_RATE, steps)
    optimiser = paddle.optimizer.Adam(rate, parameters=rows)
    for _ in range(steps):
        first = int(generator.integers(max(1, len(seen) - _FITTED_AT_ONCE + 1)))
        loss = _loss(seen[first : first + _FITTED_AT_ONCE], rows[0], rows[1], place)
        if quiet is not None:
            loss += _loudness(quiet, *(row.index_select(paddle.to_tensor(fitted), axis=-1) for row in rows))
        loss.backward()
        gradients = [row.grad.numpy() for row in rows]
        # As in training: now and then CTC's gradient is not finite although its loss is.
        if all(np.isfinite(gradient).all() for gradient in gradients):
            optimiser.step()
        optimiser.clear_grad()
        rate.step()
    return rows[0].numpy()[:, fitted], rows[1].numpy()[fitted]


def _loudness(quiet: _Strangers, weight: Any, bias: Any) -> Any:
    """How far fitted rows come near to what the base reads in lines of strangers, summed over a line's steps; mean.

    Args:
        quiet: The lines.
        weight, bias: Of the fitted rows, [120, fitted] and [fitted].
    """
    loudest = paddle.logsumexp(paddle.to_tensor(quiet.features) @ weight + bias, axis=[1])
    return paddle.nn.functional.softplus(loudest - paddle.to_tensor(quiet.others) + _BELOW).sum() / quiet.lines


def _loss(lines: Sequence[_Seen], weight: Any, bias: Any, place: dict[str, int]) -> Any:
    """Mean CTC loss over the labels' classes and one more for all others together."""
    steps = max(len(line.features) for line in lines)
    features = np.zeros((len(lines), steps, weight.shape[0]), np.float32)
    others = np.full((len(lines), steps, 1), _ABSENT, np.float32)
    labels = np.full((len(lines), max(len(line.text) for line in lines)), BLANK, np.int32)
    for row, line in enumerate(lines):
        features[row, : len(line.features)] = line.features
        others[row, : len(line.features), 0] = line.others
        labels[row, : len(line.text)] = [place[character] for character in line.text]
    scores = paddle.concat([paddle.to_tensor(features) @ weight + bias, paddle.to_tensor(others)], axis=2)
    return paddle.nn.functional.ctc_loss(
        scores.transpose([1, 0, 2]),
        paddle.to_tensor(labels),
        paddle.to_tensor(np.array([len(line.features) for line in lines], np.int64)),
        paddle.to_tensor(np.array([len(line.text) for line in lines], np.int64)),
        blank=BLANK,
        reduction="none",
    ).mean()
