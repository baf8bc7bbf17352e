"""Pieces of one dimension put together: by where they stand, seen in its own direction, and by the grammar.

A size has its deviations stacked behind it (ISO 129-1), its count before, a fit behind, further lines of a hole under
it; two sizes right above each other are limits. Every piece belongs to one dimension: the nearest that can have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.grammar.interpret import meaning_of
from drawing_ocr.grammar.parse import parse
from drawing_ocr.reading.structure.contract import GroupedDimension
from drawing_ocr.reading.structure.line import Line, box_around
from drawing_ocr.reading.structure.pieces import (
    Piece,
    are_dual,
    are_limits,
    has_both_deviations,
    has_one_deviation,
    piece_of,
)

# Lengths are in heights of the size's lettering.
_TURNED: Final = 0.97  # cosine between lines of one dimension, 14 degrees
_INTO: Final = 0.4  # how far boxes of neighbours may run into each other
_BEHIND: Final = 1.3  # gap to the deviations and the fit
_BEFORE: Final = 1.1  # gap between count and size
_OFF: Final = 1.75  # middle of a deviation above or below that of its size
_LEVEL: Final = 0.45  # the same of what stands on one line
_UNDER: Final = 0.8  # gap between the limits of one size
_CALLOUT: Final = 1.4  # gap between lines of one callout: the line that it stands on runs between them
_ALIGNED: Final = 1.5  # between the left ends, or the middles, of lines of one callout
_BESIDE: Final = 3.0  # between the middles of a short line and of the one that it lies as
_LARGEST: Final = 1.25  # height of a deviation
_SHARED: Final = 0.6  # part of the shorter of two limits that is right above the other

_Spans = npt.NDArray[np.float64]


@dataclass
class _Group:
    """A size, by position, and what was found to belong to it."""

    size: int
    count: int | None = None
    fit: int | None = None
    limit: int | None = None
    dual: int | None = None
    deviations: list[int] = field(default_factory=list)
    further: list[int] = field(default_factory=list)

    def members(self) -> list[int]:
        middle = [self.size, self.fit, self.limit]
        return [each for each in (self.count, *middle, *self.deviations, self.dual, *self.further) if each is not None]


@dataclass(frozen=True, slots=True, order=True)
class _Claim:
    """That a piece belongs to a size; the smallest cost is believed first."""

    cost: float
    size: int
    piece: int
    role: str = field(compare=False)


def group_dimensions(lines: Sequence[Line]) -> list[GroupedDimension]:
    """The dimensions of a page; every line of category `dimension` is in exactly one.

    Args:
        lines: All that was read on the page; members are positions in it.
    """
    if not lines:
        return []
    pieces = [piece_of(line) for line in lines]
    lines = _lying_alike(lines, pieces)
    groups = _grouped(lines, pieces)
    taken = {member for group in groups for member in group.members()}
    groups += _without_a_size(lines, pieces, taken)
    return [_dimension(lines, group) for group in sorted(groups, key=lambda group: min(group.members()))]


def _lying_alike(lines: Sequence[Line], pieces: Sequence[Piece]) -> list[Line]:
    """Lines of one or two characters lie as the deviation or count beside them: their own boxes do not tell."""
    guides = [
        line
        for line, piece in zip(lines, pieces, strict=True)
        if piece in (Piece.DEVIATION, Piece.COUNT) and not line.is_short
    ]
    if not guides:
        return list(lines)
    middles = np.stack([guide.corners.mean(axis=0) for guide in guides])
    turned = []
    for line, piece in zip(lines, pieces, strict=True):
        if piece in (Piece.SIZE, Piece.ZERO) and line.is_short:
            distance = np.linalg.norm(middles - line.corners.mean(axis=0), axis=1)
            nearest = int(distance.argmin())
            if distance[nearest] <= _BESIDE * line.height:
                line = line.lying_as(guides[nearest])
        turned.append(line)
    return turned


def _grouped(lines: Sequence[Line], pieces: Sequence[Piece]) -> list[_Group]:
    corners = np.stack([line.corners for line in lines])
    spans = {
        index: lines[index].spans(corners)
        for index, piece in enumerate(pieces)
        if piece in (Piece.SIZE, Piece.ZERO, Piece.FURTHER, Piece.DUAL)
    }
    groups = {index: _Group(index) for index, piece in enumerate(pieces) if piece in (Piece.SIZE, Piece.DUAL)}
    taken: dict[int, int] = {}  # a piece, and the size that has it
    claims = sorted(_claims(lines, pieces, {size: spans[size] for size in groups}))
    for claim in claims:
        if claim.piece in taken or claim.size in taken or (claim.role == "limit" and _has_any(groups[claim.piece])):
            continue
        if _accepts(groups[claim.size], claim, lines, spans[claim.size]):
            taken[claim.piece] = claim.size
    for size, group in groups.items():
        if size not in taken:
            _hang_lines(group, lines, pieces, spans, taken)
    return [group for size, group in groups.items() if size not in taken and _is_one(lines[size], group)]


def _is_one(line: Line, group: _Group) -> bool:
    """Whether it is a dimension: numbers in notes and marks are sizes by their words only."""
    return line.category is Category.DIMENSION or len(group.members()) > 1


def _has_any(group: _Group) -> bool:
    return len(group.members()) > 1


def _claims(lines: Sequence[Line], pieces: Sequence[Piece], spans: dict[int, _Spans]) -> Iterator[_Claim]:
    for size, seen in spans.items():
        length = lines[size].length / lines[size].height
        start, end, top, bottom = seen.T
        near = (start <= length + _BEHIND) & (end >= -_BEFORE) & (bottom >= -_OFF) & (top <= 1 + _OFF)
        for piece in np.flatnonzero(near).tolist():
            if piece != size and _reads_alike(lines[size], lines[piece]):
                found = _role(lines, pieces, size, piece, seen[piece], length)
                if found is not None:
                    yield _Claim(found[1], size, piece, found[0])


def _reads_alike(one: Line, other: Line) -> bool:
    """Whether two lines lie alike; a line of one character lies as any."""
    return other.is_short or one.is_short or float(one.along @ other.along) >= _TURNED


def _role(
    lines: Sequence[Line], pieces: Sequence[Piece], size: int, piece: int, span: _Spans, length: float
) -> tuple[str, float] | None:
    """What a piece is to a size, and how far it is from where that stands."""
    start, end, top, bottom = span.tolist()
    off = (top + bottom) / 2 - 0.5
    behind, before = start - length, -end
    kind, small = pieces[piece], bottom - top <= _LARGEST
    if kind in (Piece.DEVIATION, Piece.ZERO) and small:
        if -_INTO <= behind <= _BEHIND and abs(off) <= _OFF and not has_both_deviations(lines[size].text):
            return "deviation", abs(behind) + 0.1 * abs(off)
        above_its_end = end > length / 2 and start > 0 and min(abs(top - 1), abs(bottom)) <= _UNDER
        if above_its_end and abs(off) <= _OFF and has_one_deviation(lines[size].text):
            return "deviation", min(abs(top - 1), abs(bottom))
    if kind is Piece.FIT and -_INTO <= behind <= _BEHIND and abs(off) <= _LEVEL and small:
        return "fit", abs(behind)
    if kind is Piece.COUNT and -_INTO <= before <= _BEFORE and abs(off) <= _LEVEL and small:
        return "count", abs(before)
    beside = -_INTO <= behind <= _BEHIND and abs(off) <= _OFF
    under = -_INTO <= top - 1 <= _CALLOUT and start < length and end > 0
    if kind is Piece.DUAL and (beside or under) and are_dual(lines[size].text, lines[piece].text):
        return "dual", abs(behind) if beside else abs(top - 1)
    if kind is Piece.SIZE and -_INTO <= top - 1 <= _UNDER and 0.7 <= bottom - top <= 1 / 0.7:
        shared = min(end, length) - max(start, 0)
        if shared >= _SHARED * min(length, end - start) and are_limits(lines[size].text, lines[piece].text):
            return "limit", abs(top - 1)
    return None


def _accepts(group: _Group, claim: _Claim, lines: Sequence[Line], spans: _Spans) -> bool:
    """Takes a piece into a group where its place in it is free."""
    if claim.role == "deviation":
        return _accepts_deviation(group, claim.piece, lines, spans)
    if getattr(group, claim.role) is not None:
        return False
    setattr(group, claim.role, claim.piece)
    return True


def _accepts_deviation(group: _Group, piece: int, lines: Sequence[Line], spans: _Spans) -> bool:
    one = has_one_deviation(lines[group.size].text)
    if group.limit is not None or len(group.deviations) >= (1 if one else 2):
        return False
    if any(has_both_deviations(lines[other].text) for other in (*group.deviations, piece)) and group.deviations:
        return False
    for other in group.deviations:
        apart = abs(spans[piece, 2:].mean() - spans[other, 2:].mean())
        if apart < 0.6 * (spans[piece, 3] - spans[piece, 2]):
            return False  # beside each other
    group.deviations.append(piece)
    group.deviations.sort(key=lambda index: float(spans[index, 2]))
    return True


def _hang_lines(
    group: _Group, lines: Sequence[Line], pieces: Sequence[Piece], spans: dict[int, _Spans], taken: dict[int, int]
) -> None:
    """Takes line after line under a size as long as they are of the same hole."""
    last = group.size
    while (below := _below(last, lines, pieces, spans[last], taken)) is not None:
        taken[below] = group.size
        group.further.append(below)
        last = below


def _below(
    last: int, lines: Sequence[Line], pieces: Sequence[Piece], spans: _Spans, taken: dict[int, int]
) -> int | None:
    """The line that stands under a line, or right behind it, and speaks of the same hole."""
    length = lines[last].length / lines[last].height
    found: list[tuple[float, int]] = []
    for index, piece in enumerate(pieces):
        if piece is not Piece.FURTHER or index in taken or index == last or not _reads_alike(lines[last], lines[index]):
            continue
        start, end, top, bottom = spans[index].tolist()
        under = -_INTO <= top - 1 <= _CALLOUT and min(abs(start), abs(start + end - length) / 2) <= _ALIGNED
        behind = -_INTO <= start - length <= _BEHIND and abs((top + bottom) / 2 - 0.5) <= _LEVEL
        if under or behind:
            found.append((abs(top - 1) if under else start - length, index))
    return min(found)[1] if found else None


def _without_a_size(lines: Sequence[Line], pieces: Sequence[Piece], taken: set[int]) -> Iterator[_Group]:
    """Dimensions whose size was not read: deviations above each other together, everything else by itself."""
    left = [
        index
        for index, line in enumerate(lines)
        if index not in taken
        and (line.category is Category.DIMENSION or pieces[index] is Piece.DEVIATION)
        and pieces[index] is not Piece.OTHER
    ]
    corners = np.stack([line.corners for line in lines])
    gone: set[int] = set()
    for index in left:
        if index in gone:
            continue
        group = _Group(index)
        if pieces[index] in (Piece.DEVIATION, Piece.ZERO):
            seen = lines[index].spans(corners)
            for other in left:
                if other != index and other not in gone and _is_stacked_under(index, other, lines, pieces, seen[other]):
                    group.deviations.append(other)
                    gone.add(other)
                    break
        gone.add(index)
        yield group


def _is_stacked_under(upper: int, lower: int, lines: Sequence[Line], pieces: Sequence[Piece], span: _Spans) -> bool:
    """Whether two deviations are of one size, not both zeros or both complete."""
    kinds = {pieces[upper], pieces[lower]}
    if Piece.DEVIATION not in kinds or not kinds <= {Piece.DEVIATION, Piece.ZERO}:
        return False
    if any(has_both_deviations(lines[index].text) for index in (upper, lower)):
        return False
    start, _, top, _ = span.tolist()
    return -_INTO <= top - 1 <= _UNDER and abs(start) <= _ALIGNED and _reads_alike(lines[upper], lines[lower])


def _dimension(lines: Sequence[Line], group: _Group) -> GroupedDimension:
    members = group.members()
    text = " ".join(lines[member].text for member in members)
    found = parse(text)
    return GroupedDimension(
        box=box_around([lines[group.size], *(lines[member] for member in members if member != group.size)]),
        text=found.text if found else text,
        members=tuple(members),
        confidence=round(min(lines[member].confidence for member in members), 5),
        meaning=meaning_of(found) if found else None,
    )
