"""The readings of a line that are worth a thought, out of the probabilities of its time steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from drawing_ocr.grammar.decoding import Choice, Step, choose, readings
from drawing_ocr.reading.structure.fields import caption_of
from drawing_ocr.text import canonical

# Only what is likelier is followed: of a clear step one character, of a doubtful one two or three.
_LEAST: Final = 0.01
_CLEAR: Final = 0.9
_BLANK: Final = 0


def correction(probabilities: npt.NDArray[np.float32], classes: Sequence[str]) -> Choice | None:
    """Another reading of a line than the likeliest, where drawings rather write that; None where the likeliest stays.

    Args:
        probabilities: As of `hypotheses`.
        classes: As of `hypotheses`.

    Returns:
        Its `text` is what is meant, its `raw` what the network reads; both in canonical form.
    """
    found = hypotheses(probabilities, classes)
    if not found:
        return None
    choice = choose([(canonical(text), likelihood) for text, likelihood in found], _is_caption)
    return choice if choice.is_corrected else None


def _is_caption(text: str) -> bool:
    named = caption_of(text)
    return named is not None and not named[1]


def hypotheses(probabilities: npt.NDArray[np.float32], classes: Sequence[str]) -> list[tuple[str, float]]:
    """The likeliest readings of a line.

    Args:
        probabilities: [time steps, classes] of the network; class 0 is the blank.
        classes: What each class writes; the blank's is empty.

    Returns:
        Texts as the network spells them with natural logarithms of their probabilities, the likeliest first; none where
        the best path is clear, since nothing else is worth a thought then.
    """
    best = probabilities.argmax(axis=1)
    top = probabilities[np.arange(len(best)), best]
    if (top >= _CLEAR).all():
        return []
    steps: list[Step] = []
    for row, first, sure in zip(probabilities, best.tolist(), top.tolist(), strict=True):
        if sure >= 1 - _LEAST:
            # Steps that are surely blank say nothing more than one of them.
            if first != _BLANK or not steps or steps[-1] != [("", 1.0)]:
                steps.append([(classes[first], 1.0)])
            continue
        likely = np.flatnonzero(row >= _LEAST).tolist()
        steps.append([(classes[index], float(row[index])) for index in likely])
    return readings(steps)
