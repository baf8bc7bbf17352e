"""A dataset is checked, split, mixed, cut and written whole, or not at all."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.build import build_dataset
from drawing_ocr.dataset.check import CheckReport, DatasetRejected
from drawing_ocr.dataset.layout import read_drawings, read_lines
from drawing_ocr.dataset.manifest import ManifestReference, RejectedLine
from drawing_ocr.dataset.split import Split
from drawing_ocr.dataset.summary import DatasetSummary
from drawing_ocr.formats.paddleocr import read_recognition
from drawing_ocr.text import Charset
from tests.drawing_ocr.labels import rectangle, region, sheet_file

CHARSET = Charset(tuple("0123456789"))
LINES = 6  # of a drawn sheet


def sheets(folder: Path, seeds: Iterator[int] | range) -> list[Annotation]:
    return [sheet_file(folder, seed) for seed in seeds]


def build(tmp_path: Path, new: list[Annotation], old: list[Annotation] | None = None, **changed: Any) -> DatasetSummary:
    options: dict[str, Any] = {"replay_ratio": 0.0, "val_ratio": 0.25, "seed": 1}
    return build_dataset(
        new,
        old or [],
        CHARSET,
        tmp_path / "dataset",
        quarantine_dir=tmp_path / "quarantine",
        **options | changed,
    )


def reasons(tmp_path: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((tmp_path / "quarantine" / "reasons.json").read_text("utf-8"))
    return entries


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_dataset_has_paddleocrs_layout(tmp_path: Path) -> None:
    build(tmp_path, sheets(tmp_path / "in", range(8)))
    dataset = tmp_path / "dataset"
    assert sorted(os.listdir(dataset)) == [
        "check.json",
        "crops",
        "dataset.json",
        "det_train.txt",
        "det_val.txt",
        "dict.txt",
        "histogram.png",
        "images",
        "rec_train.txt",
        "rec_val.txt",
        "samples",
    ]
    for side in Split:
        for drawing in read_drawings(dataset, side):
            assert (dataset / drawing.image).is_file()
        for crop in read_recognition(dataset / layout.recognition_list(side)):
            assert cv2.imread(str(dataset / crop.crop)) is not None
    assert cv2.imread(str(dataset / "histogram.png")) is not None
    # What is listed is all there is.
    listed = {crop.crop for side in Split for crop in read_recognition(dataset / layout.recognition_list(side))}
    assert {str(path.relative_to(dataset)) for path in (dataset / "crops").rglob("*.png")} == listed


def test_every_labelled_line_is_on_exactly_one_side(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(8))
    summary = build(tmp_path, new)
    texts = {side: {line.text for line in read_lines(tmp_path / "dataset", side)} for side in Split}
    assert texts[Split.TRAIN] & texts[Split.VAL] == set()
    assert texts[Split.TRAIN] | texts[Split.VAL] == {each.text for drawing in new for each in drawing.regions}
    assert summary.train.drawings + summary.val.drawings == 8
    assert summary.train.lines == summary.train.drawings * LINES


def test_the_same_drawings_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    new, old = sheets(tmp_path / "in", range(6)), sheets(tmp_path / "old", range(20, 26))
    for run in ("a", "b"):
        build(tmp_path / run, new, old, replay_ratio=0.3)
    assert bytes_below(tmp_path / "a" / "dataset") == bytes_below(tmp_path / "b" / "dataset")
    build(tmp_path / "c", new, old, replay_ratio=0.3, seed=2)
    assert bytes_below(tmp_path / "a" / "dataset") != bytes_below(tmp_path / "c" / "dataset")


def test_labels_are_written_in_canonical_form_and_their_new_characters_appended(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(4))
    changed = region("4xø6.6 −0,1", new[0].regions[0].points, Category.SYMBOL)
    new[0] = new[0].model_copy(update={"regions": (changed, *new[0].regions[1:])})
    summary = build(tmp_path, new)
    lines = [line for side in Split for line in read_lines(tmp_path / "dataset", side)]
    assert [line.category for line in lines if line.text == "4×⌀6.6 -0,1"] == [Category.SYMBOL]
    assert summary.new_characters == (",", "-", ".", "×", "⌀")
    assert Charset.load(tmp_path / "dataset" / "dict.txt").characters == (*CHARSET.characters, ",", "-", ".", "×", "⌀")


def test_lines_to_validate_are_cut_alike_and_lines_to_train_on_with_margins_of_their_own(tmp_path: Path) -> None:
    box = rectangle(100, 100, 100, 40)
    same = tuple(region(str(number), box) for number in range(5))
    new = [each.model_copy(update={"regions": same}) for each in sheets(tmp_path / "in", range(4))]
    build(tmp_path, new)
    sizes = {
        side: {cv2.imread(str(line.crop)).shape[:2] for line in read_lines(tmp_path / "dataset", side)}
        for side in Split
    }
    assert sizes[Split.VAL] == {(48, 108)}  # a tenth of the height on each side
    assert len(sizes[Split.TRAIN]) > 5
    assert all(40 <= height <= 64 and 100 <= width <= 124 for height, width in sizes[Split.TRAIN])


def test_check_json_has_paddlex_fields_and_sample_pictures(tmp_path: Path) -> None:
    summary = build(tmp_path, sheets(tmp_path / "in", range(8)))
    check = json.loads((tmp_path / "dataset" / "check.json").read_text("utf-8"))
    assert (check["done_flag"], check["check_pass"], check["dataset_type"]) == (True, True, "MSTextRecDataset")
    assert check["attributes"]["train_samples"] == summary.train.lines
    assert check["attributes"]["val_samples"] == summary.val.lines
    assert check["analysis"] == {"histogram": "histogram.png"}
    for path in check["attributes"]["train_sample_paths"] + check["attributes"]["val_sample_paths"]:
        sample = cv2.imread(str(tmp_path / "dataset" / path))
        assert np.ptp(sample.astype(int), axis=2).max() > 100, "the labelled boxes are drawn in colour"


def test_the_summary_is_read_back_with_its_sources(tmp_path: Path) -> None:
    sources = (ManifestReference(uri="s3://b/labels/1/manifest.jsonl", version_id="v1", etag="e"),)
    summary = build(tmp_path, sheets(tmp_path / "in", range(4)), sources=sources)
    assert summary.sources == sources
    assert DatasetSummary.load(tmp_path / "dataset") == summary
    with pytest.raises(DatasetRejected, match="prepare the dataset first"):
        DatasetSummary.load(tmp_path)


def test_unreadable_regions_are_not_cut_and_stay_in_the_detection_list(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(4))
    first, second, *rest = new[0].regions
    hidden = first.model_copy(update={"ignore": True})
    low = region("99", rectangle(600, 500, 40, 3))
    new[0] = new[0].model_copy(update={"regions": (hidden, second, *rest, low)})
    summary = build(tmp_path, new)
    assert summary.skipped_lines == 1
    texts = [line.text for side in Split for line in read_lines(tmp_path / "dataset", side)]
    assert first.text not in texts
    assert "99" not in texts
    drawings = [drawing for side in Split for drawing in read_drawings(tmp_path / "dataset", side)]
    assert sorted(len(drawing.regions) for drawing in drawings) == [LINES, LINES, LINES, LINES + 1]
    assert sum(each.ignore for drawing in drawings for each in drawing.regions) == 1


def test_the_replay_is_the_wanted_share_of_the_lines(tmp_path: Path) -> None:
    summary = build(
        tmp_path, sheets(tmp_path / "in", range(10)), sheets(tmp_path / "old", range(20, 40)), replay_ratio=0.3
    )
    assert summary.replay_share == pytest.approx(0.3, abs=0.01)
    lines = read_lines(tmp_path / "dataset", Split.TRAIN)
    replayed = [line for line in lines if line.replay]
    assert len(replayed) == summary.replay.lines
    assert all(line.crop.is_relative_to(tmp_path / "dataset" / "crops" / "replay") for line in replayed)
    assert not any(line.replay for line in read_lines(tmp_path / "dataset", Split.VAL))


def test_too_little_old_data_is_used_up(tmp_path: Path) -> None:
    summary = build(
        tmp_path, sheets(tmp_path / "in", range(8)), sheets(tmp_path / "old", range(20, 23)), replay_ratio=0.5
    )
    assert 0 < summary.replay.drawings <= 3
    assert summary.replay_share < 0.5


def test_a_validation_drawing_is_never_replayed_under_another_name(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(8))
    build(tmp_path / "first", new)
    validation = {line.text for line in read_lines(tmp_path / "first" / "dataset", Split.VAL)}
    old = [sheet_file(tmp_path / "old", seed, name=f"archive-{seed}.png") for seed in range(8)]
    summary = build(tmp_path / "second", new, old, replay_ratio=0.5)
    assert {line.text for line in read_lines(tmp_path / "second" / "dataset", Split.TRAIN)} & validation == set()
    assert summary.replay.lines == 0


def test_bad_pictures_of_old_data_are_passed_over(tmp_path: Path) -> None:
    old = sheets(tmp_path / "old", range(20, 40))
    for annotation in old[::2]:
        Path(annotation.image).write_bytes(b"gone bad")
    summary = build(tmp_path, sheets(tmp_path / "in", range(6)), old, replay_ratio=0.3)
    assert summary.replay_share == pytest.approx(0.3, abs=0.01)
    assert summary.quarantined == len(reasons(tmp_path))


def test_a_drawing_in_the_batch_twice_is_used_once_with_its_last_labels(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(6))
    relabelled = new[0].model_copy(update={"regions": new[0].regions[:2]})
    copy = sheet_file(tmp_path / "in", 1, name="copy-of-1.png")
    summary = build(tmp_path, [*new, relabelled, copy])
    assert summary.duplicates == 2
    assert summary.train.lines + summary.val.lines == 6 * LINES - 4
    names = [drawing.image for side in Split for drawing in read_drawings(tmp_path / "dataset", side)]
    assert sum("copy-of-1" in name for name in names) == 1
    assert not any("sheet-1-" in name for name in names)


def test_a_scan_of_a_training_drawing_does_not_validate(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(8))
    build(tmp_path / "first", new)
    trained = read_drawings(tmp_path / "first" / "dataset", Split.TRAIN)[0].image
    seed = int(Path(trained).stem.split("-")[1])
    pixels = cv2.imread(new[seed].image)
    scans = []
    for number in range(12):  # some of the names fall on the validation side
        path = tmp_path / "in" / f"scan-{number}.png"
        cv2.imwrite(str(path), cv2.GaussianBlur(pixels, (0, 0), 0.5 + number / 10))
        scans.append(new[seed].model_copy(update={"image": str(path)}))
    build(tmp_path / "second", [*new, *scans])
    validation = {line.text for line in read_lines(tmp_path / "second" / "dataset", Split.VAL)}
    assert validation
    assert validation & {each.text for each in new[seed].regions} == set()
    check = CheckReport.model_validate_json((tmp_path / "second" / "dataset" / "check.json").read_text())
    assert any("the same drawing" in duplicate.reason for duplicate in check.duplicates)


def test_bad_files_go_to_the_quarantine_with_their_reasons_and_the_rest_is_used(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(20))
    whole = Path(new[0].image).read_bytes()
    Path(new[0].image).write_bytes(whole[: len(whole) // 2])
    Path(new[1].image).unlink()
    line = RejectedLine("m.jsonl", 7, "{nonsense", "m.jsonl line 7: Invalid JSON")
    summary = build(tmp_path, new, rejected=[line])
    assert summary.quarantined == 3
    assert summary.train.drawings + summary.val.drawings == 18
    manifest_line, truncated, missing = reasons(tmp_path)
    assert (manifest_line["line"], manifest_line["content"]) == (7, "{nonsense")
    assert truncated["source"] == new[0].image
    assert "truncated or broken" in truncated["reason"]
    assert (tmp_path / "quarantine" / truncated["file"]).read_bytes() == whole[: len(whole) // 2]
    assert "cannot be fetched" in missing["reason"]
    assert "file" not in missing


def test_too_many_bad_files_leave_only_the_reason(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(8))
    for annotation in new[:2]:
        Path(annotation.image).write_bytes(b"broken")
    with pytest.raises(DatasetRejected, match=r"^2 of 8 drawings are bad \(25%, at most 20% may be\)"):
        build(tmp_path, new)
    assert os.listdir(tmp_path / "dataset") == ["check.json"]
    check = CheckReport.model_validate_json((tmp_path / "dataset" / "check.json").read_text())
    assert not check.check_pass
    assert str(check.err_msg).startswith("2 of 8 drawings are bad")
    assert len(check.quarantined) == len(reasons(tmp_path)) == 2


@pytest.mark.parametrize("count", [0, 1])
def test_a_batch_that_cannot_be_split_is_refused(count: int, tmp_path: Path) -> None:
    with pytest.raises(DatasetRejected, match="at least two"):
        build(tmp_path, sheets(tmp_path / "in", range(count)))


def test_a_batch_without_a_readable_line_is_refused(tmp_path: Path) -> None:
    new = [each.model_copy(update={"regions": ()}) for each in sheets(tmp_path / "in", range(4))]
    with pytest.raises(DatasetRejected, match="no readable line is left to train on"):
        build(tmp_path, new)


def test_a_dataset_is_never_written_over(tmp_path: Path) -> None:
    new = sheets(tmp_path / "in", range(4))
    build(tmp_path, new)
    before = bytes_below(tmp_path / "dataset")
    with pytest.raises(FileExistsError, match="is not empty"):
        build(tmp_path, new)
    assert bytes_below(tmp_path / "dataset") == before


def test_a_crash_leaves_nothing_behind(tmp_path: Path) -> None:
    def crash(location: str, version_id: str | None) -> bytes:
        raise RuntimeError(f"the network is gone at {location} {version_id}")

    with pytest.raises(RuntimeError):
        build(tmp_path, sheets(tmp_path / "in", range(4)), open_image=crash)
    assert os.listdir(tmp_path / "dataset") == []


def test_check_json_appears_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = []
    rename = os.replace

    def record(source: os.PathLike[str], target: os.PathLike[str]) -> None:
        if Path(target).parent == tmp_path / "dataset":
            moved.append(Path(target).name)
        rename(source, target)

    monkeypatch.setattr(os, "replace", record)
    build(tmp_path, sheets(tmp_path / "in", range(4)))
    assert moved[-1] == "check.json"
    assert len(moved) == 11


def test_pictures_are_read_by_location_and_version(tmp_path: Path) -> None:
    new = [
        each.model_copy(update={"image": f"s3://b/{Path(each.image).name}", "version_id": f"v{number}"})
        for number, each in enumerate(sheets(tmp_path / "in", range(4)))
    ]
    asked = set()

    def fetch(location: str, version_id: str | None) -> bytes:
        asked.add((location, version_id))
        return (tmp_path / "in" / location.removeprefix("s3://b/")).read_bytes()

    build(tmp_path, new, open_image=fetch)
    assert asked == {(f"s3://b/sheet-{number}.png", f"v{number}") for number in range(4)}


def test_names_that_are_no_file_names_are_made_safe(tmp_path: Path) -> None:
    names = [f"{number} {'图' * 70}\t..{chr(92)}x?.png" for number in range(4)]
    files = {f"s3://b/{name}": sheet_file(tmp_path / "in", number) for number, name in enumerate(names)}
    new = [annotation.model_copy(update={"image": location}) for location, annotation in files.items()]

    def fetch(location: str, version_id: str | None) -> bytes:
        assert version_id is None
        return Path(files[location].image).read_bytes()

    assert build(tmp_path, new, open_image=fetch).train.lines > 0
    assert read_lines(tmp_path / "dataset", Split.TRAIN)


@pytest.mark.parametrize("ratio", [{"replay_ratio": 1.0}, {"val_ratio": 0.0}])
def test_a_ratio_out_of_range_is_refused(ratio: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ratio"):
        build(tmp_path, sheets(tmp_path / "in", range(4)), **ratio)
    assert os.listdir(tmp_path / "dataset") == []
