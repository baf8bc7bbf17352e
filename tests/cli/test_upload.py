"""A batch into S3: pictures first, the manifest last, nothing ever overwritten."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from cli.errors import OperatorError
from cli.upload import picture_names, upload_batch
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import parse_manifest
from tests.cli.world import BUCKET, World

BOX = ((10, 10), (90, 10), (90, 30), (10, 30))


@pytest.fixture
def drawings(tmp_path: Path) -> list[Annotation]:
    """Three labelled drawings on disk."""
    annotations = []
    for number in range(3):
        path = tmp_path / f"part-{number}.png"
        Image.new("L", (200, 100), 10 * number).save(path)
        regions = [{"points": BOX, "text": f"⌀{number}"}]
        annotations.append(
            Annotation.parse({"image": str(path), "width": 200, "height": 100, "regions": regions}, where="test")
        )
    return annotations


def keys(world: World) -> list[str]:
    listed = world.client("s3").list_objects_v2(Bucket=BUCKET)
    return [item["Key"] for item in listed.get("Contents", [])]


def nothing() -> None:
    """Takes no notice of progress."""


def test_the_manifest_names_every_picture_with_its_version(world: World, drawings: list[Annotation]) -> None:
    uploaded = upload_batch(world.environment, drawings, "march", nothing)
    assert uploaded.manifest == f"s3://{BUCKET}/labels/march/manifest.jsonl"
    batch = parse_manifest(world.environment.read_object(uploaded.manifest), location=uploaded.manifest)
    for original, stored in zip(drawings, batch.annotations, strict=True):
        assert stored.image == f"s3://{BUCKET}/labels/march/images/{Path(original.image).name}"
        found = world.client("s3").get_object(
            Bucket=BUCKET, Key=stored.image.split("/", 3)[3], VersionId=stored.version_id
        )
        assert found["Body"].read() == Path(original.image).read_bytes()
        assert stored.regions == original.regions


def test_a_batch_is_never_overwritten(world: World, drawings: list[Annotation]) -> None:
    upload_batch(world.environment, drawings, "march", nothing)
    before = world.environment.read_object(f"s3://{BUCKET}/labels/march/manifest.jsonl")
    with pytest.raises(OperatorError, match="a batch is never changed: take another name"):
        upload_batch(world.environment, drawings[:1], "march", nothing)
    assert world.environment.read_object(f"s3://{BUCKET}/labels/march/manifest.jsonl") == before


def test_an_interrupted_upload_leaves_no_manifest_and_goes_on_where_it_stopped(
    world: World, drawings: list[Annotation]
) -> None:
    def stop_at_once() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_batch(world.environment, drawings[:2], "march", stop_at_once)
    assert "labels/march/manifest.jsonl" not in keys(world)
    uploaded = upload_batch(world.environment, drawings, "march", nothing)
    assert uploaded.pictures == 3
    # Two were on their way at once when the first arrived.
    assert 1 <= uploaded.kept <= 2


def test_a_picture_that_changed_since_is_uploaded_again(world: World, drawings: list[Annotation]) -> None:
    world.client("s3").put_object(Bucket=BUCKET, Key="labels/march/images/part-0.png", Body=b"old")
    assert upload_batch(world.environment, drawings, "march", nothing).kept == 0


@pytest.mark.parametrize("name", ["", "../up", "a/b", "ä", "x" * 64])
def test_a_name_that_makes_no_folder_is_refused(world: World, drawings: list[Annotation], name: str) -> None:
    with pytest.raises(OperatorError, match="use up to 63 letters"):
        upload_batch(world.environment, drawings, name, nothing)
    assert keys(world) == []


def test_pictures_of_the_same_name_keep_the_folders_that_tell_them_apart() -> None:
    assert picture_names([Path("/a/one.png"), Path("/a/two.png")]) == ["one.png", "two.png"]
    assert picture_names([Path("/a/x/one.png"), Path("/a/y/one.png")]) == ["x/one.png", "y/one.png"]


def test_a_refused_picture_leaves_no_manifest(
    world: World, drawings: list[Annotation], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.client("s3")
    put = client.put_object

    def refuse(**arguments: object) -> object:
        if str(arguments["Key"]).endswith("part-1.png"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        return put(**arguments)

    monkeypatch.setattr(client, "put_object", refuse)
    with pytest.raises(ClientError):
        upload_batch(world.environment, drawings, "march", nothing)
    assert "labels/march/manifest.jsonl" not in keys(world)
