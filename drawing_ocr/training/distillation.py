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


def read_exactly(probabilities: npt.NDArray[np.float32], labels: Sequence[Sequence[int]]) -> npt.NDArray[np.bool_]:
    """Which lines of a batch a model reads exactly.

    Args:
        probabilities: [lines, steps, classes].
        labels: Classes of each line's text.

    Returns:
        [lines].
    """
    exact = []
    for path, label in zip(probabilities.argmax(axis=2), labels, strict=True):
        changed = np.append(True, path[1:] != path[:-1])
        exact.append(path[changed & (path != BLANK)].tolist() == list(label))
    return np.array(exact)


def distillation_loss(logits: Any, base: npt.NDArray[np.float32], counted: npt.NDArray[np.bool_]) -> Any:
    """Cross entropy of the learner's reading against the base model's, summed over the steps of a line like CTC's loss.

    The Kullback-Leibler divergence but for the base's own entropy, which no weight changes.

    Args:
        logits: Of the model that learns, [lines, steps, classes].
        base: Probabilities of the base model, the same shape.
        counted: Lines that count, [lines]; the mean is over all lines.
    """
    if not counted.any():
        return paddle.zeros([])
    rows = np.flatnonzero(counted)
    # Not by `log_softmax`: over 18,717 classes it takes Paddle 11 s on CPU, forth and as long again back; this, 0.05 s.
    entropy = paddle.nn.functional.cross_entropy(
        paddle.index_select(logits, paddle.to_tensor(rows)),
        paddle.to_tensor(base[rows]),
        soft_label=True,
        reduction="none",
    )
    return entropy.sum() / len(counted)
