"""Lines as they are read, placed by hand: at any angle, as high as their lettering."""

from __future__ import annotations

import math

import numpy as np

from drawing_ocr.annotation import Category
from drawing_ocr.reading.structure.line import Line

HEIGHT = 20.0  # of the sheet's lettering, pixels
WIDTH = 0.6  # of a character, heights


def line(
    text: str,
    left: float,
    top: float,
    *,
    height: float = HEIGHT,
    degrees: float = 0.0,
    category: Category = Category.DIMENSION,
    confidence: float = 0.99,
) -> Line:
    """A line whose top left is at `left`, `top` on a sheet that is then turned around its origin."""
    right, bottom = left + WIDTH * height * len(text), top + height
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    turn = math.radians(degrees)
    along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    return Line(text, corners @ np.stack([along, across]) + 2000, category, confidence)
