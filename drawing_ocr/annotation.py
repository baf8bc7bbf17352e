"""What a person says about a drawing: which text stands where, and of which kind it is.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from drawing_ocr.contract import Contract

MIN_AREA = 1.0  # square pixels; less holds no text
PAGE_TOLERANCE = 1.0  # pixels a corner may lie beyond its page: annotation tools round outwards


class AnnotationError(ValueError):
    """A label that cannot be used; its text is one line with the reason."""


class Category(StrEnum):
    """The five kinds of text on a drawing."""

    TEXT = "text"
    DIMENSION = "dimension"
    SYMBOL = "symbol"
    TABLE = "table"
    TITLE_BLOCK = "title_block"


def _known_category(value: object) -> object:
    if isinstance(value, str) and value not in set(Category):
        raise ValueError(f"unknown category {value!r}: use one of {', '.join(Category)}")
    return value


Point = tuple[float, float]
Polygon = tuple[Point, Point, Point, Point]


class Region(BaseModel):
    """One line of text on a drawing.

    Attributes:
        points: Corners [x, y] in pixels of the upright original (y downwards), clockwise from the text's own top left:
            the first side runs along the top of the text in reading direction, however the text is turned.
        text: What stands there; may be empty only where `ignore` is set.
        category: Its kind.
        ignore: Unreadable (`###` in PaddleOCR's files): neither trained on nor counted for or against a reader.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Polygon
    text: str
    category: Annotated[Category, BeforeValidator(_known_category)] = Category.TEXT
    ignore: bool = False

    @field_validator("points")
    @classmethod
    def _is_a_clockwise_quadrilateral(cls, points: Polygon) -> Polygon:
        reason = polygon_fault(points)
        if reason:
            raise ValueError(reason)
        return points

    @model_validator(mode="after")
    def _has_text_or_is_ignored(self) -> Self:
        if not self.ignore and not self.text.strip():
            raise ValueError("the text is empty: write what stands there, or set ignore for unreadable text")
        return self


class Annotation(Contract):
    """All labelled text of one drawing.

    Attributes:
        image: Where the picture is: an S3 URI, or a path.
        version_id: The S3 version of the picture that was labelled; None on disk.
        width: Of the upright original, pixels.
        height: Of the upright original, pixels.
        regions: Its labelled lines.
    """

    fault = AnnotationError

    image: str = Field(min_length=1)
    version_id: str | None = None
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    regions: tuple[Region, ...] = ()

    @model_validator(mode="after")
    def _regions_lie_on_the_page(self) -> Self:
        for index, region in enumerate(self.regions):
            for x, y in region.points:
                inside_x = -PAGE_TOLERANCE <= x <= self.width + PAGE_TOLERANCE
                inside_y = -PAGE_TOLERANCE <= y <= self.height + PAGE_TOLERANCE
                if not (inside_x and inside_y):
                    raise ValueError(
                        f"regions[{index}] {region.text!r} has the corner ({x:g}, {y:g}) outside its page of "
                        f"{self.width} × {self.height} pixels: correct the box or the page size"
                    )
        return self


def polygon_fault(points: Sequence[Sequence[float]]) -> str | None:
    """Why four corners cannot be the outline of a text, or None when they can.

    Args:
        points: Four corners [x, y], pixels, y downwards.
    """
    if not all(math.isfinite(value) for point in points for value in point):
        return "degenerate polygon: a corner is not a finite number"
    turns, doubled_area = 0, 0.0
    for i in range(4):
        (ax, ay), (bx, by), (cx, cy) = points[i], points[(i + 1) % 4], points[(i + 2) % 4]
        doubled_area += ax * by - bx * ay
        turns += (bx - ax) * (cy - by) - (by - ay) * (cx - bx) < 0
    # Seen with y downwards, a clockwise outline turns right at every corner; crossed sides turn left twice. One left
    # turn is a dented outline, which hand-drawn boxes have.
    if doubled_area <= -2 * MIN_AREA and turns >= 3:
        return "the corners run counter-clockwise: list them clockwise from the text's top left"
    if doubled_area < 2 * MIN_AREA:
        return f"degenerate polygon: its area is below {MIN_AREA:g} square pixel"
    if turns > 1:
        return "degenerate polygon: its sides cross"
    return None
