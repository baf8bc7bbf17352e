"""What happens to a sheet in its life: a reviewer's pen, folds, a fax, a blueprint. Nothing of it moves the labels."""

import math
from collections.abc import Sequence
from random import Random

import cv2
import numpy as np

from drawing_ocr.synthesis.canvas import Mask, Polygon
from drawing_ocr.synthesis.style import SheetStyle


def write_by_hand(ink: Mask, polygons: Sequence[Polygon], style: SheetStyle, rng: Random) -> None:
    """A reviewer's pen over the print: rings around texts, ticks beside them, and a signature. Changes the ink."""
    if rng.random() >= style.handwritten or not polygons:
        return
    height, width = ink.shape
    pen = max(1, round(max(width, height) / rng.uniform(700, 1400)))
    shade = (float(rng.randint(120, 230)),)
    for polygon in rng.sample(list(polygons), min(len(polygons), rng.randint(1, 6))):
        (x0, y0), (x1, y1) = polygon.min(axis=0), polygon.max(axis=0)
        if rng.random() < 0.6:
            half = (0.62 * (x1 - x0) + 0.5 * (y1 - y0), 0.75 * (y1 - y0) + 0.1 * (x1 - x0))
            ring = [
                ((x0 + x1) / 2 + half[0] * math.cos(t / 6) * (1 + 0.004 * t), (y0 + y1) / 2 + half[1] * math.sin(t / 6))
                for t in range(41)
            ]
            _scrawl(ink, ring, pen, shade)
        else:
            reach = y1 - y0
            _scrawl(
                ink, [(x1 + 0.2 * reach, y1), (x1 + 0.5 * reach, y1 + 0.4 * reach), (x1 + 1.3 * reach, y0)], pen, shade
            )
    x, y, size = width * rng.uniform(0.2, 0.9), height * rng.uniform(0.75, 0.95), max(width, height) * 0.012
    signature = []
    for i in range(rng.randint(12, 24)):
        x += size * rng.uniform(-0.1, 0.7)
        signature.append((x, y + size * rng.uniform(0.3, 1.2) * (-1 if i % 2 else 1)))
    _scrawl(ink, signature, pen, shade)


def _scrawl(ink: Mask, points: Sequence[tuple[float, float]], pen: int, shade: tuple[float]) -> None:
    """A line through points with round corners."""
    curve = np.array(points)
    for _ in range(2):  # Chaikin: corners are cut twice
        inner = np.stack([0.75 * curve[:-1] + 0.25 * curve[1:], 0.25 * curve[:-1] + 0.75 * curve[1:]], axis=1)
        curve = np.concatenate([curve[:1], inner.reshape(-1, 2), curve[-1:]])
    layer = np.zeros_like(ink)
    cv2.polylines(layer, [(curve * 16).round().astype(np.int32)], False, shade, pen, cv2.LINE_AA, 4)
    np.maximum(ink, layer, out=ink)


def age(picture: Mask, style: SheetStyle, rng: Random) -> Mask:
    """Folds, the copy of a fax, a blueprint: a picture of the same size (uint8 [height, width])."""
    if rng.random() < style.folded:
        picture = _folded(picture, rng)
    if rng.random() < style.faxed:
        picture = _faxed(picture, rng)
    if rng.random() < style.blueprint:
        picture = _blueprint(picture, rng)
    return picture


def _folded(picture: Mask, rng: Random) -> Mask:
    """Shadows along the creases of a sheet folded to A4."""
    height, width = picture.shape
    shade = np.zeros((height, width), np.float32)
    for count, length, axis in ((rng.randint(1, 3), width, 1), (rng.randint(0, 2), height, 0)):
        for i in range(count):
            at = length * (i + 1) / (count + 1) + rng.uniform(-0.02, 0.02) * length
            away = np.arange(length, dtype=np.float32) - np.float32(at)
            reach = rng.uniform(0.004, 0.02) * length
            profile = rng.uniform(-35, -12) * np.exp(-((away / reach) ** 2)) + rng.uniform(-6, 6) * (away > 0)
            shade += profile[None, :] if axis == 1 else profile[:, None]
    return np.clip(picture + shade, 0, 255).astype(np.uint8)


def _faxed(picture: Mask, rng: Random) -> Mask:
    """Black and white at half the lines, with specks and dropped lines."""
    height, width = picture.shape
    rows = round(height * rng.uniform(0.55, 0.8))
    small = cv2.resize(picture, (width, rows), interpolation=cv2.INTER_AREA)
    threshold = rng.uniform(0.55, 0.75) * float(np.median(small))
    binary = np.where(small > threshold, 255, 0).astype(np.uint8)
    noise = np.random.default_rng(rng.getrandbits(64))
    specks = noise.random(binary.shape, dtype=np.float32) < rng.uniform(0, 0.0015)
    binary[specks] = 255 - binary[specks]
    for _ in range(rng.randint(0, 3)):
        binary[rng.randrange(rows)] = 255
    return cv2.resize(binary, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8)


def _blueprint(picture: Mask, rng: Random) -> Mask:
    """Light lines on dark paper, unevenly exposed."""
    height, width = picture.shape
    dark, light = rng.uniform(55, 110), rng.uniform(190, 250)
    coarse = np.random.default_rng(rng.getrandbits(64)).uniform(-12, 12, (5, 5)).astype(np.float32)
    uneven = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    lines = (255 - picture.astype(np.float32)) / 255
    return np.clip(dark + uneven + (light - dark) * lines, 0, 255).astype(np.uint8)
