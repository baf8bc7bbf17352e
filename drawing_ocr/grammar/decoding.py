"""Which of several readings of a line is meant: what the network says of each, and what drawings write.

A reading is never made up: it is one that the network gave, and the likeliest one is kept beside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from drawing_ocr.grammar.forms import Deviations, Dimension, Length, Limits
from drawing_ocr.grammar.geometric import CHARACTERISTICS, parse_geometric
from drawing_ocr.grammar.parse import parse, parse_count, parse_fit
from drawing_ocr.grammar.roughness import parse_roughness

Step = Sequence[tuple[str, float]]
"""What a network says of one time step: characters with their probabilities, the blank as an empty text."""

# Natural logarithms of how much less often a sheet has such a text than what the grammar knows, words and marks.
_JUMBLE: Final = -2.0  # digits and signs that say nothing together
_ODD: Final = -3.0  # a size that nobody writes: 042, a tolerance of nothing
_USUAL: Final = 2.0  # by how much likelier words are that stand on every sheet
_MARGIN: Final = 0.7  # by which another reading must be likelier than the network's own: twice as likely

_WORD: Final = re.compile(r"[^\W\d_]{3,}|[\u3040-\u30ff\u4e00-\u9fff]")
_MARK: Final = re.compile(
    r"[A-Z]{1,2}(?: ?- ?[A-Z]{1,2})?|\d{1,3} ?[:/] ?\d{1,3}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2}[.)]?"
    r"|[A-Z]{1,4}[-_]?\d{3,}"  # numbers of drawings and of steels: V-3723, S235
)
_LEADING_ZERO: Final = re.compile(r"0\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Choice:
    """The reading that is meant.

    Attributes:
        text: one of the hypotheses.
        raw: the one that the network thinks likeliest.
        margin: by how much the next best is less likely, prior included, natural logarithm; infinite without one.
    """

    text: str
    raw: str
    margin: float

    @property
    def is_corrected(self) -> bool:
        return self.text != self.raw


def choose(hypotheses: Sequence[tuple[str, float]], is_usual: Callable[[str], bool] = lambda _: False) -> Choice:
    """The likeliest of several readings of one line, when what drawings write is taken into account.

    Args:
        hypotheses: canonical texts with the natural logarithms of their probabilities; at least one.
        is_usual: whether a text is one that nearly every sheet has, as the captions of a title block.

    Returns:
        The network's own reading, unless another is likelier by a clear margin.

    >>> choose([("042", math.log(0.7)), ("⌀42", math.log(0.2))]).text
    '⌀42'
    >>> choose([("Echelle", math.log(0.6)), ("Échelle", math.log(0.3))], lambda text: text == "Échelle").text
    'Échelle'
    >>> choose([("B42", math.log(0.9)), ("842", math.log(0.01))]).text
    'B42'
    """
    if not hypotheses:
        raise ValueError("there is no reading to choose from: give at least one")
    best: dict[str, float] = {}
    for text, likelihood in hypotheses:
        best[text] = max(likelihood, best.get(text, -math.inf))
    raw = max(best, key=lambda text: best[text])
    worth = {text: likelihood + prior(text) + _USUAL * is_usual(text) for text, likelihood in best.items()}
    first = max(worth, key=lambda text: worth[text])
    # Where the network read nothing, nothing is put.
    if not raw or worth[first] < worth[raw] + _MARGIN:
        first = raw
    others = [value for text, value in worth.items() if text != first]
    return Choice(first, raw, worth[first] - max(others) if others else math.inf)


def prior(text: str) -> float:
    """How much less often sheets have such a text than sizes, words and marks, natural logarithm, at most 0."""
    found = parse(text)
    if found is not None:
        return _ODD if isinstance(found.dimension, Dimension) and _is_odd(found.dimension) else 0.0
    if parse_geometric(text) or parse_roughness(text) or parse_fit(text) or parse_count(text):
        return 0.0
    if text in CHARACTERISTICS:  # the first cell of a frame that is read cell by cell
        return 0.0
    return 0.0 if _WORD.search(text) or _MARK.fullmatch(text) else _JUMBLE


def _is_odd(dimension: Dimension) -> bool:
    for part in dimension.parts:
        element = part.element
        if isinstance(element, Length):
            if _LEADING_ZERO.fullmatch(element.number.text):
                return True
            tolerance = element.tolerance
            if isinstance(tolerance, Deviations) and tolerance.upper and tolerance.lower:
                return tolerance.upper.value == tolerance.lower.value
        if isinstance(element, Limits) and element.upper.value == element.lower.value:
            return True
    return False


def readings(steps: Sequence[Step], *, width: int = 6) -> list[tuple[str, float]]:
    """The likeliest texts of a line, out of what a network with CTC says step by step (prefix beam search).

    Args:
        steps: for each time step the characters that are worth a thought, the blank among them where it is one.
        width: how many beginnings are followed, and how many texts are answered at most.

    Returns:
        Texts with the natural logarithms of their probabilities, the likeliest first. Ways that other characters would
        give are not counted: the probabilities are least ones.
    """
    # Of each beginning: the probability that it ends with a blank, and with its last character.
    beams: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
    scale = 0.0
    for step in steps:
        grown: dict[str, tuple[float, float]] = {}
        for text, (blank, sign) in beams.items():
            for character, probability in step:
                if character == "":
                    _add(grown, text, (blank + sign) * probability, 0.0)
                elif text.endswith(character):
                    _add(grown, text, 0.0, sign * probability)
                    _add(grown, text + character, 0.0, blank * probability)
                else:
                    _add(grown, text + character, 0.0, (blank + sign) * probability)
        kept = sorted(grown.items(), key=lambda beam: -sum(beam[1]))[:width]
        total = sum(sum(ways) for _, ways in kept)
        if total <= 0:
            return []
        scale += math.log(total)
        beams = {text: (blank / total, sign / total) for text, (blank, sign) in kept}
    ranked = sorted(beams.items(), key=lambda beam: -sum(beam[1]))
    return [(text, scale + math.log(sum(ways))) for text, ways in ranked if sum(ways) > 0]


def _add(beams: dict[str, tuple[float, float]], text: str, blank: float, sign: float) -> None:
    before = beams.get(text, (0.0, 0.0))
    beams[text] = (before[0] + blank, before[1] + sign)
