"""Hits that are one part: copies of a file, and revisions of a drawing.

Light: the standard library only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from drawing_ocr.search.filters import keyword
from drawing_ocr.search.store import Hit


@dataclass(frozen=True)
class Group:
    """One part among the hits.

    Attributes:
        hit: The best of them.
        duplicates: Copies of it: the same file, or the same drawing number and revision; best first.
        revisions: The same drawing number in other revisions; best first.
    """

    hit: Hit
    duplicates: tuple[Hit, ...] = ()
    revisions: tuple[Hit, ...] = ()

    def with_duplicate(self, hit: Hit) -> Self:
        """And one copy more."""
        return type(self)(self.hit, (*self.duplicates, hit), self.revisions)

    def with_revision(self, hit: Hit) -> Self:
        """And one revision more."""
        return type(self)(self.hit, self.duplicates, (*self.revisions, hit))


def grouped(hits: Sequence[Hit]) -> list[Group]:
    """Each part once, in the order of its best hit.

    A drawing without a number, or whose number was not read, is grouped by its file alone.

    Args:
        hits: Best first.
    """
    groups: list[Group] = []
    by_file: dict[str, int] = {}
    by_number: dict[str, int] = {}
    for hit in hits:
        file, number = hit.record.sha256, keyword(hit.record.number)
        place = by_file.get(file) if file else None
        if place is None and number:
            place = by_number.get(number)
        if place is None:
            place = len(groups)
            groups.append(Group(hit))
        elif _is_copy(groups[place].hit, hit):
            groups[place] = groups[place].with_duplicate(hit)
        else:
            groups[place] = groups[place].with_revision(hit)
        if file:
            by_file.setdefault(file, place)
        if number:
            by_number.setdefault(number, place)
    return groups


def _is_copy(first: Hit, other: Hit) -> bool:
    if first.record.sha256 and first.record.sha256 == other.record.sha256:
        return True
    return keyword(first.record.revision) == keyword(other.record.revision)
