"""Where the drawings of a batch come from: prefixes, manifests of two kinds, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.batch import source
from cli.batch.platform import BatchPlatform, batch_platform
from cli.errors import OperatorError
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.manifest import manifest_text
from tests.cli.batch.conftest import png
from tests.cli.world import BUCKET, World

Put = Callable[[str, bytes | str], str]


@pytest.fixture
def platform(world: World) -> BatchPlatform:
    return batch_platform(world.environment)


def names(world: World, platform: BatchPlatform, uri: str) -> dict[str, str]:
    """Keys by name of the drawings of `uri`."""
    return {drawing.name: drawing.key for drawing in source.in_bucket(world.environment, platform, uri)}


def test_a_prefix_is_every_picture_below_it_called_by_what_follows(
    world: World, platform: BatchPlatform, put: Put
) -> None:
    for key in ("drawings/a/x.png", "drawings/a/b/y.PDF", "drawings/a/notes.txt", "drawings/ab.tif", "drawings/z.png"):
        put(key, png())
    assert names(world, platform, f"s3://{BUCKET}/drawings/a/") == {
        "x.png": "drawings/a/x.png",
        "b/y.PDF": "drawings/a/b/y.PDF",
    }
    assert set(names(world, platform, f"s3://{BUCKET}/drawings/a")) == {"a/x.png", "a/b/y.PDF", "ab.tif"}


def test_a_labelled_batch_is_a_manifest(world: World, platform: BatchPlatform, put: Put) -> None:
    put("labels/one/images/x.png", png())
    annotation = Annotation(image="images/x.png", width=200, height=100, regions=())
    uri = put("labels/one/manifest.jsonl", manifest_text([annotation]))
    assert names(world, platform, uri) == {"x.png": "labels/one/images/x.png"}


def test_sagemakers_own_manifest_is_one_too_and_a_missing_object_is_a_problem_of_its_own(
    world: World, platform: BatchPlatform, put: Put
) -> None:
    put("drawings/a/x.png", png())
    uri = put("drawings/all.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/drawings/"}, "a/x.png", "b/gone.png"]))
    found = {item.name: item.problem for item in source.in_bucket(world.environment, platform, uri)}
    assert found == {"a/x.png": None, "b/gone.png": "there is no such object; the manifest names it"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '["a.png"]',
        '[{"prefix": "s3://b/"}]',
        '[{"other": "x"}, "a.png"]',
        '[{"prefix": "s3://b/"}, 5]',
    ],
)
def test_what_is_no_manifest_is_refused_with_the_form(
    world: World, platform: BatchPlatform, put: Put, content: str
) -> None:
    uri = put("drawings/all.manifest", content)
    with pytest.raises(OperatorError, match=r"all\.manifest: (not a manifest|names no drawing): write \[\{"):
        source.in_bucket(world.environment, platform, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://another-bucket/drawings/",
        f"s3://{BUCKET}/models/",
        f"s3://{BUCKET}/drawings-of-others/",
        f"s3://{BUCKET}/datasets/all.manifest",
    ],
)
def test_what_the_jobs_may_not_read_is_refused_with_where_to_put_it(
    world: World, platform: BatchPlatform, uri: str
) -> None:
    with pytest.raises(OperatorError, match=f"copy the drawings below s3://{BUCKET}/drawings/ or"):
        source.in_bucket(world.environment, platform, uri)


def test_a_manifest_cannot_lead_out_of_what_the_jobs_may_read(world: World, platform: BatchPlatform, put: Put) -> None:
    uri = put("drawings/all.manifest", json.dumps([{"prefix": f"s3://{BUCKET}/"}, "models/secret.png"]))
    with pytest.raises(OperatorError, match=r"models/secret\.png: the jobs may not read there"):
        source.in_bucket(world.environment, platform, uri)


def test_a_name_that_would_leave_the_folder_of_results_is_refused(
    world: World, platform: BatchPlatform, put: Put
) -> None:
    put("drawings/a/../../x.png", png())
    with pytest.raises(OperatorError, match="cannot become a file's name here"):
        source.in_bucket(world.environment, platform, f"s3://{BUCKET}/drawings/a/")


def test_an_empty_prefix_and_an_absent_manifest_are_said(world: World, platform: BatchPlatform) -> None:
    with pytest.raises(OperatorError, match="drawings/none/: no drawing there"):
        source.in_bucket(world.environment, platform, f"s3://{BUCKET}/drawings/none/")
    with pytest.raises(OperatorError, match="there is no such manifest"):
        source.in_bucket(world.environment, platform, f"s3://{BUCKET}/drawings/none.manifest")


def test_results_inside_the_folder_of_drawings_are_no_drawings(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png())
    out = tmp_path / "out"
    (out / "thumbnails").mkdir(parents=True)
    (out / "thumbnails" / "x.png.jpg").write_bytes(png())
    assert [drawing.name for drawing in source.in_folder(tmp_path, out, "p/")] == ["x.png"]


def test_the_manifest_of_a_job_begins_at_the_deepest_shared_folder() -> None:
    text = source.manifest_text("bucket", ["drawings/a/x.png", "drawings/a/b/y.png"])
    assert json.loads(text) == [{"prefix": "s3://bucket/drawings/a/"}, "x.png", "b/y.png"]
    assert json.loads(source.manifest_text("bucket", ["x.png"])) == [{"prefix": "s3://bucket/"}, "x.png"]
