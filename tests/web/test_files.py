"""Labels from files of other tools and into them, in the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from drawing_ocr.annotation import Annotation, Region
from drawing_ocr.formats.labelme import labelme_text, read_labelme
from drawing_ocr.formats.paddleocr import (
    LabelledCrop,
    LabelledImage,
    detection_text,
    ppocrlabel_text,
    read_detection,
    read_ppocrlabel,
    read_recognition,
    recognition_text,
)
from drawing_ocr.labelling.task import Task
from tests.web.actions import arrive, label_next
from tests.web.world import World


@pytest.fixture
def task(page: Page, world: World) -> Task:
    """The drawing that is open in the page, with the dialog for label files."""
    arrive(page, world, "ann")
    label_next(page)
    page.get_by_role("button", name="Label files").click()
    page.get_by_role("dialog").wait_for()
    return world.labelling.desks[0].task


def regions(task: Task) -> tuple[Region, ...]:
    return tuple(Region(points=each.points, text=each.text, category=each.category) for each in task.regions)


def saved(page: Page, folder: Path, title: str) -> Path:
    page.get_by_label("Format").select_option(title)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def take_over(page: Page, title: str, path: Path, *, replace: bool = True) -> None:
    page.get_by_label("Format").select_option(title)
    if replace:
        page.get_by_label("What is there already").select_option("is replaced by the file's labels")
    page.get_by_label("Choose a file").set_input_files(path)


def test_the_command_reads_what_the_page_saves(page: Page, task: Task, tmp_path: Path) -> None:
    expected = regions(task)
    assert read_labelme(saved(page, tmp_path, "LabelMe")).regions == expected
    assert read_ppocrlabel(saved(page, tmp_path, "PPOCRLabel (Label.txt)")) == [LabelledImage("sheet-4.png", expected)]
    assert read_detection(saved(page, tmp_path, "PaddleOCR detection")) == [LabelledImage("sheet-4.png", expected)]
    texts = [crop.text for crop in read_recognition(saved(page, tmp_path, "PaddleOCR recognition"))]
    assert texts == [region.text for region in expected]


@pytest.mark.parametrize("title", ["LabelMe", "PPOCRLabel (Label.txt)", "PaddleOCR detection"])
def test_labels_of_a_file_take_the_place_of_those_that_are_there(
    page: Page, task: Task, title: str, tmp_path: Path
) -> None:
    changed = tuple(region.model_copy(update={"text": f"{region.text} x"}) for region in regions(task)[:5])
    size = {"width": task.image.width, "height": task.image.height}
    image = LabelledImage("scans/sheet-4.png", changed)
    content = {
        "LabelMe": labelme_text(Annotation(image=image.image, regions=changed, **size)),
        "PPOCRLabel (Label.txt)": ppocrlabel_text([LabelledImage("other.png", ()), image]),
        "PaddleOCR detection": detection_text([image]),
    }[title]
    path = tmp_path / "labels"
    path.write_text(content, encoding="utf-8")
    take_over(page, title, path)
    expect(page.get_by_role("dialog")).to_contain_text("5 labels taken over from labels.")
    assert read_labelme(saved(page, tmp_path, "LabelMe")).regions == changed


def test_texts_of_a_recognition_list_go_into_the_boxes_that_are_there(page: Page, task: Task, tmp_path: Path) -> None:
    path = tmp_path / "rec.txt"
    path.write_text(recognition_text([LabelledCrop("crops/sheet-4/1.png", "⌀12 H7")]), encoding="utf-8")
    take_over(page, "PaddleOCR recognition", path, replace=False)
    expect(page.get_by_role("dialog")).to_contain_text("taken over from rec.txt.")
    texts = [region.text for region in read_labelme(saved(page, tmp_path, "LabelMe")).regions]
    assert texts == [region.text if index != 1 else "⌀12 H7" for index, region in enumerate(task.regions)]


def test_a_file_of_another_drawing_is_refused_in_one_line_and_changes_nothing(
    page: Page, task: Task, tmp_path: Path
) -> None:
    path = tmp_path / "other.json"
    path.write_text(labelme_text(Annotation(image="x.png", width=10, height=10)), encoding="utf-8")
    take_over(page, "LabelMe", path)
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text(f"10 × 10 pixels; this drawing has {task.image.width} × {task.image.height}")
    assert read_labelme(saved(page, tmp_path, "LabelMe")).regions == regions(task)


def test_an_import_is_undone_as_one_step(page: Page, task: Task, tmp_path: Path) -> None:
    path = tmp_path / "det.txt"
    path.write_text(detection_text([LabelledImage("sheet-4.png", ())]), encoding="utf-8")
    take_over(page, "PaddleOCR detection", path)
    expect(page.get_by_role("dialog")).to_contain_text("0 labels taken over")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("footer.status")).to_contain_text(f"of {len(task.regions)} accepted")
