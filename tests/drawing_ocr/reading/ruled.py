"""Sheets with ruled grids and texts at known places, as pictures and as what was read on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.reading.categorise import categories_of

LETTERS = 16  # height, pixels


@dataclass
class Ruled:
    """A white sheet of 1600 × 1100 pixels with a frame, drawn on by the tests."""

    picture: npt.NDArray[np.uint8] = field(default_factory=lambda: np.full((1100, 1600, 3), 255, np.uint8))
    texts: list[str] = field(default_factory=list)
    quads: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def box(self, left: int, top: int, right: int, bottom: int, width: int = 2) -> None:
        cv2.rectangle(self.picture, (left, top), (right, bottom), (0, 0, 0), width)

    def grid(self, left: int, top: int, columns: Sequence[int], rows: Sequence[Sequence[str]], row: int = 40) -> None:
        """Cells of these widths, a text in the middle of each."""
        for index, cells in enumerate(rows):
            x, y = left, top + index * row
            for width, text in zip(columns, cells, strict=True):
                self.box(x, y, x + width, y + row)
                if text:
                    self.write(text, x + 8, y + (row - LETTERS) // 2)
                x += width

    def write(self, text: str, left: int, top: int) -> None:
        """Bars as letters: the layout looks at lines, and is told the words."""
        width = 10 * len(text)
        for x in range(left, left + width, 10):
            cv2.rectangle(self.picture, (x, top), (x + 4, top + LETTERS - 1), (0, 0, 0), -1)
        right, bottom = left + width, top + LETTERS
        self.texts.append(text)
        self.quads.append(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32))

    def categories(self) -> dict[str, Category]:
        return dict(zip(self.texts, categories_of(self.picture, self.texts, self.quads), strict=True))


def framed() -> Ruled:
    """A sheet with a frame and some dimensions on it."""
    sheet = Ruled()
    sheet.box(40, 40, 1560, 1060, 3)
    for index, text in enumerate(("120.5", "R12", "⌀42", "45°")):
        sheet.write(text, 200 + 150 * index, 300)
    return sheet


TITLE_BLOCK = (
    ("Drawn", "M. Weber", "Flange"),
    ("Checked", "", "DX-1200"),
    ("Scale", "1:2", "1 of 3"),
)
PARTS = (("2", "4", "Hex bolt", "8.8"), ("1", "1", "Base plate", "S235"), ("Pos.", "Qty", "Name", "Material"))
