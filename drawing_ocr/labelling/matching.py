"""Which regions of several people are the same text of the drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import lap
import numpy as np
import shapely

from drawing_ocr.evaluation.matching import polygons

SAME_PLACE_IOU = 0.3
"""Overlap from which two people's boxes may be the same text. Lower than an evaluation's 0.5: lines of text do not
overlap each other, so a careless box is still told from its neighbours', and boxes around one line of 20 pixels drawn
three pixels too large on one side and too small on the other have an IoU of 0.6 only."""

Outline = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Pair:
    """Index of a region of the one person, index of a region of the other, and the IoU of both polygons."""

    left: int
    right: int
    iou: float


def overlap(left: Outline, right: Outline) -> float:
    """IoU of two outlines of corners [x, y], 0 to 1."""
    ours, theirs = polygons([left, right])
    common = ours.intersection(theirs).area
    union = ours.area + theirs.area - common
    return float(common / union) if union else 0.0


def overlaps(left: Sequence[Outline], right: Sequence[Outline]) -> list[Pair]:
    """Every two polygons that have an area in common, by indices.

    Args:
        left: Outlines of corners [x, y]; crossed ones are mended.
        right: As `left`.
    """
    if not left or not right:
        return []
    ours, theirs = polygons(left), polygons(right)
    rows, columns = shapely.STRtree(theirs).query(ours, predicate="intersects")
    common = shapely.area(shapely.intersection(ours[rows], theirs[columns]))
    union = shapely.area(ours)[rows] + shapely.area(theirs)[columns] - common
    ratios = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    found = zip(rows.tolist(), columns.tolist(), ratios.tolist(), strict=True)
    return sorted((Pair(*each) for each in found if each[2] > 0), key=lambda pair: (pair.left, pair.right))


def matched(left: Sequence[Outline], right: Sequence[Outline], at_least: float = SAME_PLACE_IOU) -> list[Pair]:
    """Regions of two people one to one, so that the sum of overlaps is the greatest (Hungarian method).

    Args:
        left: Outlines of the one.
        right: Outlines of the other.
        at_least: IoU below which two regions are never the same.
    """
    candidates = [pair for pair in overlaps(left, right) if pair.iou >= at_least]
    if not candidates:
        return []
    return sorted((pair for group in _groups(candidates) for pair in _best(group)), key=lambda pair: pair.left)


def _groups(pairs: Sequence[Pair]) -> Collection[list[Pair]]:
    """Pairs that hang together: boxes far from each other cannot be exchanged, so each group is solved alone."""
    root: dict[int, int] = {}

    def find(node: int) -> int:
        while root.setdefault(node, node) != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for pair in pairs:
        root[find(pair.left)] = find(~pair.right)  # the other person's regions count downwards from -1
    groups: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[find(pair.left)].append(pair)
    return groups.values()


def _best(group: list[Pair]) -> list[Pair]:
    if len(group) == 1:
        return group
    lefts = {index: row for row, index in enumerate(sorted({pair.left for pair in group}))}
    rights = {index: column for column, index in enumerate(sorted({pair.right for pair in group}))}
    at = {(lefts[pair.left], rights[pair.right]): pair for pair in group}
    # Square, as the solver wants it; who gets an empty cell gets nobody.
    cost = np.ones((max(len(lefts), len(rights)),) * 2)
    for cell, pair in at.items():
        cost[cell] = 1 - pair.iou
    _, columns, _ = lap.lapjv(cost)
    return [at[cell] for cell in enumerate(columns.tolist()) if cell in at]


def clusters(people: Sequence[Sequence[Outline]]) -> list[dict[int, int]]:
    """The places at which people saw text: for each place who saw it and which of his or her regions it is.

    Every two people are matched one to one; then pairs are joined, best overlap first, as long as nobody has two
    regions in one place.

    Args:
        people: Outlines of each person's regions.

    Returns:
        For each place, index of the person -> index of the region; in the order of the first person's regions, then of
        what only later ones have.
    """
    joined: dict[tuple[int, int], dict[int, int]] = {
        (person, index): {person: index} for person, regions in enumerate(people) for index in range(len(regions))
    }
    edges = [
        (-pair.iou, (one, pair.left), (other, pair.right))
        for one in range(len(people))
        for other in range(one + 1, len(people))
        for pair in matched(people[one], people[other])
    ]
    for _, one, other in sorted(edges):
        ours, theirs = joined[one], joined[other]
        if ours is not theirs and not ours.keys() & theirs.keys():
            ours.update(theirs)
            for member in theirs.items():
                joined[member] = ours
    places = {id(place): place for place in joined.values()}
    return [dict(sorted(place.items())) for place in places.values()]
