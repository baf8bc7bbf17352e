"""The frame of a sheet: the innermost large rectangle whose four lines end in its corners."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.reading.ruling import Points, Ruling

Frame = npt.NDArray[np.float64]  # left, top, right, bottom on the straightened sheet, pixels

_LEAST: Final = 0.6  # side of a frame, of the longest line's
_CORNER: Final = 0.8  # heights of lettering that lines may end beside a corner


def frame_of(ruling: Ruling) -> Frame:
    """The frame that holds the drawing, inside the zone marks; what all lines span where no frame is complete."""
    corner = _CORNER * ruling.lettering
    lying, standing = _long(ruling.horizontal), _long(ruling.vertical)
    # Lines that end in the same two columns, and of each such pair the standing lines that close it.
    top, bottom = lying[:, None], lying[None, :]
    paired = (top[..., 0] < bottom[..., 0]) & (np.abs(top[..., 1:] - bottom[..., 1:]) <= corner).all(axis=-1)
    frames = []
    for first, second in np.argwhere(paired):
        (y0, start, end), y1 = lying[first], lying[second, 0]
        sides = np.abs(standing[:, 1:] - (y0, y1)).max(axis=1) <= corner
        left, right = (sides & (np.abs(standing[:, 0] - x) <= corner) for x in (start, end))
        if left.any() and right.any():
            frames.append((standing[left, 0].mean(), y0, standing[right, 0].mean(), y1))
    if frames:
        return np.array(min(frames, key=lambda frame: (frame[2] - frame[0]) * (frame[3] - frame[1])))
    (y, first_x, last_x), (x, first_y, last_y) = ruling.horizontal.T, ruling.vertical.T
    across, down = np.concatenate([x, first_x, last_x]), np.concatenate([y, first_y, last_y])
    return np.array([across.min(), down.min(), across.max(), down.max()])


def _long(lines: Points) -> Points:
    length = lines[:, 2] - lines[:, 1]
    return np.asarray(lines[length >= _LEAST * length.max()])
