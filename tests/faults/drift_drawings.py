"""Small drawings for the drift test: six dimensions each, in one lettering, as plotted or as a bad scan."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.fonts import OSIFONT, Face
from drawing_ocr.synthesis.lettering import Lettering, letter

WIDTH, HEIGHT = 320, 240  # pixels
COLUMNS, ROWS = 2, 3
SIZE = 20  # pixels per em
PAPER = 250


def draw(seed: int, *, face: Face = OSIFONT, blur: float = 0.0) -> npt.NDArray[np.uint8]:
    """A drawing.

    Args:
        seed: Of its texts.
        face: The lettering.
        blur: Standard deviation of the scanner's blur in pixels; 0 as plotted.

    Returns:
        uint8 [240, 320], grey, dark on light.
    """
    rng = Random(f"drift {seed}")
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place in range(COLUMNS * ROWS):
        text = text_source.dimension(rng, text_source.ISO)
        mask = letter(text, Lettering(face=face, size=SIZE)).mask[: HEIGHT // ROWS, : WIDTH // COLUMNS - 10]
        top = 25 + (place // COLUMNS) * (HEIGHT // ROWS)
        left = 5 + (place % COLUMNS) * (WIDTH // COLUMNS)
        ink[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    if blur:
        ink = cv2.GaussianBlur(ink, (0, 0), blur).astype(np.uint8)
    noise = np.random.default_rng(seed).normal(0, 2, ink.shape)
    return np.clip(PAPER - ink * (PAPER / 255) + noise, 0, 255).astype(np.uint8)
