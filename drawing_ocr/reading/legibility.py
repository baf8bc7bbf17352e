"""Whether letters are high enough to be read."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

# Capitals and digits are as high as the fitted box. docs/files.md has the measurement.
LEAST_HEIGHT: Final = 9.0  # pixels


def too_small(quads: Sequence[npt.NDArray[np.float32]]) -> str | None:
    """A warning where half of the texts on a page are lower than can be read well, else None.

    Args:
        quads: Tight boxes of a page's texts, float32 [4, 2], pixels, the first side along the text or across it.
    """
    if not quads:
        return None
    sides = ((np.hypot(*(quad[1] - quad[0])), np.hypot(*(quad[3] - quad[0]))) for quad in quads)
    height = median(float(min(pair)) for pair in sides)
    if height >= LEAST_HEIGHT:
        return None
    return (
        f"letters are {height:.0f} pixels high, and below {LEAST_HEIGHT:g} they are misread: "
        f"scan at {LEAST_HEIGHT * 2 / height:.1f} times the resolution"
    )
