"""The sign of surface texture beside a bare number: two strokes that meet in a point on the surface (ISO 1302).

`3.2` is a length anywhere else; under or over that sign it is a roughness.
"""

from __future__ import annotations

import re
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.image import Page
from drawing_ocr.reading.rectify import Quad, crop

_VALUES: Final = re.compile(r"0[.,](?:0[125]|025|012|[1248])|1[.,]6|3[.,]2|6[.,]3|12[.,]5|25|50|100")  # µm, ISO 1302

# Lengths are in heights of the number's digits.
_UNIT: Final = 14  # pixels of the picture in which the sign is sought
_LEFT: Final = 3.4  # how far the picture reaches beyond the number
_RIGHT: Final = 0.4
_ABOVE: Final = 1.4
_BELOW: Final = 3.6
_SHORT_ARM: Final = 1.0
_LONG_ARM: Final = 2.1
_SLOPES: Final = (56, 60, 64)  # degrees
_INKED: Final = 0.93  # part of an arm that is ink
_DARKER: Final = 12  # grey levels


def has_roughness_sign(page: Page, text: str, quad: Quad) -> bool:
    """Whether a bare number stands at the sign of surface texture.

    Args:
        page: uint8 [height, width, 3]; dark on light.
        text: what was read.
        quad: where, [4, 2], tight around the digits.
    """
    if not _VALUES.fullmatch(text):
        return False
    # On a surface that is seen from its other side the number stands upside down against the sign.
    return any(_has_sign(_surroundings(page, np.roll(quad, turned, axis=0))) for turned in (0, 2))


def _surroundings(page: Page, quad: Quad) -> npt.NDArray[np.bool_]:
    """Ink around a number, which is cut out of it: bool, `_UNIT` pixels a height of its digits."""
    along, across = quad[1] - quad[0], quad[3] - quad[0]
    width, height = (max(1.0, float(np.linalg.norm(side))) for side in (along, across))
    along, across = along / width, across / height
    left, right = -_LEFT * height, width + _RIGHT * height
    top, bottom = -_ABOVE * height, height + _BELOW * height
    corners = [
        quad[0] + x * along + y * across for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
    ]
    picture = crop(page, np.array(corners, np.float32))
    scale = _UNIT / height
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    grey = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    method, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV
    ink = cv2.adaptiveThreshold(grey, 255, method, kind, 4 * _UNIT + 1, _DARKER)
    return np.asarray(cv2.dilate(ink, np.ones((2, 2), np.uint8)) > 0)


def _has_sign(ink: npt.NDArray[np.bool_]) -> bool:
    """Whether two arms rise from one point, the right one longer, and nothing is right below it."""
    rise = int(_LONG_ARM * _UNIT)
    for slope in _SLOPES:
        reach = rise / np.tan(np.radians(slope))
        steps = np.arange(2, rise + 1)
        feet_y, feet_x = np.mgrid[
            rise : ink.shape[0] - 2, int(reach) + 1 : max(int(reach) + 2, ink.shape[1] - int(reach) - 1)
        ]
        if not feet_y.size:
            continue
        aside = np.rint(steps / np.tan(np.radians(slope))).astype(int)
        rows = feet_y[..., None] - steps
        long_arm = ink[rows, np.minimum(feet_x[..., None] + aside, ink.shape[1] - 1)].mean(axis=-1)
        short = steps <= _SHORT_ARM * _UNIT
        short_arm = ink[rows[..., short], feet_x[..., None] - aside[short]].mean(axis=-1)
        # Between the arms is paper: filled areas and hatching have arms everywhere.
        between = ink[rows[..., short][..., 3:-2], feet_x[..., None]].mean(axis=-1)
        if ((long_arm >= _INKED) & (short_arm >= _INKED) & (between <= 1 - _INKED)).any():
            return True
    return False
