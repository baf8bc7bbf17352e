"""Two versions read the same test sets: lines know their drawing, and one detector looks at a sheet once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from containers.training import versions
from containers.training.versions import Detectors, TestSetFolder, compare
from drawing_ocr.annotation import Category, Region
from drawing_ocr.evaluation.matching import Prediction
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.paddleocr import LabelledCrop, LabelledImage, write_detection, write_recognition
from drawing_ocr.reading.detector import Detector

BOX = ((10, 10), (60, 10), (60, 30), (10, 30))


def picture(path: Path, shade: int = 255) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((48, 120, 3), shade, np.uint8))


@pytest.fixture
def dataset(tmp_path: Path) -> TestSetFolder:
    """Two drawings with two lines each, as Prepare writes them."""
    drawings, crops = [], []
    for number, name in enumerate(("a", "b")):
        picture(tmp_path / f"images/{name}.png", shade=250 - number)
        regions = [Region(points=BOX, text=f"{name}{i}", category=Category.DIMENSION) for i in range(2)]
        drawings.append(LabelledImage(f"images/{name}.png", tuple(regions)))
        for i in range(2):
            crop = f"crops/{name}/{i:04d}.png"
            picture(tmp_path / crop)
            crops.append(LabelledCrop(crop, f"{name}{i}"))
    write_detection(tmp_path / "det_val.txt", drawings)
    write_recognition(tmp_path / "rec_val.txt", crops)
    return TestSetFolder(tmp_path, sheets=1)


class Reads:
    """A version that reads what it is told to, in the order in which pictures come."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)

    def read_line(self, crop: Any) -> str:
        assert crop.shape == (48, 120, 3)
        return self._texts.pop(0)

    def read_sheet(self, page: Any) -> list[Prediction]:
        assert page.shape == (48, 120, 3)
        return [Prediction(points=BOX, text="a0")]


def test_lines_of_one_drawing_are_known_to_belong_together(dataset: TestSetFolder) -> None:
    assert [line.drawing for line in dataset.lines] == ["a", "a", "b", "b"]
    assert {line.category for line in dataset.lines} == {Category.DIMENSION}


def test_only_some_sheets_are_read_whole(dataset: TestSetFolder) -> None:
    assert [sheet.picture.name for sheet in dataset.sheets()] == ["a.png"]


def test_lines_that_were_drawn_alone_are_units_of_their_own(tmp_path: Path) -> None:
    for number in range(2):
        picture(tmp_path / f"crops/{number:04d}.png")
    write_recognition(tmp_path / "rec_val.txt", [LabelledCrop(f"crops/{i:04d}.png", "text") for i in range(2)])
    frozen = TestSetFolder(tmp_path, sheets=1)
    assert [line.drawing for line in frozen.lines] == ["0000.png", "0001.png"]
    assert frozen.sheets() == []


def test_a_test_set_without_a_line_is_refused(tmp_path: Path) -> None:
    write_recognition(tmp_path / "rec_val.txt", [])
    with pytest.raises(FormatError, match="no line to judge by: prepare the dataset again"):
        TestSetFolder(tmp_path, sheets=1)


def test_both_versions_are_compared_drawing_by_drawing(dataset: TestSetFolder) -> None:
    new, old = Reads("a0", "a1", "b0", "wrong"), Reads("a0", "wrong", "wrong", "wrong")
    results, lines = compare({"new": dataset}, new, old, threads=1)  # type: ignore[arg-type]
    tested = results["new"]
    assert tested.champion is not None
    assert tested.difference is not None
    assert (tested.challenger.recognition.exact, tested.champion.recognition.exact) == (0.75, 0.25)
    assert tested.difference.exact.value == pytest.approx(0.5)
    assert tested.difference.drawings == 2
    assert tested.difference.exact.verdict == "noise"  # two drawings prove nothing
    assert [(line.challenger, line.champion) for line in lines][1] == ("a1", "wrong")
    assert tested.challenger.detection is not None


def test_without_a_champion_there_is_nothing_to_compare(dataset: TestSetFolder) -> None:
    results, lines = compare({"new": dataset}, Reads("a0", "a1", "b0", "b1"), None, threads=1)  # type: ignore[arg-type]
    assert results["new"].challenger.recognition.exact == 1
    assert (results["new"].champion, results["new"].difference, lines) == (None, None, [])


def test_versions_of_one_detector_look_at_a_sheet_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    opened: list[Path] = []

    def look(_: Detector, page: Any) -> Any:
        looked.append(int(page[0, 0, 0]))
        return np.zeros((0, 4, 2), np.float32)

    monkeypatch.setattr(Detector, "detect", look)
    monkeypatch.setattr(versions, "Session", lambda path, threads: opened.append(path))  # noqa: ARG005
    detectors = Detectors()
    same, again = detectors.of(tmp_path / "new", "one sum"), detectors.of(tmp_path / "old", "one sum")
    other = detectors.of(tmp_path / "other", "another sum")
    pages = [np.full((8, 8, 3), shade, np.uint8) for shade in (1, 2)]
    for page in pages:
        same.detect(page)
        again.detect(page.copy())
    other.detect(pages[0])
    assert looked == [1, 2, 1]
    assert [path.parts[-3] for path in opened] == ["new", "other"]
