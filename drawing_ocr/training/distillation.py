"""What the base model reads right, its successor is taught to go on reading in the same way.

Knowledge distillation (Hinton et al., 2015) against forgetting (Li and Hoiem, Learning without forgetting, ECCV 2016).
Lines that the base misreads are left to CTC alone, so that nothing holds back what is to be learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import paddle

from drawing_ocr.models.recogniser import BLANK


def read_exactly(logits: Any, labels: Sequence[Sequence[int]]) -> npt.NDArray[np.bool_]:
    """Which lines of a batch a model reads exactly.

    Args:
        logits: [lines, steps, classes].
        labels: Classes of each line's text.

    Returns:
        [lines].
    """
    exact = []
    for path, label in zip(logits.argmax(axis=2).numpy(), labels, strict=True):
        changed = np.append(True, path[1:] != path[:-1])
        exact.append(path[changed & (path != BLANK)].tolist() == list(label))
    return np.array(exact)


def distillation_loss(logits: Any, base: Any, counted: npt.NDArray[np.bool_]) -> Any:
    """Kullback-Leibler divergence from the base model's reading, summed over the steps of a line as CTC's loss is.

    Args:
        logits: Of the model that learns, [lines, steps, classes].
        base: Of the base model, the same shape.
        counted: Lines that count, [lines]; the mean is over all lines.
    """
    target = paddle.nn.functional.softmax(base, axis=2)
    # Not by `log_softmax`: over 18,717 classes it takes Paddle 11 s on CPU, forth and as long again back; this, 0.05 s.
    divergence = _cross_entropy(logits, target) - _cross_entropy(base, target)
    return (divergence.sum(axis=1) * paddle.to_tensor(counted.astype(np.float32))).mean()


def _cross_entropy(logits: Any, target: Any) -> Any:
    """[lines, steps]."""
    return paddle.nn.functional.cross_entropy(logits, target, soft_label=True, reduction="none").squeeze(2)
