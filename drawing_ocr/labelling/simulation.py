"""People who label, simulated with stated error rates: what agreement is worth is measured on them.

They err independently of each other, as people do who do not see each other's work; what they share is which texts are
hard: every text has a difficulty of its own, by which everybody's chance to misread it is multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import cast

from drawing_ocr.annotation import Category, Polygon, Region, polygon_fault
from drawing_ocr.labelling.answer import Answer, AnsweredRegion
from drawing_ocr.text import canonical

# What is typed for what is printed, by how such characters are confused when people transcribe drawings.
_LOOK_ALIKES = {
    "0": "OoD",
    "O": "0Q",
    "o": "0",
    "⌀": "0OQ",
    "1": "lI7",
    "l": "1I",
    "I": "1l",
    "5": "S6",
    "S": "5",
    "8": "B36",
    "B": "8",
    "6": "G8",
    "2": "Z",
    "Z": "2",
    "°": "o0",
    "×": "x*",
    "±": "+",
    ".": ",",
    ",": ".",
    "-": "_",
    "9": "g",
    "g": "9",
    "木": "术",
    "术": "木",
    "未": "末",
    "末": "未",
    "己": "已",
}
_OTHER = "0123456789ABCDEHMRabcdefgr.,-+×⌀°"
_HARDEST = 4.0  # times that the hardest text is misread as often as the usual one


@dataclass(frozen=True)
class ErrorRates:
    """How often somebody errs.

    Attributes:
        missed: Share of texts that are overlooked.
        extra: Boxes where no text is, per text.
        corner_noise: Standard deviation of a corner's place, as a share of the line height.
        look_alike: Probability for each character that looks like another to be typed as that one.
        other_character: Probability for each character to be typed as any other, left out, or doubled.
        wrong_category: Share of texts that are called another category.
        unreadable: Share of readable texts that are given up.
        turned: Share of boxes that begin at the wrong corner.
    """

    missed: float = 0.04
    extra: float = 0.02
    corner_noise: float = 0.08
    look_alike: float = 0.02
    other_character: float = 0.004
    wrong_category: float = 0.04
    unreadable: float = 0.01
    turned: float = 0.01

    def times(self, factor: float) -> ErrorRates:
        """Somebody who errs so many times as often."""
        return ErrorRates(
            **{name: min(0.9, factor * value) for name, value in vars(self).items()},
        )


PEOPLE = {"careful": ErrorRates().times(0.7), "usual": ErrorRates(), "hurried": ErrorRates().times(1.6)}
"""Three people of a team; the careful one is the best single annotator."""


def label(regions: Sequence[Region], rates: ErrorRates, rng: Random, *, job: str, task: str) -> Answer:
    """What a simulated person makes of a drawing.

    Args:
        regions: What really stands there.
        rates: Of the person.
        rng: Decides where he or she errs.
        job: Of the answer.
        task: Of the answer; which texts are hard is the same for everybody who gets the same task.
    """
    said = []
    for index, region in enumerate(regions):
        if rng.random() < rates.missed:
            continue
        hardness = Random(f"{task} {index}").random()
        said.append(_labelled(f"p{index}", region, rates, hardness * _HARDEST / 2, rng))
        if rng.random() < rates.extra:
            said.append(_invented(f"x{index}", region, regions, rng))
    return Answer(job=job, task=task, regions=tuple(said))


def _labelled(name: str, region: Region, rates: ErrorRates, hardness: float, rng: Random) -> AnsweredRegion:
    unreadable = region.ignore or rng.random() < rates.unreadable
    others = [category for category in Category if category is not region.category]
    return AnsweredRegion(
        id=name,
        points=_drawn(region.points, rates, rng),
        text="" if unreadable else _typed(region.text, rates, hardness, rng),
        category=rng.choice(others) if rng.random() < rates.wrong_category else region.category,
        ignore=unreadable,
        source="person",
        accepted=True,
    )


def _drawn(points: Polygon, rates: ErrorRates, rng: Random) -> Polygon:
    height = min(math.dist(points[0], points[3]), math.dist(points[0], points[1]))
    deviation = rates.corner_noise * height
    moved = [(x + rng.gauss(0, deviation), y + rng.gauss(0, deviation)) for x, y in points]
    if polygon_fault(moved):
        moved = list(points)
    if rng.random() < rates.turned:
        moved = moved[1:] + moved[:1]
    return cast(Polygon, tuple((max(0.0, round(x, 1)), max(0.0, round(y, 1))) for x, y in moved))


def _typed(text: str, rates: ErrorRates, hardness: float, rng: Random) -> str:
    typed = []
    for character in text:
        likely = rates.look_alike * hardness if character in _LOOK_ALIKES else 0.0
        fate = rng.random()
        if fate < likely:
            typed.append(rng.choice(_LOOK_ALIKES[character]))
        elif fate < likely + rates.other_character * hardness:
            typed.append(rng.choice(("", 2 * character, rng.choice(_OTHER))))
        else:
            typed.append(character)
    return "".join(typed) if canonical("".join(typed)) else text


def _invented(name: str, beside: Region, regions: Sequence[Region], rng: Random) -> AnsweredRegion:
    """A box around a line or a stain: beside a text, of its size, with a text of the drawing."""
    (ax, ay), (dx, dy) = beside.points[0], beside.points[3]
    shift = rng.choice((-1.6, 1.6))
    across, down = shift * (dx - ax), shift * (dy - ay)
    across, down = (
        max(across, -min(x for x, _ in beside.points)),
        max(down, -min(y for _, y in beside.points)),
    )
    points = cast(Polygon, tuple((round(x + across, 1), round(y + down, 1)) for x, y in beside.points))
    text = rng.choice([region.text for region in regions if not region.ignore] or ["0"])
    return AnsweredRegion(
        id=name, points=points, text=text, category=beside.category, ignore=False, source="person", accepted=True
    )
