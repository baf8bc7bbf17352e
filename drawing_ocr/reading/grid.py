"""A ruled grid with what is written in it: title block, list, table, tolerance frame, or nothing of these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Self

import numpy as np

from drawing_ocr.reading.captions import captions_in, headings_in, words_in
from drawing_ocr.reading.cells import Boxes
from drawing_ocr.text import SymbolClass, symbol_class

# Lengths are in heights of the sheet's lettering.
_ALIGNED: Final = 0.7  # how far apart walls may be that are one
_SAME_COLUMNS: Final = 0.75  # part of the walls that rows of one list share
_FRAME_ROW: Final = 4.0  # highest row of a tolerance frame

_LEAST_CELLS: Final = 4  # of a table
_LEAST_WORDS: Final = 2  # in a table
_CAPTIONS: Final = 3  # by which a title block is known wherever it is
_HEADINGS: Final = 2  # in one row, by which a list is known
_LIST_COLUMNS: Final = 3
# Where headings cannot be read: a list has one text a cell, a title block a caption and what it says.
_TEXTS_A_CELL: Final = 1.2

_DATUM: Final = re.compile(r"[A-Z](?:-[A-Z])?")
_WITH_DATUM: Final = re.compile(r"(?:^|.*[\d\sⓂⓁ|])[A-Z](?:-[A-Z])?[ⓂⓁ]?")


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells that share walls.

    Attributes:
        cells: Rows of left, top, right, bottom, pixels.
        texts: What is written in each cell.
        lettering: Height of the sheet's lettering, pixels.
    """

    cells: Boxes
    texts: tuple[tuple[str, ...], ...]
    lettering: float

    @property
    def all_texts(self) -> list[str]:
        return list(chain.from_iterable(self.texts))

    def rows(self) -> list[Self]:
        """The grid cut wherever a line runs through its whole width, from the top."""
        rows: list[list[int]] = []
        floor = -np.inf
        for cell in np.argsort(self.cells[:, 1], kind="stable").tolist():
            if self.cells[cell, 1] >= floor - _ALIGNED * self.lettering:
                rows.append([])
            rows[-1].append(cell)
            floor = max(floor, self.cells[cell, 3])
        return [type(self)(self.cells[row], tuple(self.texts[cell] for cell in row), self.lettering) for row in rows]

    def bands(self) -> list[list[Self]]:
        """Its rows, those together that follow one another with the same columns."""
        bands: list[list[Self]] = []
        for row in self.rows():
            if bands and bands[-1][-1]._has_columns_of(row):
                bands[-1].append(row)
            else:
                bands.append([row])
        return bands

    def _has_columns_of(self, other: Self) -> bool:
        """Whether most walls go on from one row to the other: here and there one may be broken."""
        ours, theirs = self.cells[:, 0], other.cells[:, 0]
        shared = (np.abs(ours[:, None] - theirs) <= _ALIGNED * self.lettering).any(axis=1).sum()
        return bool(shared >= _SAME_COLUMNS * max(len(ours), len(theirs)))

    @property
    def has_captions_of_a_title_block(self) -> bool:
        return len(self.cells) >= _LEAST_CELLS and captions_in(self.all_texts) >= _CAPTIONS

    @property
    def is_table(self) -> bool:
        """Whether it has two rows, two columns and words: tolerance frames and views have no words."""
        if len(self.cells) < _LEAST_CELLS or words_in(self.all_texts) < _LEAST_WORDS:
            return False
        rows = self.rows()
        return len(rows) >= 2 and any(len(row.cells) >= 2 for row in rows)

    @property
    def is_tolerance_frame(self) -> bool:
        """Whether it is a feature control frame (ISO 1101) or a datum letter in its box (ISO 5459).

        Chains of dimensions make rows of cells too, but have neither signs nor letters.
        """
        if max(row.cells[:, 3].max() - row.cells[:, 1].min() for row in self.rows()) > _FRAME_ROW * self.lettering:
            return False
        texts = self.all_texts
        if len(self.cells) == 1:
            square = self.cells[0, 2] - self.cells[0, 0] <= _FRAME_ROW * self.lettering
            return bool(square) and len(texts) == 1 and bool(_DATUM.fullmatch(texts[0]))
        return not words_in(texts) and any(
            symbol_class(text) & {SymbolClass.GDT} or _WITH_DATUM.fullmatch(text) for text in texts
        )


def is_list(band: Sequence[Grid]) -> bool:
    """Whether rows of the same columns are a parts list or a list of revisions that stands on a title block."""
    columns = len(band[0].cells)
    if len(band) < 2 or columns < _LIST_COLUMNS:
        return False
    if max(headings_in(row.all_texts) for row in (band[0], band[-1])) >= _HEADINGS:
        return True
    filled = [cell for row in band for cell in row.texts if cell]
    texts = list(chain.from_iterable(filled))
    return (
        2 * len(filled) >= columns * len(band) and len(texts) <= _TEXTS_A_CELL * len(filled) and not captions_in(texts)
    )
