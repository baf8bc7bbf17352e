"""Drawings with known readings, without a model."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from drawing_ocr.annotation import Category
from drawing_ocr.drawing import Drawing, measure
from drawing_ocr.reading.result import Box, ModelName, Prediction, ReadingResult

SIZE = (900, 600)


def box(left: float, top: float, width: float, height: float) -> Box:
    return ((left, top), (left + width, top), (left + width, top + height), (left, top + height))


def standing(left: float, top: float, width: float, height: float) -> Box:
    """A text that runs upwards."""
    return ((left, top + height), (left, top), (left + width, top), (left + width, top + height))


def text(
    content: str,
    place: Box,
    category: Category = Category.DIMENSION,
    *,
    confidence: float = 0.95,
    page: int | None = None,
) -> Prediction:
    return Prediction(box=place, text=content, confidence=confidence, category=category, page=page)


def picture(items: Sequence[Prediction], size: tuple[int, int] = SIZE) -> Image.Image:
    """A white page with ink where texts are."""
    page = Image.new("L", size, 255)
    canvas = ImageDraw.Draw(page)
    for item in items:
        canvas.rectangle((*item.box[0], *item.box[2]) if item.box[0][1] < item.box[2][1] else (0, 0, 0, 0), outline=90)
    canvas.text((5, size[1] - 20), "sheet", font=ImageFont.load_default(12), fill=0)
    return page


def drawing(folder: Path, *pages: Sequence[Prediction], dpi: float | None = 200, name: str = "plate") -> Drawing:
    """A TIFF of pages with texts in known places, as it was read."""
    file = folder / f"{name}.tif"
    pictures = [picture(items) for items in pages]
    options = {"dpi": (dpi, dpi)} if dpi else {}
    buffer = io.BytesIO()
    pictures[0].save(buffer, format="TIFF", save_all=True, append_images=pictures[1:], **options)
    file.write_bytes(buffer.getvalue())
    predictions = tuple(
        item.model_copy(update={"page": number if len(pages) > 1 else None})
        for number, items in enumerate(pages, 1)
        for item in items
    )
    result = ReadingResult(
        predictions=predictions,
        width=SIZE[0],
        height=SIZE[1],
        pages=len(pages),
        model=ModelName(name="test", version="3"),
        warnings=("page 1: a note",),
    )
    return measure(file, result)
