"""How much of what a person labelled is the same as labels that count: the consensus, a review, or gold labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from drawing_ocr.annotation import Category, Polygon
from drawing_ocr.evaluation.matching import MATCH_IOU
from drawing_ocr.labelling.agreement import PersonAgreement
from drawing_ocr.labelling.matching import matched
from drawing_ocr.text import canonical


class Labelled(Protocol):
    """What every kind of region has."""

    @property
    def points(self) -> Polygon: ...
    @property
    def text(self) -> str: ...
    @property
    def category(self) -> Category: ...
    @property
    def ignore(self) -> bool: ...


def compare(person: str, regions: Sequence[Labelled], expected: Sequence[Labelled]) -> PersonAgreement:
    """Counts of a person's regions against those that count.

    Args:
        person: Whose they are.
        regions: His or hers.
        expected: The labels that count.
    """
    pairs = matched([region.points for region in regions], [region.points for region in expected], MATCH_IOU)
    exact = sum(says_the_same(regions[pair.left], expected[pair.right]) for pair in pairs)
    return PersonAgreement(person=person, regions=len(regions), expected=len(expected), exact=exact)


def says_the_same(one: Labelled, other: Labelled) -> bool:
    """Whether two regions of one place have the same canonical text and category, or are both unreadable."""
    if one.ignore or other.ignore:
        return one.ignore and other.ignore
    return one.category == other.category and canonical(one.text) == canonical(other.text)
