"""Text to ink: one line of text as a mask cropped to its real ink, in one face with honest fallbacks."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from drawing_ocr.synthesis.fonts import Face, face_for
from drawing_ocr.synthesis.signs import STROKES, DiameterForm, advance, draw_sign
from drawing_ocr.synthesis.stroke_face import StrokeFace, draw_strokes

# A pixel darker than this share of full ink belongs to the ink box; below it is anti-aliasing haze.
INK_THRESHOLD = 48


@dataclass(frozen=True, slots=True)
class Lettering:
    """How one text is lettered.

    size: pixels per em. pen: stroke width in pixels of what is drawn as strokes. drawn_signs: draw the signs of
    `signs.STROKES` as strokes even where a font holds them. diameter: print the diameter sign as this character (Ø, φ,
    ∅) or in this drawn form. width_factor: horizontal stretch, as CAD lettering has it. slant: shear to the right; 0.27
    is the 75° of ISO 3098. strokes: draw every glyph that it has with the pen; `face` gives the others.
    """

    face: Face
    size: int
    pen: float = 2.0
    drawn_signs: bool = False
    diameter: str | DiameterForm = "⌀"
    width_factor: float = 1.0
    slant: float = 0.0
    strokes: StrokeFace | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """The ink of one text: mask (uint8 [height, width], 255 = ink), cropped so that every edge touches ink."""

    mask: npt.NDArray[np.uint8]
    baseline: int  # row of the baseline counted from the mask's first row; may lie outside it

    @property
    def width(self) -> int:
        return int(self.mask.shape[1])

    @property
    def height(self) -> int:
        return int(self.mask.shape[0])


# A dimension is lettered once for every place that is tried for it.
@functools.lru_cache(maxsize=256)
def letter(text: str, how: Lettering) -> Ink:
    """Render one line of text; the ink is shared and cannot be written to.

    Raises FontError when no font holds a character and ValueError when nothing is left to see.
    """
    canvas, baseline = _draw(text, how)
    if how.slant or how.width_factor != 1.0:
        canvas, baseline = _stretch(canvas, baseline, how)
    dark = canvas > INK_THRESHOLD
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not rows.size:
        raise ValueError(f"text {text!r} leaves no ink at {how.size} px: give visible characters or a larger size")
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    mask = np.ascontiguousarray(canvas[top:bottom, left:right])
    mask.flags.writeable = False
    return Ink(mask, baseline - top)


def letter_row(cells: Sequence[str], how: Lettering, gap: int) -> tuple[Ink, list[float]]:
    """Letter texts side by side on one baseline, as the cells of a tolerance frame.

    gap: paper between two texts in pixels. Returns the ink of the whole row and, for each cell, the middle of the gap
    behind it in pixels from the row's left end (behind the last cell: half a gap after the ink).
    """
    inks = [letter(cell, how) for cell in cells]
    rise = max(ink.baseline for ink in inks)
    drop = max(ink.height - ink.baseline for ink in inks)
    row = np.zeros((rise + drop, sum(ink.width for ink in inks) + gap * (len(inks) - 1)), np.uint8)
    ends, left = [], 0
    for ink in inks:
        row[rise - ink.baseline : rise - ink.baseline + ink.height, left : left + ink.width] = ink.mask
        left += ink.width + gap
        ends.append(left - gap / 2)
    return Ink(row, rise), ends


def _draw(text: str, how: Lettering) -> tuple[npt.NDArray[np.uint8], int]:
    """Draw all runs on one canvas; returns it and the row of the baseline."""
    cap_height = how.size * 0.72
    runs = _runs(text, how)
    pad = how.size // 2 + 2
    lengths = [_length(run, face, how, cap_height) for run, face in runs]
    baseline = int(how.size * 1.3)
    image = Image.new("L", (int(sum(lengths)) + 2 * pad, int(how.size * 1.9)), 0)
    pen = ImageDraw.Draw(image)
    drawn: list[tuple[npt.NDArray[np.uint8], int, int]] = []
    x = float(pad)
    for (run, face), length in zip(runs, lengths, strict=True):
        if face is None:
            mask, base_row = draw_sign(run, cap_height, how.pen, _form(how))
            drawn.append((mask, round(x) - math.ceil(how.pen) - 1, base_row))
        elif isinstance(face, StrokeFace):
            mask, base_row, column = draw_strokes(run, face, cap_height, how.pen)
            drawn.append((mask, round(x) - column, base_row))
        else:
            pen.text((round(x), baseline), run, font=face.at(how.size), fill=255, anchor="ls")
        x += length
    canvas = np.array(image)
    for mask, left, base_row in drawn:
        _stamp(canvas, mask, left, baseline - base_row)
    return canvas, baseline


def _form(how: Lettering) -> DiameterForm | None:
    return how.diameter if isinstance(how.diameter, DiameterForm) else None


def _length(run: str, face: Face | StrokeFace | None, how: Lettering, cap_height: float) -> float:
    if face is None:
        return advance(run, _form(how)) * cap_height
    if isinstance(face, StrokeFace):
        return sum(face.advance(character) for character in run) * cap_height
    return face.at(how.size).getlength(run)


def _runs(text: str, how: Lettering) -> list[tuple[str, Face | StrokeFace | None]]:
    """Split into (run, face); face None is a sign drawn as strokes."""
    runs: list[tuple[str, Face | StrokeFace | None]] = []
    for character in text:
        printed, face = _face_of(character, how)
        if runs and face is not None and runs[-1][1] == face:
            runs[-1] = (runs[-1][0] + printed, face)
        else:
            runs.append((printed, face))
    return runs


def _face_of(character: str, how: Lettering) -> tuple[str, Face | StrokeFace | None]:
    if character == "⌀":
        if isinstance(how.diameter, DiameterForm):
            return character, None
        character = how.diameter
    if how.drawn_signs and character in STROKES:
        return character, None
    if how.strokes is not None and how.strokes.has(character):
        return character, how.strokes
    return character, face_for(character, how.face)


def _stamp(canvas: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8], left: int, top: int) -> None:
    skip, cut = max(0, -top), max(0, -left)
    target = canvas[top + skip : top + mask.shape[0], left + cut : left + mask.shape[1]]
    source = mask[skip : skip + target.shape[0], cut : cut + target.shape[1]]
    np.maximum(target, source, out=target)


def _stretch(canvas: npt.NDArray[np.uint8], baseline: int, how: Lettering) -> tuple[npt.NDArray[np.uint8], int]:
    height, width = canvas.shape
    lean = how.slant * height
    matrix = np.array([[how.width_factor, -how.slant, how.slant * baseline], [0.0, 1.0, 0.0]])
    size = (math.ceil(width * how.width_factor + lean) + 2, height)
    return cv2.warpAffine(canvas, matrix, size, flags=cv2.INTER_LINEAR).astype(np.uint8), baseline
