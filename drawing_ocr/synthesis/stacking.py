"""Texts put together to one piece of ink: deviations behind a size, limits above each other, as one crop shows them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.lettering import Ink, Lettering, letter
from drawing_ocr.synthesis.text_source import Convention


@dataclass(frozen=True, slots=True)
class Stack:
    """A size and what stands above and below each other: behind it (deviations), or alone (limits, size empty)."""

    size: str
    upper: str
    lower: str

    @property
    def text(self) -> str:
        """How labels write it in one line: the size, the upper one, the lower one."""
        return " ".join(part for part in (self.size, self.upper, self.lower) if part)


def random_stack(rng: Random, how: Convention) -> Stack:
    """Deviations behind a size of any kind, or a pair of limits."""
    sign = rng.choice(("⌀", "⌀", "", "", "", "R"))
    if rng.random() < 0.3:
        places = rng.choice((1, 2, 2, 3))
        low = (rng.randint(1, 60) if rng.random() < 0.6 else rng.randint(1, 400)) + rng.choice((0.0, rng.random()))
        high = low + max(rng.choice((0.02, 0.05, 0.1, 0.2, 0.5, 1.0)), 1.5 * 10**-places)
        low_text, high_text = text_source.length(low, how, places), text_source.length(high, how, places)
        count = rng.random() < 0.1
        head = text_source.counted(rng, how, sign).strip() if count and sign else ""
        return Stack(head, f"{'' if head else sign}{high_text}", f"{'' if head else sign}{low_text}")
    size = f"{sign}{text_source.number(rng, how)}"
    if rng.random() < 0.06:
        size = text_source.angle(rng, how)
    if rng.random() < 0.25:
        size = text_source.counted(rng, how, size)
    if rng.random() < 0.12:
        size = f"{size}{rng.choice(('', ' '))}{text_source.fit(rng)}"
    upper, lower = text_source.limits(rng, how)
    if rng.random() < 0.08:
        same = text_source.tolerance(rng, how)
        upper, lower = f"+{same}", f"-{same}"
    return Stack(size, upper, lower)


def letter_stack(stack: Stack, how: Lettering, rng: Random) -> Ink:
    """Letter a stack as CAD programs set it: small deviations at mid height, or as large as the size, on its line."""
    same_size = not stack.size or rng.random() < 0.3
    factor = 1.0 if same_size else rng.uniform(0.45, 0.8)
    small = replace(how, size=max(8, round(how.size * factor)), pen=how.pen * (factor + 1) / 2)
    upper, lower = letter(stack.upper, small), letter(stack.lower, small)
    lead = small.size * rng.uniform(0.9, 1.35)  # from baseline to baseline
    if not stack.size:
        return _composed(((upper, 0, lead), (lower, 0, 0.0)))
    size = letter(stack.size, how)
    left = size.width + round(how.size * rng.uniform(0.05, 0.5))
    # A lone 0 stands under the digits of the other deviation, behind its sign.
    insets = [
        round(0.5 * small.size) if text == "0" and rng.random() < 0.7 else 0 for text in (stack.upper, stack.lower)
    ]
    cap = 0.72 * how.size
    base = 0.0 if same_size and rng.random() < 0.5 else (cap - lead - 0.72 * small.size) / 2
    return _composed(((size, 0, 0.0), (upper, left + insets[0], base + lead), (lower, left + insets[1], base)))


def _composed(pieces: Sequence[tuple[Ink, int, float]]) -> Ink:
    """Pieces, each with the column of its left end and the height of its baseline above the first one's, as one."""
    rise = max(ink.baseline + round(up) for ink, _, up in pieces)
    drop = max(ink.height - ink.baseline - round(up) for ink, _, up in pieces)
    mask = np.zeros((rise + drop, max(left + ink.width for ink, left, _ in pieces)), np.uint8)
    for ink, left, up in pieces:
        top = rise - round(up) - ink.baseline
        window = mask[top : top + ink.height, left : left + ink.width]
        np.maximum(window, ink.mask, out=window)
    return Ink(mask, rise)
