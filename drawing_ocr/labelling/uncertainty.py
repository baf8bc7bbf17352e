"""How likely it is that a drawing was read wrongly, told without a label.

Each line has three signs: the reader's confidence, whether a text that looks like a dimension is one by the grammar,
and whether the same reader says the same when the sheet is turned by a quarter, so that the line is found and cut in
another way. A logistic model makes one probability of them: Platt's scaling (temperature and offset; Advances in Large
Margin Classifiers, 1999) with two signs more, so that they are weighed against each other and none is counted twice.
With the few hundred labelled lines that there are, two parameters of a curve are safer than isotonic regression, which
needs about a thousand (Niculescu-Mizil and Caruana, ICML 2005).

The calibration is fitted where drawings are chosen, on labelled drawings that no version was trained on, and not kept
with the evaluation: so it holds for every version (official, promoted, older than this module) and for the settings
that read today.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.matching import Page, match_page
from drawing_ocr.evaluation.matching import Prediction as Outline
from drawing_ocr.labelling.offer import Parts
from drawing_ocr.reading.categorise import category_of
from drawing_ocr.reading.result import Prediction
from drawing_ocr.text import canonical

Parameters = npt.NDArray[np.float64]

_LEAST_DOUBT: Final = 1e-4  # a mean of probabilities close to 1 has no more digits than that
_NEWTON_STEPS: Final = 50
_CONVERGED: Final = 1e-9

# Before any label is there: what fits the official reader on 48 synthetic sheets (benchmarks/labelling_effort.py; the
# agreement was not measured there). A line of confidence 0.99 is wrong in three cases of ten, mostly since its box is:
# taken at its word, confidence would see 4 % of the lines wrong where 28 % are.
_PRIOR: Final = np.array([0.32, -0.6, -2.5, -1.0])
# Its weight is that of a handful of labelled lines; a few dozen override it.
_PRECISION: Final = np.array([4.0, 1.0, 1.0, 1.0])

# Lines of which nothing is known, added to every drawing: one with two lines teaches less than one with thirty.
_DAMPING: Final = 5.0
_NOTHING_FOUND: Final = 5  # so many wrong lines is a drawing worth on which none was found
# What novelty alone may add to a score: a drawing like none before is worth a look, but it was not read wrongly yet.
_NOVELTY: Final = 0.25

_DIMENSION_CATEGORIES: Final = frozenset(
    {Category.DIMENSION, Category.TEXT}
)  # tables and title blocks hold numbers, too
_DIMENSION_SIGNS: Final = frozenset("⌀±°×□↧⌴⌵+-.,()[]/'\"′″")
_MOSTLY: Final = 0.5
# Scales and dates stand on free paper at times; they are no dimensions and should not be.
_NO_DIMENSION: Final = re.compile(r"\d+ ?: ?\d+|\d{1,4}([./-])\d{1,2}\1\d{1,4}")
# No dimension begins with 0 and a digit: it is a ⌀ that was read as 0, the commonest mistake on drawings.
_ZERO_FOR_DIAMETER: Final = re.compile(r"(?<![\d.,])0\d")


@dataclass(frozen=True, slots=True)
class LineSigns:
    """What is known of one line without a label.

    Attributes:
        text: In canonical form.
        confidence: The reader's, 0 to 1.
        fits_grammar: False for a text that looks like a dimension and is none.
        agrees: Whether the turned reading says the same; None where there is none.
    """

    text: str
    confidence: float
    fits_grammar: bool
    agrees: bool | None = None


class Calibration(BaseModel):
    """P(line is right) = σ(slope · logit(confidence) + offset + grammar · [unfit] + agreement · [disagrees]).

    Attributes:
        slope, offset: Of the confidence; 1 and 0 would take it at its word.
        grammar, agreement: What a failed sign adds, in logits; negative.
        lines: Labelled lines that it was fitted on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    slope: float = float(_PRIOR[0])
    offset: float = float(_PRIOR[1])
    grammar: float = float(_PRIOR[2])
    agreement: float = float(_PRIOR[3])
    lines: int = Field(default=0, ge=0)

    @classmethod
    def fit(cls, signs: Sequence[LineSigns], right: Sequence[bool]) -> Calibration:
        """The most likely parameters given labelled lines and the prior (Newton's method; the likelihood is concave).

        Args:
            signs: Of each line.
            right: Whether its text is what people say.

        Raises:
            ValueError: The two differ in number.
        """
        if len(signs) != len(right):
            raise ValueError(f"{len(signs)} lines and {len(right)} verdicts: give one verdict for each line")
        inputs = _inputs(signs)
        verdicts = np.asarray(right, np.float64)
        parameters = _PRIOR.copy()
        for _ in range(_NEWTON_STEPS):
            chance = _sigmoid(inputs @ parameters)
            gradient = inputs.T @ (verdicts - chance) - _PRECISION * (parameters - _PRIOR)
            curvature = (inputs.T * (chance * (1 - chance))) @ inputs + np.diag(_PRECISION)
            step = np.linalg.solve(curvature, gradient)
            # Far from the best place a whole step may lead further away.
            before = _likelihood(inputs, verdicts, parameters)
            while _likelihood(inputs, verdicts, parameters + step) < before and np.abs(step).max() > _CONVERGED:
                step /= 2
            parameters += step
            if np.abs(step).max() <= _CONVERGED:
                break
        slope, offset, grammar, agreement = (float(value) for value in parameters)
        return cls(slope=slope, offset=offset, grammar=grammar, agreement=agreement, lines=len(signs))

    def wrong(self, signs: Sequence[LineSigns]) -> npt.NDArray[np.float64]:
        """Probability that each line is wrong, [lines]."""
        parameters = np.array([self.slope, self.offset, self.grammar, self.agreement])
        return 1 - _sigmoid(_inputs(signs) @ parameters)


