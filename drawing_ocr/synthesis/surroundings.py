"""What of the drawing enters the crop of a text: its frame, dimension and extension lines, arrow heads, hatching."""

from collections.abc import Sequence
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
_INK = (255.0,)


def draw_surroundings(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """Draw what stands beside a text whose ink fills `box` (left, top, right, bottom), lettered `size` pixels high.

    Mostly it keeps clear of the ink; one time in five it touches it or runs through it, as on crowded sheets.
    """
    kinds = (_under, _broken_line, _beside, _around, _hatching, _touching, _through, _check_mark)
    rng.choices(kinds, (32, 8, 16, 16, 8, 10, 6, 4))[0](rng, canvas, box, size)
    if rng.random() < 0.2:
        _beside(rng, canvas, box, size)


def draw_frame(rng: Random, canvas: Image, box: Box, size: int, cell_ends: Sequence[float]) -> None:
    """Draw a tolerance frame with its cells around the text; `cell_ends` counts from the text's left end."""
    left, top, right, bottom = box
    pen = _pen(rng, size)
    above = top - round(size * rng.uniform(0.12, 0.55))
    below = bottom + round(size * rng.uniform(0.12, 0.55))
    pad = round(cell_ends[-1]) - (right - left)
    cv2.rectangle(canvas, (left - pad, above), (right + pad, below), _INK, pen)
    for end in cell_ends[:-1]:
        cv2.line(canvas, (left + round(end), above), (left + round(end), below), _INK, pen)


def _pen(rng: Random, size: int) -> int:
    return max(1, round(size * rng.uniform(0.02, 0.09)))


def _gap(rng: Random, size: int, pen: int) -> int:
    return pen + rng.randint(1, max(2, size // 5))


def _under(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """A dimension line or leader shoulder under (or, turned around, over) the text."""
    left, top, right, bottom = box
    pen = _pen(rng, size)
    gap = _gap(rng, size, pen)
    columns = canvas.shape[1]
    y = bottom + gap if rng.random() < 0.8 else top - gap
    ends = sorted(rng.randint(0, columns) for _ in range(2)) if rng.random() < 0.4 else (0, columns)
    cv2.line(canvas, (ends[0], y), (ends[1], y), _INK, pen)
    if rng.random() < 0.5:
        _arrow_tip(canvas, rng.choice((left - gap, right + gap)), y, rng.choice((-1, 1)), size)


def _broken_line(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """The text inside a broken dimension line, which must not look like a minus sign."""
    left, top, right, bottom = box
    pen = _pen(rng, size)
    gap = _gap(rng, size, pen) + size // 3
    y = (top + bottom) // 2
    cv2.line(canvas, (0, y), (left - gap, y), _INK, pen)
    cv2.line(canvas, (right + gap, y), (canvas.shape[1], y), _INK, pen)


def _beside(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """An extension line or contour at one side."""
    pen = _pen(rng, size)
    gap = _gap(rng, size, pen) + (0 if rng.random() < 0.5 else rng.randint(0, size // 2))
    x = box[0] - gap if rng.random() < 0.5 else box[2] + gap
    lean = rng.randint(-size // 3, size // 3) if rng.random() < 0.3 else 0
    cv2.line(
        canvas,
        (x - abs(lean) if x < box[0] else x, 0),
        (x if x < box[0] else x + abs(lean), canvas.shape[0]),
        _INK,
        pen,
    )


def _around(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """A frame: basic dimension, table cell, or the circle of a balloon around one or two characters."""
    left, top, right, bottom = box
    pen = _pen(rng, size)
    gap = _gap(rng, size, pen)
    if right - left < 1.3 * (bottom - top) and rng.random() < 0.4:
        radius = int(0.75 * max(right - left, bottom - top)) + gap
        cv2.circle(canvas, ((left + right) // 2, (top + bottom) // 2), radius, _INK, pen, cv2.LINE_AA)
    else:
        cv2.rectangle(canvas, (left - gap, top - gap), (right + gap, bottom + gap), _INK, pen)


def _hatching(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """Hatching or a slanted leader that ends near the text."""
    left, top, right, bottom = box
    pen = _pen(rng, size)
    gap = _gap(rng, size, pen)
    x = left - gap if rng.random() < 0.5 else right + gap
    away = -size if x < left else size
    for step in range(rng.randint(1, 3)):
        shift = step * away // 2
        cv2.line(canvas, (x + shift, bottom), (x + shift + away, top), _INK, pen, cv2.LINE_AA)


def _touching(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """A line so near that it touches the ink."""
    left, top, right, bottom = box
    pen, (rows, columns) = _pen(rng, size), canvas.shape
    side = rng.random()
    if side < 0.5:
        cv2.line(canvas, (0, bottom), (columns, bottom), _INK, pen)
    elif side < 0.65:
        cv2.line(canvas, (0, top - pen), (columns, top - pen), _INK, pen)
    else:
        x = left - pen if rng.random() < 0.5 else right
        cv2.line(canvas, (x, 0), (x, rows), _INK, pen)


def _through(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """A thin line of the drawing that runs through the text: an extension line, a centre line, hatching."""
    left, _, right, _ = box
    pen = max(1, round(size * 0.03))
    rows = canvas.shape[0]
    if rng.random() < 0.6 or right - left < 2 * size:
        x, lean = rng.randint(left, right), rng.choice((0, 0, size, -size))
        cv2.line(canvas, (x - lean, rows), (x + lean, 0), _INK, pen, cv2.LINE_AA)
    else:
        pitch = max(6, round(size * rng.uniform(0.5, 1.0)))
        for x in range(left - 2 * rows, right, pitch):
            cv2.line(canvas, (x, rows), (x + rows, 0), _INK, pen, cv2.LINE_AA)


def _check_mark(rng: Random, canvas: Image, box: Box, size: int) -> None:
    """The sign of surface texture in front of its value (ISO 1302)."""
    left, _, right, bottom = box
    pen = _pen(rng, size)
    foot = (left - size // 2, bottom + pen)
    top = max(0, box[1] - size // 4)
    arm = int((bottom - top) * 0.55)
    points = [(foot[0] - arm // 2, bottom - arm), foot, (left - pen - 1, top), (right, top)]
    cv2.polylines(canvas, [np.array(points, np.int32)], False, _INK, pen, cv2.LINE_AA)


def _arrow_tip(canvas: Image, x: int, y: int, direction: int, size: int) -> None:
    reach, half = max(4, size // 2), max(1, size // 10)
    tip = np.array([[x, y], [x - direction * reach, y - half], [x - direction * reach, y + half]], np.int32)
    cv2.fillPoly(canvas, [tip], _INK, cv2.LINE_AA)
