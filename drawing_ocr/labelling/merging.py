"""One region out of those that several people have at one place."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from drawing_ocr.annotation import Category, Polygon, polygon_fault
from drawing_ocr.dimension import is_dimension
from drawing_ocr.labelling.answer import AnsweredRegion
from drawing_ocr.labelling.consensus_record import ConsensusRegion
from drawing_ocr.labelling.matching import Outline, overlap
from drawing_ocr.labelling.vote import UNREADABLE, decided, exact_majority, posterior, vote
from drawing_ocr.text import normalised_edit_distance

# How often a person overlooks a text, draws a box where none is, or calls a category wrong. Nothing measures them apart
# for each person, so they are the same for all; benchmarks/consensus.py shows that the confidence holds for people who
# err half and twice as often.
_MISSED, _INVENTED, _MISCALLED = 0.05, 0.02, 0.05
_SAME_BOX_IOU = 0.6  # mean overlap from which people mean the same box
_UNSURE_DIRECTION = 0.5  # confidence that is left where people do not agree at which corner the text begins
_UNSEEN = 0.5  # confidence that is left where nobody looked: copies of one machine's reading are no agreement
_DECIMALS = 2  # of a corner in pixels, as the labels of drawn sheets have them


@dataclass(frozen=True)
class Place:
    """A place of the drawing at which people have a region.

    Attributes:
        people: How many labelled the drawing.
        regions: Of those who saw the place, texts in canonical form; ordered by what they say, not by who says it.
        reliability: Of each of them, the share of texts he or she reads right, between 0 and 1.
    """

    people: int
    regions: tuple[AnsweredRegion, ...]
    reliability: tuple[float, ...]

    @property
    def texts(self) -> list[str]:
        """What each read; `UNREADABLE` for one who could not."""
        return [UNREADABLE if region.ignore else region.text for region in self.regions]

    def merged(self, sure: float) -> ConsensusRegion:
        """What they say together.

        Args:
            sure: Confidence below which it is disputed, unless one person labelled alone. It always is where no more
                than half saw it, or no more than half agree on a character of its text.
        """
        category, sure_of_category = self._category_vote()
        text, sure_of_text = self._text(category)
        outline, sure_of_outline, overlap = self._outline()
        confidence = sure_of_category * sure_of_text * sure_of_outline * _existence(len(self.regions), self.people)
        if not any(region.accepted or region.source == "person" for region in self.regions):
            confidence *= _UNSEEN
        no_majority = 2 * len(self.regions) <= self.people
        return ConsensusRegion(
            id=_most_common([region.id for region in self.regions]),
            points=outline,
            text="" if text == UNREADABLE else text,
            category=category,
            ignore=text == UNREADABLE,
            support=len(self.regions),
            agreement=_rounded(len(self.regions) / self.people * overlap * self._similarity()),
            confidence=_rounded(confidence),
            disputed=self.people > 1 and (no_majority or not decided(self.texts) or confidence < sure),
        )

    def text(self) -> str:
        """What stands there by their votes; `UNREADABLE` where most cannot read it."""
        return self._text(self.category())[0]

    def category(self) -> Category:
        """What it is by their votes."""
        return self._category_vote()[0]

    def _category_vote(self) -> tuple[Category, float]:
        """The category most say (a tie goes to the more reliable, then to the first in `Category`), its probability."""
        votes = Counter(region.category for region in self.regions)
        weights = {category: self._reliability_of(category) for category in Category}
        best = max(Category, key=lambda category: (votes[category], weights[category]))
        wrong = _MISCALLED / (len(Category) - 1)
        likelihood = {
            category: (1 - _MISCALLED) ** votes[category] * wrong ** (len(self.regions) - votes[category])
            for category in Category
        }
        return best, likelihood[best] / math.fsum(likelihood.values())

    def _reliability_of(self, category: Category) -> float:
        voters = zip(self.regions, self.reliability, strict=True)
        return math.fsum(each for region, each in voters if region.category == category)

    def _text(self, category: Category) -> tuple[str, float]:
        texts = self.texts
        plausible: Callable[[str], bool] = is_dimension if category is Category.DIMENSION else bool
        chosen = exact_majority(texts)
        if chosen is None:
            read = [pair for pair in zip(texts, self.reliability, strict=True) if pair[0] != UNREADABLE]
            chosen = vote([text for text, _ in read], [each for _, each in read], plausible)
        return chosen, posterior(chosen, texts, self.reliability, plausible)

    def _outline(self) -> tuple[Polygon, float, float]:
        """Median corners, the probability that place and reading direction are right, and the mean IoU."""
        outlines = [region.points for region in self.regions]
        pairs = list(itertools.combinations(range(len(outlines)), 2))
        ious = {pair: overlap(outlines[pair[0]], outlines[pair[1]]) for pair in pairs}
        mean = math.fsum(ious.values()) / len(ious) if ious else 1.0

        def closeness(index: int) -> float:
            return math.fsum(iou for pair, iou in ious.items() if index in pair)

        middle = max(range(len(outlines)), key=lambda index: (round(closeness(index), 9), -index))
        starts = [_turn_onto(outlines[middle], outline) for outline in outlines]
        counted = Counter(starts)
        start = max(range(4), key=lambda turn: (counted[turn], -turn))
        agreed = 2 * counted[start] > len(outlines) or len(outlines) == 1
        aligned = [_turned(outline, turn) for outline, turn in zip(outlines, starts, strict=True)]
        corners = np.round(np.median(np.array(aligned, np.float64), axis=0), _DECIMALS).tolist()
        # The median of dented or far-off boxes may cross itself.
        points = outlines[middle] if polygon_fault(corners) else cast(Polygon, tuple(map(tuple, corners)))
        probability = min(1.0, mean / _SAME_BOX_IOU) * (1.0 if agreed else _UNSURE_DIRECTION)
        return _turned(points, -start), probability, mean

    def _similarity(self) -> float:
        pairs = list(itertools.combinations(self.texts, 2))
        if not pairs:
            return 1.0
        return 1 - math.fsum(normalised_edit_distance(one, other) for one, other in pairs) / len(pairs)


def _existence(support: int, people: int) -> float:
    """Probability that a text stands where some of the people saw one."""
    real = (1 - _MISSED) ** support * _MISSED ** (people - support)
    invented = _INVENTED**support * (1 - _INVENTED) ** (people - support)
    return real / (real + invented)


def _turn_onto(reference: Outline, outline: Outline) -> int:
    """By how many corners an outline has to be turned so that its corners lie nearest to the reference's."""

    def distance(turn: int) -> float:
        moved = [*outline[turn:], *outline[:turn]]
        return math.fsum((ax - bx) ** 2 + (ay - by) ** 2 for (ax, ay), (bx, by) in zip(reference, moved, strict=True))

    return min(range(4), key=distance)


def _turned(outline: Polygon, turn: int) -> Polygon:
    turn %= 4
    return cast(Polygon, outline[turn:] + outline[:turn])


def _most_common(names: Sequence[str]) -> str:
    counted = Counter(names)
    return min(counted, key=lambda name: (-counted[name], name))


def _rounded(fraction: float) -> float:
    # Enough to sort by, and the same bytes from every build of the arithmetic.
    return round(min(1.0, max(0.0, fraction)), 6)
