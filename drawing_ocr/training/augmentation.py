"""What detection and scanning do to a line, done to its picture.

The crops of a dataset are cut loosely already, so lines of the drawing are in them; here they become askew, cut more or
less tightly, coarse, blurred, pale and noisy.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

_MAX_SKEW: Final = 3.0  # degrees; a detector's box follows the text closer than that
_MAX_MARGIN: Final = 0.15  # of the height, added or cut off at each end; above and below half of it
_LEAST_HEIGHT: Final = 14  # pixels; below, digits cannot be told apart


def augment(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """A changed copy of a line's picture.

    Args:
        pixels: uint8 [height, width, 3].
        generator: Its state decides every change.

    Returns:
        uint8 [h, w, 3] of a size of its own.
    """
    changed = pixels
    if generator.random() < 0.5:
        changed = _margins(changed, generator)
    if generator.random() < 0.4:
        changed = _skew(changed, generator)
    if generator.random() < 0.3:
        changed = _coarsen(changed, generator)
    if generator.random() < 0.3:
        changed = np.asarray(cv2.GaussianBlur(changed, (0, 0), generator.uniform(0.3, 1.0)), np.uint8)
    if generator.random() < 0.3:
        changed = _contrast(changed, generator)
    if generator.random() < 0.3:
        noise = generator.standard_normal(changed.shape, np.float32) * generator.uniform(2, 12)
        changed = np.clip(changed + noise, 0, 255).astype(np.uint8)
    return changed


def _margins(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Cuts the edges off a little, or continues them."""
    height, width = pixels.shape[:2]
    least = -(width // 8)  # a single digit is narrower than high
    sides = generator.uniform(-0.3 * _MAX_MARGIN, _MAX_MARGIN, 2)
    left, right = (max(least, round(height * share)) for share in sides)
    top, bottom = (round(height * share) for share in generator.uniform(-0.05, _MAX_MARGIN / 2, 2))
    above, below, before, after = (max(0, side) for side in (top, bottom, left, right))
    padded = np.asarray(cv2.copyMakeBorder(pixels, above, below, before, after, cv2.BORDER_REPLICATE), np.uint8)
    rows, columns = padded.shape[:2]
    return padded[max(0, -top) : rows - max(0, -bottom), max(0, -left) : columns - max(0, -right)]


def _skew(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Turns the line about its centre; what comes in at the edges continues the paper."""
    height, width = pixels.shape[:2]
    # The ends of a long line must not leave the picture.
    limit = min(_MAX_SKEW, float(np.degrees(np.arctan(0.25 * height / width))) * 2)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), generator.uniform(-limit, limit), 1.0)
    paper = tuple(float(value) for value in np.median(pixels.reshape(-1, pixels.shape[2]), axis=0))
    turned = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=paper)
    return np.asarray(turned, np.uint8)


def _coarsen(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    factor = max(_LEAST_HEIGHT / height, generator.uniform(0.4, 0.9))
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _contrast(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Paler ink on darker paper."""
    low, high = generator.uniform(0, 70), generator.uniform(215, 255)
    return (low + pixels.astype(np.float32) * ((high - low) / 255)).astype(np.uint8)
