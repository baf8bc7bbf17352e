"""Sheets of general text, without any drawing sign: a frame, a title block and columns of notes in three languages."""

from random import Random

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.synthesis.canvas import Canvas, PlacedText, Plan, Point
from drawing_ocr.synthesis.furniture import Area, Furniture
from drawing_ocr.synthesis.general_text import general_text, plain_number
from drawing_ocr.synthesis.lettering import letter
from drawing_ocr.synthesis.sheet import drafting_of, page_size, scanned
from drawing_ocr.synthesis.structure import Sheet
from drawing_ocr.synthesis.style import SCANNED, SheetStyle
from drawing_ocr.synthesis.vocabulary import Language

_LANGUAGES: tuple[Language, ...] = ("english", "chinese", "german")


def draw_note_page(
    seed: int, style: SheetStyle = SCANNED, *, held_out: bool = False
) -> tuple[npt.NDArray[np.uint8], Annotation]:
    """Draw one page of general text; same result as `sheet.draw_sheet`.

    held_out: write the texts that the regression set keeps for itself instead of those that training may see.
    """
    page = draw_structured_note_page(seed, style, held_out=held_out)
    return page.picture, page.annotation


def draw_structured_note_page(seed: int, style: SheetStyle = SCANNED, *, held_out: bool = False) -> Sheet:
    """As `draw_note_page`, with the structure of its title block.

    held_out: write the texts that the regression set keeps for itself instead of those that training may see.
    """
    rng = Random(f"note page {seed} {held_out}")
    width, height = page_size(rng, style)
    drafting = drafting_of(rng, "GB", min(width, height), style)
    canvas = Canvas(width, height, clearance=0.2 * drafting.em)
    furniture = Furniture(canvas, drafting, rng.choice(_LANGUAGES), bilingual=False, rng=rng)
    inner = furniture.frame()
    bottom = furniture.title_block(inner).top
    columns, em = rng.choice((1, 2, 2, 3)), drafting.em
    for i in range(columns):
        left = inner.left + em + i * inner.width / columns
        area = Area(left, inner.top + em, left + inner.width / columns - 2 * em, bottom - em)
        _column(canvas, furniture, area, held_out)
    return scanned(canvas, seed, style, rng)


def _column(canvas: Canvas, furniture: Furniture, area: Area, held_out: bool) -> None:
    rng, y = furniture.rng, area.top
    while y < area.bottom:
        lettering = furniture.drafting.scaled(rng.choice((0.9, 1.0, 1.0, 1.2, 1.5)))
        text = (
            plain_number(rng) if rng.random() < 0.15 else general_text(rng, rng.choice(_LANGUAGES), held_out=held_out)
        )
        ink = letter(text, lettering)
        y += lettering.size * rng.uniform(1.3, 1.9)
        centre = Point(area.left + ink.width / 2, y - ink.baseline + ink.height / 2)
        # A line that is too long for its column is left out.
        canvas.add(Plan(texts=[PlacedText(ink, centre, 0.0, text, Category.TEXT)]), area.as_tuple())
