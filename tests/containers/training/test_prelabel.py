"""The Prelabel job over a bucket of drawings."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import cv2
import numpy as np
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from PIL import Image
from pmtiles.reader import MmapSource
from pmtiles.reader import Reader as TileReader

from containers.training import prelabel
from containers.training.labelling_folder import LabellingFolder
from containers.training.prelabel import Machine, Prelabelling
from drawing_ocr.dataset.picture import decode_picture
from drawing_ocr.labelling.job import Drawing, Job
from drawing_ocr.labelling.task import Task, task_id
from drawing_ocr.models.official import build_official_package
from drawing_ocr.reading.image import Page
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult

REGION = "eu-central-1"
DATA, LABELLING = "data", "labelling"
BOX = ((20.0, 20.0), (220.123456, 20.0), (220.123456, 60.0), (20.0, 60.0))


class OneText:
    """A reader that finds the same text on every sheet, and things that no task can hold."""

    def __init__(self) -> None:
        self.pages: list[tuple[int, ...]] = []

    def read(self, page: Page) -> ReadingResult:
        self.pages.append(page.shape)
        found = (
            Prediction(box=BOX, text="Ø12", confidence=0.9),
            Prediction(box=(BOX[0], BOX[0], BOX[0], BOX[0]), text="a box without area", confidence=0.9),
            Prediction(box=((-50, 0), (90, 0), (90, 20), (-50, 20)), text="over the edge", confidence=0.7),
        )
        return ReadingResult(predictions=found, width=page.shape[1], height=page.shape[0], model=ModelName(name="x"))


def picture(kind: str = "PNG", *, size: tuple[int, int] = (640, 400), pages: int = 1, orientation: int = 1) -> bytes:
    sheets = [Image.new("RGB", size, (255, 255, 250 - number)) for number in range(pages)]
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    more = {"save_all": True, "append_images": sheets[1:]} if pages > 1 else {}
    sheets[0].save(file, kind, **({"exif": exif} if kind == "JPEG" else {}), **more)
    return file.getvalue()


class World:
    """Two buckets, one job."""

    def __init__(self, scratch: Path) -> None:
        self.s3 = boto3.client("s3", region_name=REGION)
        for bucket in (DATA, LABELLING):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.scratch, self.drawings, self.reader = scratch, list[Drawing](), OneText()

    def upload(self, name: str, content: bytes) -> Drawing:
        answer = self.s3.put_object(Bucket=DATA, Key=f"drawings/{name}", Body=content)
        drawing = Drawing(uri=f"s3://{DATA}/drawings/{name}", version_id=answer["VersionId"])
        self.drawings.append(drawing)
        return drawing

    def job(self) -> Job:
        order: dict[str, Any] = {"job": "gears", "title": "Gears", "created": "2026-11-21T08:00:00Z"}
        return Job.model_validate({**order, "created_by": "ann", "drawings": tuple(self.drawings)})

    def run(self, s3: Any = None) -> Prelabelling:
        folder = LabellingFolder(s3 or self.s3, LABELLING, "gears")
        work = Prelabelling(self.job(), folder, Machine(self.reader, "3"), self.scratch)  # type: ignore[arg-type]
        work.run()
        return work

    def listed(self, below: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=LABELLING, Prefix=f"jobs/gears/{below}")
        return [item["Key"].removeprefix("jobs/gears/") for item in found.get("Contents", [])]

    def get(self, name: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=LABELLING, Key=f"jobs/gears/{name}")["Body"].read()
        return content

    def task(self, name: str) -> Task:
        return Task.parse(self.get(f"tasks/{name}.json"), where=name)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield World(tmp_path)


def test_a_drawing_becomes_a_task_that_the_machine_has_read(world: World) -> None:
    drawing = world.upload("a.png", picture())
    world.run()
    name = task_id(drawing.uri, drawing.version_id)
    task = world.task(name)
    assert (task.image.uri, task.image.version_id) == (drawing.uri, drawing.version_id)
    assert (task.image.width, task.image.height, task.round, task.versions) == (640, 400, "label", ())
    assert task.model is not None
    assert task.model.version == "3"
    assert [(region.id, region.text, region.confidence) for region in task.regions] == [
        ("m1", "Ø12", 0.9),
        ("m2", "over the edge", 0.7),
    ]
    assert task.regions[0].points[1] == (220.12, 20.0)
    assert task.regions[1].points[0] == (0.0, 0.0)  # moved onto the page
    assert task.pyramid.uri == f"s3://{LABELLING}/jobs/gears/pyramids/{name}.pmtiles"


def test_the_pyramid_shows_the_drawing_upright(world: World, tmp_path: Path) -> None:
    drawing = world.upload("turned.jpg", picture("JPEG", orientation=6))
    world.run()
    name = task_id(drawing.uri, drawing.version_id)
    assert (world.task(name).image.width, world.task(name).image.height) == (400, 640)
    (tmp_path / "p").write_bytes(world.get(f"pyramids/{name}.pmtiles"))
    with (tmp_path / "p").open("rb") as file:
        assert TileReader(MmapSource(file)).metadata()["height"] == 640


@pytest.mark.parametrize(("name", "kind"), [("pages.tif", "TIFF"), ("pages.pdf", "PDF")])
def test_a_file_of_pages_is_a_task_a_page_with_a_picture_that_training_takes(
    world: World, name: str, kind: str
) -> None:
    drawing = world.upload(name, picture(kind, pages=2))
    world.run()
    names = [task_id(f"{drawing.uri}#page={number}", drawing.version_id) for number in (1, 2)]
    assert world.listed("tasks/") == sorted(f"tasks/{each}.json" for each in names)
    for each in names:
        image = world.task(each).image
        assert image.uri == f"s3://{LABELLING}/jobs/gears/pages/{each}.png"
        stored = world.s3.get_object(Bucket=LABELLING, Key=f"jobs/gears/pages/{each}.png", VersionId=image.version_id)
        page = decode_picture(stored["Body"].read(), image.uri)
        assert (page.width, page.height) == (image.width, image.height)


def test_a_broken_drawing_is_listed_with_its_reason_and_does_not_stop_the_rest(world: World) -> None:
    broken = world.upload("broken.png", picture()[:200])
    gone = Drawing(uri=f"s3://{DATA}/drawings/gone.png")
    world.drawings.append(gone)
    good = world.upload("good.png", picture())
    world.run()
    assert world.listed("tasks/") == [f"tasks/{task_id(good.uri, good.version_id)}.json"]
    first, second = json.loads(world.get("refused.json"))
    assert (first["uri"], first["version_id"]) == (broken.uri, broken.version_id)
    assert "damaged or truncated" in first["reason"]
    assert (second["uri"], second["version_id"]) == (gone.uri, None)
    assert "cannot be fetched (NoSuchKey)" in second["reason"]


def test_a_second_run_makes_only_what_is_missing(world: World) -> None:
    world.upload("a.png", picture())
    world.upload("b.tif", picture("TIFF", pages=2))
    world.run()
    before = {key: world.s3.head_object(Bucket=LABELLING, Key=f"jobs/gears/{key}")["ETag"] for key in world.listed()}
    world.s3.delete_object(Bucket=LABELLING, Key=f"jobs/gears/{world.listed('tasks/')[1]}")
    world.reader.pages.clear()
    again = world.run()
    assert (again.made, len(again.done), len(world.reader.pages)) == (1, 3, 1)
    after = {key: world.s3.head_object(Bucket=LABELLING, Key=f"jobs/gears/{key}")["ETag"] for key in world.listed()}
    # The picture of a page comes again with another version, which its task names.
    assert {key for key in before if before[key] != after[key]} <= {key for key in before if key.startswith("tasks/")}


def test_a_task_is_written_last_and_one_that_is_there_stays(world: World) -> None:
    world.upload("b.pdf", picture("PDF", pages=2))
    written: list[str] = []

    class Watched:
        """S3 that notes what is put, in order."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.s3, name)

        def put_object(self, **request: Any) -> Any:
            written.append(request["Key"].split("/")[2])
            return world.s3.put_object(**request)

    world.run(Watched())
    assert written == ["pages", "pyramids", "tasks"] * 2 + ["refused.json"]
    (first, _) = world.listed("tasks/")
    content = world.get(first)
    folder = LabellingFolder(world.s3, LABELLING, "gears")
    folder.put_task(Path(first).stem, "another")
    assert world.get(first) == content


