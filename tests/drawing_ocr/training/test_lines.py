from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drawing_ocr.text import Charset
from drawing_ocr.training.lines import TrainingDataError, read_guard_lines, read_lines, sample


@pytest.fixture
def copy(dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dataset, tmp_path / "dataset"))


def charset(dataset: Path) -> Charset:
    return Charset.load(dataset / "dict.txt")


def test_lines_come_with_their_width_at_48_pixels(dataset: Path) -> None:
    lines = read_lines(dataset, "rec_train.txt", charset(dataset))
    height, width = lines[0].pixels().shape[:2]
    assert len(lines) == 32
    assert lines[0].width == round(48 * width / height)


def test_training_looks_at_every_second_line_of_the_regression_set_only(dataset: Path) -> None:
    whole = read_lines(dataset, "rec_val.txt", charset(dataset))
    assert read_guard_lines(dataset, charset(dataset)) == [whole[0], whole[2], whole[4], whole[6]]


def test_a_missing_picture_is_named(copy: Path) -> None:
    (copy / "crops" / "train-3.png").unlink()
    with pytest.raises(TrainingDataError, match=r"train-3\.png: cannot be opened"):
        read_lines(copy, "rec_train.txt", charset(copy))


def test_a_damaged_picture_is_named_when_it_is_read(copy: Path) -> None:
    file = copy / "crops" / "train-0.png"
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(TrainingDataError, match=r"train-0\.png: cannot be"):
        read_lines(copy, "rec_train.txt", charset(copy))[0].pixels()


def test_a_character_outside_the_dictionary_is_named(copy: Path) -> None:
    with pytest.raises(TrainingDataError, match="'⌀' is not in dict"):
        read_lines(copy, "rec_train.txt", Charset(tuple("0123456789.R")))


def test_an_empty_list_is_refused(copy: Path) -> None:
    (copy / "rec_val.txt").write_text("", "utf-8")
    with pytest.raises(TrainingDataError, match=r"rec_val\.txt: no line in it"):
        read_lines(copy, "rec_val.txt", charset(copy))


def test_a_sample_is_the_same_for_the_same_seed(dataset: Path) -> None:
    lines = read_lines(dataset, "rec_train.txt", charset(dataset))
    assert sample(lines, 10, seed=1) == sample(lines, 10, seed=1)
    assert len(sample(lines, 10, seed=1)) == 10
    assert sample(lines, 100, seed=1) == lines
