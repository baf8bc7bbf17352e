"""Which readings of two versions are of the same place on a drawing."""

from collections.abc import Sequence

from drawing_ocr.evaluation.matching import polygons
from drawing_ocr.reading.result import Prediction

# Boxes of the two readings that share this much of their union are the same place on the drawing.
SAME_PLACE = 0.4


def same_places(
    left: Sequence[Prediction], right: Sequence[Prediction]
) -> list[tuple[Prediction | None, Prediction | None]]:
    """Readings of the same place together, in the order of the second reading; what has no partner stands alone."""
    free = dict(enumerate(zip(left, polygons([item.box for item in left]), strict=True)))
    pairs: list[tuple[Prediction | None, Prediction | None]] = []
    for item, polygon in zip(right, polygons([item.box for item in right]), strict=True):
        overlaps = {
            index: polygon.intersection(other).area / polygon.union(other).area
            for index, (candidate, other) in free.items()
            if candidate.page == item.page and polygon.intersects(other)
        }
        best = max(overlaps, key=overlaps.__getitem__, default=None)
        if best is not None and overlaps[best] >= SAME_PLACE:
            pairs.append((free.pop(best)[0], item))
        else:
            pairs.append((None, item))
    return pairs + [(item, None) for item, _ in free.values()]
