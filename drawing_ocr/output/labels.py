"""What was read as labels, to be corrected in LabelMe or PPOCRLabel: pictures of the pages with their label files."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from drawing_ocr.annotation import Annotation, Region
from drawing_ocr.drawing import Sheet
from drawing_ocr.reading.result import Prediction


def annotation_of(image: str, sheet: Sheet, items: Sequence[Prediction]) -> Annotation:
    """A page's texts as labels.

    Args:
        image: Name of the page's picture.
        sheet: Its size.
        items: Its texts; one whose box holds nothing is left out, since no label may.
    """
    regions = []
    for item in items:
        points = tuple(
            (min(max(x, 0.0), float(sheet.width)), min(max(y, 0.0), float(sheet.height))) for x, y in item.box
        )
        try:
            regions.append(Region.model_validate({"points": points, "text": item.text, "category": item.category}))
        except ValidationError:
            continue
    return Annotation(image=image, width=sheet.width, height=sheet.height, regions=tuple(regions))
