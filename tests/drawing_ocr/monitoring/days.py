"""Days of drawings drawn at random: what a reader answers to a steady or a changed stream of requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from drawing_ocr.monitoring.observation import CharacterClass, Observation

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
CLASSES = (CharacterClass.DIGIT, CharacterClass.LATIN, CharacterClass.SIGN, CharacterClass.PUNCTUATION)


@dataclass(frozen=True)
class Stream:
    """A population of drawings. Lines of one drawing resemble each other: its own quality moves all confidences."""

    confidence: float = 0.95
    darkness: float = 0.05
    lines: float = 40.0
    digits: float = 0.55
    scale: float = 1.0

    def day(self, drawings: int, random: np.random.Generator, *, version: str = "1") -> list[Observation]:
        return [self._drawing(number, random, version) for number in range(drawings)]

    def _drawing(self, number: int, random: np.random.Generator, version: str) -> Observation:
        lines = 1 + int(random.poisson(random.gamma(4.0, self.lines / 4.0)))
        quality = float(np.clip(random.normal(self.confidence, 0.03), 0.3, 0.99))
        lengths = 1 + random.poisson(5.0, lines)
        rest = (1 - self.digits) / (len(CLASSES) - 1)
        counts = random.multinomial(int(lengths.sum()), [self.digits, *[rest] * (len(CLASSES) - 1)])
        return Observation(
            when=START + timedelta(seconds=30 * number),
            version=version,
            confidences=tuple(random.beta(quality * 20, (1 - quality) * 20, lines).round(4).tolist()),
            lengths=tuple(lengths.tolist()),
            characters=dict(zip(CLASSES, counts.tolist(), strict=True)),
            megapixels=round(self.scale * float(random.choice([2.0, 4.0, 8.0, 16.0])), 4),
            darkness=float(np.clip(random.normal(self.darkness, 0.015), 0, 1)),
        )


STEADY = Stream()
