"""Pieces of sheets for the detector: the labels lie on the ink, whatever was done to the piece."""

from __future__ import annotations

from random import Random

import cv2
import numpy as np
import pytest

from drawing_ocr.training.detector_crops import SIDE, Piece, draw_pieces


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    return [piece for seed in range(3) for piece in draw_pieces(Random(seed), 8)]


def test_the_same_state_of_the_pencil_draws_the_same_pieces() -> None:
    first, second = (draw_pieces(Random(5), 2) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert all(np.array_equal(*pair) for pair in zip(one.texts, other.texts, strict=True))


def test_a_piece_is_a_picture_of_its_size(pieces: list[Piece]) -> None:
    assert {(piece.pixels.shape, piece.pixels.dtype.name) for piece in pieces} == {((SIDE, SIDE, 3), "uint8")}


def test_most_ink_within_a_label_and_hardly_any_just_outside(pieces: list[Piece]) -> None:
    within, outside = [], []
    for piece in pieces:
        grey = piece.pixels[:, :, 0]
        ink = (abs(grey.astype(np.int16) - int(np.median(grey))) > 60).astype(np.uint8)
        label = np.zeros_like(ink)
        for quad in piece.texts:
            cv2.fillPoly(label, [np.round(quad).astype(np.int32)], (1,))
        if label.sum() < 200:
            continue
        around = cv2.dilate(label, np.ones((7, 7), np.uint8)) - label
        within.append(ink[label > 0].mean())
        outside.append(ink[around > 0].mean())
    assert len(within) >= 10
    assert np.median(within) > 3 * np.median(outside)
