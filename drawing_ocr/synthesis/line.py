"""Single text lines as a detector cuts them out of drawings, for training a recogniser.

A detector's crop is not a clean word: its margin is loose or tight, dimension lines, arrow tips, frame borders and
hatching enter it, it is a few degrees askew, blurred, thin or coarse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.synthesis import callout_source, text_source
from drawing_ocr.synthesis.lettering import letter, letter_row
from drawing_ocr.synthesis.pencase import random_lettering
from drawing_ocr.synthesis.stacking import letter_stack, random_stack
from drawing_ocr.synthesis.surroundings import draw_frame, draw_surroundings
from drawing_ocr.text import canonical

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LineRecipe:
    """Weights of what is written, and probabilities of what spoils it.

    dimensions, signs, words: weights of dimension texts, of texts with GD&T and hole signs, and of general text.
    stacked: probability that a dimension has deviations or limits above each other. called_out: that it is one of the
    rarer texts of `callout_source` instead. framed: that a tolerance frame is drawn around its text. clutter: that
    other lines of the drawing enter the crop. skewed: that it is up to `max_skew` degrees askew, sheared or stretched.
    coarse, bled, blurred, one_bit, pale, noisy, compressed: that it is low in resolution (and perhaps enlarged again),
    its ink ran or broke off, it is blurred, black and white only, pale on grey, noisy, JPEG-compressed.
    """

    dimensions: float = 0.55
    signs: float = 0.2
    words: float = 0.25
    stacked: float = 0.16
    called_out: float = 0.3
    framed: float = 0.75
    clutter: float = 0.6
    skewed: float = 0.5
    max_skew: float = 4.0
    coarse: float = 0.35
    bled: float = 0.2
    blurred: float = 0.35
    one_bit: float = 0.1
    pale: float = 0.4
    noisy: float = 0.3
    compressed: float = 0.15


DEFAULT_RECIPE = LineRecipe()


def draw_line(rng: Random, recipe: LineRecipe = DEFAULT_RECIPE) -> tuple[Image, str]:
    """Draw one line crop and say what it reads.

    Returns the crop (uint8 [height, width], dark ink on light paper, 8 to about 130 px high) and its text in canonical
    spelling; deviations and limits above each other read `35 +0.2 0` and `16.00 15.50`. Raises FontError when a needed
    font is not installed.
    """
    how = rng.choice(text_source.CONVENTIONS)
    writer = rng.choices(
        (text_source.dimension, text_source.sign_text, text_source.words),
        (recipe.dimensions, recipe.signs, recipe.words),
    )[0]
    if writer is text_source.dimension:
        if rng.random() < recipe.stacked:
            stack = random_stack(rng, how)
            lettering = random_lettering(rng, stack.text)
            ink = letter_stack(stack, lettering, rng)
            return _spoil(rng, _with_surroundings(rng, ink.mask, lettering.size, recipe), recipe), canonical(stack.text)
        if rng.random() < recipe.called_out:
            writer = callout_source.callout
    text = writer(rng, how)
    return crop_of(rng, text, recipe), canonical(text)


def crop_of(rng: Random, text: str, recipe: LineRecipe = DEFAULT_RECIPE) -> Image:
    """Draw a given text as a detector would cut it; same form as the crop of `draw_line`."""
    lettering = random_lettering(rng, text)
    cells = text.split()
    if text[0] in text_source.GEOMETRIC_SIGNS and len(cells) > 1 and rng.random() < recipe.framed:
        row, ends = letter_row(cells, lettering, 2 * round(rng.uniform(0.2, 0.5) * lettering.size))
        crop = _with_surroundings(rng, row.mask, lettering.size, recipe, ends)
    else:
        crop = _with_surroundings(rng, letter(text, lettering).mask, lettering.size, recipe)
    return _spoil(rng, crop, recipe)


def _with_surroundings(
    rng: Random, mask: Image, size: int, recipe: LineRecipe, cell_ends: Sequence[float] = ()
) -> Image:
    """Put the text among lines of the drawing, turn it, and cut it with a loose margin; 255 = ink.

    size: of the lettering, pixels. cell_ends: where the cells of a tolerance frame end, in pixels from the text's left
    end; empty without a frame.
    """
    height, width = mask.shape
    room = size + math.ceil((width + height) * math.sin(math.radians(recipe.max_skew)))
    canvas = np.zeros((height + 2 * room, width + 2 * room), np.uint8)
    canvas[room : room + height, room : room + width] = mask
    ink_box = (room, room, room + width, room + height)
    if cell_ends:
        draw_frame(rng, canvas, ink_box, size, cell_ends)
    elif rng.random() < recipe.clutter:
        draw_surroundings(rng, canvas, ink_box, size)
    box = np.array([[room, room], [room + width, room], [room + width, room + height], [room, room + height]], float)
    if rng.random() < recipe.skewed:
        canvas, box = _askew(rng, canvas, box, recipe.max_skew)
    margins = [_margin(rng, height) for _ in range(4)]
    left, top = np.floor(box.min(axis=0)).astype(int) - margins[:2]
    right, bottom = np.ceil(box.max(axis=0)).astype(int) + margins[2:]
    return canvas[max(0, top) : bottom, max(0, left) : right]


def _askew(
    rng: Random, canvas: Image, box: npt.NDArray[np.float64], max_skew: float
) -> tuple[Image, npt.NDArray[np.float64]]:
    """Turn the canvas about its middle; one time in three also shear and stretch it, as an ill-fitted box does."""
    (rows, columns), (width, height) = canvas.shape, np.ptp(box, axis=0)
    # A long line cannot be far askew inside a box that a detector fitted to it.
    degrees = rng.uniform(-max_skew, max_skew) * min(1.0, 6.0 * height / width)
    matrix = np.asarray(cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1.0), np.float64)
    if rng.random() < 0.33:
        lean, stretch = rng.uniform(-0.12, 0.12), rng.uniform(0.82, 1.15)
        shear = np.array([[stretch, lean, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        # The middle stays where it is.
        shear[:2, 2] = np.array([columns, rows]) / 2 - shear[:2, :2] @ (columns / 2, rows / 2)
        matrix = (shear @ np.vstack([matrix, (0.0, 0.0, 1.0)]))[:2]
    turned = cv2.warpAffine(canvas, matrix, (columns, rows)).astype(np.uint8)
    return turned, box @ matrix[:, :2].T + matrix[:, 2]


def _margin(rng: Random, height: int) -> int:
    """Pixels of paper at one side."""
    return rng.randint(0, 3) + (round(rng.uniform(0, 0.4) * height) if rng.random() < 0.5 else 0)


def _spoil(rng: Random, ink: Image, recipe: LineRecipe) -> Image:
    """Ink to paper, then what scanning does to it."""
    if rng.random() < recipe.coarse and ink.shape[0] > 18:
        ink = _coarse(rng, ink)
    if rng.random() < recipe.bled and ink.shape[0] > 18:  # smaller letters would close
        change = cv2.dilate if rng.random() < 0.7 or ink.shape[0] < 40 else cv2.erode
        ink = change(ink, np.ones((2, 2), np.uint8)).astype(np.uint8)
    if rng.random() < recipe.blurred:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.3, min(1.3, ink.shape[0] / 24) + 0.05)).astype(np.uint8)
    ink = _visible(ink)
    if rng.random() < recipe.one_bit:
        ink = np.where(ink > rng.uniform(0.27, 0.6) * int(ink.max()), 255, 0).astype(np.uint8)
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


def _coarse(rng: Random, ink: Image) -> Image:
    """Fewer pixels; half of the time enlarged again, as a small crop comes to the recogniser."""
    height, width = ink.shape
    factor = max(13 / height, rng.uniform(0.3, 0.8))
    size = (max(4, round(width * factor)), max(8, round(height * factor)))
    small = cv2.resize(ink, size, interpolation=rng.choice((cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR)))
    if rng.random() < 0.5:
        return small.astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC))).astype(
        np.uint8
    )


def _visible(ink: Image) -> Image:
    """Thin ink that was averaged away leaves little to see: its darkest place is brought back to more than half."""
    darkest = int(ink.max())
    return cv2.convertScaleAbs(ink, alpha=160 / darkest).astype(np.uint8) if 0 < darkest < 160 else ink