def test_trouble_that_passes_stops_the_job_instead_of_refusing_a_drawing(world: World) -> None:
    world.upload("a.png", picture())

    class Slow:
        """S3 that is asked too often."""

        def __getattr__(self, name: str) -> Any:
            return getattr(world.s3, name)

        def get_object(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "x"}}, "GetObject")

    with pytest.raises(ClientError):
        world.run(Slow())
    assert "refused.json" not in world.listed()


def test_the_job_reads_with_the_model_that_it_is_given(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sheet = np.full((300, 700, 3), 255, np.uint8)
    cv2.putText(sheet, "R12.5", (200, 160), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
    drawing = world.upload("a.png", cv2.imencode(".png", sheet)[1].tobytes())
    job_folder(world, tmp_path)
    build_official_package(tmp_path / "model" / "model.tar.gz")
    assert started(monkeypatch, tmp_path, MODEL_PACKAGE_VERSION="7") == 0
    task = world.task(task_id(drawing.uri, drawing.version_id))
    assert task.model is not None
    assert (task.model.version, [region.text for region in task.regions]) == ("7", ["R12.5"])


def test_before_the_first_release_people_begin_with_an_empty_sheet(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawing = world.upload("a.png", picture())
    job_folder(world, tmp_path)
    assert started(monkeypatch, tmp_path) == 0
    task = world.task(task_id(drawing.uri, drawing.version_id))
    assert (task.model, task.regions) == (None, ())


def test_a_job_of_which_nothing_can_be_labelled_fails_with_the_first_reason(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.upload("a.png", b"no picture")
    job_folder(world, tmp_path)
    assert started(monkeypatch, tmp_path) == 1
    said = (tmp_path / "output" / "message").read_text()
    assert said.startswith("job gears: none of 1 drawings can be labelled: s3://data/drawings/a.png: not a PNG")
    assert len(json.loads(world.get("refused.json"))) == 1


def job_folder(world: World, base: Path) -> None:
    (base / "job").mkdir()
    (base / "job" / "job.json").write_text(world.job().to_json())


def started(monkeypatch: pytest.MonkeyPatch, base: Path, **variables: str) -> int:
    monkeypatch.setattr(sys, "argv", ["prelabel", "--bucket", LABELLING])
    monkeypatch.setenv("SAGEMAKER_PROCESSING_DIR", str(base))
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(base))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return prelabel.main()
