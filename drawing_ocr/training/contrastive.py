"""The loss that draws drawings of one part together and all others of the batch apart."""

from __future__ import annotations

from typing import Any

import paddle
from paddle.nn import functional as F


def contrastive_loss(vectors: Any, labels: Any, temperature: float) -> Any:
    """Supervised contrastive loss, positives outside the logarithm (Khosla et al., NeurIPS 2020, equation 2).

    With one positive a picture it is InfoNCE over the batch. The other members of a family are its hard negatives.

    Args:
        vectors: float32 [n, dimension], not normalised.
        labels: int64 [n]; every one at least twice.
        temperature: The smaller, the more the nearest negatives count.

    Returns:
        float32 scalar.
    """
    unit = F.normalize(vectors, axis=1)
    others = 1.0 - paddle.eye(len(vectors))
    logits = unit @ unit.t() / temperature - (1.0 - others) * 1e4
    likelihood = F.log_softmax(logits, axis=1)
    same = (labels.unsqueeze(0) == labels.unsqueeze(1)).astype("float32") * others
    return -((likelihood * same).sum(axis=1) / same.sum(axis=1)).mean()
