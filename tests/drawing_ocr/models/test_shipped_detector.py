"""The shipped detector: half precision says the same, the record is true, and what it promises is better."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from drawing_ocr.models import package, shipped_detector
from drawing_ocr.models.official import import_detector


def test_half_precision_says_what_full_precision_says(tmp_path: Path) -> None:
    detector = import_detector()
    shipped_detector.keep(detector, tmp_path)
    paddle.seed(3)
    picture = paddle.rand([1, 3, 96, 96]) * 2 - 1
    with paddle.no_grad():
        full = detector.probability(picture).numpy()
        half = shipped_detector.load(tmp_path).probability(picture).numpy()
    assert half == pytest.approx(full, abs=0.02)
    assert np.isfinite(half).all()


def test_what_is_shipped_is_what_its_record_says() -> None:
    record = shipped_detector.read_record()
    assert package.file_sha256(shipped_detector.FOLDER / shipped_detector.WEIGHTS) == record.weights_sha256
    assert record.pieces > 1000


def test_the_shipped_detector_was_measured_to_find_more_and_to_invent_less_than_the_official_one() -> None:
    record = shipped_detector.read_record()
    assert record.trained.hmean > record.official.hmean
    assert record.trained.exact_f1 > record.official.exact_f1
    assert record.trained.false_per_megapixel <= 0.1 < record.official.false_per_megapixel


def test_the_shipped_detector_is_not_the_official_one() -> None:
    trained, official = shipped_detector.load().network.state_dict(), import_detector().network.state_dict()
    assert trained.keys() == official.keys()
    assert any(not np.allclose(trained[name].numpy(), official[name].numpy(), atol=1e-3) for name in official)
