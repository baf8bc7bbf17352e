"""LabelMe's JSON files: one picture, a label that is the text, a flag that is the category.

LabelMe says neither how a text runs nor which corner is its top left. Shapes that this module wrote carry the flag
`reading_order` and come back exactly. For others the reading direction is guessed: along the longer side (for a single
character along the flatter one), rightwards, and upwards where it is vertical, as ISO 129-1 wants dimensions written.

What a round trip loses: the text of ignored regions that have one, the S3 version of the picture, and a readable text
that is literally `###` or `other_info` comes back as unreadable.
"""

import json
import math
import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from drawing_ocr.annotation import Annotation, AnnotationError, Category, Region, polygon_fault
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.paddleocr import UNREADABLE
from drawing_ocr.validation import first_reason

UNTRANSCRIBED = "other_info"  # label of regions that hold text which nobody typed, in published drawing labels
_READING_ORDER = "reading_order"
_WRITTEN_VERSION = "5.5.0"  # the LabelMe release whose form is written


class _Shape(BaseModel):
    label: str
    points: list[tuple[float, float]]
    shape_type: Literal["rectangle", "polygon"]
    flags: dict[str, bool] | None = None


class _File(BaseModel):
    image_path: str = Field(alias="imagePath", min_length=1)
    image_width: int = Field(alias="imageWidth", gt=0)
    image_height: int = Field(alias="imageHeight", gt=0)
    shapes: list[_Shape]


def parse_labelme(content: str, *, where: str) -> Annotation:
    """The labels of one picture.

    Args:
        content: Of the JSON file.
        where: Name of the file for errors.

    Returns:
        An annotation whose `image` is the file's `imagePath` as it stands, with forward slashes.

    Raises:
        FormatError: Not this form, a shape other than rectangle or polygon, or a label that cannot be used.
    """
    try:
        file = _File.model_validate_json(content)
    except ValidationError as error:
        raise FormatError(f"{where}: {first_reason(error)}") from error
    regions = [_region(shape, f"{where} shape {index}") for index, shape in enumerate(file.shapes, 1)]
    data = {
        "image": file.image_path.replace("\\", "/"),
        "width": file.image_width,
        "height": file.image_height,
        "regions": regions,
    }
    try:
        return Annotation.parse(data, where=where)
    except AnnotationError as error:
        raise FormatError(str(error)) from error


def labelme_text(annotation: Annotation) -> str:
    """The content of a LabelMe file; `imagePath` is the annotation's `image`."""
    shapes: list[dict[str, Any]] = [
        {
            "label": UNREADABLE if region.ignore else region.text,
            "points": [list(point) for point in region.points],
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {region.category.value: True, _READING_ORDER: True},
            "mask": None,
        }
        for region in annotation.regions
    ]
    file: dict[str, Any] = {
        "version": _WRITTEN_VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": annotation.image,
        "imageData": None,
        "imageHeight": annotation.height,
        "imageWidth": annotation.width,
    }
    return json.dumps(file, ensure_ascii=False, indent=2) + "\n"


def read_labelme(path: Path) -> Annotation:
    """The labels of one picture, its location resolved against the file's folder.

    Raises:
        FormatError: As `parse_labelme`, and when the file cannot be read.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: not UTF-8 (byte {error.start}): convert it") from error
    annotation = parse_labelme(content, where=str(path))
    if "://" in annotation.image:
        return annotation
    return annotation.model_copy(update={"image": posixpath.normpath(posixpath.join(path.parent, annotation.image))})


def write_labelme(path: Path, annotation: Annotation) -> None:
    """Write a LabelMe file whole or not at all."""
    write_atomically(path, labelme_text(annotation))


def _region(shape: _Shape, place: str) -> Region:
    flags = {name for name, is_set in (shape.flags or {}).items() if is_set}
    categories = flags & set(Category)
    if len(categories) > 1:
        raise FormatError(f"{place}: flags {' and '.join(sorted(categories))} are both set: one category a shape")
    ignore = shape.label in (UNREADABLE, UNTRANSCRIBED)
    points: Sequence[tuple[float, float]] = _corners(shape, place)
    if _READING_ORDER not in flags and polygon_fault(_clockwise(points)) is None:
        points = _in_reading_order(points, shape.label)
    try:
        return Region(
            points=tuple(points),
            text="" if ignore else shape.label,
            category=Category(next(iter(categories))) if categories else Category.TEXT,
            ignore=ignore,
        )
    except ValidationError as error:
        raise FormatError(f"{place}: {first_reason(error)}") from error


def _corners(shape: _Shape, place: str) -> list[tuple[float, float]]:
    if shape.shape_type == "polygon":
        if len(shape.points) != 4:
            raise FormatError(f"{place}: a polygon of {len(shape.points)} corners: draw four around the text")
        return shape.points
    if len(shape.points) != 2:
        raise FormatError(f"{place}: a rectangle of {len(shape.points)} corners: LabelMe writes two opposite ones")
    (ax, ay), (bx, by) = shape.points
    left, right, top, bottom = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _clockwise(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The outline clockwise (y downwards), from the same corner."""
    doubled_area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, [*points[1:], points[0]], strict=True))
    return list(points) if doubled_area >= 0 else [points[0], *reversed(points[1:])]


def _in_reading_order(points: Sequence[tuple[float, float]], text: str) -> list[tuple[float, float]]:
    outline = _clockwise(points)
    sides = [math.dist(outline[i], outline[(i + 1) % 4]) for i in range(4)]
    angles = [
        math.atan2(outline[(i + 1) % 4][1] - outline[i][1], outline[(i + 1) % 4][0] - outline[i][0]) for i in range(4)
    ]

    def runs_rightwards_or_up(angle: float) -> bool:
        # Up is −90° with y downwards. Vertical lettering leans a little either way on scans.
        return math.radians(-95) <= angle < math.radians(85)

    def length_of_pair(i: int) -> float:
        return sides[i] + sides[(i + 2) % 4]

    starts = [i for i in range(4) if runs_rightwards_or_up(angles[i])]
    if len(text) == 1:
        first = min(starts, key=lambda i: (abs(angles[i]), angles[i]))
    else:
        # Both sides of a trapezoid lean alike: text runs up rather than down.
        first = max(starts, key=lambda i: (length_of_pair(i), -abs(angles[i]), -angles[i]))
    return outline[first:] + outline[:first]
