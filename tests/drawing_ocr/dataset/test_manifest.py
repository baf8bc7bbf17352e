"""Labelled batches and run manifests."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import (
    ManifestError,
    ManifestReference,
    RunManifest,
    load_manifest,
    manifest_text,
    parse_manifest,
    resolve,
    write_manifest,
)
from tests.drawing_ocr.labels import annotations

BATCH = "s3://bucket/labels/b1/manifest.jsonl"
LINE = (
    '{"image": "images/x.png", "version_id": null, "width": 100, "height": 80, "regions": [{"points": '
    '[[1, 2], [31, 2], [31, 12], [1, 12]], "text": "⌀50", "category": "dimension", "ignore": false}]}'
)


@given(st.lists(annotations(), min_size=1, max_size=3))
def test_batches_round_trip(batch: list[Annotation]) -> None:
    read = parse_manifest(manifest_text(batch), location=BATCH)
    assert read.annotations == tuple(batch)
    assert read.rejected == ()


def test_the_bytes_are_the_contract(tmp_path: Path) -> None:
    write_manifest(tmp_path / "manifest.jsonl", [Annotation.parse(LINE, where="x")])
    (line,) = (tmp_path / "manifest.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == json.loads(LINE)
    assert "⌀" in line


@pytest.mark.parametrize(
    ("image", "manifest", "location"),
    [
        ("images/x.png", BATCH, "s3://bucket/labels/b1/images/x.png"),
        ("../b0/x.png", BATCH, "s3://bucket/labels/b0/x.png"),
        ("s3://other/x.png", BATCH, "s3://other/x.png"),
        ("images/x.png", "/data/b/manifest.jsonl", "/data/b/images/x.png"),
        ("images/x.png", "b/manifest.jsonl", "b/images/x.png"),
        ("x.png", "manifest.jsonl", "x.png"),
        ("/abs/x.png", "/data/manifest.jsonl", "/abs/x.png"),
    ],
)
def test_relative_pictures_are_found_from_their_manifest(image: str, manifest: str, location: str) -> None:
    assert resolve(image, manifest) == location


def test_bad_lines_are_rejected_by_number_and_the_others_kept() -> None:
    outside = LINE.replace("[31, 2], [31, 12]", "[131, 2], [131, 12]")
    batch = parse_manifest(f"{LINE}\n\nnonsense\n{outside}\n{LINE}", location=BATCH)
    assert len(batch.annotations) == 2
    assert [line.line for line in batch.rejected] == [3, 4]
    assert batch.rejected[0].content == "nonsense"
    assert "outside its page" in batch.rejected[1].reason
    assert all(line.reason.startswith(f"{BATCH} line ") and "\n" not in line.reason for line in batch.rejected)


@pytest.mark.parametrize("content", ["", "\n \n", b"\xef\xbb\xbf\n"])
def test_an_empty_batch_is_refused(content: str | bytes) -> None:
    with pytest.raises(ManifestError, match="an empty batch"):
        parse_manifest(content, location=BATCH)


def test_another_encoding_is_refused() -> None:
    with pytest.raises(ManifestError, match="not UTF-8"):
        parse_manifest(LINE.encode("utf-16"), location=BATCH)


def test_pictures_and_manifests_come_from_whoever_fetches_them() -> None:
    asked = []

    def fetch(location: str, version_id: str | None) -> bytes:
        asked.append((location, version_id))
        return LINE.encode()

    assert load_manifest(BATCH, fetch, "v1").annotations[0].image == "s3://bucket/labels/b1/images/x.png"
    assert asked == [(BATCH, "v1")]


def test_a_manifest_that_points_to_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.jsonl: cannot be read \(No such file or directory\)"):
        load_manifest(str(tmp_path / "manifest.jsonl"))


def test_the_run_manifest_round_trips_in_the_form_of_the_contract(tmp_path: Path) -> None:
    run = RunManifest(
        run_id="2026-11-21-a", manifests=(ManifestReference(uri=BATCH, version_id="v", etag="e"),), reason="new labels"
    )
    run.save(tmp_path / "run.json")
    assert RunManifest.load(str(tmp_path / "run.json")) == run
    written = json.loads((tmp_path / "run.json").read_text())
    assert list(written) == ["schema", "run_id", "created", "manifests", "reason"]
    assert written["manifests"] == [{"uri": BATCH, "version_id": "v", "etag": "e"}]
    assert written["schema"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "Invalid JSON"),
        (
            '{"schema": 2, "run_id": "a", "created": "2026-11-21T00:00:00Z", "manifests": []}',
            "schema: Input should be 1",
        ),
        ('{"schema": 1, "run_id": "a", "manifests": [{"uri": ""}]}', r"manifests\[0\]\.uri"),
        ('{"schema": 1, "run_id": "a"}', "manifests: Field required"),
    ],
)
def test_a_bad_run_manifest_is_refused_in_one_line(content: str, reason: str) -> None:
    with pytest.raises(ManifestError, match=rf"^run\.json: [^\n]*{reason}[^\n]*$"):
        RunManifest.parse(content, where="run.json")
