"""PaddleOCR's lists and PPOCRLabel's file, read and written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Category, Region
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.paddleocr import (
    LabelledCrop,
    LabelledImage,
    detection_text,
    parse_detection,
    parse_ppocrlabel,
    parse_recognition,
    ppocrlabel_text,
    read_detection,
    read_ppocrlabel,
    read_recognition,
    recognition_text,
    write_detection,
    write_ppocrlabel,
    write_recognition,
)
from tests.drawing_ocr.labels import any_text, quadrilaterals, readable_text, rectangle, region, regions

paths = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), min_size=1, max_size=12)
images = st.lists(st.builds(LabelledImage, image=paths, regions=st.lists(regions(), max_size=3).map(tuple)), max_size=3)
ignored_with_text = st.builds(Region, points=quadrilaterals(), text=readable_text, ignore=st.just(True))


@given(images)
def test_detection_lists_round_trip(labelled: list[LabelledImage]) -> None:
    assert parse_detection(detection_text(labelled), where="det.txt") == labelled


@given(images, ignored_with_text)
def test_ppocrlabel_files_round_trip_with_the_text_of_ignored_regions(
    labelled: list[LabelledImage], ignored: Region
) -> None:
    labelled = [*labelled, LabelledImage("x.png", (ignored,))]
    assert parse_ppocrlabel(ppocrlabel_text(labelled), where="Label.txt") == labelled


@given(ignored_with_text)
def test_a_detection_list_loses_the_text_of_ignored_regions_and_nothing_else(ignored: Region) -> None:
    (read,) = parse_detection(detection_text([LabelledImage("x.png", (ignored,))]), where="det.txt")
    assert read.regions == (ignored.model_copy(update={"text": ""}),)


line_text = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r"), min_size=1, max_size=12)


@given(st.lists(st.builds(LabelledCrop, crop=paths, text=line_text), max_size=4))
def test_recognition_lists_round_trip(crops: list[LabelledCrop]) -> None:
    assert parse_recognition(recognition_text(crops), where="rec.txt") == crops


def test_the_detection_line_is_what_paddleocr_reads() -> None:
    labelled = LabelledImage("images/a.png", (region("⌀50", rectangle(1, 2, 30, 10.5)),))
    path, payload = detection_text([labelled]).rstrip("\n").split("\t")
    assert path == "images/a.png"
    assert payload == (
        '[{"transcription": "⌀50", "points": [[1, 2], [31, 2], [31, 12.5], [1, 12.5]], "category": "dimension"}]'
    )


def test_hashes_mean_unreadable() -> None:
    line = 'a.png\t[{"transcription": "###", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}]\n'
    for parse in (parse_detection, parse_ppocrlabel):
        (read,) = parse(line, where="x")
        assert read.regions[0].ignore
        assert read.regions[0].text == ""


def test_ppocrlabel_difficult_is_ignored_and_its_class_is_the_category() -> None:
    item = {"transcription": "A", "points": [[0, 0], [9, 0], [9, 9], [0, 9]], "difficult": True, "key_cls": "symbol"}
    (read,) = parse_ppocrlabel(f"dir/a.png\t{json.dumps([item])}\n", where="Label.txt")
    assert (read.regions[0].ignore, read.regions[0].category) == (True, Category.SYMBOL)
    (read,) = parse_ppocrlabel(f"dir/a.png\t{json.dumps([item | {'key_cls': 'None'}])}\n", where="Label.txt")
    assert read.regions[0].category is Category.TEXT


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a.png [no tab]", "not 'picture<TAB>[labels]'"),
        ("a.png\t[{]", "not JSON"),
        ("a.png\t{}", "not a JSON list"),
        ('a.png\t[{"points": []}]', "label 1: transcription missing"),
        ('a.png\t[{"transcription": "1", "points": [[0, 0], [9, 0], [9, 9]]}]', "label 1: points"),
        (
            'a.png\t[{"transcription": "1", "points": [[0,0],[9,0],[9,9],[0,9]], "category": "weld"}]',
            "unknown category 'weld'",
        ),
        ('a.png\t[{"transcription": "", "points": [[0,0],[9,0],[9,9],[0,9]]}]', "the text is empty"),
        ('a.png\t[{"transcription": 5, "points": [[0,0],[9,0],[9,9],[0,9]]}]', "text"),
    ],
)
def test_a_bad_line_is_refused_by_file_and_number(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    path.write_text(f"good.png\t[]\n\n{line}\n", encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        read_detection(path)
    message = str(caught.value)
    assert message.startswith(f"{path} line 3")
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize("line", ["crop.png", "crop.png\t", "\ttext", "crop.png\ta\tb"])
def test_a_bad_recognition_line_is_refused_by_file_and_number(line: str) -> None:
    with pytest.raises(FormatError, match=r"^rec\.txt line 2: not 'crop<TAB>text'"):
        parse_recognition(f"a.png\t1\n{line}\n", where="rec.txt")


@given(any_text.filter(lambda text: not text or any(c in text for c in "\t\n\r")))
def test_a_text_that_breaks_the_line_is_not_written(text: str) -> None:
    with pytest.raises(FormatError, match="recognition list"):
        recognition_text([LabelledCrop("a.png", text)])


def test_a_path_that_breaks_the_line_is_not_written() -> None:
    with pytest.raises(FormatError, match="rename it"):
        detection_text([LabelledImage("a\tb.png", ())])


def test_files_are_written_and_read_by_path(tmp_path: Path) -> None:
    labelled = [LabelledImage("a.png", (region("1", rectangle(0, 0, 9, 9)),))]
    crops = [LabelledCrop("a.png", " 1")]
    write_detection(tmp_path / "det.txt", labelled)
    write_ppocrlabel(tmp_path / "Label.txt", labelled)
    write_recognition(tmp_path / "rec.txt", crops)
    assert read_detection(tmp_path / "det.txt") == read_ppocrlabel(tmp_path / "Label.txt") == labelled
    assert read_recognition(tmp_path / "rec.txt") == crops


def test_a_missing_or_foreign_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.txt: cannot be read"):
        read_recognition(tmp_path / "gone.txt")
    (tmp_path / "gbk.txt").write_bytes("a.png\t直径\n".encode("gbk"))
    with pytest.raises(FormatError, match=r"gbk\.txt: not UTF-8"):
        read_recognition(tmp_path / "gbk.txt")
