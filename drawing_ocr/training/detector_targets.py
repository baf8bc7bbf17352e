"""What a detector should say of a picture: the official map where it is right, the labels' cores where it is not.

A network of differentiable binarisation marks the core of each text, which reading widens again (Liao et al., AAAI
2020). The official network's own map is the target wherever it finds a text alone and whole, so that nothing it knows
is trained away; only what it misses, splits, joins or invents pulls at the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]
Quad = npt.NDArray[np.float32]

# Median of the official network on 800 texts of drawn sheets: 0.2 of the height of long lines, 0.1 of short words.
_INSET: Final = 0.15
_LEAST_CORE: Final = 4.0  # pixels: the network's grid is as coarse
_ALIKE: Final = 0.5  # intersection over union of what was found and a core from which they are the same text
_SKIRT: Final = 5  # side of the square by which what was found is widened: its slopes belong to it, pixels
_NEAR: Final = 7  # side of the square around cores; where those of two texts meet is what keeps them apart, pixels
_APART: Final = 3.0  # weight of what keeps texts apart (Ronneberger et al., U-Net, MICCAI 2015)
_USUAL_AREA: Final = 400.0  # pixels of a core of weight 1
_TEXT_WEIGHTS: Final = (0.7, 3.0)


@dataclass(frozen=True, slots=True)
class Target:
    """What a detector should say.

    Attributes:
        probability: float32 [height, width], 0 to 1.
        weight: Of each pixel in the loss, float32 [height, width]; 0 where the label does not know.
    """

    probability: Map
    weight: Map


def core(quad: Quad) -> Quad:
    """What of a text a detector marks: its polygon moved inwards.

    Args:
        quad: Corners around the ink, [4, 2], clockwise from the text's top left, pixels.
    """
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    width, height = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    inset = _INSET * min(width, height)
    half_width = max(width - 2 * inset, _LEAST_CORE) / 2 * along / max(width, 1e-6)
    half_height = max(height - 2 * inset, _LEAST_CORE) / 2 * down / max(height, 1e-6)
    middle = quad.mean(axis=0)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([middle + x * half_width + y * half_height for x, y in signs], np.float32)


def target_of(official: Map, texts: Sequence[Quad], unknown: Sequence[Quad] = (), *, threshold: float) -> Target:
    """The target of one picture.

    Args:
        official: What the official network says, float32 [height, width].
        texts: Polygons of all that is written, [4, 2] each, tight around the ink.
        unknown: Polygons of what nobody could read: neither text nor paper.
        threshold: Probability from which reading takes a pixel for text.
    """
    shape = official.shape
    cores = np.zeros(shape, np.int32)
    for number, quad in enumerate(texts, 1):
        _fill(cores, core(quad), number)
    probability = (cores > 0).astype(np.float32)
    for number, found in _found_right(official > threshold, texts, cores).items():
        skirt = cv2.dilate(found, np.ones((_SKIRT, _SKIRT), np.uint8)) > 0
        own = (skirt & (cores == 0)) | (cores == number)
        probability[own] = official[own]
    weight = _weights(cores, len(texts))
    for quad in unknown:
        _fill(weight, quad, 0.0)
    return Target(probability, weight)


def _found_right(
    seen: npt.NDArray[np.bool_], texts: Sequence[Quad], cores: npt.NDArray[np.int32]
) -> dict[int, npt.NDArray[np.uint8]]:
    """Texts that the official network finds alone and whole: number, and where, uint8 [height, width]."""
    _, found = cv2.connectedComponents(seen.astype(np.uint8), connectivity=8)
    polygons = []
    for quad in texts:
        polygon = np.zeros(seen.shape, np.uint8)
        _fill(polygon, quad, 1)
        polygons.append(polygon > 0)
    touched = [set(np.unique(found[polygon]).tolist()) - {0} for polygon in polygons]
    right = {}
    for number, pieces in enumerate(touched, 1):
        if len(pieces) != 1 or sum(pieces <= other for other in touched) != 1:
            continue
        piece, whole = found == next(iter(pieces)), cores == number
        if (piece & whole).sum() >= _ALIKE * (piece | whole).sum():
            right[number] = piece.astype(np.uint8)
    return right


def _weights(cores: npt.NDArray[np.int32], texts: int) -> Map:
    """Small texts count as much as long ones, and so does what lies between two that stand close."""
    areas = np.bincount(cores.ravel(), minlength=texts + 1).astype(np.float32)
    of_text = np.clip(np.sqrt(_USUAL_AREA / np.maximum(areas, 1)), *_TEXT_WEIGHTS)
    of_text[0] = 1.0
    weight = np.asarray(of_text[cores], np.float32)
    near = np.ones((_NEAR, _NEAR), np.uint8)
    highest = cv2.dilate(cores.astype(np.float32), near)
    lowest = -cv2.dilate(np.where(cores > 0, -cores, -texts - 1).astype(np.float32), near)
    weight[(cores == 0) & (highest > 0) & (highest != lowest)] = _APART
    return weight


def _fill(picture: npt.NDArray[np.integer[Any] | np.floating[Any]], quad: Quad, value: float) -> None:
    cv2.fillPoly(picture, [np.round(quad).astype(np.int32)], (value,))
