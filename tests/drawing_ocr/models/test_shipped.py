"""The shipped reader: half precision reads the same, the package is whole and can be trained on, the record is true."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from drawing_ocr.models import package, shipped, shipped_detector
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.models.official import import_detector, official_charset
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.reading.recogniser import Recogniser as Reader
from drawing_ocr.reading.session import Session
from drawing_ocr.synthesis.line import draw_line

MOST_BYTES = 25_000_000


@pytest.fixture(scope="module")
def kept(official: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official networks, kept as if they were the trained ones."""
    folder = tmp_path_factory.mktemp("kept")
    shipped_detector.keep(import_detector(), folder)
    recogniser = Recogniser.load(official / "recogniser" / "weights.pdparams", official_charset())
    record = shipped.Record(
        made_by="a test",
        options={"seed": 1},
        sheets=2,
        lines=3,
        hours=0.5,
        metrics={"trained": {"val": {"exact": 0.5}}},
        weights_sha256=shipped.keep(recogniser, folder),
    )
    shipped.write_record(record, folder)
    return folder


def test_the_package_of_kept_weights_is_a_complete_reader_that_reads_what_full_precision_reads(
    official: Path, kept: Path, tmp_path: Path
) -> None:
    info = package.unpack(shipped.build_shipped_package(tmp_path / "model.tar.gz", kept), tmp_path / "package")
    assert info.name == "drawing-reader-default"
    assert info.training == {"hyperparameters": {"seed": 1}, "dataset": {"sheets": 2, "lines": 3}}
    pencil = Random(7)
    crops = [cv2.cvtColor(draw_line(pencil)[0], cv2.COLOR_GRAY2BGR) for _ in range(60)]
    texts = []
    for folder in (official, tmp_path / "package"):
        session = Session(folder / package.RECOGNISER / package.ONNX_NAME, threads=2)
        reader = Reader(session, official_charset().characters)
        texts.append([line.text for line in reader.read([np.asarray(crop, np.uint8) for crop in crops])])
    assert sum(first == second for first, second in zip(*texts, strict=True)) >= len(crops) - 1


def test_a_calibration_goes_into_the_package_and_one_of_other_weights_does_not(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    shutil.copytree(kept, folder)
    assert shipped.read_calibration(folder) is None
    calibration = Calibration(right=2.0, wrong=0.5, offset=-1.0, lines=9)
    shipped.write_calibration(calibration, folder)
    info = package.read_info(shipped.build_shipped_package(tmp_path / "model.tar.gz", folder))
    assert info.calibration == calibration
    shipped.write_record(shipped.read_record(folder).model_copy(update={"weights_sha256": "another"}), folder)
    assert shipped.read_calibration(folder) is None


def test_the_confidence_of_what_is_shipped_is_calibrated() -> None:
    calibration = shipped.read_calibration()
    assert calibration is not None
    assert calibration.lines > 2_000
    assert calibration(0.9) < 0.8


def test_what_is_shipped_is_what_its_record_says_and_small() -> None:
    record = shipped.read_record()
    assert package.file_sha256(shipped.FOLDER / shipped.WEIGHTS) == record.weights_sha256
    assert sum(path.stat().st_size for path in shipped.FOLDER.iterdir()) <= MOST_BYTES
    assert record.lines > 10_000
    assert shipped.load_recogniser().charset.characters[: len(official_charset().characters)] == (
        official_charset().characters
    )