@dataclass(frozen=True, slots=True)
class DrawingUncertainty:
    """How doubtful the reading of one drawing is.

    Attributes:
        score: 0 (all lines surely right) to 1: expected share of wrong lines, damped for drawings with few.
        parts: Of the score.
        signs: Of each line.
        wrong: Probability that each line is wrong, [lines].
    """

    score: float
    parts: Parts
    signs: tuple[LineSigns, ...]
    wrong: npt.NDArray[np.float64] = field(compare=False)

    @property
    def expected_wrong(self) -> float:
        """Lines that are wrong, on average."""
        return float(self.wrong.sum())

    def most_doubtful(self, count: int) -> list[tuple[str, float]]:
        """The texts that are most likely wrong, with the probability; the worst first."""
        order = np.argsort(-self.wrong, kind="stable")[:count]
        return [(self.signs[index].text, float(self.wrong[index])) for index in order]


def assess(signs: Sequence[LineSigns], calibration: Calibration, *, novelty: float | None = None) -> DrawingUncertainty:
    """The uncertainty of one drawing.

    Args:
        signs: Of its lines. A drawing on which nothing was found counts as five lines read wrongly.
        calibration: Of the version that read.
        novelty: How unlike all known drawings its embedding is, 0 to 1; None where there is no embedding.
    """
    told = tuple(signs) or (LineSigns("", 0.0, True),) * _NOTHING_FOUND
    by_confidence = calibration.wrong([LineSigns(line.text, line.confidence, True) for line in told])
    with_grammar = calibration.wrong([LineSigns(line.text, line.confidence, line.fits_grammar) for line in told])
    wrong = calibration.wrong(told)
    scale = len(told) + _DAMPING
    read = float(wrong.sum()) / scale
    added = _NOVELTY * (novelty or 0.0) * (1 - read)
    parts = Parts(
        confidence=float(by_confidence.sum()) / scale,
        grammar=float((with_grammar - by_confidence).sum()) / scale,
        agreement=float((wrong - with_grammar).sum()) / scale,
        novelty=added,
    )
    return DrawingUncertainty(score=read + added, parts=parts, signs=told, wrong=wrong)


