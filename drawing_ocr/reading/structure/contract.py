"""The structure part of a reading result.

Light: the standard library and pydantic only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from drawing_ocr.grammar.meaning import Meaning

Point = tuple[float, float]
Box = tuple[Point, Point, Point, Point]

FieldName = Literal[
    "number", "title", "material", "scale", "mass", "revision", "date", "sheet", "author", "tolerance", "checked",
    "checked_date", "approved", "approved_date", "company", "format", "finish", "treatment", "quantity",
]  # fmt: skip
TableKind = Literal["title_block", "table"]


class _Part(BaseModel):
    """Something that stands on one page.

    Attributes:
        box: Corners [x, y] in pixels of the upright page, clockwise from its own top left.
        members: Positions in `ReadingResult.predictions`, in reading order.
        text: The whole.
        page: From 1; only where the file has several pages.
    """

    model_config = ConfigDict(frozen=True)

    box: Box
    text: str
    members: tuple[int, ...] = ()
    page: int | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = handler(self)
        return {name: value for name, value in fields.items() if value is not None}

    def moved(self, by: int, page: int | None) -> Self:
        """The same of a page whose predictions begin `by` places further back."""
        return self.model_copy(update={"members": tuple(member + by for member in self.members), "page": page})


class GroupedDimension(_Part):
    """A whole dimension; `text` in the canonical spelling of the grammar, the upper of two numbers first.

    Attributes:
        confidence: Of its least sure piece.
        meaning: None where the grammar does not know what was read; `text` then has the pieces apart by spaces.
    """

    confidence: float
    meaning: Meaning | None = None


class Cell(_Part):
    """A cell: `text` of all that stands in it, empty where nothing does.

    Attributes:
        row, column: From 0.
        rows, columns: How many it spans.
    """

    row: int
    column: int
    rows: int = 1
    columns: int = 1


class ToleranceFrame(_Part):
    """A feature control frame, or one row of it (ISO 1101).

    Attributes:
        cells: Texts in order: sign, tolerance, datums.
        characteristic: Its name: position, flatness, …; None where the sign was not read.
        tolerance: Width or diameter of the zone; None where it was not read.
        zone: ⌀, S⌀, □ or empty.
        modifiers: Of the tolerance: Ⓜ, Ⓛ, ….
        datums: In order of precedence.
    """

    cells: tuple[str, ...]
    characteristic: str | None = None
    tolerance: float | None = None
    zone: str = ""
    modifiers: str = ""
    datums: tuple[str, ...] = ()


class Table(_Part):
    """A ruled table; `text` has its rows apart by line ends, its cells by tabulators."""

    kind: TableKind
    cells: tuple[Cell, ...]

    def moved(self, by: int, page: int | None) -> Self:
        cells = tuple(cell.moved(by, None) for cell in self.cells)
        return super().moved(by, page).model_copy(update={"cells": cells})


class TitleField(_Part):
    """A field of the title block; `members` are those of its value.

    Attributes:
        name: What it is (ISO 7200).
        caption: What stands over it; empty where nothing does.
        confidence: Of its least sure line.
    """

    name: FieldName
    caption: str = ""
    confidence: float


class Paragraph(_Part):
    """A note with all its lines.

    Attributes:
        number: As written before it: 1, 2.3, a; empty where it has none.
        heading: Whether it is the heading of those that follow.
    """

    number: str = ""
    heading: bool = False


class Structure(BaseModel):
    """What belongs together in a file; every list by page, then in reading order.

    Attributes:
        dimensions: Whole dimensions: every prediction of category `dimension` is in one of them.
        frames: Feature control frames, row by row.
        tables: Ruled tables, and the title block.
        title_block: Its fields that have a value.
        notes: Paragraphs of running text.
    """

    model_config = ConfigDict(frozen=True)

    dimensions: tuple[GroupedDimension, ...] = ()
    frames: tuple[ToleranceFrame, ...] = ()
    tables: tuple[Table, ...] = ()
    title_block: tuple[TitleField, ...] = ()
    notes: tuple[Paragraph, ...] = ()

    @classmethod
    def of_pages(cls, pages: Sequence[Structure], predictions: Sequence[int]) -> Structure:
        """The structure of a file out of those of its pages.

        Args:
            pages: In order; their members count from each page's first prediction.
            predictions: How many each page has.
        """
        parts: dict[str, list[_Part]] = {name: [] for name in cls.model_fields}
        before = 0
        for number, (page, count) in enumerate(zip(pages, predictions, strict=True), 1):
            for name, found in parts.items():
                found += [part.moved(before, number if len(pages) > 1 else None) for part in getattr(page, name)]
            before += count
        return cls(**{name: tuple(found) for name, found in parts.items()})
