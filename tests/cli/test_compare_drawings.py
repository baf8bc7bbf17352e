"""`drawingops models compare --on DIR`: both versions read the same drawings, labels beside them are counted."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from cli import compare_drawings, registry
from drawing_ocr.models import package
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from tests.cli.world import World
from tests.drawing_ocr.reading.world import sheet, write_package

Put = Callable[[str, bytes | str], str]
# What stands at three places of each drawing, and what each version reads there.
LABELS = ("⌀50", "M8", "R12")
READS = {"v1": ("50", "M8", "R12"), "v2": ("⌀50", "M8", "R1Z")}


def place(index: int) -> list[tuple[float, float]]:
    x = 20.0 + 120 * index
    return [(x, 20), (x + 80, 20), (x + 80, 50), (x, 50)]


def picture(path: Path) -> Path:
    image = Image.new("RGB", (400, 80), "white")
    for index, text in enumerate(LABELS):
        ImageDraw.Draw(image).text((30 + 120 * index, 30), text, fill="black")
    image.save(path)
    return path


def labelled(folder: Path, name: str) -> None:
    file = picture(folder / f"{name}.png")
    shapes: list[dict[str, Any]] = [
        {"label": text, "points": place(index), "shape_type": "polygon", "group_id": None, "flags": {}}
        for index, text in enumerate(LABELS)
    ]
    content = {"version": "5", "imagePath": file.name, "imageWidth": 400, "imageHeight": 80, "shapes": shapes}
    file.with_suffix(".json").write_text(json.dumps(content), encoding="utf-8")


class Reader:
    """Reads what it was told to, in every drawing but a broken one."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self._texts = texts

    def read_file(self, path: Path) -> ReadingResult:
        if path.stem == "broken":
            raise ValueError(f"{path}: not a picture")
        predictions = tuple(
            Prediction(box=tuple(place(index)), text=text, confidence=0.9) for index, text in enumerate(self._texts)
        )
        return ReadingResult(predictions=predictions, width=400, height=80, model=ModelName(name="m"))


