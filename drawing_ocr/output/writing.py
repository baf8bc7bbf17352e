"""Every form in which a drawing is written, under one name each; files appear whole or not at all."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from drawing_ocr.atomic_write import PARTIAL, write_atomically
from drawing_ocr.drawing import Drawing
from drawing_ocr.formats.labelme import labelme_text
from drawing_ocr.formats.paddleocr import LabelledImage, ppocrlabel_text
from drawing_ocr.output.answer import answer_json
from drawing_ocr.output.labels import annotation_of
from drawing_ocr.reading.image import Page

Content = str | bytes
Files = Iterator[tuple[str, Content]]
"""Names below the folder, with what is in them; written in this order."""


class FormatUnknown(ValueError):
    """A form that nothing is written in; the message names those that are."""


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A form.

    Attributes:
        name: In commands.
        title: What it is, for help.
        files: What is written of a drawing; the stem of its name comes with it.
        opens_pages: Whether it takes the pages, and not only what was read.
    """

    name: str
    title: str
    files: Callable[[Drawing, str], Files]
    opens_pages: bool = True


def write(drawing: Drawing, out: Path, formats: Sequence[str]) -> list[Path]:
    """Writes a drawing in several forms.

    Args:
        drawing: What was read.
        out: The folder; it is made.
        formats: Names out of `FORMATS`.

    Returns:
        The files written. They are made in a folder aside and moved when the last one is there: a drawing that fails
        leaves none, and no memory holds more than one page's.

    Raises:
        FormatUnknown: an unknown name.
        drawing_ocr.reading.image.ImageError: the file cannot be opened any more.
    """
    chosen = [FORMATS[name] for name in checked(formats)]
    if sum(form.opens_pages for form in chosen) > 1:
        drawing = drawing.keeping_pages()
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{drawing.path.stem}.", suffix=PARTIAL) as aside:
        for form in chosen:
            for name, content in form.files(drawing, drawing.path.stem):
                write_atomically(Path(aside) / name, content)
                written.append(name)
        for name in written:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(aside) / name, out / name)
    return [out / name for name in written]


def checked(formats: Sequence[str]) -> list[str]:
    """Names of forms, each once.

    Raises:
        FormatUnknown: an unknown name.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise FormatUnknown(f"format {unknown[0]!r} is not known: use {', '.join(FORMATS)}")
    return list(dict.fromkeys(formats))


def _json(drawing: Drawing, stem: str) -> Files:
    yield f"{stem}.json", answer_json(drawing)


def _csv(drawing: Drawing, stem: str) -> Files:
    from drawing_ocr.output.dimension_table import dimensions_csv

    yield f"{stem}.csv", dimensions_csv(drawing)


def _labelme(drawing: Drawing, stem: str) -> Files:
    for number, page in enumerate(drawing.pages(), 1):
        name = _numbered(stem, number)
        yield f"labelme/{name}.png", _png(page.pixels)
        annotation = annotation_of(f"{name}.png", drawing.sheets[number - 1], drawing.on_page(number))
        yield f"labelme/{name}.json", labelme_text(annotation)


def _ppocrlabel(drawing: Drawing, stem: str) -> Files:
    labelled = []
    folder = f"ppocrlabel/{stem}"
    for number, page in enumerate(drawing.pages(), 1):
        name = f"{_numbered(stem, number)}.png"
        yield f"{folder}/{name}", _png(page.pixels)
        annotation = annotation_of(name, drawing.sheets[number - 1], drawing.on_page(number))
        # PPOCRLabel names pictures with the folder that they lie in.
        labelled.append(LabelledImage(f"{stem}/{name}", annotation.regions))
    yield f"{folder}/Label.txt", ppocrlabel_text(labelled)


def _pdf(drawing: Drawing, stem: str) -> Files:
    from drawing_ocr.output.searchable_pdf import searchable_pdf

    yield f"{stem}.pdf", searchable_pdf(drawing)


def _overlay(drawing: Drawing, stem: str) -> Files:
    from drawing_ocr.reading.overlay import draw_overlay

    for number, page in enumerate(drawing.pages(), 1):
        yield f"{_numbered(stem, number)}.png", _encoded(draw_overlay(page.pixels, drawing.result, number=number))


def _svg(drawing: Drawing, stem: str) -> Files:
    from drawing_ocr.output.svg import overlay_svg

    for number, page in enumerate(drawing.pages(), 1):
        sheet = drawing.sheets[number - 1]
        content = overlay_svg(_png(page.pixels), sheet.width, sheet.height, drawing.on_page(number), sheet.dpi)
        yield f"{_numbered(stem, number)}.svg", content


def _balloons(drawing: Drawing, stem: str) -> Files:
    from drawing_ocr.output.balloons import draw_balloons, place_balloons
    from drawing_ocr.output.characteristics import balloons_of, characteristics_of
    from drawing_ocr.output.inspection import inspection_workbook

    characteristics = characteristics_of(drawing)
    numbered = balloons_of(characteristics)
    pictures = []
    for number, page in enumerate(drawing.pages(), 1):
        here = [(balloon, item) for balloon, item in numbered if (item.page or 1) == number]
        placed = place_balloons(page.pixels, here, drawing.on_page(number))
        pictures.append(draw_balloons(page.pixels, placed))
        yield f"{_numbered(stem, number)}.balloons.png", _encoded(pictures[-1])
    yield f"{stem}.xlsx", inspection_workbook(drawing, characteristics, pictures)


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}-{number}"


def _png(pixels: Page) -> bytes:
    return _encoded(Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1])))


def _encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    # Level 1 is five times as fast as the default and a third larger: sheets have up to 100 megapixels.
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


FORMATS: Final[dict[str, OutputFormat]] = {
    each.name: each
    for each in (
        OutputFormat("json", "the answer of the endpoint, with millimetres", _json, opens_pages=False),
        OutputFormat("csv", "a table of the dimensions", _csv, opens_pages=False),
        OutputFormat("labelme", "labels to be corrected in LabelMe", _labelme),
        OutputFormat("ppocrlabel", "labels to be corrected in PPOCRLabel", _ppocrlabel),
        OutputFormat("pdf", "a PDF in which the texts are found", _pdf),
        OutputFormat("png", "pictures with what was read drawn in", _overlay),
        OutputFormat("svg", "the same as SVG, texts as text", _svg),
        OutputFormat("balloons", "ballooned pictures and the inspection list (XLSX)", _balloons),
    )
}
