from __future__ import annotations

import cv2
import numpy as np
import pytest

from containers.training.novelty import Novelty
from drawing_ocr.embedding.embedder import Embedder
from drawing_ocr.reading.image import Page


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


def paper() -> Page:
    return np.full((300, 400, 3), 255, np.uint8)


def flange() -> Page:
    page = paper()
    for radius in (120, 60, 20):
        cv2.circle(page, (200, 150), radius, (0, 0, 0), 2)
    return page


def shaft() -> Page:
    page = paper()
    for left, right, half in ((40, 140, 30), (140, 300, 50), (300, 360, 20)):
        cv2.rectangle(page, (left, 150 - half), (right, 150 + half), (0, 0, 0), 2)
    return page


def test_what_is_known_is_not_new_however_it_is_turned_and_what_is_unlike_it_is(embedder: Embedder) -> None:
    novelty = Novelty(embedder)
    novelty.learn(paper())
    novelty.learn(flange())
    same, turned, other = (novelty.of(page) for page in (flange(), np.rot90(flange()).copy(), shaft()))
    assert same is not None
    assert turned is not None
    assert other is not None
    assert same < 0.01
    assert turned < 0.1
    assert other > turned + 0.2


def test_where_nothing_is_known_or_nothing_is_drawn_there_is_no_answer(embedder: Embedder) -> None:
    novelty = Novelty(embedder)
    assert novelty.of(flange()) is None
    novelty.learn(flange())
    assert novelty.of(paper()) is None