@pytest.fixture
def versions(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """v1 and v2, imported, with the readers of READS."""
    world.register("Approved")
    world.register("Approved")
    monkeypatch.setattr(compare_drawings, "fetch_package", lambda _, version: Path(version.name))
    monkeypatch.setattr("cli.compare_drawings.Reader.from_package", lambda path: Reader(READS[path.name]))
    return world


def compare(world: World, folder: Path, out: Path) -> Any:
    return world.answer("models", "compare", "v1", "v2", "--on", str(folder), "--out", str(out))


def test_labelled_places_are_counted_with_intervals_over_the_drawings(versions: World, tmp_path: Path) -> None:
    for number in range(8):
        labelled(tmp_path, f"sheet{number}")
    answer = compare(versions, tmp_path, tmp_path / "out")
    rows = {row["figure"]: row for row in answer["rows"]}
    assert {row["test_set"] for row in answer["rows"]} == {"yours"}
    exact = rows["exact match"]
    assert exact["lines"] == 24
    assert (exact["left"], exact["right"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert exact["interval"]["verdict"] == "noise"
    assert rows["exact · symbols diameter"]["interval"]["verdict"] == "better"
    assert rows["exact · symbols radius"]["interval"]["verdict"] == "worse"


def test_what_changed_is_sorted_into_better_and_worse_with_pictures(versions: World, tmp_path: Path) -> None:
    labelled(tmp_path, "sheet")
    answer = compare(versions, tmp_path, tmp_path / "out")
    changes = {change["kind"]: (change["label"], change["left"], change["right"]) for change in answer["on"]["changes"]}
    assert changes == {"better": ("⌀50", "50", "⌀50"), "worse": ("R12", "R12", "R1Z")}
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 2
    assert '<mark class="gap"></mark>50<' in page
    assert "R1<mark>Z</mark>" in page
    assert "Nearer to the label: 1" in page
    assert "Further from the label: 1" in page


def test_without_labels_the_changes_are_shown_and_no_figure_is_made_up(versions: World, tmp_path: Path) -> None:
    picture(tmp_path / "sheet.png")
    answer = compare(versions, tmp_path, tmp_path / "out")
    assert answer["rows"] == []
    assert [(change["left"], change["right"], change["kind"]) for change in answer["on"]["changes"]] == [
        ("50", "⌀50", "different"),
        ("R12", "R1Z", "different"),
    ]


def test_a_drawing_that_cannot_be_read_is_told_and_the_others_are_compared(versions: World, tmp_path: Path) -> None:
    labelled(tmp_path, "sheet")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    answer = compare(versions, tmp_path, tmp_path / "out")
    assert answer["on"]["drawings"] == 1
    assert list(answer["on"]["failed"]) == ["broken.png"]


def test_an_empty_folder_is_refused_in_one_line(versions: World, tmp_path: Path) -> None:
    result = versions.run("models", "compare", "v1", "v2", "--on", str(tmp_path))
    assert result.exit_code == 1
    assert "no picture and no PDF in this folder" in result.stderr


def test_a_package_is_fetched_once_and_its_checksum_compared(
    world: World, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    unpacked: list[Path] = []

    def unpack(archive: Path, folder: Path) -> None:
        unpacked.append(archive)
        folder.mkdir()

    monkeypatch.setattr(package, "unpack", unpack)
    put("models/x/model.tar.gz", b"package")
    world.register("Approved", package_sha256="bc4f")
    version = registry.version(world.environment, "v1")
    with pytest.raises(Exception, match=r"not bc4f as v1: it was changed afterwards"):
        compare_drawings.fetch_package(world.environment, version)
    assert unpacked == []
    good = version.model_copy(update={"metadata": {}})
    first = compare_drawings.fetch_package(world.environment, good)
    assert compare_drawings.fetch_package(world.environment, good) == first
    assert len(unpacked) == 1


def test_two_packages_of_the_registry_read_drawings_and_the_report_shows_each_place_upright(
    world: World, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("confused", "better"):
        folder, archive = write_package(tmp_path / name), tmp_path / f"{name}.tar.gz"
        if name == "confused":  # its dictionary has two digits in each other's place
            dictionary = folder / package.RECOGNISER / package.DICTIONARY_NAME
            content = dictionary.read_text("utf-8").translate(str.maketrans("38", "83"))
            dictionary.write_text(content, "utf-8")
            package.describe(folder, name=name)
        digest = package.pack(folder, archive)
        uri = put(f"models/{name}/model.tar.gz", archive.read_bytes())
        registry.register(world.environment, uri, {"package_sha256": digest}, name)
    drawings = tmp_path / "drawings"
    drawings.mkdir()
    page = sheet({"R35": (60, 40, 0), "M12": (60, 180, 0), "81.05": (300, 40, 90)}, (480, 260))
    cv2.imwrite(str(drawings / "plate.png"), page)
    shapes = [
        {"label": label, "points": points, "shape_type": "polygon"}
        for label, points in {
            "R35": [[56, 36], [190, 36], [190, 88], [56, 88]],
            "M12": [[56, 176], [160, 176], [160, 226], [56, 226]],
            "81.05": [[296, 36], [348, 36], [348, 190], [296, 190]],
        }.items()
    ]
    labels = {"version": "5", "imagePath": "plate.png", "imageWidth": 480, "imageHeight": 260, "shapes": shapes}
    (drawings / "plate.json").write_text(json.dumps(labels), "utf-8")

    answer = compare(world, drawings, tmp_path / "out")
    changes = {each["label"]: (each["left"], each["right"], each["kind"]) for each in answer["on"]["changes"]}
    assert changes == {"R35": ("R85", "R35", "better"), "81.05": ("31.05", "81.05", "better")}
    exact = next(row for row in answer["rows"] if row["figure"] == "exact match")
    assert (exact["lines"], exact["left"], exact["right"]) == (3, pytest.approx(1 / 3), 1.0)
    report = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "R<mark>8</mark>5" in report
    assert "Further from the label: 0" in report
    pictures = [
        cv2.imdecode(np.frombuffer(base64.b64decode(found), np.uint8), cv2.IMREAD_GRAYSCALE)
        for found in re.findall(r"data:image/png;base64,([^\"]+)", report)
    ]
    assert len(pictures) == len(changes)
    for picture in pictures:
        height, width = picture.shape
        assert width > height, "it does not lie"
        assert picture.min() < 100 < 200 < picture.mean(), "dark text on white paper"
