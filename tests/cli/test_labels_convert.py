"""`drawingops labels convert`: every form into every other, and what is said about it."""

import itertools
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import labels_convert
from cli.errors import OperatorError
from cli.labels import read_labels
from cli.labels_convert import Losses, converted
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import write_manifest
from drawing_ocr.formats.registry import FORMATS
from tests.drawing_ocr.labels import sheet_file

READ_BACK = [name for name in FORMATS if name != "recognition"]
TARGETS = {name: form.file_name.replace("*.json", "labelme") for name, form in FORMATS.items()}


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled batch of two sheets with pictures, one region of them unreadable."""
    folder = tmp_path_factory.mktemp("batch")
    one, two = (sheet_file(folder / "images", seed, lines=3) for seed in (1, 2))
    unreadable = two.regions[0].model_copy(update={"ignore": True, "text": ""})
    two = two.model_copy(update={"regions": (unreadable, *two.regions[1:])})
    write_manifest(folder / "manifest.jsonl", [one, two])
    return folder


def labels(path: Path) -> tuple[Annotation, ...]:
    return tuple(sorted(read_labels(path).annotations, key=lambda annotation: annotation.image))


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(READ_BACK, 2)))
def test_every_form_becomes_every_other_and_nothing_is_lost(
    first: str, second: str, batch: Path, tmp_path: Path
) -> None:
    there, back = tmp_path / "there" / TARGETS[first], tmp_path / "back" / TARGETS[second]
    assert converted(batch, there, first).lost == Losses()
    answer = converted(there, back, second)
    assert (answer.drawings, answer.regions, answer.lost) == (2, 6, Losses())
    assert answer.source == FORMATS[first].title
    assert labels(back) == labels(batch)


def test_a_recognition_list_comes_with_its_crops_and_says_what_is_gone(batch: Path, tmp_path: Path) -> None:
    answer = converted(batch, tmp_path / "rec.txt", None)
    lines = [line.split("\t") for line in (tmp_path / "rec.txt").read_text("utf-8").splitlines()]
    assert len(lines) == 5
    assert all((tmp_path / crop).stat().st_size > 0 for crop, _ in lines)
    assert answer.lost == Losses(boxes=6, texts=1, categories=6)
    assert "Lost on the way: 6 boxes, 1 texts, 6 categories" in str(answer.render())


def test_what_the_target_cannot_hold_is_counted(tmp_path: Path) -> None:
    region = {"points": [[1, 1], [30, 1], [30, 9], [1, 9]], "text": "5", "ignore": True}
    line = {"image": "s3://b/x.png", "version_id": "v1", "width": 99, "height": 99, "regions": [region]}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(line))
    assert converted(tmp_path, tmp_path / "table.csv", None).lost == Losses()
    assert converted(tmp_path, tmp_path / "shapes", "labelme").lost == Losses(texts=1, versions=1)


@pytest.mark.parametrize(
    ("target", "form", "reason"),
    [
        ("labels.xml", None, "its name does not say the form: give --to batch, "),
        ("labels.xml", "coco", "--to coco: there is no such form; use batch, "),
        ("there.csv", None, "there.csv is there already"),
    ],
)
def test_an_unusable_target_is_refused(target: str, form: str | None, reason: str, batch: Path, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(OperatorError) as caught:
        converted(batch, tmp_path / target, form)
    assert reason in str(caught.value)
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_broken_line_stops_the_conversion(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text('{"image": "x.png", "width": 9, "height": 9, "regions": [{}]}\n')
    with pytest.raises(OperatorError, match=r"nothing was written: .*manifest\.jsonl line 1"):
        converted(tmp_path, tmp_path / "out.csv", None)
    assert not (tmp_path / "out.csv").exists()


def test_two_pictures_of_one_name_are_not_one_labelme_file(tmp_path: Path) -> None:
    lines = [{"image": f"s3://b/{folder}/x.png", "width": 9, "height": 9, "regions": []} for folder in "ab"]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(OperatorError, match="two pictures are called x"):
        converted(tmp_path, tmp_path / "out", "labelme")


def test_the_command_answers_and_refuses_in_one_line(batch: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    labels_convert.add_to(app)
    runner = CliRunner()
    answer = runner.invoke(app, ["convert", str(batch), str(tmp_path / "labels.csv"), "--json"])
    assert (answer.exit_code, json.loads(answer.stdout)["drawings"]) == (0, 2)
    (tmp_path / "broken.csv").write_text("image\n")
    refused = runner.invoke(app, ["convert", str(tmp_path / "broken.csv"), str(tmp_path / "out.jsonl")])
    assert refused.exit_code == 1
    assert "the column width is missing" in refused.stderr
