"""How far a detector's map is from its target."""

from __future__ import annotations

from typing import Any, Final

import paddle

_HARDEST: Final = 3.0  # pixels of paper for one of text, the hardest ones (Shrivastava et al., OHEM, CVPR 2016)
_LEAST: Final = 2000.0  # pixels of paper of a batch without text
_TEXT: Final = 0.5  # probability of the target from which a pixel is text


def detection_loss(logits: Any, probability: Any, weight: Any) -> Any:
    """Balanced cross entropy against the target, and its dice loss.

    The target's own entropy is taken off: what the official network is unsure of, and right about, pulls nowhere.

    Args:
        logits: Before the sigmoid, [batch, 1, height, width].
        probability: Of the target, the same shape, 0 to 1.
        weight: Of each pixel, the same shape.

    Returns:
        One number, 0 where the map is the target.
    """
    functional: Any = paddle.nn.functional
    entropy = functional.binary_cross_entropy_with_logits(logits, probability, reduction="none")
    sure = paddle.clip(probability, 1e-6, 1 - 1e-6)
    own = -(sure * paddle.log(sure) + (1 - sure) * paddle.log(1 - sure))
    loss = (entropy - own) * weight
    text = (probability > _TEXT).astype("float32")
    amount = float(text.sum())
    paper = (loss * (1 - text)).flatten()
    count = int(min(max(_HARDEST * amount, _LEAST), paper.shape[0]))
    hardest = paddle.topk(paper, count, sorted=False)[0]
    balanced = ((loss * text).sum() + hardest.sum()) / (amount + count)
    found = functional.sigmoid(logits)
    both = (found * probability * weight).sum()
    # Of soft maps as well: 2ab <= a² + b², and equal only where they are.
    squares = ((found * found + probability * probability) * weight).sum()
    return balanced + 1 - (2 * both + 1) / (squares + 1)
