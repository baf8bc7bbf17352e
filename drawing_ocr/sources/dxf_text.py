"""Texts of DXF entities: pieces as they are drawn, put together to lines as the entities mean them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from ezdxf.tools.text import MTextContext, MTextParser, TokenType

# Fonts in which CAD programs keep the signs of ISO 1101 under small letters.
_GDT_SIGNS: Final = str.maketrans(
    {
        "a": "∠",
        "b": "⊥",
        "c": "⏥",
        "d": "⌓",
        "e": "○",
        "f": "∥",
        "g": "⌭",
        "h": "↗",
        "i": "⌯",
        "j": "⌖",
        "k": "⌒",
        "l": "Ⓛ",
        "m": "Ⓜ",
        "n": "⌀",
        "o": "□",
        "p": "Ⓟ",
        "r": "◎",
        "s": "Ⓢ",
        "t": "⌰",
        "u": "⏤",
        "v": "⌴",
        "w": "⌵",
        "x": "↧",
    }
)
_WRAPPED: Final = 0.6  # heights of capitals below the line's baseline, where another line begins


def is_gdt_font(name: str) -> bool:
    """Whether a font's letters are signs: `gdt.shx`, `AMGDT`."""
    return "gdt" in name.lower()


def gdt_signs(text: str) -> str:
    """The signs that a font of signs draws for letters.

    >>> gdt_signs("jn")
    '⌖⌀'
    """
    return text.translate(_GDT_SIGNS)


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A piece of text that was drawn, or a line of pieces.

    Attributes:
        text: Without formatting codes.
        quad: Tight corners [4, 2] in drawing units (y upwards), from the text's own top left along its top.
        cap_height: Of its capitals, drawing units.
        is_dimension: Whether it belongs to a DIMENSION.
    """

    text: str
    quad: npt.NDArray[np.float64]
    cap_height: float
    is_dimension: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What a piece is in its MTEXT: which paragraph, what stands before it, and its half of a stack."""

    paragraph: int
    spaced: bool
    stacked: str = ""  # how the halves are joined: " " for deviations, "/" for fractions
    is_lower: bool = False


@dataclass(slots=True)
class _Open:
    paragraph: int
    text: str
    pieces: list[DrawnText] = field(default_factory=list)


def marks_of(content: str) -> list[Mark]:
    """A mark for each piece that the content of a MTEXT is drawn in, in the order of drawing."""
    marks: list[Mark] = []
    paragraph, spaced = 0, False
    for token in MTextParser(content, MTextContext()):
        if token.type in (TokenType.NEW_PARAGRAPH, TokenType.NEW_COLUMN):
            paragraph, spaced = paragraph + 1, False
        elif token.type in (TokenType.SPACE, TokenType.NBSP, TokenType.TABULATOR):
            spaced = True
        elif token.type == TokenType.WORD:
            marks.append(Mark(paragraph, spaced))
            spaced = False
        elif token.type == TokenType.STACK:
            *_, kind = token.data
            if kind:
                joint = " " if kind == "^" else "/"
                marks += [Mark(paragraph, spaced, joint), Mark(paragraph, spaced, joint, is_lower=True)]
            else:
                marks.append(Mark(paragraph, spaced))
            spaced = False
    return marks


def joined(pieces: Sequence[DrawnText | None], marks: Sequence[Mark]) -> Iterator[DrawnText]:
    """The lines of a MTEXT.

    Args:
        pieces: As they were drawn; None for those of which nothing is seen.
        marks: As many.
    """
    line: _Open | None = None
    for piece, mark in zip(pieces, marks, strict=True):
        if piece is None:
            continue
        if line is None or mark.paragraph != line.paragraph or (not mark.stacked and _is_below(piece, line.pieces)):
            if line is not None:
                yield _closed(line)
            line = _Open(mark.paragraph, piece.text)
        elif mark.is_lower:
            line.text += mark.stacked + piece.text
        else:
            line.text += (" " if mark.spaced or mark.stacked == " " else "") + piece.text
        line.pieces.append(piece)
    if line is not None:
        yield _closed(line)


def _is_below(piece: DrawnText, line: Iterable[DrawnText]) -> bool:
    """Whether a piece's top lies lower than the lowest bottom of a line, which is where wrapped text goes on."""
    down = _unit(piece.quad[3] - piece.quad[0])
    lowest = max(float(other.quad[3] @ down) for other in line)
    return float(piece.quad[3] @ down) > lowest + _WRAPPED * piece.cap_height


def _closed(line: _Open) -> DrawnText:
    first = line.pieces[0]
    points = np.concatenate([piece.quad for piece in line.pieces])
    return DrawnText(
        text=" ".join(line.text.split()),
        quad=around(points, first.quad[1] - first.quad[0]),
        cap_height=max(piece.cap_height for piece in line.pieces),
        is_dimension=first.is_dimension,
    )


def around(points: npt.NDArray[np.float64], along: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The tight rectangle around points, y upwards, its first side along a direction, from the top left clockwise."""
    right = _unit(along)
    up = np.array([-right[1], right[0]])
    x, y = points @ right, points @ up
    corners = ((x.min(), y.max()), (x.max(), y.max()), (x.max(), y.min()), (x.min(), y.min()))
    return np.array([right * a + up * b for a, b in corners])


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    length = float(np.hypot(*vector))
    return vector / length if length else np.array([1.0, 0.0])
