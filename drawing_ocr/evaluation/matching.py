"""Which predicted box is which labelled one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from drawing_ocr.annotation import Region

MATCH_IOU = 0.5  # ICDAR 2015, as PaddleOCR's evaluation
_MOSTLY = 0.5  # share of a prediction within an ignored region that makes it uncounted


@dataclass(frozen=True)
class Prediction:
    """What a reader says stands at a place.

    Attributes:
        points: Corners [x, y] in pixels of the upright original, in order around the box; four, or more.
        text: What was read; empty when only detection is judged.
    """

    points: Sequence[Sequence[float]]
    text: str = ""


@dataclass(frozen=True)
class Page:
    """The labels of one drawing and what was predicted for it."""

    regions: Sequence[Region]
    predictions: Sequence[Prediction]


@dataclass(frozen=True)
class Match:
    """How labels and predictions of a page belong together.

    Attributes:
        pairs: (index of the region, index of the prediction), one to one, at IoU ≥ 0.5.
        regions: Indices of regions that count: those not ignored.
        predictions: Indices of predictions that count: those not mostly within an ignored region.
    """

    pairs: tuple[tuple[int, int], ...]
    regions: tuple[int, ...]
    predictions: tuple[int, ...]


def match_page(page: Page) -> Match:
    """Match one to one, best overlap first (the rule of ICDAR 2015, which takes the first overlap instead)."""
    truth = polygons([region.points for region in page.regions])
    predicted = polygons([prediction.points for prediction in page.predictions])
    ignored = np.array([region.ignore for region in page.regions], dtype=bool)
    overlap = _intersections(truth, predicted)
    truth_area, predicted_area = shapely.area(truth), shapely.area(predicted)

    with np.errstate(divide="ignore", invalid="ignore"):
        covered = np.nan_to_num(overlap[ignored] / predicted_area[None, :])
        iou = np.nan_to_num(overlap / (truth_area[:, None] + predicted_area[None, :] - overlap))
    counts = ~(covered > _MOSTLY).any(axis=0)
    candidates = np.argwhere((iou >= MATCH_IOU) & ~ignored[:, None] & counts[None, :])
    best_first = candidates[np.argsort(-iou[tuple(candidates.T)], kind="stable")]
    pairs: dict[int, int] = {}
    for region, prediction in best_first.tolist():
        if region not in pairs and prediction not in pairs.values():
            pairs[region] = prediction
    return Match(
        pairs=tuple(sorted(pairs.items())),
        regions=tuple(np.flatnonzero(~ignored).tolist()),
        predictions=tuple(np.flatnonzero(counts).tolist()),
    )


def polygons(outlines: Sequence[Sequence[Sequence[float]]]) -> NDArray[np.object_]:
    """Shapely polygons of outlines; crossed ones are mended, as their area would be wrong."""
    made = np.empty(len(outlines), dtype=object)
    for index, outline in enumerate(outlines):
        polygon = shapely.Polygon(outline)
        made[index] = polygon if polygon.is_valid else polygon.buffer(0)
    return made


def _intersections(left: NDArray[np.object_], right: NDArray[np.object_]) -> NDArray[np.float64]:
    """(len(left), len(right)) areas in common; only boxes that touch are intersected."""
    areas = np.zeros((len(left), len(right)))
    if areas.size:
        ours, theirs = shapely.STRtree(right).query(left, predicate="intersects")
        areas[ours, theirs] = shapely.area(shapely.intersection(left[ours], right[theirs]))
    return areas
