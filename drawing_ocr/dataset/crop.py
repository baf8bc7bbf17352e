"""Single lines cut out of drawings and turned upright."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from drawing_ocr.dataset.picture import Pixels

# Detectors cut loosely, and what stands beside the text (dimension lines, frames) comes in: eight pixels more dropped
# recognition to 23 % when training crops were tight. Shares of the height of the line.
TRAINING_MARGIN = (0.0, 0.3)
VALIDATION_MARGIN = 0.1

MIN_HEIGHT = 5  # pixels; below, nobody can read a line


@dataclass(frozen=True)
class Margin:
    """How far beyond its box a line is cut, as shares of the box's height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    @classmethod
    def even(cls, share: float) -> "Margin":
        """The same on all sides."""
        return cls(share, share, share, share)

    @classmethod
    def random(cls, low: float, high: float, generator: np.random.Generator) -> "Margin":
        """Each side drawn by itself, uniform between two shares."""
        left, top, right, bottom = generator.uniform(low, high, 4).tolist()
        return cls(left, top, right, bottom)


def text_size(points: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Width and height in pixels of the upright text in a region; each is the longer of two opposite sides."""
    corners = np.asarray(points, dtype=np.float64)
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(max(sides[0], sides[2])), float(max(sides[1], sides[3]))


def rectify(pixels: Pixels, points: Sequence[Sequence[float]], margin: Margin | None = None) -> Pixels:
    """Cut a region out and warp it to an upright rectangle.

    The first side of the region becomes the top, so the text is upright however it is turned on the sheet. Its scale is
    kept. Beyond the edge of the page the edge's colour continues.

    Args:
        pixels: (height, width, 3) uint8.
        points: Four corners [x, y], pixels, clockwise from the text's top left.
        margin: Cut this much more; None cuts exactly.

    Returns:
        (h, w, 3) uint8; at least one pixel each way.
    """
    margin = margin or Margin()
    width, height = text_size(points)
    left, top, right, bottom = margin.left * height, margin.top * height, margin.right * height, margin.bottom * height
    corners = np.asarray(points, dtype=np.float32)
    target = np.array(
        [[left, top], [left + width, top], [left + width, top + height], [left, top + height]], dtype=np.float32
    )
    size = (max(1, round(left + width + right)), max(1, round(top + height + bottom)))
    # OpenCV counts from the middle of the first pixel, regions count from its edge.
    transform = cv2.getPerspectiveTransform(corners - np.float32(0.5), target - np.float32(0.5))
    warped = cv2.warpPerspective(pixels, transform, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)
