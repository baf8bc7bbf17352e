"""A font in which every character is a full box, for text that is found and copied but not drawn.

PDF readers take the place of a character from its glyph; where glyphs are empty, some leave upright text out.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from typing import Final

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

EM: Final = 1000
DESCENT: Final = 0.2  # of the em; its letters fill the em from there
_AT_ONCE: Final = 100  # entries of one block of a table (Adobe technical note 5014)


@cache
def font_file() -> bytes:
    """A TrueType font with one glyph as wide as high; glyph 1 stands for every character."""
    bottom, top = -round(EM * DESCENT), round(EM * (1 - DESCENT))
    pen = TTGlyphPen(None)
    pen.moveTo((0, bottom))
    for corner in ((0, top), (EM, top), (EM, bottom)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap({0x20: "box"})
    builder.setupGlyf({".notdef": Glyph(), "box": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (EM, 0), "box": (EM, 0)})
    builder.setupHorizontalHeader(ascent=top, descent=bottom)
    builder.setupOS2()
    builder.setupPost()
    builder.setupNameTable({"familyName": "Box", "styleName": "Regular", "psName": "Box"})
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def codes_of(texts: Iterable[str]) -> dict[str, int]:
    """A code from 1 for each character of the texts."""
    return {character: code for code, character in enumerate(sorted({*"".join(texts)}), 1)}


def glyph_of_code(codes: dict[str, int]) -> bytes:
    """The CIDToGIDMap: glyph 1 for every code (ISO 32000, table 115)."""
    return b"\0\1" * (len(codes) + 1)


def to_unicode(codes: dict[str, int]) -> str:
    """The ToUnicode table, which tells the characters of codes (ISO 32000, 9.10.3)."""
    entries = [f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>" for character, code in codes.items()]
    blocks = [entries[first : first + _AT_ONCE] for first in range(0, len(entries), _AT_ONCE)]
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<0000> <FFFF>",
        "endcodespacerange",
        *(line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")),
        "endcmap",
        "CMapName currentdict /CMap defineresource pop",
        "end",
        "end",
    ]
    return "\n".join(lines)
