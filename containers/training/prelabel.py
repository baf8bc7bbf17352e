"""The Prelabel job: drawings become tasks that the machine has read already, so that people correct instead of type.

It may be killed at any moment and started again: a task is written last of all it consists of, and what has a task is
passed over.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import cv2
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.folders import InputMissing, ProcessingFolders, model_package
from containers.training.labelling_folder import DrawingMissing, LabellingFolder, Refusal, StoredObject
from drawing_ocr.annotation import polygon_fault
from drawing_ocr.labelling.answer import MAX_REGIONS, MAX_TEXT
from drawing_ocr.labelling.job import Drawing, Job, JobError
from drawing_ocr.labelling.pyramid import write_pyramid
from drawing_ocr.labelling.task import Model, Picture, Pyramid, ReadRegion, Task, task_id
from drawing_ocr.reading import page_sizes
from drawing_ocr.reading.image import ImageError, Limits, Page, is_pdf, load_bytes
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import Box

VERSION_VARIABLE = "MODEL_PACKAGE_VERSION"
_LIMITS = Limits()


class NothingToLabel(ValueError):
    """Not one drawing of the job can be labelled; one line."""


_FORESEEN = (*failure.FORESEEN, ArgumentsError, InputMissing, JobError, NothingToLabel)


class PrelabelOptions(BaseModel):
    """Where tasks go.

    Attributes:
        bucket: the labelling bucket.
    """

    model_config = ConfigDict(frozen=True)

    bucket: str = Field(min_length=1)


@dataclass(frozen=True)
class Machine:
    """The reader and the registry's number of its version."""

    reader: Reader
    version: str


def main() -> int:
    """Runs the job; the exit status. Drawings that cannot be labelled are listed, and fail it only when all are."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _prelabel(folders, parse(PrelabelOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _prelabel(folders: ProcessingFolders, options: PrelabelOptions) -> None:
    file = folders.input("job") / "job.json"
    if not file.is_file():
        raise InputMissing(f"{file} is missing: give the job its order as input 'job'")
    job = Job.parse(file.read_bytes(), where=file.name)
    s3 = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))
    with tempfile.TemporaryDirectory(prefix="prelabel-") as scratch:
        machine = _machine(folders, Path(scratch) / "package")
        work = Prelabelling(job, LabellingFolder(s3, options.bucket, job.job), machine, Path(scratch))
        work.run()
    print(
        f"job={job.job} drawings={len(job.drawings)} new_tasks={work.made} tasks={len(work.done)} "
        f"refused={len(work.refused)}",
        flush=True,
    )
    if not work.done:
        raise NothingToLabel(
            f"job {job.job}: none of {len(job.drawings)} drawings can be labelled: {work.refused[0].reason}"
        )


def _machine(folders: ProcessingFolders, unpacked: Path) -> Machine | None:
    """The live version; None before the first release, when people begin with an empty sheet."""
    if not folders.has_input("model"):
        return None
    package, _ = model_package(folders.input("model"), unpacked)
    version = os.environ.get(VERSION_VARIABLE, "")
    if not version:
        raise InputMissing(f"environment variable {VERSION_VARIABLE} is missing: say which version the model is")
    return Machine(Reader.from_package(package, threads=len(os.sched_getaffinity(0))), version)


class Prelabelling:
    """Makes the tasks of one job.

    Attributes:
        done: names of all tasks that are there.
        made: how many of them were made now.
        refused: what cannot be labelled.
    """

    def __init__(self, job: Job, folder: LabellingFolder, machine: Machine | None, scratch: Path) -> None:
        self._job, self._folder, self._machine, self._scratch = job, folder, machine, scratch
        self.done: set[str] = set()
        self.made = 0
        self.refused: list[Refusal] = []

    def run(self) -> None:
        """All drawings, one after the other."""
        self.done = self._folder.tasks()
        for drawing in self._job.drawings:
            if task_id(drawing.uri, drawing.version_id) in self.done:
                continue
            try:
                self._drawing(drawing)
            except (ImageError, DrawingMissing) as error:
                self.refused.append(Refusal(drawing.uri, drawing.version_id, str(error)))
                print(f"refused: {error}", file=sys.stderr, flush=True)
        self._folder.put_refused(self.refused)

    def _drawing(self, drawing: Drawing) -> None:
        data = self._folder.fetch(drawing, most_bytes=_LIMITS.file_bytes)
        # Training takes pictures of one page: a page of any other file becomes one.
        alone = not is_pdf(data) and page_sizes.count(data) <= 1
        pages = load_bytes(data, name=drawing.uri, limits=_LIMITS)
        for number, page in enumerate(pages, 1):
            address = drawing.uri if alone else f"{drawing.uri}#page={number}"
            task = task_id(address, drawing.version_id)
            if task not in self.done:
                self._task(task, page, StoredObject(drawing.uri, drawing.version_id) if alone else None)

    def _task(self, task: str, page: Page, file: StoredObject | None) -> None:
        started = time.monotonic()
        file = file or self._folder.put_page(task, _png(page))
        pyramid_file = self._scratch / "pyramid.pmtiles"
        pyramid = write_pyramid(page, pyramid_file)
        stored = self._folder.put_pyramid(task, pyramid_file)
        regions = tuple(self._read(page))
        document = Task(
            job=self._job.job,
            task=task,
            image=Picture(uri=file.uri, version_id=file.version_id, width=pyramid.width, height=pyramid.height),
            pyramid=Pyramid(uri=stored.uri, tile=pyramid.tile, levels=pyramid.levels),
            model=Model(version=self._machine.version) if self._machine else None,
            regions=regions,
        )
        self._folder.put_task(task, document.to_json())
        self.done.add(task)
        self.made += 1
        print(f"task={task} regions={len(regions)} seconds={time.monotonic() - started:.1f}", flush=True)

    def _read(self, page: Page) -> Iterator[ReadRegion]:
        if self._machine is None:
            return
        height, width = page.shape[:2]
        found = self._machine.reader.read(page).predictions
        outlines = [_within(each.box, width, height) for each in found]
        usable = [
            (each, outline)
            for each, outline in zip(found, outlines, strict=True)
            if each.text.strip() and len(each.text) <= MAX_TEXT and polygon_fault(outline) is None
        ]
        # An answer has no room for more: what the machine was least sure of is left for people to find.
        surest = sorted(range(len(usable)), key=lambda index: -usable[index][0].confidence)[:MAX_REGIONS]
        for number, index in enumerate(sorted(surest), 1):
            read, outline = usable[index]
            yield ReadRegion(
                id=f"m{number}", points=outline, text=read.text, category=read.category, confidence=read.confidence
            )


def _within(box: Box, width: int, height: int) -> Box:
    """The corners on the page, to a hundredth of a pixel."""
    a, b, c, d = ((round(min(max(x, 0.0), width), 2), round(min(max(y, 0.0), height), 2)) for x, y in box)
    return (a, b, c, d)


def _png(page: Page) -> bytes:
    written, content = cv2.imencode(".png", page, [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not written:
        raise MemoryError(f"a page of {page.shape[1]} × {page.shape[0]} pixels cannot be packed as PNG")
    return content.tobytes()


if __name__ == "__main__":
    sys.exit(main())
