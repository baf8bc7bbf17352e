"""The page and the command write the same label files, byte for byte (formats.test.ts reads the same examples)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drawing_ocr.annotation import Annotation
from drawing_ocr.formats.csv import csv_text, parse_csv
from drawing_ocr.formats.ground_truth import output_manifest_text, parse_output_manifest
from drawing_ocr.formats.labelme import labelme_text, parse_labelme
from drawing_ocr.formats.paddleocr import (
    LabelledCrop,
    LabelledImage,
    detection_text,
    parse_detection,
    parse_ppocrlabel,
    parse_recognition,
    ppocrlabel_text,
    recognition_text,
)

EXAMPLES = Path(__file__).parent / "formats"


def example(name: str) -> str:
    return (EXAMPLES / name).read_bytes().decode()


@pytest.fixture(scope="module")
def picture() -> Annotation:
    return Annotation.parse(json.loads(example("picture.json")), where="picture.json")


@pytest.fixture(scope="module")
def image(picture: Annotation) -> LabelledImage:
    return LabelledImage(picture.image, picture.regions)


def test_the_labelme_file_of_the_page_is_the_commands(picture: Annotation) -> None:
    assert labelme_text(picture) == example("labelme.json")
    assert parse_labelme(example("labelme.json"), where="x") == picture


def test_the_detection_list_of_the_page_is_the_commands(image: LabelledImage) -> None:
    assert detection_text([image]) == example("det.txt")
    assert parse_detection(example("det.txt"), where="x") == [image]


def test_the_label_txt_of_the_page_is_the_commands(image: LabelledImage) -> None:
    assert ppocrlabel_text([image]) == example("Label.txt")
    assert parse_ppocrlabel(example("Label.txt"), where="x") == [image]


def test_the_recognition_list_of_the_page_is_the_commands(picture: Annotation) -> None:
    readable = [region for region in picture.regions if not region.ignore]
    crops = [LabelledCrop(f"crops/blatt/{index}.png", region.text) for index, region in enumerate(readable)]
    assert recognition_text(crops) == example("rec.txt")
    assert parse_recognition(example("rec.txt"), where="x") == crops


def test_the_table_of_the_page_is_the_commands(picture: Annotation) -> None:
    known = picture.model_copy(update={"version_id": "3sL4kqtJlcpXroDTDmJ"})
    assert csv_text([known]) == example("labels.csv")
    assert parse_csv(example("labels.csv"), where="x") == [known]


def test_the_output_manifest_of_the_page_is_the_commands(picture: Annotation) -> None:
    known = picture.model_copy(update={"version_id": "3sL4kqtJlcpXroDTDmJ"})
    created = datetime(2026, 11, 21, 8, 0, 0, 125_000, UTC)
    assert output_manifest_text([known], job="shafts", created=created) == example("output.manifest")
    assert parse_output_manifest(example("output.manifest"), where="x") == [known]
