"""The watched features: which numbers of an observation each of them takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drawing_ocr.monitoring.observation import CharacterClass, Observation

_CLASS_NUMBERS = {kind: number for number, kind in enumerate(CharacterClass)}


@dataclass(frozen=True)
class Feature:
    """One watched feature.

    Attributes:
        name: In reports and as the value of the metric's dimension.
        label: For people.
        values: What an observation gives: any number of values, or numbers of categories.
        categories: Names of the categories; empty where values have an order and a size.
    """

    name: str
    label: str
    values: Callable[[Observation], Sequence[float]]
    categories: tuple[str, ...] = ()


def _character_classes(observation: Observation) -> list[float]:
    return [
        _CLASS_NUMBERS[kind] for kind in sorted(observation.characters) for _ in range(observation.characters[kind])
    ]


FEATURES: tuple[Feature, ...] = (
    Feature("confidence", "Confidence of a line", lambda observation: observation.confidences),
    Feature("text_length", "Characters of a line", lambda observation: observation.lengths),
    Feature("character_classes", "Kinds of characters", _character_classes, tuple(map(str, CharacterClass))),
    Feature("region_count", "Lines on a drawing", lambda observation: (len(observation.lengths),)),
    Feature("image_size", "Size of a drawing in megapixels", lambda observation: (observation.megapixels,)),
    Feature("darkness", "Mean darkness of a drawing", lambda observation: (observation.darkness,)),
)
