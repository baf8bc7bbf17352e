"""Embedders side by side: held-out drawings of the customer and families, found again among the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.dataset.split import Split, position
from drawing_ocr.embedding.embedder import Embedder
from drawing_ocr.embedding.ink import Ink, Picture, network_input
from drawing_ocr.embedding.preparation import regions
from drawing_ocr.evaluation.retrieval import (
    RetrievalEvaluation,
    RetrievalMetrics,
    RetrievalTestSet,
    RetrievalThresholds,
    TestSetName,
)
from drawing_ocr.search.metrics import Retrieval, evaluate
from drawing_ocr.training.embedder_batches import BatchPlan, draw_batch
from drawing_ocr.training.embedder_drawings import OwnDrawings, read_ink

MOST_QUERIES: Final = 200  # drawings that are looked for
_FAMILIES_SEED: Final = 7_000_000  # neither training nor its validation draws from it
_MEMBERS, _DRAWINGS = 3, 3


def turned(page: Picture, rng: Random) -> Picture:
    """By a quarter turn or more, a little out of focus."""
    blurred = cv2.GaussianBlur(page, (0, 0), max(page.shape) / 1500)
    return np.ascontiguousarray(np.rot90(blurred, rng.randint(1, 3)))


def scanned(page: Picture, rng: Random) -> Picture:
    """Askew, reduced and with the noise of a scanner."""
    height, width = page.shape
    lean = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-2, 2), rng.uniform(0.6, 0.9))
    leaning = cv2.warpAffine(page, lean, (width, height), borderValue=(255.0,))
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 8, page.shape)
    return np.asarray(np.clip(leaning + noise, 0, 255), np.uint8)


def cropped(page: Picture, rng: Random) -> Picture:
    """30 % of the area cut off at two sides that meet."""
    height, width = page.shape
    tall, wide = round(height * 0.7**0.5), round(width * 0.7**0.5)
    top, left = rng.choice((0, height - tall)), rng.choice((0, width - wide))
    return page[top : top + tall, left : left + wide]


DISTORTIONS: Final[tuple[Callable[[Picture, Random], Picture], ...]] = (turned, scanned, cropped)


def compare_embedders(
    folder: Path,
    challenger: Embedder,
    champion: Embedder | None,
    *,
    families: int,
    thresholds: RetrievalThresholds,
) -> RetrievalEvaluation:
    """Both find the same distorted drawings among the same others.

    Args:
        folder: Of own drawings (`embedder_drawings`).
        challenger: The new version.
        champion: The one before; None where there is none.
        families: How many of three members are drawn.
        thresholds: Of the gate.

    Raises:
        DrawingsError: the folder cannot be used.
    """
    own = _OwnTest(folder, OwnDrawings.load(folder))
    drawn = draw_batch(_FAMILIES_SEED, 0, BatchPlan(families, _MEMBERS, _DRAWINGS, challenger.info.input_size))
    tests: dict[TestSetName, tuple[int, Callable[[Embedder], Retrieval]]] = {
        "own": (len(own.drawings), own.retrieval),
        "families": (len(drawn[1]), lambda embedder: _families(embedder, *drawn)),
    }
    test_sets = {
        name: RetrievalTestSet(
            drawings=count,
            challenger=_metrics(measure(challenger)),
            champion=_metrics(measure(champion)) if champion else None,
        )
        for name, (count, measure) in tests.items()
    }
    return RetrievalEvaluation.judged(f"{challenger.info.name}/{challenger.info.version}", test_sets, thresholds)


class _OwnTest:
    """Held-out drawings, distorted once for all embedders, and all drawings that they are looked for among."""

    def __init__(self, folder: Path, own: OwnDrawings) -> None:
        self.drawings = own.drawings
        self._gallery = [[read_ink(folder, name) for name in drawing.regions] for drawing in own.drawings]
        held_out = sorted(
            (number for number, drawing in enumerate(own.drawings) if drawing.split is Split.VAL),
            key=lambda number: position(own.drawings[number].uri, own.seed),
        )
        self._queries: list[list[Ink]] = []
        self._wanted: list[int] = []
        for number in held_out[:MOST_QUERIES]:
            page = own.drawings[number].page
            assert page is not None  # every held-out drawing has one
            picture = read_ink(folder, page)
            for distort in DISTORTIONS:
                rng = Random(f"{own.drawings[number].uri} {distort.__name__}")
                found = [region.picture for region in regions(distort(picture, rng))]
                if found:
                    self._queries.append(found)
                    self._wanted.append(number)

    def retrieval(self, embedder: Embedder) -> Retrieval:
        gallery, starts = _vectors(embedder, self._gallery)
        asked, asked_starts = _vectors(embedder, self._queries)
        # As the search ranks: each region of a query with the drawing's region most like it, and their mean.
        best = np.maximum.reduceat(asked @ gallery.T, starts, axis=1)
        counts = np.diff([*asked_starts, len(asked)])
        scores = np.add.reduceat(best, asked_starts, axis=0) / counts[:, None]
        return evaluate(scores, np.array(self._wanted)[:, None] == np.arange(len(starts)))


def _vectors(
    embedder: Embedder, drawings: Sequence[Sequence[Ink]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Vectors of all regions of drawings, and where each drawing begins."""
    size = embedder.info.input_size
    vectors = embedder.vectors(network_input(ink, size) for drawing in drawings for ink in drawing)
    return vectors, np.cumsum([0, *(len(drawing) for drawing in drawings)], dtype=np.int64)[:-1]


def _families(embedder: Embedder, pictures: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> Retrieval:
    vectors = embedder.vectors(pictures)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return evaluate(scores, labels[:, None] == labels)


def _metrics(found: Retrieval) -> RetrievalMetrics:
    return RetrievalMetrics(
        queries=found.queries,
        mean_average_precision=found.mean_average_precision,
        recall_at_1=found.recall_at_1,
        recall_at_10=found.recall_at_10,
    )
