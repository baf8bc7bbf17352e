"""The measures of a family, of a member that differs in some of them, and of a revision that differs a little.

Every measure has a name and its own random stream, so that a change of one moves no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, TypeVar

Option = TypeVar("Option")

_REVISED: Final = 0.05  # of a measure's range
# Of a changed measure's range: a member is another part for who looks at it, not a tolerance of the same.
_LEAST_CHANGE, _MOST_CHANGE = 0.3, 0.7


@dataclass(slots=True)
class Parameters:
    """Measures by name.

    Attributes:
        family: Seed of the family.
        changed: Measures in which the member differs from the family's first.
        member: Seed of those differences.
        revised: Measures that a revision moved by a twentieth of their range.
        distinctive: The measures asked for in which members may differ, in their order.
        lengths: The measures asked for that a revision may move.
    """

    family: str
    changed: frozenset[str] = frozenset()
    member: str = ""
    revised: frozenset[str] = frozenset()
    distinctive: dict[str, None] = field(default_factory=dict)
    lengths: dict[str, None] = field(default_factory=dict)

    def real(self, name: str, low: float, high: float) -> float:
        """A length, ratio or angle in a range."""
        self.distinctive[name] = None
        return self._length(name, low, high)

    def detail(self, name: str, low: float, high: float) -> float:
        """A measure too small to tell two members apart: a chamfer, a fillet."""
        return self._length(name, low, high)

    def _length(self, name: str, low: float, high: float) -> float:
        self.lengths[name] = None
        share = Random(f"{self.family} {name}").random()
        if name in self.changed:
            share = (share + Random(f"{self.member} {name}").uniform(_LEAST_CHANGE, _MOST_CHANGE)) % 1.0
        if name in self.revised:
            share += _REVISED if share < 0.5 else -_REVISED
        return low + (high - low) * share

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of several forms or counts."""
        self.distinctive[name] = None
        index = Random(f"{self.family} {name}").randrange(len(options))
        if name in self.changed and len(options) > 1:
            index = (index + Random(f"{self.member} {name}").randrange(1, len(options))) % len(options)
        return options[index]

    def chance(self, name: str, probability: float) -> bool:
        """Whether the part has a feature."""
        self.distinctive[name] = None
        has = Random(f"{self.family} {name}").random() < probability
        return has is not (name in self.changed)
