from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from drawing_ocr.annotation import Category
from drawing_ocr.drawing import Drawing
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.formats.paddleocr import read_ppocrlabel
from drawing_ocr.output.writing import FORMATS, FormatUnknown, write
from drawing_ocr.reading.image import ImageError, Limits
from drawing_ocr.reading.result import ReadingResult
from drawing_ocr.sources.opening import open_file
from drawing_ocr.sources.page import SourcePage
from tests.drawing_ocr.output.world import SIZE, box, drawing, text


@pytest.fixture
def two_pages(tmp_path: Path) -> Drawing:
    note = text("A < B & \u0001 C", box(50, 300, 200, 20), Category.TEXT, confidence=0.5)
    return drawing(tmp_path, [text("⌀50 H7", box(50, 50, 90, 20)), note], [text("R5", box(50, 90, 40, 20))])


def test_every_format_writes_its_files_and_nothing_else(two_pages: Drawing, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = write(two_pages, out, list(FORMATS))
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()) == [
        "labelme/plate-2.json",
        "labelme/plate-2.png",
        "labelme/plate.json",
        "labelme/plate.png",
        "plate-2.balloons.png",
        "plate-2.png",
        "plate-2.svg",
        "plate.balloons.png",
        "plate.csv",
        "plate.json",
        "plate.pdf",
        "plate.png",
        "plate.svg",
        "plate.xlsx",
        "ppocrlabel/plate/Label.txt",
        "ppocrlabel/plate/plate-2.png",
        "ppocrlabel/plate/plate.png",
    ]
    assert sorted(written) == sorted(path for path in out.rglob("*") if path.is_file())


def test_the_answer_is_a_reading_result_with_millimetres(two_pages: Drawing, tmp_path: Path) -> None:
    (file,) = write(two_pages, tmp_path / "out", ["json"])
    content = json.loads(file.read_text())
    assert ReadingResult.model_validate(content) == two_pages.result
    assert content["sheets"] == [{"width": 900, "height": 600, "dpi": 200}] * 2
    assert content["predictions"][0]["box_mm"][0] == [6.35, 6.35]


def test_without_a_resolution_there_are_no_millimetres(tmp_path: Path) -> None:
    read = drawing(tmp_path, [text("R5", box(50, 90, 40, 20))], dpi=None)
    (file,) = write(read, tmp_path / "out", ["json"])
    content = json.loads(file.read_text())
    assert "box_mm" not in content["predictions"][0]
    assert content["sheets"] == [{"width": 900, "height": 600}]


def test_labels_come_back_from_both_tools_with_their_pictures(two_pages: Drawing, tmp_path: Path) -> None:
    write(two_pages, tmp_path / "out", ["labelme", "ppocrlabel"])
    labelme = read_labelme(tmp_path / "out" / "labelme" / "plate.json")
    first, second = read_ppocrlabel(tmp_path / "out" / "ppocrlabel" / "plate" / "Label.txt")
    wanted = [(item.text, item.category, item.box) for item in two_pages.on_page(1)]
    assert [(item.text, item.category, item.points) for item in labelme.regions] == wanted
    assert [(item.text, item.category, item.points) for item in first.regions] == wanted
    assert (first.image, second.image) == ("plate/plate.png", "plate/plate-2.png")
    assert Image.open(labelme.image).size == SIZE


def test_the_svg_is_well_formed_and_holds_texts_as_text(two_pages: Drawing, tmp_path: Path) -> None:
    write(two_pages, tmp_path / "out", ["svg"])
    root = ElementTree.parse(tmp_path / "out" / "plate.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert [each.text for each in root.iter(f"{space}text")] == ["⌀50 H7", "A < B &  C?"]
    assert root.attrib["width"] == "114.30mm"
    assert next(root.iter(f"{space}polygon")).attrib["points"] == "50.0,50.0 140.0,50.0 140.0,70.0 50.0,70.0"


def test_a_drawing_that_cannot_be_written_whole_leaves_nothing(two_pages: Drawing, tmp_path: Path) -> None:
    two_pages.path.unlink()
    with pytest.raises(ImageError, match=r"plate\.tif"):
        write(two_pages, tmp_path / "out", ["json", "png"])
    assert list((tmp_path / "out").iterdir()) == []


def test_several_formats_open_the_file_once(
    two_pages: Drawing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def counted(path: Path, limits: Limits) -> Iterator[SourcePage]:
        opened.append(path)
        return open_file(path, limits)

    monkeypatch.setattr("drawing_ocr.drawing.open_file", counted)
    write(two_pages, tmp_path / "out", ["json", "csv"])
    assert opened == []
    write(two_pages, tmp_path / "out", ["json", "png", "svg", "labelme"])
    assert opened == [two_pages.path]


def test_an_unknown_format_names_those_that_are_known(two_pages: Drawing, tmp_path: Path) -> None:
    with pytest.raises(FormatUnknown, match="format 'docx' is not known: use json, csv, labelme"):
        write(two_pages, tmp_path / "out", ["json", "docx"])
    assert not (tmp_path / "out").exists()
