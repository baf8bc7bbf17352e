"""`models import-official`: regression set, replay batch and version 1, each put into an account only once."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cli import official
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import RunManifest, write_manifest
from drawing_ocr.models.package import DetectorInfo, PackageInfo, RecogniserInfo, file_sha256
from drawing_ocr.synthesis.batch import write_png
from tests.cli.world import BUCKET, World


@pytest.fixture(autouse=True)
def small_material(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A regression set of one line, a replay batch of one page, a package that is only named."""
    white = np.full((100, 200), 255, np.uint8)
    (tmp_path / "regression" / "crops").mkdir(parents=True)
    write_png(tmp_path / "regression" / "crops" / "0.png", white)
    (tmp_path / "regression" / "rec_val.txt").write_text("crops/0.png\ttext\n")
    (tmp_path / "replay" / "images").mkdir(parents=True)
    write_png(tmp_path / "replay" / "images" / "page.png", white)
    page = {"image": "images/page.png", "width": 200, "height": 100, "regions": []}
    write_manifest(tmp_path / "replay" / "manifest.jsonl", [Annotation.parse(page, where="test")])
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"package")
    info = PackageInfo(
        name="official-pp-ocrv6-small",
        created=datetime.now(UTC),
        detector=DetectorInfo(architecture="PP-OCRv6_small_det", sha256="1"),
        recogniser=RecogniserInfo(architecture="PP-OCRv6_small_rec", sha256="2", characters=3),
    )
    monkeypatch.setattr(official, "_cached", lambda name, _: tmp_path / name)
    monkeypatch.setattr(official, "official_package", lambda _: archive)
    monkeypatch.setattr("drawing_ocr.models.package.read_info", lambda _: info)


def objects(world: World) -> dict[str, str]:
    listed = world.client("s3").list_objects_v2(Bucket=BUCKET)
    return {item["Key"]: item["ETag"] for item in listed["Contents"]}


def test_version_1_waits_for_approval_and_knows_what_it_learned_from(world: World) -> None:
    answer = world.answer("models", "import-official")
    version = answer["version"]
    assert answer["new"] is True
    assert (version["version"], version["state"], version["parent"]) == (1, "PendingManualApproval", None)
    assert version["metadata"]["package_sha256"] == file_sha256(official.official_package(print))
    run = RunManifest.parse(world.environment.read_object(version["data"]), where="run.json")
    manifest = world.environment.read_object(run.manifests[0].uri)
    assert json.loads(manifest)["image"].startswith(f"s3://{BUCKET}/datasets/official/replay/images/")


def test_nothing_lands_below_labels_where_it_would_start_a_training(world: World) -> None:
    world.answer("models", "import-official")
    assert not [key for key in objects(world) if key.startswith("labels/")]
    assert "datasets/regression/rec_val.txt" in objects(world)


def test_a_second_import_changes_nothing(world: World) -> None:
    world.answer("models", "import-official")
    before = objects(world)
    answer = world.answer("models", "import-official")
    assert answer["new"] is False
    assert answer["version"]["version"] == 1
    assert objects(world) == before
    assert len(world.answer("models", "list")["versions"]) == 1
