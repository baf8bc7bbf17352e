"""`models import-shipped`: the reader of the software as the version after the official one, put there only once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import official
from cli.imported import Imported, imported_version
from drawing_ocr.models import standard
from drawing_ocr.models.package import DetectorInfo, PackageInfo, RecogniserInfo
from tests.cli.world import BUCKET, World

REPLAY = f"s3://{BUCKET}/datasets/runs/official/run.json"


@pytest.fixture(autouse=True)
def small_material(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is only named, and an official version without its material."""
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"package")
    info = PackageInfo(
        name="drawing-reader-default",
        created=datetime.now(UTC),
        detector=DetectorInfo(architecture="PP-OCRv6_small_det", sha256="1"),
        recogniser=RecogniserInfo(architecture="PP-OCRv6_small_rec", sha256="2", characters=3),
    )
    monkeypatch.setattr(standard, "standard_package", lambda _: archive)
    monkeypatch.setattr("drawing_ocr.models.package.read_info", lambda _: info)

    def import_official(*_: object) -> Imported:
        found = imported_version(world.environment, "official")
        if found is None:
            world.register(run_id="official", label_manifest=REPLAY)
            found = imported_version(world.environment, "official")
        assert found is not None
        return Imported(reader=official.READER, version=found, new=False)

    monkeypatch.setattr(official, "import_official", import_official)


def test_it_comes_after_the_official_reader_and_is_its_child(world: World) -> None:
    answer = world.answer("models", "import-shipped")
    first, second = sorted(world.answer("models", "list")["versions"], key=lambda item: item["version"])
    assert answer["new"] is True
    assert (second["version"], second["state"]) == (2, "PendingManualApproval")
    assert second["parent"] == first["arn"]
    assert second["metadata"]["run_id"] == f"shipped-{standard.shipped_digest()[:8]}"


def test_whoever_trains_on_top_of_it_repeats_what_the_official_one_learned(world: World) -> None:
    world.answer("models", "import-shipped")
    shown = world.answer("models", "show", "v2")
    assert shown["version"]["metadata"]["replay_manifests"] == REPLAY
    assert [item["name"] for item in shown["lineage"]] == ["v2", "v1"]


def test_a_second_import_changes_nothing(world: World) -> None:
    world.answer("models", "import-shipped")
    again = world.run("models", "import-shipped")
    assert "v2 is the shipped reader already" in again.stdout
    assert len(world.answer("models", "list")["versions"]) == 2
