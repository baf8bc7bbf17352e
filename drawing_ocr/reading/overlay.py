"""Overlay pictures: the drawing with its boxes coloured by category and confidence, the texts beside them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drawing_ocr.annotation import Category
from drawing_ocr.reading.image import Page, load_file
from drawing_ocr.reading.result import Prediction, ReadingResult

# The palette of Okabe and Ito, which colour-blind readers tell apart.
COLOURS: Final = {
    Category.TEXT: "#0072B2",
    Category.DIMENSION: "#D55E00",
    Category.SYMBOL: "#009E73",
    Category.TABLE: "#CC79A7",
    Category.TITLE_BLOCK: "#E69F00",
}
DOUBTFUL: Final = 0.8  # readings below it are drawn thin and with a question mark

# By preference: the CJK fonts also hold Latin letters, the last ones hold ⌀ and the signs of ISO 1101.
_FONTS: Final = (
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "NotoSansCJK-Regular.ttc",
    "DejaVuSans.ttf",
    "osifont.ttf",
    "FreeSerif.ttf",
)
_FONT_ROOTS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
_LABEL_OVER_BOX: Final = 0.55  # height of the letters beside a box, of the box's shorter side
_SMALLEST, _LARGEST = 11, 40  # of those letters, pixels


def draw_overlay(page: Page, result: ReadingResult, *, number: int = 1) -> Image.Image:
    """Draws what was read over one page.

    Args:
        page: uint8 [height, width, 3] in BGR order, as it was read.
        result: Of the whole file.
        number: Of the page, from 1.

    Returns:
        An RGB picture of the page's size, its drawing faded to grey.
    """
    drawing = Image.fromarray(np.ascontiguousarray(page[:, :, ::-1])).convert("L")
    picture = Image.blend(drawing, Image.new("L", drawing.size, 255), 0.35).convert("RGB")
    canvas = ImageDraw.Draw(picture)
    predictions = [item for item in result.predictions if (item.page or 1) == number]
    for prediction in predictions:
        _draw_box(canvas, prediction)
    for prediction in predictions:
        _draw_text(canvas, picture.size, prediction)
    _draw_legend(canvas, picture.size, predictions)
    return picture


def overlay_file(path: Path | str, result: ReadingResult, out: Path | str) -> list[Path]:
    """Writes overlay pictures of a file that was read.

    Args:
        path: The image file or PDF.
        result: What was read in it.
        out: The PNG to write; the second page of a document is written to `<stem>-2.png`, and so on.

    Returns:
        The files written; each appears only when it is complete.

    Raises:
        drawing_ocr.reading.image.ImageError: the file cannot be read.
    """
    out = Path(out)
    written = []
    for number, page in enumerate(load_file(Path(path)), 1):
        target = out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
        _save(draw_overlay(page, result, number=number), target)
        written.append(target)
    return written


def _save(picture: Image.Image, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            picture.save(file, format="PNG", compress_level=3)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _draw_box(canvas: ImageDraw.ImageDraw, prediction: Prediction) -> None:
    width = 1 if prediction.confidence < DOUBTFUL else 2
    canvas.polygon(list(prediction.box), outline=COLOURS[prediction.category], width=width)


def _draw_text(canvas: ImageDraw.ImageDraw, page: tuple[int, int], prediction: Prediction) -> None:
    """Writes the text above its box, or below where the page ends."""
    corners = np.array(prediction.box)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    size = int(np.clip(sides.min() * _LABEL_OVER_BOX, _SMALLEST, _LARGEST))
    text = prediction.text if prediction.confidence >= DOUBTFUL else f"{prediction.text} ?"
    width = _width(text, size)
    left = min(max(0.0, corners[:, 0].min()), max(0.0, page[0] - width))
    top = corners[:, 1].min() - size - 3
    if top < 0:
        top = min(corners[:, 1].max() + 2, page[1] - size - 2)
    canvas.rectangle((left - 1, top, left + width + 1, top + size + 2), fill="white")
    _write(canvas, (left, top), text, size, COLOURS[prediction.category])


def _draw_legend(canvas: ImageDraw.ImageDraw, page: tuple[int, int], predictions: list[Prediction]) -> None:
    size = int(np.clip(page[0] / 90, _SMALLEST, _LARGEST))
    entries = [
        (f"{category} {sum(item.category is category for item in predictions)}", COLOURS[category])
        for category in Category
    ]
    doubtful = sum(item.confidence < DOUBTFUL for item in predictions)
    entries.append((f"? confidence < {DOUBTFUL:g}: {doubtful}", "#555555"))
    width = sum(_width(text, size) + size for text, _ in entries) + size
    canvas.rectangle((0, 0, width, 2 * size), fill="white", outline="#555555")
    left = float(size)
    for text, colour in entries:
        _write(canvas, (left, size / 2), text, size, colour)
        left += _width(text, size) + size


def _write(canvas: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int, colour: str) -> None:
    left, top = place
    for run, font in _runs(text, size):
        canvas.text((left, top), run, fill=colour, font=font)
        left += font.getlength(run)


def _width(text: str, size: int) -> float:
    return sum(font.getlength(run) for run, font in _runs(text, size))


def _runs(text: str, size: int) -> Iterable[tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont]]:
    """Pieces of a text, each in the first font that holds all of it."""
    fonts = _fonts(size)
    run, current = "", fonts[0]
    for character in text:
        font = next((font for font in fonts if _holds(font, character)), fonts[0])
        if font is not current and run:
            yield run, current
            run = ""
        run, current = run + character, font
    if run:
        yield run, current


def font_of_size(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The preferred font for letters and numbers beside a drawing, `size` pixels high."""
    return _fonts(size)[0]


@cache
def _fonts(size: int) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, ...]:
    """The installed fonts by preference; where there are none, the Latin one that comes with Pillow."""
    found = {path.name: path for root in _FONT_ROOTS if root.is_dir() for path in root.rglob("*.tt[fc]")}
    fonts = tuple(ImageFont.truetype(str(found[name]), size) for name in _FONTS if name in found)
    return fonts or (ImageFont.load_default(size),)


@cache
def _holds(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, character: str) -> bool:
    """Whether a font has a glyph of its own: what it lacks is drawn like a character that no font has."""
    if character.isspace():
        return True
    drawn, missing = (font.getmask(sign) for sign in (character, "\U0010fffe"))
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))
