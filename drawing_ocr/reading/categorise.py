"""The category of a text by where it stands and what it says; rules, measured by benchmarks/reading.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.dimension import is_dimension
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.layout import Layout, layout_of
from drawing_ocr.text import SymbolClass, symbol_class

_SYMBOLS: Final = frozenset({SymbolClass.GDT, SymbolClass.ROUGHNESS})

_DATE: Final = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")  # no size with two deviations


def categories_of(page: Page, texts: Sequence[str], quads: Sequence[npt.NDArray[np.float32]]) -> list[Category]:
    """The categories of what was read on a page; arguments as `layout.layout_of`, texts canonical."""
    return categories_in(layout_of(page, texts, quads), texts)


def categories_in(layout: Layout, texts: Sequence[str]) -> list[Category]:
    """The categories of texts whose layout is known."""
    return [place or category_of(text) for text, place in zip(texts, layout.categories, strict=True)]


def category_of(text: str) -> Category:
    """The category of a canonical text that stands on free paper: symbol, dimension or text.

    >>> [str(category_of(text)) for text in ("4×⌀6.6 +0.1", "Ra 3.2", "SECTION A-A", "+0,1", "M8×1.25")]
    ['dimension', 'symbol', 'text', 'dimension', 'dimension']
    """
    if _DATE.fullmatch(text):
        return Category.TEXT
    if symbol_class(text) & _SYMBOLS:
        return Category.SYMBOL
    return Category.DIMENSION if is_dimension(text) else Category.TEXT
