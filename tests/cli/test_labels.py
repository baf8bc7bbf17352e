"""Labels on disk, in every form that people bring."""

import json
from pathlib import Path

import pytest
from PIL import Image

from cli.errors import OperatorError
from cli.labels import read_labels, upright_size

BOX = [[10, 10], [90, 10], [90, 30], [10, 30]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one picture, 200 × 100 pixels."""
    Image.new("RGB", (200, 100), "white").save(tmp_path / "bracket.png")
    return tmp_path


def detection_line(image: str) -> str:
    return f"{image}\t{json.dumps([{'transcription': '⌀50', 'points': BOX}])}\n"


def texts(path: Path) -> list[str]:
    return [region.text for annotation in read_labels(path).annotations for region in annotation.regions]


def test_ppocrlabel_names_the_folder_in_each_path(folder: Path) -> None:
    item = {"transcription": "⌀50", "points": BOX, "difficult": False, "key_cls": "dimension"}
    (folder / "Label.txt").write_text(f"{folder.name}/bracket.png\t{json.dumps([item])}\n")
    annotation = read_labels(folder).annotations[0]
    assert annotation.image == str(folder / "bracket.png")
    assert (annotation.width, annotation.height) == (200, 100)
    assert [(region.text, region.category) for region in annotation.regions] == [("⌀50", "dimension")]


def test_paddleocr_lists_of_both_sides_are_one_batch(folder: Path) -> None:
    Image.new("RGB", (200, 100)).save(folder / "flange.png")
    (folder / "det_train.txt").write_text(detection_line("bracket.png"))
    (folder / "det_val.txt").write_text(detection_line("flange.png"))
    assert texts(folder) == ["⌀50", "⌀50"]


def test_labelme_files_find_their_picture_beside_them(folder: Path) -> None:
    shape = {"label": "⌀50", "points": [[10, 10], [90, 30]], "shape_type": "rectangle", "flags": {}}
    document = {"shapes": [shape], "imagePath": "C:\\scans\\other.png", "imageWidth": 200, "imageHeight": 100}
    (folder / "bracket.json").write_text(json.dumps(document))
    (folder / "notes.json").write_text("{}")
    annotation = read_labels(folder).annotations[0]
    assert annotation.image == str(folder / "bracket.png")
    assert annotation.regions[0].text == "⌀50"


def test_a_manifest_gives_its_good_lines_and_its_bad_ones(folder: Path) -> None:
    good = {"image": "bracket.png", "width": 200, "height": 100, "regions": [{"points": BOX, "text": "⌀50"}]}
    bad = {**good, "regions": [{"points": BOX, "text": "⌀50", "category": "colour"}]}
    (folder / "manifest.jsonl").write_text(json.dumps(good) + "\n" + json.dumps(bad) + "\n")
    batch = read_labels(folder)
    assert [annotation.image for annotation in batch.annotations] == [str(folder / "bracket.png")]
    assert "unknown category 'colour'" in batch.rejected[0].reason


def test_the_size_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    picture = Image.new("RGB", (200, 100))
    exif = picture.getexif()
    exif[0x0112] = 6  # stored lying on its side
    picture.save(tmp_path / "photo.jpg", exif=exif)
    assert upright_size(tmp_path / "photo.jpg") == (100, 200)


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({}, "no labels in it; give a folder with manifest.jsonl"),
        ({"Label.txt": ""}, "an empty label list"),
        ({"Label.txt": detection_line("gone.png")}, "its picture gone.png is not there"),
        ({"Label.txt": detection_line("text.png"), "text.png": "no picture"}, "not a picture that can be read"),
        ({"Label.txt": "bracket.png [..]\n"}, "Label.txt line 1"),
    ],
)
def test_what_cannot_be_used_is_named(folder: Path, files: dict[str, str], part: str) -> None:
    for name, content in files.items():
        (folder / name).write_text(content)
    with pytest.raises((OperatorError, ValueError)) as caught:
        read_labels(folder)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no such file or folder"):
        read_labels(tmp_path / "nowhere")
