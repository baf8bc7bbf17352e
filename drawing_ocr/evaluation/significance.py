"""Whether two versions differ, or chance alone made the figures differ: a paired bootstrap over drawings.

Both versions read the same lines, so every resample takes the same drawings for both. Drawings and not lines are drawn
with replacement, because the lines of one sheet share their pen, font and scan and are right or wrong together
(Efron and Tibshirani 1993, chapters 6 and 13; Koehn 2004 for paired comparisons of systems).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drawing_ocr.evaluation.report import Difference, Differences
from drawing_ocr.text import canonical, edit_distance, symbol_class

RESAMPLES: Final = 2000
CONFIDENCE: Final = 0.95
SEED: Final = 20260101
# The fewest drawings that can tell anything: if all of n point the same way, chance does that in 2 of 2^n cases, and
# 2 / 2^6 is the first that is below 5 %.
LEAST_DRAWINGS: Final = 6

_Numbers = NDArray[np.float64]
_LINES, _EXACT, _SIMILARITY, _EDITS, _CHARACTERS = range(5)


@dataclass(frozen=True)
class PairedLine:
    """One line as both versions read it.

    Attributes:
        drawing: The sheet it stands on; lines of one sheet are drawn together.
        text: The label.
        challenger: Reading of the new version.
        champion: Reading of the released version.
        category: Kind of text.
    """

    drawing: str
    text: str
    challenger: str
    champion: str
    category: str


class PairedBootstrap:
    """Resamples of drawings, the same for every figure.

    Args:
        drawings: Of each observation, which drawing it belongs to; at least one.
        resamples: At least 1,000 for an interval that does not change with the seed.
        seed: The same drawings, resamples and seed give the same intervals.
    """

    def __init__(self, drawings: Sequence[str], *, resamples: int = RESAMPLES, seed: int = SEED) -> None:
        index = {name: number for number, name in enumerate(dict.fromkeys(drawings))}
        self.drawings = len(index)
        self._drawing_of = np.array([index[name] for name in drawings])
        shares = np.full(len(index), 1 / len(index))
        self._draws = np.random.default_rng(seed).multinomial(len(index), shares, size=resamples)

    def difference(
        self, changes: _Numbers, chosen: NDArray[np.bool_] | None = None, *, lower_is_better: bool = False
    ) -> Difference:
        """Of one figure, a quotient of sums, with its percentile interval.

        Args:
            changes: (observations, 2): change of the figure, and what its sum is divided by the sum of.
            chosen: (observations,): which count; None = all.
            lower_is_better: Whether a fall is an improvement.
        """
        kept = np.ones(len(changes), dtype=bool) if chosen is None else chosen
        sums = np.zeros((self.drawings, 2))
        np.add.at(sums, self._drawing_of[kept], changes[kept])
        known = sums[:, 1] > 0
        sums = sums[known]
        if not len(sums):
            return Difference(value=0.0, low=0.0, high=0.0, verdict="noise")
        total = sums.sum(axis=0)
        resampled = self._draws[:, known] @ sums
        # A resample that happens to hold none of the group's drawings says nothing about it.
        resampled = resampled[resampled[:, 1] > 0]
        tail = 50 * (1 - CONFIDENCE)
        low, high = np.percentile(resampled[:, 0] / resampled[:, 1], [tail, 100 - tail])
        verdict = "noise"
        if len(sums) >= LEAST_DRAWINGS and (low > 0 or high < 0):
            verdict = "better" if (low > 0) != lower_is_better else "worse"
        return Difference.model_validate(
            {"value": total[0] / total[1], "low": float(low), "high": float(high), "verdict": verdict}
        )


def compare_recognition(lines: Sequence[PairedLine], *, resamples: int = RESAMPLES, seed: int = SEED) -> Differences:
    """Differences of the recognition metrics with their 95 % percentile intervals.

    Args:
        lines: Of one test set, at least one.
        resamples: At least 1,000 for an interval that does not change with the seed.
        seed: The same lines, resamples and seed give the same intervals.
    """
    changes = np.array([_change(line) for line in lines], dtype=np.float64)  # (lines, 5)
    bootstrap = PairedBootstrap([line.drawing for line in lines], resamples=resamples, seed=seed)

    def of(chosen: NDArray[np.bool_], figure: int, divisor: int, *, lower_is_better: bool = False) -> Difference:
        return bootstrap.difference(changes[:, [figure, divisor]], chosen, lower_is_better=lower_is_better)

    def by_group(groups: Sequence[frozenset[str]]) -> dict[str, Difference]:
        known = sorted({name for group in groups for name in group})
        return {name: of(np.array([name in group for group in groups]), _EXACT, _LINES) for name in known}

    everything = np.ones(len(lines), dtype=bool)
    return Differences(
        drawings=bootstrap.drawings,
        resamples=resamples,
        confidence=CONFIDENCE,
        exact=of(everything, _EXACT, _LINES),
        one_minus_ned=of(everything, _SIMILARITY, _LINES),
        cer=of(everything, _EDITS, _CHARACTERS, lower_is_better=True),
        by_category=by_group([frozenset({str(line.category)}) for line in lines]),
        by_symbol_class=by_group(
            [frozenset(kind.value for kind in symbol_class(canonical(line.text))) for line in lines]
        ),
    )


def _change(line: PairedLine) -> tuple[float, ...]:
    """Of one line: 1, change of exact, of similarity, of edits, and its labelled characters."""
    text = canonical(line.text)
    now, then = canonical(line.challenger), canonical(line.champion)
    edits_now, edits_then = edit_distance(text, now), edit_distance(text, then)

    def similarity(edits: int, read: str) -> float:
        return 1 - edits / (max(len(text), len(read)) or 1)

    return (
        1,
        (edits_now == 0) - (edits_then == 0),
        similarity(edits_now, now) - similarity(edits_then, then),
        edits_now - edits_then,
        len(text),
    )
