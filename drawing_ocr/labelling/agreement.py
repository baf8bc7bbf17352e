"""How far people agree: Krippendorff's alpha per category, character error rate, each person with the consensus.

A task's counts are kept in its consensus; those of many tasks are added, and the measures come from the sums.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.annotation import Category

Coincidences = Mapping[tuple[Hashable, Hashable], float]
"""How often two values of one unit came together, over all ordered pairs of people, each unit counted once a person."""


class _Counts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CategoryAgreement(_Counts):
    """Counts of one category over the places at which anybody saw text.

    Attributes:
        category: Which.
        regions: Regions of the consensus.
        both: Coincidences (Krippendorff) of two people who both say this category.
        one: Of two people only one of whom says it, both orders together; who saw nothing says no category.
        neither: Of two people neither of whom says it.
        edits: Characters that differ between every two people's texts of a region, summed.
        characters: Mean length of every two texts, summed.
    """

    category: Category
    regions: int = Field(default=0, ge=0)
    both: float = Field(default=0.0, ge=0)
    one: float = Field(default=0.0, ge=0)
    neither: float = Field(default=0.0, ge=0)
    edits: int = Field(default=0, ge=0)
    characters: float = Field(default=0.0, ge=0)

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha: 1 perfect, 0 as by chance; None where nothing was compared or nothing varied."""
        yes, no = "yes", "no"
        return alpha_of(
            {(yes, yes): self.both, (yes, no): self.one / 2, (no, yes): self.one / 2, (no, no): self.neither}
        )

    @property
    def cer(self) -> float | None:
        """Character error rate of one person against another; None where no two texts were compared."""
        return self.edits / self.characters if self.characters else None

    def plus(self, other: Self) -> Self:
        """The counts of both."""
        return self.model_copy(
            update={
                name: getattr(self, name) + getattr(other, name)
                for name in ("regions", "both", "one", "neither", "edits", "characters")
            }
        )


class PersonAgreement(_Counts):
    """One person against the labels that count: regions of both, and those of his or hers that are the same.

    Attributes:
        person: Who.
        regions: His or hers.
        expected: Of the consensus, the review or the gold labels.
        exact: The same in place (IoU ≥ 0.5), text, category and readability.
    """

    person: str
    regions: int = Field(default=0, ge=0)
    expected: int = Field(default=0, ge=0)
    exact: int = Field(default=0, ge=0)

    @property
    def agreement(self) -> float | None:
        """F1 of exact regions, 0 to 1; None where there was nothing to agree on."""
        both = self.regions + self.expected
        return 2 * self.exact / both if both else None

    def plus(self, other: Self) -> Self:
        """The counts of both."""
        return self.model_copy(
            update={name: getattr(self, name) + getattr(other, name) for name in ("regions", "expected", "exact")}
        )


class Agreement(_Counts):
    """Counts of a task, or of many.

    Attributes:
        places: At which anybody saw text; the consensus has those of a majority.
        categories: In the order of `Category`, all five.
        people: In order of their ids.
    """

    places: int = Field(default=0, ge=0)
    categories: tuple[CategoryAgreement, ...] = ()
    people: tuple[PersonAgreement, ...] = ()

    @classmethod
    def of_all(cls, parts: Iterable[Self]) -> Self:
        """The counts of many tasks together."""
        places = 0
        categories = {category: CategoryAgreement(category=category) for category in Category}
        people: dict[str, PersonAgreement] = {}
        for part in parts:
            places += part.places
            for category in part.categories:
                categories[category.category] = categories[category.category].plus(category)
            for person in part.people:
                people[person.person] = people.get(person.person, PersonAgreement(person=person.person)).plus(person)
        ordered = tuple(people[person] for person in sorted(people))
        return cls(places=places, categories=tuple(categories.values()), people=ordered)


def coincidences(units: Iterable[Sequence[Hashable]]) -> dict[tuple[Hashable, Hashable], float]:
    """Krippendorff's coincidence matrix.

    Args:
        units: For each unit the values that people gave it; who gave none is left out.
    """
    together: dict[tuple[Hashable, Hashable], float] = defaultdict(float)
    for values in units:
        if len(values) < 2:
            continue  # nobody to agree with
        counts = Counter(values)
        for one, ones in counts.items():
            for other, others in counts.items():
                together[one, other] += ones * (others - (one == other)) / (len(values) - 1)
    return dict(together)


def alpha_of(together: Coincidences) -> float | None:
    """Krippendorff's alpha for nominal values (Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011).

    Returns:
        1 for perfect agreement, 0 for that of chance, below for less; None when nothing varies or nothing was compared,
        for then neither agreement nor disagreement could show.
    """
    marginal: dict[Hashable, float] = defaultdict(float)
    for (one, _), count in together.items():
        marginal[one] += count
    total = math.fsum(marginal.values())
    observed = math.fsum(count for (one, other), count in together.items() if one != other)
    by_chance = math.fsum(
        ones * others for one, ones in marginal.items() for other, others in marginal.items() if one != other
    )
    return 1 - (total - 1) * observed / by_chance if by_chance else None


def nominal_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha of units with the values that people gave them; as `coincidences` and `alpha_of`."""
    return alpha_of(coincidences(units))
