"""One ranking out of several: reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009).

Scores of pictures and of words cannot be compared, ranks can.

Light: the standard library only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drawing_ocr.search.store import Hit

RANK_CONSTANT = 60  # of the paper: how little the first ranks outweigh the next ones


@dataclass(frozen=True)
class FusedHit:
    """A drawing that at least one ranking holds.

    Attributes:
        hit: Of the first ranking that holds it, so with its region where that was a search by picture.
        score: Sum of 1 / (RANK_CONSTANT + rank) over the rankings; it only orders one answer.
        ranks: From 1, by the ranking's name; a ranking that does not hold it is left out.
    """

    hit: Hit
    score: float
    ranks: Mapping[str, int]


def fuse(rankings: Mapping[str, Sequence[Hit]]) -> list[FusedHit]:
    """What any ranking holds, each drawing once, best first; equals by drawing id.

    Args:
        rankings: By name, each best first; the one whose hits shall be shown first.
    """
    hits: dict[str, Hit] = {}
    ranks: dict[str, dict[str, int]] = {}
    for name, ranking in rankings.items():
        for rank, hit in enumerate(ranking, 1):
            hits.setdefault(hit.drawing_id, hit)
            ranks.setdefault(hit.drawing_id, {}).setdefault(name, rank)
    fused = [
        FusedHit(hit, sum(1 / (RANK_CONSTANT + rank) for rank in ranks[drawing_id].values()), ranks[drawing_id])
        for drawing_id, hit in hits.items()
    ]
    return sorted(fused, key=lambda each: (-each.score, each.hit.drawing_id))
