"""Batches: pictures and manifest on disk, the same bytes for the same seed."""

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.synthesis import batch
from drawing_ocr.synthesis.batch import BatchError, write_batch
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from drawing_ocr.synthesis.structure import Sheet, Structure
from drawing_ocr.synthesis.style import PLOTTED, SheetStyle
from drawing_ocr.text import canonical

SMALL = SheetStyle(width=(900, 1000))


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_batch_is_pictures_and_a_manifest_that_names_them(tmp_path: Path) -> None:
    manifest = write_batch(tmp_path / "batch", 3, seed=1, style=SMALL)
    loaded = load_manifest(str(manifest))
    assert not loaded.rejected
    assert len(loaded.annotations) == 3
    for annotation in loaded.annotations:
        picture = cv2.imread(annotation.image, cv2.IMREAD_UNCHANGED)
        assert picture.shape == (annotation.height, annotation.width)
        assert len(annotation.regions) > 10
    assert len(content(tmp_path / "batch")) == 5


def test_pictures_of_different_batches_have_different_names(tmp_path: Path) -> None:
    names = [
        {Path(a.image).name for a in load_manifest(str(write_batch(tmp_path / str(seed), 2, seed, SMALL))).annotations}
        for seed in (1, 2)
    ]
    assert not names[0] & names[1]


def test_the_bytes_depend_on_the_seed_and_not_on_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 6
    monkeypatch.setattr(batch, "_WORTH_A_PROCESS", count)
    for name, seed, processes in (("one", 4, 1), ("two", 4, 2), ("other", 5, 1)):
        write_batch(tmp_path / name, count, seed, SMALL, processes=processes)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert content(tmp_path / "one") != content(tmp_path / "other")


def test_wrong_labels_change_texts_and_nothing_else(tmp_path: Path) -> None:
    right, wrong, half = (
        load_manifest(str(write_batch(tmp_path / str(share), 2, 1, SMALL, share))).annotations
        for share in (0.0, 1.0, 0.5)
    )
    for a, b, c in zip(right, wrong, half, strict=True):
        assert [r.points for r in a.regions] == [r.points for r in b.regions]
        assert all(r.text != s.text for r, s in zip(a.regions, b.regions, strict=True))
        assert all(s.text == canonical(s.text) for s in b.regions)
        changed = np.mean([r.text != s.text for r, s in zip(a.regions, c.regions, strict=True)])
        assert 0.25 < changed < 0.75


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(BatchError, match="is not an empty folder: choose another one or remove it"):
        write_batch(tmp_path, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def _fail_at_the_second(calls: list[int], seed: int, style: SheetStyle) -> Sheet:
    calls.append(seed)
    if len(calls) == 2:
        raise OSError("disk full")
    return draw_structured_sheet(seed, style)


def test_a_batch_that_fails_leaves_nothing_half_written(tmp_path: Path) -> None:
    draw = functools.partial(_fail_at_the_second, [])
    draw.__name__ = "fails"  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="disk full"):
        write_batch(tmp_path / "batch", 3, 1, PLOTTED, draw=draw)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("count", "wrong", "message"), [(0, 0.0, "ask for at least one"), (1, 1.5, "give a number from 0 to 1")]
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, count: int, wrong: float, message: str) -> None:
    with pytest.raises(BatchError, match=message):
        write_batch(tmp_path / "batch", count, 1, wrong_labels=wrong)


def test_the_command_writes_a_batch_and_a_gallery(tmp_path: Path) -> None:
    from drawing_ocr.synthesis.__main__ import app

    out = tmp_path / "batch"
    result = CliRunner().invoke(
        app, ["batch", "--out", str(out), "--count", "2", "--seed", "3", "--style", "details", "--gallery"]
    )
    assert result.exit_code == 0
    annotations = load_manifest(str(out / "manifest.jsonl")).annotations
    page = (out / "gallery.html").read_text()
    assert page.count("<image ") == 2
    assert page.count("<polygon ") == sum(len(annotation.regions) for annotation in annotations)
    again = CliRunner().invoke(app, ["batch", "--out", str(out)])
    assert again.exit_code == 1
    assert "is not an empty folder" in again.output


def test_the_structure_stands_beside_the_labels_sheet_by_sheet(tmp_path: Path) -> None:
    from drawing_ocr.synthesis.held_out.sheet import draw_held_out

    write_batch(tmp_path / "batch", 2, seed=4, draw=draw_held_out, processes=1)
    labelled = load_manifest(str(tmp_path / "batch/manifest.jsonl")).annotations
    lines = (tmp_path / "batch/structure.jsonl").read_text().splitlines()
    told = [Structure.parse(line, where="structure.jsonl") for line in lines]
    assert [structure.image for structure in told] == [f"images/{Path(a.image).name}" for a in labelled]
    for annotation, structure in zip(labelled, told, strict=True):
        assert max(index for dimension in structure.dimensions for index in dimension.regions) < len(annotation.regions)