def signs_of(predictions: Sequence[Prediction], turned: Sequence[Prediction] | None = None) -> list[LineSigns]:
    """The signs of a reading's lines; after them those lines that only the turned reading found, which disagree.

    Args:
        predictions: Of one page.
        turned: What the same reader found on the page turned by a quarter, boxes on the upright page; None if it was
            not asked.
    """
    if turned is None:
        return [_signs(line, None) for line in predictions]
    pairs = dict(_same_places(predictions, turned))
    others = set(pairs.values())
    return [
        _signs(line, index in pairs and canonical(turned[pairs[index]].text) == canonical(line.text))
        for index, line in enumerate(predictions)
    ] + [_signs(line, False) for index, line in enumerate(turned) if index not in others]


def judged(
    predictions: Sequence[Prediction], turned: Sequence[Prediction] | None, regions: Sequence[Region]
) -> tuple[list[LineSigns], list[bool]]:
    """The signs of a labelled drawing's lines, and whether each was read right.

    What is labelled unreadable is left out; a line that stands where no label is was read wrongly. The arguments are
    those of `signs_of`, and the labels.
    """
    found = list(predictions)
    if turned is not None:
        taken = {index for _, index in _same_places(predictions, turned)}
        found += [line for index, line in enumerate(turned) if index not in taken]
    match = match_page(Page(regions, [Outline(line.box, line.text) for line in found]))
    labels = {prediction: regions[region].text for region, prediction in match.pairs}
    signs = signs_of(predictions, turned)
    right = [
        canonical(labels[index]) == canonical(found[index].text) if index in labels else False
        for index in match.predictions
    ]
    return [signs[index] for index in match.predictions], right


def fits_grammar(text: str, category: Category) -> bool:
    """False for a text that is written like a dimension but is none, or that begins as no dimension does.

    Args:
        text: In canonical form.
        category: Tables, title blocks and symbols are not judged.

    >>> [fits_grammar(text, Category.TEXT) for text in ("⌀6.6 +0.1", "SECTION A-A", "1:2", "0382", "12..5", "中0.05A")]
    [True, True, True, False, False, False]
    """
    if category not in _DIMENSION_CATEGORIES or not _looks_like_a_dimension(text):
        return True
    return category_of(text) is not Category.TEXT and not _ZERO_FOR_DIAMETER.match(text)


def _looks_like_a_dimension(text: str) -> bool:
    written = [character for character in text if not character.isspace()]
    if not any(character.isdigit() for character in written) or _NO_DIMENSION.fullmatch(text):
        return False
    numeric = sum(character.isdigit() or character in _DIMENSION_SIGNS for character in written)
    return numeric > _MOSTLY * len(written)


def _signs(line: Prediction, agrees: bool | None) -> LineSigns:
    return LineSigns(line.text, line.confidence, fits_grammar(line.text, line.category), agrees)


def _same_places(left: Sequence[Prediction], right: Sequence[Prediction]) -> tuple[tuple[int, int], ...]:
    """(index left, index right) of boxes in the same place, one to one."""
    # Not validated: a reader may answer a box that no label may have, and it has its place nevertheless.
    places = [Region.model_construct(points=line.box, text=line.text, ignore=False) for line in left]
    return match_page(Page(places, [Outline(line.box) for line in right])).pairs


def _inputs(signs: Sequence[LineSigns]) -> npt.NDArray[np.float64]:
    """[lines, 4]: logit of the confidence, 1, grammar failed, readings disagree."""
    confidence = np.clip([line.confidence for line in signs], _LEAST_DOUBT, 1 - _LEAST_DOUBT)
    return np.stack(
        [
            np.log(confidence / (1 - confidence)),
            np.ones(len(signs)),
            np.array([not line.fits_grammar for line in signs], np.float64),
            np.array([line.agrees is False for line in signs], np.float64),
        ],
        axis=1,
    ).astype(np.float64)


def _likelihood(inputs: Parameters, verdicts: Parameters, parameters: Parameters) -> float:
    """Logarithm of the likelihood of the labels and of the prior, but for a constant."""
    logits = inputs @ parameters
    told = (verdicts * logits - np.logaddexp(0, logits)).sum()
    return float(told - 0.5 * (_PRECISION * (parameters - _PRIOR) ** 2).sum())


def _sigmoid(values: Parameters) -> npt.NDArray[np.float64]:
    chance: npt.NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(values, -500, 500)))
    return chance
