"""A page as it comes from a file: pixels, the texts that need no reading, and how many pixels an inch has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page

Quad = npt.NDArray[np.float32]
"""Corners [4, 2] in pixels of the upright page, clockwise from the text's own top left."""

ReadLines = Callable[[Page, Sequence[Quad]], list[str]]
"""Reads the lines of a page at known places; it says whether what a file calls its text is what one sees."""


@dataclass(frozen=True, slots=True)
class KnownText:
    """A line of text that the file carries as text.

    Attributes:
        text: As the file has it.
        quad: Where one sees it.
        is_dimension: Whether the file calls it a dimension; otherwise its words and its place tell its kind.
    """

    text: str
    quad: Quad
    is_dimension: bool = False


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page.

    Attributes:
        pixels: uint8 [height, width, 3] in BGR order, upright, as one sees it.
        unread: The same without the ink of `known`: what has to be read. None where no ink is left.
        known: The texts that the file carries as text and that are seen on the page.
        dpi: Pixels of an inch of paper; None where the file does not say. Of a drawing without paper (DXF) an inch of
            the part at its scale of one to one.
        warnings: One line each, without the page's number.
    """

    pixels: Page
    unread: Page | None
    known: tuple[KnownText, ...] = ()
    dpi: float | None = None
    warnings: tuple[str, ...] = ()
