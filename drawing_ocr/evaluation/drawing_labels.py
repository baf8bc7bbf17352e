"""Scores a reading against a person's LabelMe labels of a real drawing, where a box may hold several printed pieces.

Such labels cover the dimensions only, so what is read elsewhere is no fault; and a box with a stacked tolerance holds
what a reader returns in pieces, so all pieces that lie at least half inside a box are taken together.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import shapely

from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.matching import Prediction, polygons
from drawing_ocr.text import edit_distance

_ROW = 12  # pixels: pieces whose middles are in one band this high stand in one row

# Coarser than `text.canonical`: people type what the keyboard has, and the decimal sign that they are used to.
_SAME_HERE = str.maketrans({**dict.fromkeys("∅Øøφϕ∮ΦФф", "⌀"), "×": "x", "X": "x", "−": "-", "–": "-", ",": "."})


@dataclass(frozen=True)
class DrawingScore:
    """Counts over labelled boxes; scores of several drawings add up.

    Attributes:
        boxes: Labelled boxes.
        found: Boxes with at least one piece read in them.
        exact: Boxes whose characters were all read, and no others, in whatever order.
        characters: Labelled characters.
        characters_read: Labelled characters that were read.
        edits: Edit distance of the best reading order, at most the length of the label.
    """

    boxes: int = 0
    found: int = 0
    exact: int = 0
    characters: int = 0
    characters_read: int = 0
    edits: int = 0

    def __add__(self, other: "DrawingScore") -> "DrawingScore":
        return DrawingScore(
            self.boxes + other.boxes,
            self.found + other.found,
            self.exact + other.exact,
            self.characters + other.characters,
            self.characters_read + other.characters_read,
            self.edits + other.edits,
        )

    @property
    def cer(self) -> float | None:
        """Character error rate; None without a labelled character."""
        return self.edits / self.characters if self.characters else None

    @property
    def character_recall(self) -> float | None:
        """Share of labelled characters that were read; None without one."""
        return self.characters_read / self.characters if self.characters else None


def comparable(text: str) -> str:
    """What of a typed label counts: NFKC, one diameter sign, one decimal sign, x for ×, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_SAME_HERE).split())


def score_labelme(regions: Sequence[Region], predictions: Sequence[Prediction]) -> DrawingScore:
    """The score of one drawing.

    Args:
        regions: From `formats.labelme.read_labelme`; ignored ones (`other_info`) are passed over.
        predictions: What was read anywhere on the drawing.
    """
    read = list(zip(polygons([each.points for each in predictions]), (each.text for each in predictions), strict=True))
    total = DrawingScore()
    for region in regions:
        if region.ignore:
            continue
        (box,) = polygons([region.points])
        inside = [(p, text) for p, text in read if p.area and p.intersection(box).area / p.area >= 0.5]
        total += _score_box(comparable(region.text), inside)
    return total


def best_reading(region: Region, predictions: Sequence[Prediction]) -> str:
    """What was read within the box of `region`, in the form of `comparable`; empty where nothing was.

    Args:
        region: A labelled box.
        predictions: What was read anywhere on the same page.

    Returns:
        The label itself where exactly its characters were read, in whatever order, as `DrawingScore.exact` counts;
        else the pieces in the order that comes closest to it.
    """
    (box,) = polygons([region.points])
    read = zip(polygons([each.points for each in predictions]), (each.text for each in predictions), strict=True)
    inside = [(p, text) for p, text in read if p.area and p.intersection(box).area / p.area >= 0.5]
    want = comparable(region.text)
    readings = [_joined(inside, order) for order in _ORDERS]
    if Counter(want) == Counter(readings[0]):
        return want
    return min(readings, key=lambda reading: edit_distance(want, reading))


def _score_box(want: str, inside: Sequence[tuple[shapely.Polygon, str]]) -> DrawingScore:
    readings = [_joined(inside, order) for order in _ORDERS]
    read = Counter(readings[0])
    edits = min(edit_distance(want, reading) for reading in readings)
    return DrawingScore(
        boxes=1,
        found=int(bool(inside)),
        exact=int(Counter(want) == read),
        characters=len(want),
        characters_read=(Counter(want) & read).total(),
        edits=min(edits, max(len(want), 1)),
    )


def _joined(
    inside: Sequence[tuple[shapely.Polygon, str]], order: Callable[[shapely.Point], tuple[float, float]]
) -> str:
    return comparable("".join(text for _, text in sorted(inside, key=lambda piece: order(piece[0].centroid))))


def _row_by_row(middle: shapely.Point) -> tuple[float, float]:
    return round(middle.y / _ROW), middle.x


def _rightwards_then_down(middle: shapely.Point) -> tuple[float, float]:
    return middle.x, middle.y


def _rightwards_then_up(middle: shapely.Point) -> tuple[float, float]:
    return middle.x, -middle.y


_ORDERS = (_row_by_row, _rightwards_then_down, _rightwards_then_up)
