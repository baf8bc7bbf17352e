"""Families: parts of one kind that differ in a few measures, and the revisions of each."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from drawing_ocr.synthesis.families.figure import Figure, Part
from drawing_ocr.synthesis.families.flat import bent_strip, gasket, plate
from drawing_ocr.synthesis.families.parameters import Parameters
from drawing_ocr.synthesis.families.round import flange, shaft, wheel
from drawing_ocr.synthesis.families.solid import bracket, housing, lever, weldment

KINDS: Final[dict[str, Callable[[Parameters], list[Figure]]]] = {
    "shaft": shaft,
    "flange": flange,
    "wheel": wheel,
    "plate": plate,
    "gasket": gasket,
    "bent strip": bent_strip,
    "bracket": bracket,
    "housing": housing,
    "lever": lever,
    "weldment": weldment,
}

_CHANGES: Final = (2, 4)  # measures in which a member differs from the family's first
_REVISED: Final = 2


def kind_of(family: int) -> str:
    """Which kind of part a family is."""
    return Random(f"family {family}").choice(tuple(KINDS))


def draw_part(family: int, member: int = 0, revision: int = 0) -> Part:
    """A part of a family.

    Args:
        family: Seed of the family; it decides the kind as well.
        member: 0 is the family's first; the others differ from it in two to four measures, each by at least 0.3 of its
            range, or in the number or form of a feature.
        revision: 0 is the first issue; the others moved two measures by a twentieth of their range.
    """
    kind = kind_of(family)
    draw = KINDS[kind]
    first = Parameters(f"family {family}")
    views = draw(first)
    if not member and not revision:
        return Part(kind, tuple(views))
    chooser = Random(f"family {family} member {member}")
    changed = frozenset(chooser.sample(list(first.distinctive), chooser.randint(*_CHANGES)) if member else ())
    part = Parameters(f"family {family}", changed, f"family {family} member {member}")
    views = draw(part)
    if revision:
        revised = Random(f"family {family} member {member} revision {revision}").sample(list(part.lengths), _REVISED)
        views = draw(Parameters(part.family, part.changed, part.member, frozenset(revised)))
    return Part(kind, tuple(views))
