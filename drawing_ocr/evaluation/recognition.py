"""How well single lines are read."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from drawing_ocr.evaluation.report import GroupMetrics, RecognitionMetrics
from drawing_ocr.text import canonical, edit_distance, symbol_class


@dataclass(frozen=True)
class ReadLine:
    """A line, what stands there and what was read.

    Attributes:
        text: The label.
        predicted: The reading; empty when nothing was read.
        category: Kind of text, a `Category` value.
    """

    text: str
    predicted: str
    category: str


@dataclass
class _Tally:
    lines: int = 0
    exact: int = 0
    similarity: float = 0.0
    edits: int = 0
    characters: int = 0

    def add(self, text: str, predicted: str) -> None:
        edits = edit_distance(text, predicted)
        self.lines += 1
        self.exact += edits == 0
        self.similarity += 1 - edits / (max(len(text), len(predicted)) or 1)
        self.edits += edits
        self.characters += len(text)

    def metrics(self) -> GroupMetrics:
        return GroupMetrics(
            lines=self.lines,
            exact=self.exact / self.lines if self.lines else None,
            one_minus_ned=self.similarity / self.lines if self.lines else None,
            cer=self.edits / self.characters if self.characters else None,
        )


def evaluate_recognition(lines: Iterable[ReadLine]) -> RecognitionMetrics:
    """Metrics over lines, overall, by category and by symbol class of the label; texts are compared in canonical form.

    `exact` is the share read without a fault, `one_minus_ned` the mean of 1 − edit distance / longer length (ICDAR 2019
    RRC-LSVT), `cer` all edits over all labelled characters. None where there is no line.
    """
    overall = _Tally()
    by_category: defaultdict[str, _Tally] = defaultdict(_Tally)
    by_symbol_class: defaultdict[str, _Tally] = defaultdict(_Tally)
    for line in lines:
        text, predicted = canonical(line.text), canonical(line.predicted)
        tallies = [overall, by_category[str(line.category)]]
        tallies += [by_symbol_class[kind.value] for kind in symbol_class(text)]
        for tally in tallies:
            tally.add(text, predicted)
    return RecognitionMetrics(
        **overall.metrics().model_dump(),
        by_category={name: by_category[name].metrics() for name in sorted(by_category)},
        by_symbol_class={name: by_symbol_class[name].metrics() for name in sorted(by_symbol_class)},
    )
