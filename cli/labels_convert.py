"""`drawingops labels convert`: labels from one tool's files into another's."""

import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import cv2
import typer
from pydantic import BaseModel, ConfigDict
from rich.console import RenderableType

from cli.command import Call, command
from cli.console import Result
from cli.errors import OperatorError
from cli.labels import label_files, read_labels
from drawing_ocr.annotation import Annotation
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset.crop import VALIDATION_MARGIN, Margin, rectify
from drawing_ocr.dataset.picture import PictureError, decode_picture
from drawing_ocr.formats.registry import FORMATS, LabelFormat, crop_path

ENDINGS = {".csv": "csv", ".jsonl": "batch", ".manifest": "ground-truth"}


class Losses(BaseModel):
    """How much of the source the written files do not give back as it was.

    Attributes:
        boxes: Regions whose corners are gone or moved.
        texts: Regions whose text, or whose being unreadable, is gone or changed.
        categories: Regions whose category is gone or changed.
        versions: Drawings whose S3 version is gone.
    """

    model_config = ConfigDict(frozen=True)

    boxes: int = 0
    texts: int = 0
    categories: int = 0
    versions: int = 0

    def sentences(self) -> list[str]:
        """What was lost, in words."""
        counts = (
            (self.boxes, "boxes"),
            (self.texts, "texts"),
            (self.categories, "categories"),
            (self.versions, "S3 versions of pictures"),
        )
        return [f"{count} {what}" for count, what in counts if count]


class Converted(Result):
    """Labels in another form."""

    source: str
    target: str
    files: tuple[Path, ...]
    drawings: int
    regions: int
    lost: Losses

    def render(self) -> RenderableType:
        lost = self.lost.sentences()
        where = self.files[0] if len(self.files) == 1 else f"{len(self.files)} files in {self.files[0].parent}"
        return f"{self.source} -> {self.target}: {where}: {self.drawings} drawings, {self.regions} labels\n" + (
            f"Lost on the way: {', '.join(lost)}" if lost else "Nothing is lost: it can be converted back exactly"
        )


def add_to(app: typer.Typer) -> None:
    """Adds the command to the group `labels`."""

    @command(
        app,
        "convert",
        "drawingops labels convert annotations/ Label.txt",
        "drawingops labels convert output.manifest labels.csv",
        "drawingops labels convert manifest.jsonl labelme --to labelme",
    )
    def convert(
        call: Call,
        source: Annotated[Path, typer.Argument(metavar="FROM", help="File or folder with labels, in any form.")],
        target: Annotated[Path, typer.Argument(metavar="TO", help="File to write; for LabelMe a folder.")],
        form: Annotated[
            str | None, typer.Option("--to", metavar="FORMAT", help=f"{', '.join(FORMATS)}; by TO's name without it.")
        ] = None,
    ) -> Result:
        """Writes labels in another tool's form, and says what that form cannot hold."""
        with call.progress.status("converting"):
            return converted(source, target, form)


def converted(source: Path, target: Path, form: str | None) -> Converted:
    """Labels of a file or folder, written in a form by its name or by the target's.

    Raises:
        OperatorError: no labels, a label that cannot be used, a target that is there, or a form that is not known.
        FormatError: a label file that cannot be used.
    """
    written_as = _form(form, target)
    read_as, _ = label_files(source)
    batch = read_labels(source)
    if batch.rejected:
        raise OperatorError(f"nothing was written: {batch.rejected[0].reason}")
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise OperatorError(f"{target} is there already: remove it or choose another name")
    files = _write(batch.annotations, written_as, target)
    return Converted(
        source=read_as.title,
        target=written_as.title,
        files=tuple(files),
        drawings=len(batch.annotations),
        regions=sum(len(annotation.regions) for annotation in batch.annotations),
        lost=_losses(batch.annotations, written_as, files),
    )


def _form(name: str | None, target: Path) -> LabelFormat:
    if name is None:
        name = ENDINGS.get(target.suffix) or next(
            (each.name for each in FORMATS.values() if each.file_name == target.name), None
        )
    if name is None:
        raise OperatorError(f"{target}: its name does not say the form: give --to {', '.join(FORMATS)}")
    if name not in FORMATS:
        raise OperatorError(f"--to {name}: there is no such form; use {', '.join(FORMATS)}")
    return FORMATS[name]


def _write(annotations: Sequence[Annotation], form: LabelFormat, target: Path) -> list[Path]:
    """The files that were written; pictures by paths relative to them."""
    if form.one_picture_a_file:
        stems = [Path(annotation.image).stem for annotation in annotations]
        twice = next((stem for stem in stems if stems.count(stem) > 1), None)
        if twice:
            raise OperatorError(f"two pictures are called {twice}: their files would be one; rename a picture")
        files = [target / form.file_name.replace("*", stem) for stem in stems]
        for file, annotation in zip(files, annotations, strict=True):
            write_atomically(file, form.write([_relative(annotation, file)]))
        return files
    if form is FORMATS["recognition"]:
        _cut(annotations, target.parent)
    write_atomically(target, form.write([_relative(annotation, target) for annotation in annotations]))
    return [target]


def _relative(annotation: Annotation, file: Path) -> Annotation:
    if "://" in annotation.image:
        return annotation
    path = posixpath.relpath(annotation.image, file.parent.resolve())
    return annotation.model_copy(update={"image": path})


def _cut(annotations: Sequence[Annotation], folder: Path) -> None:
    """The crops that a recognition list names."""
    for annotation in annotations:
        if "://" in annotation.image:
            raise OperatorError(f"{annotation.image}: its lines cannot be cut out: download the picture first")
        try:
            pixels = decode_picture(Path(annotation.image).read_bytes(), annotation.image).pixels
        except PictureError as error:
            raise OperatorError(f"{annotation.image}: {error}") from error
        for index, region in enumerate(annotation.regions):
            if not region.ignore:
                _, packed = cv2.imencode(".png", rectify(pixels, region.points, Margin.even(VALIDATION_MARGIN)))
                write_atomically(folder / crop_path(annotation.image, index), packed.tobytes())


def _losses(annotations: Sequence[Annotation], form: LabelFormat, files: Sequence[Path]) -> Losses:
    """What reading the written files back does not give."""
    if form is FORMATS["recognition"]:
        regions = [region for annotation in annotations for region in annotation.regions]
        unreadable = sum(region.ignore for region in regions)
        versions = sum(annotation.version_id is not None for annotation in annotations)
        return Losses(boxes=len(regions), texts=unreadable, categories=len(regions), versions=versions)
    sizes = iter([(annotation.width, annotation.height) for annotation in annotations])
    again = [each for file in files for each in form.read(file.read_bytes().decode(), str(file), lambda _: next(sizes))]
    pairs = list(zip(annotations, again, strict=True))
    regions_of_both = [pair for one, other in pairs for pair in zip(one.regions, other.regions, strict=True)]
    return Losses(
        boxes=sum(one.points != other.points for one, other in regions_of_both),
        texts=sum((one.text, one.ignore) != (other.text, other.ignore) for one, other in regions_of_both),
        categories=sum(one.category != other.category for one, other in regions_of_both),
        versions=sum(one.version_id != other.version_id for one, other in pairs),
    )
