"""Batches for the embedder: parts of families, each drawn several times, every time another way.

A batch is decided by its seed and number alone. The pictures are what `drawing_ocr.embedding` cuts out of a page: ink
of a sheet's views, or of one view, drawn directly, which is many times as fast as drawing and taking apart sheets.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.embedding.body import body_of
from drawing_ocr.embedding.ink import Ink, network_input
from drawing_ocr.embedding.preparation import views_of
from drawing_ocr.synthesis.families.family import KINDS, draw_part, kind_of
from drawing_ocr.synthesis.families.figure import Figure
from drawing_ocr.synthesis.families.layout import arrange
from drawing_ocr.synthesis.families.pen import Pen

_SHEET: Final = 0.5  # share of families of which whole sheets are shown, where they have several views
_REVISED: Final = 0.3  # share of drawings of a later revision


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Families of a batch, members of each, drawings of each member; `size` is the picture's side in pixels.

    The families are of so many `kinds` of parts: the fewer, the harder it is to tell them apart; 0 leaves it to chance.
    """

    families: int = 12
    members: int = 4
    drawings: int = 2
    size: int = 224
    kinds: int = 0

    @property
    def pictures(self) -> int:
        return self.families * self.members * self.drawings


def draw_batch(seed: int, number: int, plan: BatchPlan) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """A batch.

    Returns:
        Pictures uint8 [n, size, size], 255 = ink; and which part each shows, int64 [n]: members of a family that look
        the same in the view that is shown have one number.
    """
    rng = Random(f"embedder batch {seed} {number}")
    pictures, labels = [], []
    numbers: dict[tuple[int, bytes], int] = {}
    kinds = rng.sample(tuple(KINDS), plan.kinds) if plan.kinds else ()
    for _ in range(plan.families):
        family = rng.getrandbits(40)
        while kinds and kind_of(family) not in kinds:
            family = rng.getrandbits(40)
        members = rng.sample(range(8), plan.members)
        whole, which = rng.random() < _SHEET, rng.random()
        # The network takes the mean over the four ways in which a sheet can lie; so it must not learn to ignore them.
        turn = rng.randrange(4)
        for member in members:
            looks = _shown(draw_part(family, member).views, whole, which)
            label = numbers.setdefault((family, _signature(looks)), len(numbers))
            for _ in range(plan.drawings):
                revision = rng.randint(1, 1000) if rng.random() < _REVISED else 0
                views = _shown(draw_part(family, member, revision).views, whole, which) if revision else looks
                pictures.append(np.rot90(network_input(draw_region(views, rng), plan.size), turn))
                labels.append(label)
    return np.stack(pictures), np.array(labels, np.int64)


def _shown(views: tuple[Figure, ...], whole: bool, which: float) -> tuple[Figure, ...]:
    return views if whole else (views[int(which * len(views))],)


def _signature(views: tuple[Figure, ...]) -> bytes:
    return b"".join(line.points.round(1).tobytes() for view in views for line in view.lines)


def draw_region(views: tuple[Figure, ...], rng: Random) -> Ink:
    """One or several views as they come out of a page: dimensioned or not, worn, cut, what stands beside them erased.

    Returns:
        uint8 [height, width], 255 where there is ink; never empty.
    """
    long = rng.randint(300, 640)
    page = long * rng.uniform(1.1, 2.2) if len(views) == 1 else long * rng.uniform(1.0, 1.3)
    side = round(long * rng.uniform(0.55, 1.0))
    width, height = (long, side) if rng.random() < 0.6 else (side, long)
    pen = Pen.random(rng, page)
    ink = np.zeros((height, width), np.uint8)
    dimensioned = rng.random() < 0.6
    margin = pen.em * (rng.uniform(3.0, 8.0) if dimensioned else 1.0)
    for place in arrange(views, (2.0, 2.0, width - 2.0, height - 2.0), margin, rng):
        pen.figure(ink, place.view, place.scale, place.origin)
        if dimensioned:
            pen.dimensions(ink, place.view, place.scale, place.origin, rng, rng.uniform(0.3, 1.0))
    worn = wear(ink, pen, rng)
    found = [worn] if len(views) == 1 else views_of(worn)
    return np.maximum.reduce([body_of(view, page) for view in found]) if found else worn


def wear(ink: Ink, pen: Pen, rng: Random) -> Ink:
    """What paper, a scanner and the separation of views do to ink.

    Args:
        ink: uint8 [height, width], 255 where there is ink; at least one pixel.
        pen: Writes what stands beside it.

    Returns:
        uint8 [height, width], not larger; never empty.
    """
    worn = _worn(_strays(ink, pen, rng), rng)
    cut = _cut(worn, rng) if rng.random() < 0.35 else worn
    if cv2.countNonZero(cut):
        return cut
    return worn if cv2.countNonZero(worn) else ink


def _strays(ink: Ink, pen: Pen, rng: Random) -> Ink:
    """What separating views leaves behind: a line of the frame, a note, a gap where a table was."""
    height, width = ink.shape
    if rng.random() < 0.2:
        x = rng.uniform(0, width)
        pen.strokes(ink, [np.array([(x, 0.0), (x, rng.uniform(0.2, 1.0) * height)])])
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        text = "".join(rng.choice("ABCDEHMRSX0123456789 ") for _ in range(rng.randint(2, 12)))
        pen.write(ink, text, rng.uniform(0, width), rng.uniform(0, height))
    if rng.random() < 0.1:
        wide, tall = int(rng.uniform(0.1, 0.35) * width), int(rng.uniform(0.1, 0.3) * height)
        x, y = rng.choice((0, width - wide)), rng.choice((0, height - tall))
        ink[y : y + tall, x : x + wide] = 0
    return ink


def _worn(ink: Ink, rng: Random) -> Ink:
    """Skew, a photograph's perspective, and lines that ran or broke."""
    height, width = ink.shape
    if rng.random() < 0.4:
        reach = 0.012 if rng.random() < 0.7 else 0.05
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        moved = corners + np.array(
            [(rng.uniform(-reach, reach) * width, rng.uniform(-reach, reach) * height) for _ in range(4)], np.float32
        )
        ink = np.asarray(
            cv2.warpPerspective(ink, cv2.getPerspectiveTransform(corners, moved), (width, height)), np.uint8
        )
    change = rng.random()
    if change < 0.25:
        ink = np.asarray(cv2.dilate(ink, np.ones((2, 2), np.uint8)), np.uint8)
    elif change < 0.4:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.5, 1.2)), np.uint8)
    ink = np.where(ink > rng.uniform(30, 90), 255, 0).astype(np.uint8)
    if rng.random() < 0.15:
        specks = np.random.default_rng(rng.getrandbits(32)).integers(0, [width, height], (rng.randint(5, 60), 2))
        ink[specks[:, 1], specks[:, 0]] = 255
    return ink


def _cut(ink: Ink, rng: Random) -> Ink:
    """Up to 30 % of the area cut off at one side or at two."""
    kept = rng.uniform(0.7, 0.98)
    share = rng.choice((1.0, 0.5, 0.0))
    wide, tall = round(ink.shape[1] * kept**share), round(ink.shape[0] * kept ** (1 - share))
    x, y = rng.choice((0, ink.shape[1] - wide)), rng.choice((0, ink.shape[0] - tall))
    return ink[y : y + tall, x : x + wide]
