"""What belongs together on a drawn sheet: the truth that readers of structure are judged by.

It stands beside the annotation of a sheet and points into it: a region is named by its position in
`Annotation.regions`. Outlines are in the same pixels as the regions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.annotation import Annotation, Polygon
from drawing_ocr.contract import Contract


class StructureError(ValueError):
    """A structure record that cannot be used; its text is one line with the reason."""


TableKind = Literal["title_block", "revisions", "parts", "tolerances"]


class FieldName(StrEnum):
    """What a field of a title block says (ISO 7200)."""

    NUMBER = "number"
    TITLE = "title"
    MATERIAL = "material"
    SCALE = "scale"
    MASS = "mass"
    REVISION = "revision"
    DATE = "date"
    SHEET = "sheet"
    AUTHOR = "author"
    TOLERANCE = "tolerance"
    CHECKED = "checked"
    APPROVED = "approved"
    COMPANY = "company"
    FORMAT = "format"
    FINISH = "finish"
    TREATMENT = "treatment"
    QUANTITY = "quantity"
    CHECKED_DATE = "checked_date"
    APPROVED_DATE = "approved_date"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dimension(_Part):
    """The pieces of one dimension, tolerances and lines under it included; one piece makes a dimension too.

    Attributes:
        regions: Its pieces in reading order: nominal size, upper deviation, lower deviation; of limits the upper first;
            of a hole callout line after line.
        text: Of the whole in canonical spelling: the pieces, apart by a space.
        basic: It stands in a frame of its own.
    """

    regions: tuple[int, ...] = Field(min_length=1)
    text: str
    basic: bool = False


class FrameCell(_Part):
    """One cell of a tolerance frame: its outline and what it says."""

    points: Polygon
    text: str


class ToleranceFrame(_Part):
    """A feature control frame (ISO 1101): one region, several cells in reading order."""

    region: int
    points: Polygon
    cells: tuple[FrameCell, ...] = Field(min_length=2)


class TableCell(_Part):
    """One cell of a table; rows and columns count from 0, `text` joins its regions with spaces and may be empty."""

    points: Polygon
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1
    regions: tuple[int, ...] = ()
    text: str = ""


class Table(_Part):
    """A table with all its cells, the empty ones too, row after row."""

    kind: TableKind
    points: Polygon
    cells: tuple[TableCell, ...] = Field(min_length=1)


class TitleField(_Part):
    """A field of the title block that has a value.

    caption: the regions that name it, none where nothing does. value: the regions of its value, in reading order. text:
    the value, without the caption where both stand in one region (`SCALE:1:2`).
    """

    name: FieldName
    caption: tuple[int, ...] = ()
    value: tuple[int, ...] = Field(min_length=1)
    text: str


class Paragraph(_Part):
    """Lines of notes that belong together: one numbered note, or the heading. `text` joins them with spaces (Chinese
    and Japanese without)."""

    regions: tuple[int, ...] = Field(min_length=1)
    text: str
    heading: bool = False


class Structure(Contract):
    """What belongs together on one sheet; one line of `structure.jsonl`.

    Attributes:
        image: As in the sheet's annotation.
        dimensions: Every region of category `dimension` is in exactly one of them.
        frames: Feature control frames.
        tables: With the title block, whose cells hold captions and values alike.
        fields: Of the title block.
        paragraphs: Of the notes.
    """

    fault = StructureError

    image: str = ""
    dimensions: tuple[Dimension, ...] = ()
    frames: tuple[ToleranceFrame, ...] = ()
    tables: tuple[Table, ...] = ()
    fields: tuple[TitleField, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()

    def joined(self, other: Self, regions_before: int) -> Self:
        """This and another one, whose regions follow after `regions_before` others."""
        moved = other.shifted(regions_before)
        parts = {name: getattr(self, name) + getattr(moved, name) for name in _KINDS}
        return self.model_copy(update=parts)

    def shifted(self, by: int) -> Self:
        """The same for regions that stand `by` places further back."""
        return self.model_copy(
            update={name: tuple(_shifted(part, by) for part in getattr(self, name)) for name in _KINDS}
        )

    def outlines(self) -> list[Polygon]:
        """Every outline, in an order that `with_outlines` keeps to."""
        parts: tuple[ToleranceFrame | Table, ...] = (*self.frames, *self.tables)
        return [points for part in parts for points in (part.points, *(cell.points for cell in part.cells))]

    def with_outlines(self, outlines: Sequence[Polygon]) -> Self:
        """The same with other outlines, as many as `outlines` gives: the sheet was turned."""
        left = iter(outlines)
        return self.model_copy(
            update={
                "frames": tuple(_outlined(frame, left) for frame in self.frames),
                "tables": tuple(_outlined(table, left) for table in self.tables),
            }
        )


_KINDS = ("dimensions", "frames", "tables", "fields", "paragraphs")
_REFERENCES = ("regions", "caption", "value")


def _shifted(part: BaseModel, by: int) -> BaseModel:
    update: dict[str, object] = {
        name: tuple(index + by for index in getattr(part, name)) for name in _REFERENCES if hasattr(part, name)
    }
    if isinstance(part, ToleranceFrame):
        update["region"] = part.region + by
    if isinstance(part, Table):
        update["cells"] = tuple(_shifted(cell, by) for cell in part.cells)
    return part.model_copy(update=update)


_Outlined = TypeVar("_Outlined", ToleranceFrame, Table)


def _outlined(part: _Outlined, outlines: Iterator[Polygon]) -> _Outlined:
    points = next(outlines)
    cells = tuple(cell.model_copy(update={"points": next(outlines)}) for cell in part.cells)
    return part.model_copy(update={"points": points, "cells": cells})


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A drawn sheet: picture (uint8 [height, width], grey), its texts, and what of them belongs together."""

    picture: npt.NDArray[np.uint8]
    annotation: Annotation
    structure: Structure


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    """A level outline, clockwise from its top left."""
    return (left, top), (right, top), (right, bottom), (left, bottom)
