"""How unlike the drawings that people have labelled another one is, by the embedding that similar drawings share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drawing_ocr.embedding.embedder import Embedder
from drawing_ocr.reading.image import Page


class Novelty:
    """Remembers what is known."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: list[npt.NDArray[np.float32]] = []

    def learn(self, page: Page) -> None:
        """From now on this sheet is known; an empty one says nothing."""
        self._known += self._sheet(page)

    def of(self, page: Page) -> float | None:
        """1 − the highest cosine with a known sheet, 0 to 1; None where no sheet is known, or nothing is drawn."""
        own = self._sheet(page)
        if not own or not self._known:
            return None
        return float(1 - np.clip(np.stack(self._known) @ own[0], 0, 1).max())

    def _sheet(self, page: Page) -> list[npt.NDArray[np.float32]]:
        return [each.vector for each in self._embedder.embed(page)[:1]]
