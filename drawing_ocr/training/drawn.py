"""Lines drawn for training: what the sheets have too little of."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random
from typing import Final

import cv2
import numpy as np

from drawing_ocr.synthesis.fonts import drawable
from drawing_ocr.synthesis.line import LineRecipe, crop_of, draw_line
from drawing_ocr.training.augmentation import Pixels

# The sheets bring few of each sign, and hardly any words to remember.
_SIGNS: Final = 0.47
"""Of the lines that are no dimensions."""

_STRANGERS: Final = 6  # characters in a line of strangers: as wide as a dimension


def drawn_lines(pencil: Random, count: int, known: Collection[str], dimensions: float) -> Iterator[tuple[Pixels, str]]:
    """Pictures, uint8 [height, width, 3] BGR, and what they read, in known characters only.

    Args:
        pencil: Its state decides what is drawn.
        count: Of lines.
        known: Characters; a line with another is not taken.
        dimensions: Share of the lines that are dimensions; the others are signs and words.
    """
    others = 1 - dimensions
    recipe = LineRecipe(dimensions=dimensions, signs=others * _SIGNS, words=others * (1 - _SIGNS))
    while count:
        picture, text = draw_line(pencil, recipe)
        if text and set(text) <= set(known):
            yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8), text
            count -= 1


def strangers(pencil: Random, count: int, characters: Collection[str]) -> Iterator[Pixels]:
    """Pictures, uint8 [height, width, 3] BGR, of lines of any characters, each alone of its kind.

    Args:
        pencil: Its state decides what is drawn.
        count: Of lines.
        characters: To choose from; what no font holds is passed over.
    """
    known = drawable(characters)
    for _ in range(count if known else 0):
        picture = crop_of(pencil, "".join(pencil.choices(known, k=_STRANGERS)))
        yield np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
