"""Lines drawn for training: what the sheets have too little of."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random
from typing import Final

import cv2
import numpy as np

from drawing_ocr.synthesis.line import LineRecipe, draw_line
from drawing_ocr.training.augmentation import Pixels

# The sheets bring dimensions in plenty, but few of each sign, and hardly any words to remember.
_RECIPE: Final = LineRecipe(dimensions=0.15, signs=0.4, words=0.45)


def drawn_lines(pencil: Random, count: int, known: Collection[str]) -> Iterator[tuple[Pixels, str]]:
    """Pictures, uint8 [height, width, 3] BGR, and what they read, in known characters only."""
    while count:
        picture, text = draw_line(pencil, _RECIPE)
        if text and set(text) <= set(known):
            yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8), text
            count -= 1
