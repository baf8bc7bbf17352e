"""A table of labels: one region a row, for spreadsheets and scripts.

Columns `image, version_id, width, height, x1, y1, … x4, y4, text, category, ignore`; a drawing on which nothing is
labelled has one row with empty corners. RFC 4180, UTF-8; read also with a byte order mark and with semicolons, as
spreadsheets save.

What a round trip loses: nothing. Spreadsheets read `+0.1` as a number when they open the file: import it as text.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from drawing_ocr.annotation import Annotation, AnnotationError, Region
from drawing_ocr.formats import FormatError
from drawing_ocr.validation import first_reason

_PICTURE = ("image", "version_id", "width", "height")
_CORNERS = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
COLUMNS = (*_PICTURE, *_CORNERS, "text", "category", "ignore")
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


def parse_csv(content: str, *, where: str) -> list[Annotation]:
    """The drawings of a table in the order in which they first appear.

    Args:
        content: Of the file; columns in any order.
        where: Name of the file for errors.

    Raises:
        FormatError: The first row that is not of this form.
    """
    content = content.removeprefix("\ufeff")
    heading = content.partition("\n")[0]
    rows = csv.reader(
        io.StringIO(content, newline=""), delimiter=";" if heading.count(";") > heading.count(",") else ","
    )
    try:
        names = [name.strip() for name in next(rows, [])]
        missing = [name for name in COLUMNS if name not in names and name != "version_id"]
        if missing:
            raise FormatError(f"{where}: the column {missing[0]} is missing: the first row names {', '.join(COLUMNS)}")
        drawings: dict[tuple[str, str], dict[str, Any]] = {}
        for cells in rows:
            if cells:
                _take(cells, names, drawings, f"{where} line {rows.line_num}")
    except csv.Error as error:
        raise FormatError(f"{where} line {rows.line_num}: not CSV ({error})") from error
    try:
        return [Annotation.parse(drawing, where=f"{where}: {drawing['image']}") for drawing in drawings.values()]
    except AnnotationError as error:
        raise FormatError(str(error)) from error


def csv_text(annotations: Iterable[Annotation]) -> str:
    """The content of a table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for annotation in annotations:
        picture = [annotation.image, annotation.version_id or "", annotation.width, annotation.height]
        if not annotation.regions:
            writer.writerow([*picture, *[""] * 8, "", "", ""])
        for region in annotation.regions:
            corners = [_number(value) for point in region.points for value in point]
            writer.writerow([*picture, *corners, region.text, region.category.value, str(region.ignore).lower()])
    return out.getvalue()


def _take(
    cells: Sequence[str], names: Sequence[str], drawings: dict[tuple[str, str], dict[str, Any]], place: str
) -> None:
    if len(cells) != len(names):
        raise FormatError(f"{place}: {len(cells)} cells for {len(names)} columns: quote texts that hold a separator")
    row = dict(zip(names, cells, strict=True))
    picture: dict[str, Any] = {
        "image": row["image"],
        "version_id": row.get("version_id") or None,
        "width": row["width"],
        "height": row["height"],
        "regions": [],
    }
    drawing = drawings.setdefault((row["image"], row.get("version_id", "")), picture)
    if any(drawing[name] != picture[name] for name in ("width", "height")):
        raise FormatError(f"{place}: {row['image']} has another size than in a row before: write one size")
    if not any(row[name] for name in _CORNERS):
        return
    if row["ignore"].lower() not in _FLAGS:
        raise FormatError(f"{place}: ignore is {row['ignore']!r}: write true or false")
    try:
        values = [float(row[name].replace(",", ".")) for name in _CORNERS]
    except ValueError as error:
        raise FormatError(f"{place}: a corner is no number ({error}): write pixels") from error
    region = {
        "points": list(zip(values[::2], values[1::2], strict=True)),
        "text": row["text"],
        "category": row["category"] or "text",
        "ignore": _FLAGS[row["ignore"].lower()],
    }
    try:
        drawing["regions"].append(Region.model_validate(region))
    except ValidationError as error:
        raise FormatError(f"{place}: {first_reason(error)}") from error


def _number(value: float) -> str:
    """The shortest digits that give the number back; whole numbers without a decimal point."""
    return str(int(value)) if value.is_integer() else repr(value)
