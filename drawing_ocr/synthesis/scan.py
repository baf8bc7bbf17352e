"""Ink to a picture, and what a scanner does to it; labels move exactly with the paper."""

from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.synthesis.canvas import Mask, Polygon, centred
from drawing_ocr.synthesis.style import SheetStyle


def scan(ink: Mask, polygons: list[Polygon], style: SheetStyle, rng: Random) -> tuple[Mask, list[Polygon]]:
    """Turn ink (uint8 [height, width], 255 = ink) into a grey picture of the same size, dark on light.

    The polygons (float64 [4, 2] each, page pixels) come back as they lie in the picture.
    """
    height, width = ink.shape
    if rng.random() < style.bled:
        ink = cv2.GaussianBlur(cv2.dilate(ink, np.ones((2, 2), np.uint8)), (0, 0), 0.8).astype(np.uint8)
    if rng.random() < style.skewed:
        degrees = rng.uniform(-style.max_skew, style.max_skew)
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), np.float64)
        ink = cv2.warpAffine(ink, centred(matrix), (width, height)).astype(np.uint8)
        polygons = [polygon @ matrix[:, :2].T + matrix[:, 2] for polygon in polygons]
    if rng.random() < style.blurred:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.5, 1.0)).astype(np.uint8)
    faded = rng.random() < style.faded
    paper, dark = (
        rng.randint(215, 245) if faded else rng.randint(246, 255),
        rng.randint(60, 120) if faded else rng.randint(0, 40),
    )
    picture = np.linspace(paper, dark, 256).round().astype(np.uint8)[ink]
    if rng.random() < style.noisy:
        picture = _with_noise(picture, rng)
    if rng.random() < style.compressed:
        _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(45, 85)])
        picture = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.uint8)
    return picture, polygons


def _with_noise(picture: Mask, rng: Random) -> Mask:
    generator = np.random.default_rng(rng.getrandbits(64))
    noise: npt.NDArray[np.float32] = generator.standard_normal(picture.shape, dtype=np.float32)
    noise *= rng.uniform(2.0, 8.0)
    return cv2.add(picture, noise, dtype=cv2.CV_8U).astype(np.uint8)
