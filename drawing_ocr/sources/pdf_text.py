"""The characters of a PDF page: what they are, where one sees them, and which fonts tell them."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

from drawing_ocr.sources.text_lines import Character

MAX_CHARACTERS: Final = 60_000  # of a page, what is behind them is read from the picture; an A0 sheet has some 30,000
_INVISIBLE: Final = {pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP}
_SUBSET: Final = re.compile(r"[A-Z]{6}\+")  # ISO 32000, 9.6.4: so begin the names of fonts that are embedded in part
_CODES_ONLY: Final = re.compile(r"gdt", re.IGNORECASE)  # fonts of CAD systems in which the letter j draws ⌖
_NO_MEANING: Final = {"Cc", "Cn", "Co", "Cs"}  # control, unassigned, private use, surrogate

Place = Callable[[float, float], tuple[float, float]]
"""Points of PDF user space -> pixels of the upright page."""


@dataclass(slots=True)
class Font:
    """A font of a page.

    Attributes:
        name: As the file has it, with the prefix of a subset.
        ascent, descent: Above and below the baseline for a size of one, both positive.
        embedded: Whether the file brings its glyphs, in an order of its own.
        told: False where it says itself that its characters have no meaning, or where one is none.
    """

    name: str
    ascent: float
    descent: float
    embedded: bool
    told: bool

    @property
    def is_subset(self) -> bool:
        """Whether its name is one of this file only."""
        return _SUBSET.match(self.name) is not None


@dataclass(slots=True)
class PageText:
    """What a page has of text.

    Attributes:
        characters: Those that are drawn.
        fonts: By `Character.font`.
        objects: The text objects of each font, each with how it is drawn.
        hidden: How many characters are there but not drawn, as an earlier reader of a scan left them.
    """

    characters: list[Character] = field(default_factory=list)
    fonts: dict[int, Font] = field(default_factory=dict)
    objects: dict[int, list[tuple[Any, int]]] = field(default_factory=dict)
    hidden: int = 0


def page_text(page: pypdfium2.PdfPage, place: Place) -> PageText:
    """The text of a page. The caller holds the lock of PDFium and keeps the page open while it uses `objects`."""
    text = PageText()
    seen: dict[int, tuple[int, bool]] = {}  # text object -> its font, whether it is drawn
    reading = page.get_textpage()
    try:
        for index in range(min(reading.count_chars(), MAX_CHARACTERS)):
            if pdfium.FPDFText_IsGenerated(reading.raw, index) == 1:
                continue
            drawing = pdfium.FPDFText_GetTextObject(reading.raw, index)
            if not drawing:
                continue
            address = ctypes.addressof(drawing.contents)
            if address not in seen:
                seen[address] = _meet(drawing, text)
            font, drawn = seen[address]
            if drawn:
                _take(reading.raw, index, font, text, place)
            else:
                text.hidden += 1
    finally:
        reading.close()
    return text


def hide(text: PageText, fonts: set[int]) -> None:
    """Lets the texts of these fonts, and no others, disappear from the page as it is rendered."""
    for font, drawings in text.objects.items():
        for drawing, mode in drawings:
            wanted = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE if font in fonts else mode
            pdfium.FPDFTextObj_SetTextRenderMode(drawing, wanted)


def _meet(drawing: Any, text: PageText) -> tuple[int, bool]:
    handle = pdfium.FPDFTextObj_GetFont(drawing)
    font = ctypes.addressof(handle.contents) if handle else 0
    if font not in text.fonts:
        text.fonts[font] = _font(handle)
        text.objects[font] = []
    mode = pdfium.FPDFTextObj_GetTextRenderMode(drawing)
    drawn = mode not in _INVISIBLE
    if drawn:
        text.objects[font].append((drawing, mode))
    return font, drawn


def _font(handle: Any) -> Font:
    if not handle:
        return Font("", 0.9, 0.2, embedded=False, told=False)
    name = ctypes.create_string_buffer(256)
    pdfium.FPDFFont_GetBaseFontName(handle, name, len(name))
    said = name.value.decode("utf-8", "replace")
    up, down = ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFFont_GetAscent(handle, 1.0, up)
    pdfium.FPDFFont_GetDescent(handle, 1.0, down)
    # Damaged fonts state anything.
    ascent = up.value if 0.3 < up.value < 2 else 0.9
    descent = -down.value if 0 <= -down.value < 1 else 0.2
    embedded = bool(_SUBSET.match(said)) or pdfium.FPDFFont_GetIsEmbedded(handle) == 1
    return Font(said, ascent, descent, embedded, told=not _CODES_ONLY.search(said))


def _take(reading: Any, index: int, number: int, text: PageText, place: Place) -> None:
    font = text.fonts[number]
    if pdfium.FPDFText_HasUnicodeMapError(reading, index) == 1:
        font.told = False
    hyphen = pdfium.FPDFText_IsHyphen(reading, index) == 1
    code = ord("-") if hyphen else pdfium.FPDFText_GetUnicode(reading, index)
    sign = chr(code) if 0 < code < 0x110000 else ""
    if not sign:  # the second half of a ligature
        return
    if (unicodedata.category(sign) in _NO_MEANING and not sign.isspace()) or sign == "\ufffd":
        font.told = False
        return
    matrix, x, y = pdfium.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetMatrix(reading, index, matrix)
    pdfium.FPDFText_GetCharOrigin(reading, index, x, y)
    pdfium.FPDFText_GetLooseCharBox(reading, index, box)
    size = pdfium.FPDFText_GetFontSize(reading, index)
    across, upright = size * math.hypot(matrix.a, matrix.b), size * math.hypot(matrix.c, matrix.d)
    if not (math.isfinite(across) and math.isfinite(upright)) or across <= 0 or upright <= 0:
        return
    direction = math.atan2(matrix.b, matrix.a)
    width = _width(box.right - box.left, box.top - box.bottom, direction, (font.ascent + font.descent) * upright)
    start = place(x.value, y.value)
    end = place(x.value + width * math.cos(direction), y.value + width * math.sin(direction))
    tip = place(x.value - upright * math.sin(direction), y.value + upright * math.cos(direction))
    up = math.dist(start, tip)
    along = math.atan2(end[1] - start[1], end[0] - start[0])
    text.characters.append(
        Character(
            text=sign,
            x=start[0],
            y=start[1],
            angle=math.degrees(along),
            advance=math.dist(start, end),
            ascent=font.ascent * up,
            descent=font.descent * up,
            font=number,
        )
    )


def _width(across: float, upwards: float, direction: float, height: float) -> float:
    """The width of a turned rectangle of known height, by the upright one around it."""
    cosine, sine = abs(math.cos(direction)), abs(math.sin(direction))
    width = (across - height * sine) / cosine if cosine >= sine else (upwards - height * cosine) / sine
    return max(width, 0.0)
