"""How well structure is read: whole dimensions, tolerance frames, title block fields, cells of tables, notes.

A part is right when it stands where the labelled one does (IoU ≥ 0.5) and says the same. Texts are compared in the
canonical spelling of the grammar, or as `text.canonical` has them where it knows none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import shapely
from shapely.geometry.base import BaseGeometry

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.detection import precision_recall_hmean
from drawing_ocr.evaluation.drawing_labels import DrawingScore, score_labelme
from drawing_ocr.evaluation.matching import MATCH_IOU, Prediction, polygons
from drawing_ocr.grammar.geometric import parse_geometric
from drawing_ocr.grammar.parse import parse
from drawing_ocr.reading.result import ReadingResult
from drawing_ocr.reading.structure.fields import caption_of
from drawing_ocr.synthesis.structure import Structure as Truth
from drawing_ocr.text import canonical

Outline = Sequence[Sequence[float]]


@dataclass(frozen=True)
class StructureScore:
    """Counts of one kind of part; scores of several sheets add up."""

    labelled: int = 0
    found: int = 0
    right: int = 0

    def __add__(self, other: StructureScore) -> StructureScore:
        return StructureScore(self.labelled + other.labelled, self.found + other.found, self.right + other.right)

    @property
    def precision(self) -> float | None:
        return precision_recall_hmean(self.right, self.found, self.labelled)[0]

    @property
    def recall(self) -> float | None:
        return precision_recall_hmean(self.right, self.found, self.labelled)[1]

    @property
    def f1(self) -> float | None:
        """None where there is neither a label nor a find."""
        return precision_recall_hmean(self.right, self.found, self.labelled)[2]


@dataclass(frozen=True)
class _Part:
    outlines: tuple[Outline, ...]  # of its pieces, or one of the whole
    text: str


def score_structure(truth: Truth, regions: Sequence[Region], result: ReadingResult) -> dict[str, StructureScore]:
    """The scores of one sheet by kind of part.

    `lines alone` are dimensions as if no pieces were put together: each line of category dimension by itself.

    Args:
        truth: what belongs together, positions in `regions`.
        regions: labels of the sheet.
        result: what was read of it, with its structure.
    """
    found = result.structure
    if found is None:
        raise ValueError("the result has no structure: read the sheet again")
    dimensions = [_Part(_outlines(regions, each.regions), spelled(each.text)) for each in truth.dimensions]
    lines = [each for each in result.predictions if each.category is Category.DIMENSION]
    return {
        "dimensions": _score(dimensions, [_Part((each.box,), spelled(each.text)) for each in found.dimensions]),
        "lines alone": _score(dimensions, [_Part((each.box,), spelled(each.text)) for each in lines]),
        "stacked dimensions": _score(
            [part for part in dimensions if len(part.outlines) > 1],
            [_Part((each.box,), spelled(each.text)) for each in found.dimensions if len(each.members) > 1],
        ),
        "frames": _score(
            [_Part((each.points,), " ".join(cell.text for cell in each.cells)) for each in truth.frames],
            [_Part((each.box,), each.text) for each in found.frames],
            _frame,
        ),
        "title block fields": _score(
            [_Part(_outlines(regions, each.value), f"{each.name}: {_value(each.text)}") for each in truth.fields],
            [_Part((each.box,), f"{each.name}: {_value(each.text)}") for each in found.title_block],
        ),
        "cells with text": _score(
            [_Part((cell.points,), cell.text) for table in truth.tables for cell in table.cells if cell.text],
            [_Part((cell.box,), cell.text) for table in found.tables for cell in table.cells if cell.text],
        ),
        "notes": _score(
            [_Part(_outlines(regions, each.regions), each.text) for each in truth.paragraphs],
            [_Part((each.box,), each.text) for each in found.notes],
        ),
    }


def score_as_single_texts(regions: Sequence[Region], texts: Sequence[Prediction]) -> DrawingScore:
    """As `drawing_labels.score_labelme`, but of each labelled box only the one text that covers most of it counts.

    A person writes a stacked tolerance as one label: so it must come as one text.
    """
    shapes = polygons([each.points for each in texts])
    total = DrawingScore()
    for region in regions:
        (box,) = polygons([region.points])
        shared = [float(shape.intersection(box).area) for shape in shapes]
        best = max(range(len(texts)), key=lambda index: shared[index], default=None)
        single = [] if best is None or not shared[best] else [texts[best]]
        total += score_labelme([region], single)
    return total


def spelled(text: str) -> str:
    """The canonical spelling of a dimension; other texts in canonical characters."""
    form = canonical(text)
    found = parse(form)
    return found.text if found else form


def _frame(text: str) -> str:
    form = canonical(text)
    found = parse_geometric(form)
    return str(found) if found else form


def _value(text: str) -> str:
    """A value without the caption that stands before it: SCALE: 1:2 is 1:2."""
    named = caption_of(text)
    return named[1] if named and named[1] else text


def _outlines(regions: Sequence[Region], members: Iterable[int]) -> tuple[Outline, ...]:
    return tuple(regions[member].points for member in members)


def _same(text: str) -> str:
    return "".join(canonical(text).split())


def _hulls(parts: Sequence[_Part]) -> list[BaseGeometry]:
    """The smallest rectangle around the pieces of each part, however it lies."""
    return [shapely.MultiPoint([*chain.from_iterable(part.outlines)]).minimum_rotated_rectangle for part in parts]


def _score(truth: Sequence[_Part], found: Sequence[_Part], form: Callable[[str], str] = _same) -> StructureScore:
    """One to one, of those that say the same the one that lies best."""
    labelled, read = _hulls(truth), _hulls(found)
    taken: set[int] = set()
    for part, shape in zip(truth, labelled, strict=True):
        want = form(part.text)
        best, overlap = None, 0.0
        for index, (other, place) in enumerate(zip(found, read, strict=True)):
            if index in taken or form(other.text) != want or not place.intersects(shape):
                continue
            iou = place.intersection(shape).area / place.union(shape).area
            if iou > overlap:
                best, overlap = index, iou
        if best is not None and overlap >= MATCH_IOU:
            taken.add(best)
    return StructureScore(len(truth), len(found), len(taken))
