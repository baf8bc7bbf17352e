"""Takes boxes apart that hold more than one text, or lines of the drawing beside it.

Detectors put a size and its two deviations into one box when they stand close, and a recogniser of lines then reads the
rows into each other. Where digits stand one above the other with paper between them, nothing else is meant. Nor is
where more paper than any space takes stands between two names. A dimension line that ends at its text is read as a
dash, and the rectangle of a basic size belongs to no character.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.fit import Fitted
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.rectify import Quad, crop, is_tall

# [pieces, 4]: left, top, right, bottom of pieces of ink, pixels of the crop.
_Pieces = npt.NDArray[np.int32]

# All in heights of the box but where it says otherwise.
_LOWEST: Final = 16  # pixels of a box that can hold two rows
_DIGIT: Final = 0.2  # a piece at least this high may be a digit
_STROKE: Final = 4.0  # wider than so many box heights, or flatter than a tenth of its width, is a line
_MIDDLE: Final = (0.25, 0.75)  # where the paper between the rows may be
_BETWEEN: Final = 0.02  # paper between the rows
_MARGIN: Final = 0.16  # left around the parts, in heights of the part
# Widest space between words of one text, in heights of its letters: faces of one pitch have wide ones. And the widest
# between names of two or three characters (D1 D2).
_SPACE: Final = 2.0
_SPACE_OF_NAMES: Final = 1.1
_NAME: Final = (2, 3)
_FLAT: Final = 0.2  # a piece lower than this, in heights of the letters, may be the end of a line
_RUNS: Final = 0.9  # of half a box height that a line goes on outside the box
_CORNER: Final = 0.15  # of a rectangle's shorter side: there it has ink, and a circle has none


def take_apart(page: Page, boxes: Sequence[Fitted]) -> list[Fitted]:
    """The boxes, those with several texts replaced by their parts: the size, the upper row, the lower row; or words.

    Args:
        page: uint8 [height, width, 3]; dark on light.
        boxes: Lying or standing; parts have corners in the order of their box.
    """
    return [part for box in boxes for part in (_parts(page, box) or [box])]


def _parts(page: Page, box: Fitted) -> list[Fitted]:
    picture = crop(page, box.loose)
    standing = is_tall(picture)
    lying = np.roll(box.loose, 1, axis=0) if standing else box.loose
    if standing:
        picture = np.ascontiguousarray(np.rot90(picture, -1))
    height, width = picture.shape[:2]
    if height < _LOWEST:
        return []
    ink = _Ink.of(picture)
    ends = [end for end in ink.ends if _runs_on(page, lying, end, ink, (width, height))]
    found = []
    for part in [*_rows(ink.pieces, height)] or _words(ink, ends, height):
        loose, tight = (_quad(lying, corners, (width, height)) for corners in (part.loose, part.tight))
        found.append(Fitted(*(np.roll(each, -1, axis=0) if standing else each for each in (loose, tight))))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """Left, top, right, bottom of a part of a box, as it is read and around its ink, pixels of the crop."""

    loose: tuple[float, float, float, float]
    tight: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Ink:
    """Ink in the crop of a box.

    Attributes:
        pieces: That may be characters or parts of them.
        ends: Those of the pieces that may be ends of lines: flat, in the letters' middle, and running out at a side.
        frame: The rectangle around all others, if there is one: left, top, right, bottom.
        darkest: Grey up to which a pixel is ink.
    """

    pieces: _Pieces
    ends: _Pieces
    darkest: float
    frame: tuple[int, int, int, int] | None

    @classmethod
    def of(cls, picture: Page) -> _Ink:
        height, width = picture.shape[:2]
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        darkest, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
        _, labels, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        wide, tall = found[:, cv2.CC_STAT_WIDTH], found[:, cv2.CC_STAT_HEIGHT]
        kept = (found[:, cv2.CC_STAT_AREA] >= 3) & (wide <= _STROKE * height) & ~((wide > 10 * tall) & (wide > height))
        kept[0] = False  # the paper
        boxes = np.stack([found[:, 0], found[:, 1], found[:, 0] + wide, found[:, 1] + tall], axis=1)
        frame = _frame_of(np.asarray(labels, np.int32), boxes)
        if frame is not None:
            inside = (boxes[:, :2] > boxes[frame, :2]).all(axis=1) & (boxes[:, 2:] < boxes[frame, 2:]).all(axis=1)
            left, top, right, bottom = boxes[frame].tolist()
            return cls(boxes[kept & inside], boxes[:0], darkest, (left, top, right, bottom))
        pieces = boxes[kept]
        at_side = (pieces[:, 0] == 0) | (pieces[:, 2] == width)
        letters = _letters(pieces[~at_side], height)
        flat = (pieces[:, 3] - pieces[:, 1] <= max(2.0, _FLAT * letters)) & (pieces[:, 2] - pieces[:, 0] >= 3)
        middle = (pieces[:, 1] + pieces[:, 3]) / (2 * height)
        ends = at_side & flat & (middle > _MIDDLE[0]) & (middle < _MIDDLE[1])
        return cls(pieces, pieces[ends], darkest, None)


def _frame_of(labels: npt.NDArray[np.int32], boxes: _Pieces) -> int | None:
    """Which piece of ink is a rectangle around all that may be digits."""
    height, width = labels.shape
    sides = boxes[:, 2:] - boxes[:, :2]
    digits = sides[:, 1] >= _DIGIT * height
    digits[0] = False
    for piece in np.flatnonzero(digits & (sides[:, 0] >= 0.6 * width) & (sides[:, 1] >= 0.5 * height)).tolist():
        left, top, right, bottom = boxes[piece].tolist()
        others = boxes[digits & (np.arange(len(boxes)) != piece)]
        if not len(others) or (others[:, :2] <= (left, top)).any() or (others[:, 2:] >= (right, bottom)).any():
            continue
        own, reach = labels[top:bottom, left:right] == piece, max(2, round(_CORNER * min(right - left, bottom - top)))
        corners = (own[:reach, :reach], own[:reach, -reach:], own[-reach:, :reach], own[-reach:, -reach:])
        # A tolerance frame has walls between its cells, a basic size has none.
        walls = own[(bottom - top) // 2, reach:-reach].any()
        if all(corner.any() for corner in corners) and not walls:
            return int(piece)
    return None


def _letters(pieces: _Pieces, height: int) -> float:
    """Height of the letters among pieces, pixels; 0 without any."""
    tall = pieces[:, 3] - pieces[:, 1]
    tall = tall[tall >= _DIGIT * height]
    return float(np.percentile(tall, 90)) if len(tall) else 0.0


def _runs_on(page: Page, box: Quad, end: _Pieces, ink: _Ink, size: tuple[int, int]) -> bool:
    """Whether a flat piece goes on outside its box, as a line does and ⏤ does not."""
    width, height = size
    beyond = 0.5 * height
    start, stop = (-beyond, 0.0) if end[0] == 0 else (float(width), width + beyond)
    strip = crop(page, _quad(box, (start, float(end[1]) - 1, stop, float(end[3]) + 1), size))
    dark = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY) <= ink.darkest
    return bool(np.mean(dark.any(axis=0)) >= _RUNS)


def _words(ink: _Ink, ends: Sequence[_Pieces], height: int) -> list[_Part]:
    """The texts of one row that stand too far from each other to be one, without ends of lines and frames."""
    lines = {tuple(end.tolist()) for end in ends}
    pieces = np.array([piece for piece in ink.pieces.tolist() if tuple(piece) not in lines], np.int32).reshape(-1, 4)
    letters = _letters(pieces, height)
    if not letters:
        return []
    texts = _apart(pieces, _SPACE_OF_NAMES * letters, height)
    if not all(_NAME[0] <= _digits(text, height) <= _NAME[1] for text in texts):
        texts = _apart(pieces, _SPACE * letters, height)
    if len(texts) < 2 and not lines and ink.frame is None:
        return []
    return [_part_of(text, ink, height) for text in texts]


def _apart(pieces: _Pieces, space: float, height: int) -> list[_Pieces]:
    """The pieces, those together between which no more than a space is free; without those that hold no digit."""
    order = pieces[np.argsort(pieces[:, 0])]
    reached = np.maximum.accumulate(order[:, 2])
    texts = np.split(order, np.flatnonzero(order[1:, 0] - reached[:-1] > space) + 1)
    return [text for text in texts if _digits(text, height)]


def _part_of(text: _Pieces, ink: _Ink, height: int) -> _Part:
    left, top = (float(side) for side in text[:, :2].min(axis=0))
    right, bottom = (float(side) for side in text[:, 2:].max(axis=0))
    tight = (left - 0.5, top - 0.5, right + 0.5, bottom + 0.5)
    if ink.frame is not None:
        frame = ink.frame
        room = min(left - frame[0], top - frame[1], frame[2] - right, frame[3] - bottom) / 2
        return _Part((left - room, top - room, right + room, bottom + room), tight)
    # As high as the detector's box: its margins are what recognisers are trained on.
    room = 0.5 * (height - (bottom - top))
    before, behind = ink.pieces[ink.pieces[:, 2] <= left, 2], ink.pieces[ink.pieces[:, 0] >= right, 0]
    start = max(left - room, (left + before.max()) / 2 if len(before) else -np.inf)
    end = min(right + room, (right + behind.min()) / 2 if len(behind) else np.inf)
    return _Part((float(start), 0.0, float(end), float(height)), tight)


def _rows(pieces: _Pieces, height: int) -> Iterator[_Part]:
    """The parts of a box that holds two rows; nothing where it is one."""
    digits = pieces[(pieces[:, 3] - pieces[:, 1]) >= _DIGIT * height]
    # Where the rows begin: after the last piece that stands in both halves. Or before the first: seen upside down.
    for gap in _gaps(pieces, height):
        across = digits[(digits[:, 1] < gap[0]) & (digits[:, 3] > gap[1])]
        if len(across) == len(digits):
            continue
        for first, last in _free_spans(pieces, across):
            inside = pieces[(pieces[:, 0] >= first) & (pieces[:, 2] <= last)]
            upper, lower = inside[inside[:, 3] <= gap[1]], inside[inside[:, 1] >= gap[0]]
            rest = pieces[(pieces[:, 2] <= first) | (pieces[:, 0] >= last)]
            counts = [_digits(part, height) for part in (upper, lower)]
            # One digit above one: a number that stands, in a box as wide as high.
            if len(upper) + len(lower) != len(inside) or min(counts) == 0 or max(counts) == 1:
                continue
            if (len(rest) and not _digits(rest, height)) or not _overlap(upper, lower):
                continue
            for part in (rest, upper, lower):
                if len(part):
                    left, top = (float(side) for side in part[:, :2].min(axis=0))
                    right, bottom = (float(side) for side in part[:, 2:].max(axis=0))
                    room = _MARGIN * (bottom - top)
                    yield _Part((left - room, top - room, right + room, bottom + room), (left, top, right, bottom))
            return


def _gaps(pieces: _Pieces, height: int) -> Iterator[tuple[float, float]]:
    """Heights at which two rows may be told apart, from the middle outwards."""
    edges = sorted({int(bottom) for bottom in pieces[:, 3]}, key=lambda bottom: abs(bottom - height / 2))
    for bottom in edges:
        if _MIDDLE[0] * height <= bottom <= _MIDDLE[1] * height:
            below = pieces[pieces[:, 1] >= bottom, 1]
            if len(below) and int(below.min()) - bottom >= _BETWEEN * height:
                yield float(bottom), float(below.min())


def _free_spans(pieces: _Pieces, across: _Pieces) -> Iterator[tuple[float, float]]:
    """The spans before and behind the pieces that stand across both rows, the wider first; all where none does."""
    start, end = float(pieces[:, 0].min()), float(pieces[:, 2].max())
    if not len(across):
        yield start, end
        return
    spans = [(start, float(across[:, 0].min())), (float(across[:, 2].max()), end)]
    yield from (span for span in sorted(spans, key=lambda span: span[0] - span[1]) if span[1] > span[0])


def _digits(pieces: _Pieces, height: int) -> int:
    return int((pieces[:, 3] - pieces[:, 1] >= _DIGIT * height).sum())


def _overlap(upper: _Pieces, lower: _Pieces) -> bool:
    """Whether one row stands above the other, and not beside it."""
    left = max(int(upper[:, 0].min()), int(lower[:, 0].min()))
    right = min(int(upper[:, 2].max()), int(lower[:, 2].max()))
    shorter = min(int(np.ptp(upper[:, [0, 2]])), int(np.ptp(lower[:, [0, 2]])))
    return right - left >= 0.5 * shorter


def _quad(box: Quad, part: tuple[float, float, float, float], size: tuple[int, int]) -> Quad:
    """A rectangle of a box's crop as it lies on the page."""
    left, top, right, bottom = part
    along, down = (box[1] - box[0]) / size[0], (box[3] - box[0]) / size[1]
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return np.array([box[0] + x * along + y * down for x, y in corners], np.float32)
