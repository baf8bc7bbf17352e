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
from drawing_ocr.evaluation.retrieval_report import ComparedQuery
from drawing_ocr.evaluation.retrieval_significance import compare_retrieval
from drawing_ocr.search.metrics import Ranked, rank
from drawing_ocr.training.embedder_batches import BatchPlan, draw_batch
from drawing_ocr.training.embedder_drawings import OwnDrawings, read_ink

MOST_QUERIES: Final = 200  # drawings that are looked for
_FAMILIES_SEED: Final = 7_000_000  # neither training nor its validation draws from it
_MEMBERS, _DRAWINGS = 3, 3
_SHOWN_PIXELS: Final = 160  # of a picture on the page


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
) -> tuple[RetrievalEvaluation, list[ComparedQuery]]:
    """Both find the same distorted drawings among the same others.

    Args:
        folder: Of own drawings (`embedder_drawings`).
        challenger: The new version.
        champion: The one before; None where there is none.
        families: How many of three members are drawn.
        thresholds: Of the gate.

    Returns:
        Metrics and verdict; and the queries on own drawings, none where there is no champion.

    Raises:
        DrawingsError: the folder cannot be used.
    """
    own = _OwnTest(folder, OwnDrawings.load(folder))
    drawn = draw_batch(_FAMILIES_SEED, 0, BatchPlan(families, _MEMBERS, _DRAWINGS, challenger.info.input_size))
    of_families = [str(number // (_MEMBERS * _DRAWINGS)) for number in range(len(drawn[1]))]
    found = own.ranked(challenger)
    found_before = own.ranked(champion) if champion else None
    drawn_before = _families(champion, *drawn) if champion else None
    test_sets: dict[TestSetName, RetrievalTestSet] = {
        "own": _test_set(len(own.drawings), own.units, found, found_before),
        "families": _test_set(len(of_families), of_families, _families(challenger, *drawn), drawn_before),
    }
    evaluation = RetrievalEvaluation.judged(f"{challenger.info.name}/{challenger.info.version}", test_sets, thresholds)
    return evaluation, own.compared(found, found_before) if found_before else []


def _test_set(drawings: int, units: Sequence[str], challenger: Ranked, champion: Ranked | None) -> RetrievalTestSet:
    return RetrievalTestSet(
        drawings=drawings,
        challenger=_metrics(challenger),
        champion=_metrics(champion) if champion else None,
        difference=compare_retrieval(units, challenger, champion) if champion else None,
    )


class _OwnTest:
    """Held-out drawings, distorted once for all embedders, and all drawings that they are looked for among."""

    def __init__(self, folder: Path, own: OwnDrawings) -> None:
        self.drawings = own.drawings
        self._gallery = [[read_ink(folder, name) for name in drawing.regions] for drawing in own.drawings]
        held_out = sorted(
            (number for number, drawing in enumerate(own.drawings) if drawing.split is Split.VAL),
            key=lambda number: position(own.drawings[number].uri, own.seed),
        )
        self.units: list[str] = []  # of each query, the drawing that it is of
        self._queries: list[list[Ink]] = []
        self._wanted: list[int] = []
        self._how: list[str] = []
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
                    self._how.append(distort.__name__)
                    self.units.append(own.drawings[number].uri)

    def compared(self, challenger: Ranked, champion: Ranked) -> list[ComparedQuery]:
        """For people: those that were found at another rank."""
        return [
            ComparedQuery(
                drawing=unit,
                how=how,
                picture=_png(query[0]),
                challenger=int(now),
                champion=int(then),
                challenger_first=_png(self._gallery[first][0]),
                champion_first=_png(self._gallery[first_then][0]),
            )
            for unit, how, query, now, then, first, first_then in zip(
                self.units,
                self._how,
                self._queries,
                challenger.first_rank,
                champion.first_rank,
                challenger.top,
                champion.top,
                strict=True,
            )
            if now != then
        ]

    def ranked(self, embedder: Embedder) -> Ranked:
        gallery, starts = _vectors(embedder, self._gallery)
        asked, asked_starts = _vectors(embedder, self._queries)
        # As the search ranks: each region of a query with the drawing's region most like it, and their mean.
        best = np.maximum.reduceat(asked @ gallery.T, starts, axis=1)
        counts = np.diff([*asked_starts, len(asked)])
        scores = np.add.reduceat(best, asked_starts, axis=0) / counts[:, None]
        return rank(scores, np.array(self._wanted)[:, None] == np.arange(len(starts)))


def _vectors(
    embedder: Embedder, drawings: Sequence[Sequence[Ink]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Vectors of all regions of drawings, and where each drawing begins."""
    size = embedder.info.input_size
    vectors = embedder.vectors(network_input(ink, size) for drawing in drawings for ink in drawing)
    return vectors, np.cumsum([0, *(len(drawing) for drawing in drawings)], dtype=np.int64)[:-1]


def _families(embedder: Embedder, pictures: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64]) -> Ranked:
    vectors = embedder.vectors(pictures)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return rank(scores, labels[:, None] == labels)


def _metrics(ranked: Ranked) -> RetrievalMetrics:
    found = ranked.mean()
    return RetrievalMetrics(
        queries=found.queries,
        mean_average_precision=found.mean_average_precision,
        recall_at_1=found.recall_at_1,
        recall_at_10=found.recall_at_10,
    )


def _png(ink: Ink) -> bytes:
    """A small picture, dark on white."""
    height, width = ink.shape
    scale = min(1.0, _SHOWN_PIXELS / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", 255 - small)[1])
