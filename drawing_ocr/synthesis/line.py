"""Single text lines as a detector cuts them out of drawings, for training a recogniser.

A detector's crop is not a clean word: its margin is loose, dimension lines, arrow tips, frame borders and hatching
enter it, it is a few degrees askew, blurred, thin or coarse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.fonts import BOLD_FACES, CHINESE_FACES, ITALIC_FACES, LATIN_FACES, OSIFONT, SERIF_FACES, Face
from drawing_ocr.synthesis.lettering import Lettering, letter, letter_row
from drawing_ocr.text import canonical

Image = npt.NDArray[np.uint8]
_INK = (255.0,)


@dataclass(frozen=True, slots=True)
class LineRecipe:
    """Weights of what is written, and probabilities of what spoils it.

    dimensions, signs, words: weights of dimension texts, of texts with GD&T and hole signs, and of general text.
    framed: probability that a tolerance frame is drawn around its text. clutter: that other lines of the drawing enter
    the crop. skewed: that it is up to `max_skew` degrees askew.
    coarse, bled, blurred, one_bit, pale, noisy, compressed: that it is low in resolution, its ink ran, it is blurred,
    black and white only, pale on grey, noisy, JPEG-compressed.
    """

    dimensions: float = 0.55
    signs: float = 0.2
    words: float = 0.25
    framed: float = 0.75
    clutter: float = 0.6
    skewed: float = 0.5
    max_skew: float = 4.0
    coarse: float = 0.35
    bled: float = 0.12
    blurred: float = 0.35
    one_bit: float = 0.08
    pale: float = 0.4
    noisy: float = 0.35
    compressed: float = 0.15


DEFAULT_RECIPE = LineRecipe()


def draw_line(rng: Random, recipe: LineRecipe = DEFAULT_RECIPE) -> tuple[Image, str]:
    """Draw one line crop and say what it reads.

    Returns the crop (uint8 [height, width], dark ink on light paper, 10 to about 90 px high) and its text in canonical
    spelling. Raises FontError when a needed font is not installed.
    """
    how = rng.choice(text_source.CONVENTIONS)
    writer = rng.choices(
        (text_source.dimension, text_source.sign_text, text_source.words),
        (recipe.dimensions, recipe.signs, recipe.words),
    )[0]
    text = writer(rng, how)
    return crop_of(rng, text, recipe), canonical(text)


def crop_of(rng: Random, text: str, recipe: LineRecipe = DEFAULT_RECIPE) -> Image:
    """Draw a given text as a detector would cut it; same form as the crop of `draw_line`."""
    lettering = _lettering(rng, text)
    cells = text.split()
    if text[0] in text_source.GEOMETRIC_SIGNS and len(cells) > 1 and rng.random() < recipe.framed:
        row, ends = letter_row(cells, lettering, 2 * round(0.4 * lettering.size))
        crop = _with_surroundings(rng, row.mask, lettering, recipe, ends)
    else:
        crop = _with_surroundings(rng, letter(text, lettering).mask, lettering, recipe)
    return _spoil(rng, crop, recipe)


def _lettering(rng: Random, text: str) -> Lettering:
    if any("一" <= c <= "鿿" for c in text):
        face = rng.choice(CHINESE_FACES)
    else:
        families: tuple[tuple[Face, ...], ...] = (LATIN_FACES, (OSIFONT,), ITALIC_FACES, SERIF_FACES, BOLD_FACES)
        face = rng.choice(rng.choices(families, (10, 3, 2, 1, 1))[0])
    size = round(math.exp(rng.uniform(math.log(16), math.log(58))))
    return Lettering(
        face=face,
        size=size,
        pen=size * rng.uniform(0.04, 0.09),
        drawn_signs=rng.random() < 0.5,
        slashed_o=rng.random() < 0.25,
        width_factor=rng.uniform(0.75, 1.15) if rng.random() < 0.4 else 1.0,
        slant=rng.uniform(0.1, 0.3) if rng.random() < 0.15 else 0.0,
    )


def _with_surroundings(
    rng: Random, mask: Image, lettering: Lettering, recipe: LineRecipe, cell_ends: Sequence[float] = ()
) -> Image:
    """Put the text among lines of the drawing, turn it, and cut it with a loose margin; 255 = ink.

    cell_ends: where the cells of a tolerance frame end, in pixels from the text's left end; empty without a frame.
    """
    height, width = mask.shape
    room = lettering.size + math.ceil((width + height) * math.sin(math.radians(recipe.max_skew)))
    canvas = np.zeros((height + 2 * room, width + 2 * room), np.uint8)
    canvas[room : room + height, room : room + width] = mask
    if cell_ends:
        _frame(rng, canvas, (room, room, room + width, room + height), lettering.size, cell_ends)
    elif rng.random() < recipe.clutter:
        _clutter(rng, canvas, (room, room, room + width, room + height), lettering.size)
    box = np.array([[room, room], [room + width, room], [room + width, room + height], [room, room + height]], float)
    if rng.random() < recipe.skewed:
        degrees = rng.uniform(-recipe.max_skew, recipe.max_skew)
        # A long line cannot be far askew inside a box that a detector fitted to it.
        degrees *= min(1.0, 6.0 * height / width)
        matrix = cv2.getRotationMatrix2D((canvas.shape[1] / 2, canvas.shape[0] / 2), degrees, 1.0)
        canvas = cv2.warpAffine(canvas, matrix, (canvas.shape[1], canvas.shape[0])).astype(np.uint8)
        box = box @ matrix[:, :2].T + matrix[:, 2]
    margins = [_margin(rng, height) for _ in range(4)]
    left, top = np.floor(box.min(axis=0)).astype(int) - margins[:2]
    right, bottom = np.ceil(box.max(axis=0)).astype(int) + margins[2:]
    return canvas[max(0, top) : bottom, max(0, left) : right]


def _margin(rng: Random, height: int) -> int:
    return rng.randint(0, 3) + (round(rng.uniform(0, 0.4) * height) if rng.random() < 0.5 else 0)


def _clutter(rng: Random, canvas: Image, box: tuple[int, int, int, int], size: int) -> None:
    """Draw what stands beside dimension texts; nothing crosses the text's own ink box except a frame around it."""
    left, top, right, bottom = box
    rows, columns = canvas.shape
    pen = max(1, round(size * rng.uniform(0.02, 0.07)))
    gap = pen + rng.randint(1, max(2, size // 5))
    below, above = bottom + gap, top - gap
    kind = rng.random()
    if kind < 0.4:  # dimension line or leader shoulder under (or, turned around, over) the text
        y = below if rng.random() < 0.8 else above
        ends = sorted(rng.randint(0, columns) for _ in range(2)) if rng.random() < 0.4 else (0, columns)
        cv2.line(canvas, (ends[0], y), (ends[1], y), _INK, pen)
        if rng.random() < 0.5:
            _arrow_tip(canvas, rng.choice((left - gap, right + gap)), y, rng.choice((-1, 1)), size)
    elif kind < 0.5:  # text inside a broken dimension line, which must not look like a minus sign
        y = (top + bottom) // 2
        gap += size // 3
        cv2.line(canvas, (0, y), (left - gap, y), _INK, pen)
        cv2.line(canvas, (right + gap, y), (columns, y), _INK, pen)
    elif kind < 0.7:  # extension line or contour at one side
        x = left - gap if rng.random() < 0.5 else right + gap
        cv2.line(canvas, (x, 0), (x, rows), _INK, pen)
    elif kind < 0.9:  # frame: basic dimension, tolerance frame, table cell
        cv2.rectangle(canvas, (left - gap, above), (right + gap, below), _INK, pen)
    else:  # hatching or a slanted leader that ends near the text
        x = left - gap if rng.random() < 0.5 else right + gap
        away = -size if x < left else size
        for step in range(rng.randint(1, 3)):
            shift = step * away // 2
            cv2.line(canvas, (x + shift, bottom), (x + shift + away, top), _INK, pen, cv2.LINE_AA)


def _frame(rng: Random, canvas: Image, box: tuple[int, int, int, int], size: int, cell_ends: Sequence[float]) -> None:
    """Draw a tolerance frame with its cells around the text."""
    left, top, right, bottom = box
    pen = max(1, round(size * rng.uniform(0.02, 0.07)))
    above = top - round(size * rng.uniform(0.25, 0.55))
    below = bottom + round(size * rng.uniform(0.25, 0.55))
    pad = round(cell_ends[-1]) - (right - left)
    cv2.rectangle(canvas, (left - pad, above), (right + pad, below), _INK, pen)
    for end in cell_ends[:-1]:
        cv2.line(canvas, (left + round(end), above), (left + round(end), below), _INK, pen)


def _arrow_tip(canvas: Image, x: int, y: int, direction: int, size: int) -> None:
    reach, half = max(4, size // 2), max(1, size // 10)
    tip = np.array([[x, y], [x - direction * reach, y - half], [x - direction * reach, y + half]], np.int32)
    cv2.fillPoly(canvas, [tip], _INK, cv2.LINE_AA)


def _spoil(rng: Random, ink: Image, recipe: LineRecipe) -> Image:
    """Ink to paper, then what scanning does to it."""
    if rng.random() < recipe.coarse and ink.shape[0] > 24:
        factor = max(12 / ink.shape[0], rng.uniform(0.35, 0.8))
        ink = cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8)
    if rng.random() < recipe.bled:
        ink = cv2.dilate(ink, np.ones((2, 2), np.uint8)).astype(np.uint8)
    if rng.random() < recipe.blurred:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, min(1.3, ink.shape[0] / 24))).astype(np.uint8)
    if rng.random() < recipe.one_bit:
        ink = np.where(ink > rng.randint(70, 150), 255, 0).astype(np.uint8)
    pale = rng.random() < recipe.pale
    paper, dark = (rng.randint(225, 255), rng.randint(0, 130)) if pale else (255, rng.randint(0, 40))
    shades = np.linspace(paper, dark, 256)
    crop = shades.astype(np.uint8)[ink]
    if rng.random() < recipe.noisy:
        noise = np.random.default_rng(rng.getrandbits(64)).standard_normal(crop.shape, dtype=np.float32)
        crop = np.clip(crop + noise * rng.uniform(2, 14), 0, 255).astype(np.uint8)
    if rng.random() < recipe.compressed:
        _, packed = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 80)])
        crop = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.uint8)
    return crop
