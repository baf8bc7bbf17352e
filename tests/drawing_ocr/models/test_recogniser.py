from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import paddle
import pytest

from drawing_ocr.models import package
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.models.derive import write_derived_package
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.text import Charset, CharsetError
from tests.drawing_ocr.models.test_official import lines, run


@pytest.fixture(scope="module")
def recogniser(official: Path) -> Recogniser:
    charset = Charset.load(official / "recogniser" / "dict.txt")
    return Recogniser.load(official / "recogniser" / "weights.pdparams", charset)


def logits(recogniser: Recogniser) -> np.ndarray:
    with paddle.no_grad():
        output: np.ndarray = recogniser.logits(paddle.to_tensor(lines(3))).numpy()
    return output


def test_new_characters_stand_before_the_space_and_change_no_reading(recogniser: Recogniser) -> None:
    known = len(recogniser.charset.characters)
    extended = recogniser.extended(recogniser.charset.extended("⌖⌓"))
    before, after = logits(recogniser), logits(extended)
    assert after.shape[2] == before.shape[2] + 2
    np.testing.assert_allclose(after[..., : known + 1], before[..., : known + 1], atol=1e-4)
    np.testing.assert_allclose(after[..., -1], before[..., -1], atol=1e-4)  # the space
    assert (after[..., known + 1 : known + 3].max(axis=2) < before.max(axis=2)).all()
    assert extended.class_of()["⌖"] == known + 1
    assert extended.class_of()[" "] == known + 3


def test_a_dictionary_that_does_not_begin_with_the_base_is_refused(recogniser: Recogniser) -> None:
    moved = Charset(("⌖", *recogniser.charset.characters))
    with pytest.raises(CharsetError, match=r"dictionary line 1: '⌖' where the base model has '!'"):
        recogniser.extended(moved)


def test_weights_of_another_dictionary_are_refused(official: Path) -> None:
    with pytest.raises(CharsetError, match="the head has 18710 classes, the dictionary asks for 4"):
        Recogniser.load(official / "recogniser" / "weights.pdparams", Charset(("a", "b")))


def test_a_derived_version_is_a_complete_reader_with_its_own_weights(
    official: Path, recogniser: Recogniser, tmp_path: Path
) -> None:
    extended = recogniser.extended(recogniser.charset.extended("⌖"))
    parent, base = package.Parent(sha256="1" * 64), tmp_path / "base"
    shutil.copytree(official, base)
    calibration = package.describe(base, name="base", calibration=Calibration(right=2.0)).calibration
    write_derived_package(base, extended, tmp_path / "new", parent=parent, training={"seed": 1}, metrics={})
    info = package.check_folder(tmp_path / "new")
    assert info.calibration == calibration == Calibration(right=2.0)
    assert info.recogniser.characters == 18_709
    assert info.detector == package.read_info(official).detector
    assert info.parent == parent
    exported = run(tmp_path / "new" / "recogniser" / "inference.onnx", lines(3))
    with paddle.no_grad():
        probabilities = paddle.nn.functional.softmax(paddle.to_tensor(logits(extended)), axis=2).numpy()
    assert np.abs(exported - probabilities).max() <= 1e-4
