"""The learning rate over a run: up, then down along a cosine (one cycle, Smith 2018)."""

from __future__ import annotations

import math
from typing import Final

_LAST: Final = 0.02  # of the peak


def rate(progress: float, *, warmup: float) -> float:
    """Share of the peak learning rate.

    Args:
        progress: Part of the run that is over, 0 to 1.
        warmup: Part of the run in which the rate rises linearly.
    """
    progress = min(1.0, max(0.0, progress))
    if progress < warmup:
        return max(_LAST, progress / warmup)
    falling = (progress - warmup) / (1 - warmup)
    return _LAST + (1 - _LAST) * 0.5 * (1 + math.cos(math.pi * falling))


def progress(step: int, steps: int, seconds: float, max_seconds: float) -> float:
    """How much of a run is over: by steps, or by time where that is further.

    Args:
        step: Steps done.
        steps: Steps of all epochs.
        seconds: Training time so far, that of earlier interrupted attempts included.
        max_seconds: Limit; 0 for none.
    """
    return max(step / steps, seconds / max_seconds if max_seconds else 0.0)
