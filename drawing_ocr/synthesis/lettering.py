"""Text to ink: one line of text as a mask cropped to its real ink, in one face with honest fallbacks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from drawing_ocr.synthesis.fonts import Face, face_for
from drawing_ocr.synthesis.signs import STROKES, draw_sign

# A pixel darker than this share of full ink belongs to the ink box; below it is anti-aliasing haze.
INK_THRESHOLD = 48


@dataclass(frozen=True, slots=True)
class Lettering:
    """How one text is lettered.

    size: pixels per em. pen: stroke width in pixels of signs drawn as strokes. drawn_signs: draw the signs of
    `signs.STROKES` as strokes even where a font holds them. slashed_o: print the diameter sign as the letter Ø.
    width_factor: horizontal stretch, as CAD lettering has it. slant: shear to the right; 0.27 is the 75° of ISO 3098.
    """

    face: Face
    size: int
    pen: float = 2.0
    drawn_signs: bool = False
    slashed_o: bool = False
    width_factor: float = 1.0
    slant: float = 0.0


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


def letter(text: str, how: Lettering) -> Ink:
    """Render one line of text.

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
    return Ink(np.ascontiguousarray(canvas[top:bottom, left:right]), baseline - top)


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
    length = sum(
        (STROKES[run][0] + 0.15) * cap_height if face is None else face.at(how.size).getlength(run)
        for run, face in runs
    )
    baseline = int(how.size * 1.3)
    image = Image.new("L", (int(length) + 2 * pad, int(how.size * 1.9)), 0)
    pen = ImageDraw.Draw(image)
    x = float(pad)
    signs: list[tuple[str, float]] = []
    for run, face in runs:
        if face is None:
            signs.append((run, x))
            x += (STROKES[run][0] + 0.15) * cap_height
        else:
            font = face.at(how.size)
            pen.text((round(x), baseline), run, font=font, fill=255, anchor="ls")
            x += font.getlength(run)
    canvas = np.array(image)
    for sign, left in signs:
        _stamp(canvas, sign, left, baseline, cap_height, how.pen)
    return canvas, baseline


def _runs(text: str, how: Lettering) -> list[tuple[str, Face | None]]:
    """Split into (run, face); face None is a sign drawn as strokes."""
    runs: list[tuple[str, Face | None]] = []
    for character in text:
        printed = "Ø" if how.slashed_o and character == "⌀" else character
        face = None if how.drawn_signs and printed in STROKES else face_for(printed, how.face)
        if runs and face is not None and runs[-1][1] == face:
            runs[-1] = (runs[-1][0] + printed, face)
        else:
            runs.append((printed, face))
    return runs


def _stamp(canvas: npt.NDArray[np.uint8], sign: str, x: float, baseline: int, cap_height: float, pen: float) -> None:
    mask, base_row = draw_sign(sign, cap_height, pen)
    left = round(x) - math.ceil(pen) - 1
    top = baseline - base_row
    skip = max(0, -top)
    target = canvas[top + skip : top + mask.shape[0], left : left + mask.shape[1]]
    np.maximum(target, mask[skip : skip + target.shape[0], : target.shape[1]], out=target)


def _stretch(canvas: npt.NDArray[np.uint8], baseline: int, how: Lettering) -> tuple[npt.NDArray[np.uint8], int]:
    height, width = canvas.shape
    lean = how.slant * height
    matrix = np.array([[how.width_factor, -how.slant, how.slant * baseline], [0.0, 1.0, 0.0]])
    size = (math.ceil(width * how.width_factor + lean) + 2, height)
    return cv2.warpAffine(canvas, matrix, size, flags=cv2.INTER_LINEAR).astype(np.uint8), baseline
