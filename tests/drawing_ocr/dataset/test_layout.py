"""Where things lie in a dataset, and reading one back."""

from pathlib import Path

import pytest

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.dataset.layout import crop_path, file_stem, image_path, read_lines
from drawing_ocr.dataset.split import Split
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.paddleocr import LabelledCrop, LabelledImage, write_detection, write_recognition
from tests.drawing_ocr.labels import rectangle, region


def drawing(image: str, version_id: str | None = None) -> Annotation:
    return Annotation(image=image, version_id=version_id, width=9, height=9)


def test_a_picture_and_its_crops_share_a_stem() -> None:
    stem = file_stem(drawing("s3://b/labels/1/images/A-100.PNG"))
    assert stem.startswith("A-100-")
    picture = image_path(drawing("s3://b/labels/1/images/A-100.PNG"), replay=False)
    assert picture == f"images/{stem}.png"
    assert crop_path(picture, 7) == f"crops/{stem}/0007.png"
    replayed = image_path(drawing("s3://b/labels/1/images/A-100.PNG"), replay=True)
    assert crop_path(replayed, 7) == f"crops/replay/{stem}/0007.png"


def test_namesakes_and_versions_have_files_of_their_own() -> None:
    drawings = [drawing("s3://b/1/x.png"), drawing("s3://b/2/x.png"), drawing("s3://b/1/x.png", "v2")]
    assert len({file_stem(each) for each in drawings}) == 3


def test_lines_are_read_with_their_category_and_origin(tmp_path: Path) -> None:
    regions = (region("1", rectangle(0, 0, 9, 9), Category.TABLE), region("M8", rectangle(0, 0, 9, 9), Category.SYMBOL))
    write_detection(
        tmp_path / "det_train.txt",
        [LabelledImage("images/a.png", regions), LabelledImage("images/replay/a.png", regions[::-1])],
    )
    crops = [
        LabelledCrop(path, text)
        for path, text in [
            ("crops/a/0001.png", "M8"),
            ("crops/replay/a/0000.png", "M8"),
            ("crops/replay/a/0001.png", "1"),
        ]
    ]
    write_recognition(tmp_path / "rec_train.txt", crops)
    lines = read_lines(tmp_path, Split.TRAIN)
    assert [(line.text, line.category, line.replay) for line in lines] == [
        ("M8", Category.SYMBOL, False),
        ("M8", Category.SYMBOL, True),
        ("1", Category.TABLE, True),
    ]
    assert lines[0].crop == tmp_path / "crops" / "a" / "0001.png"


def test_single_lines_without_drawings_are_text(tmp_path: Path) -> None:
    write_recognition(tmp_path / "rec_val.txt", [LabelledCrop("crops/0000.png", "GEAR")])
    assert [line.category for line in read_lines(tmp_path, Split.VAL)] == [Category.TEXT]


def test_a_dataset_without_its_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"rec_val\.txt: cannot be read"):
        read_lines(tmp_path, Split.VAL)
