"""Every form of labels that is read and written, under one name each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from drawing_ocr.annotation import Annotation, AnnotationError, Region
from drawing_ocr.dataset.manifest import manifest_text
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.csv import COLUMNS, csv_text, parse_csv
from drawing_ocr.formats.ground_truth import output_manifest_text, parse_output_manifest
from drawing_ocr.formats.labelme import labelme_text, parse_labelme
from drawing_ocr.formats.paddleocr import (
    LabelledCrop,
    LabelledImage,
    detection_text,
    parse_detection,
    parse_ppocrlabel,
    parse_recognition,
    ppocrlabel_text,
    recognition_text,
)

SizeOf = Callable[[str], tuple[int, int]]
"""The picture's address as the file has it -> width and height of the upright picture, pixels."""

Read = Callable[[str, str, SizeOf], list[Annotation]]
"""Content, name of the file for errors, sizes of pictures (asked only by forms that do not say them)."""


@dataclass(frozen=True)
class LabelFormat:
    """A form of label files.

    Attributes:
        name: In commands.
        title: As its users call it.
        file_name: Of a file of this form in a folder; with `*` one file for each picture.
        loses: What a round trip loses; empty where it is exact.
        looks_like: Whether a file of this name (without folders) and content is of this form.
        read: The drawings; `image` as the file has it. Raises FormatError.
        write: The content of a file. Raises FormatError.
    """

    name: str
    title: str
    file_name: str
    loses: str
    looks_like: Callable[[str, str], bool]
    read: Read
    write: Callable[[Sequence[Annotation]], str]

    @property
    def one_picture_a_file(self) -> bool:
        """Whether each file holds one picture."""
        return "*" in self.file_name


def crop_path(image: str, index: int) -> str:
    """The crop of a region: `crops/<stem of the picture>/<index of the region>.png`, as datasets have it."""
    return f"crops/{PurePosixPath(image).stem}/{index}.png"


def _batch(content: str, where: str, _: SizeOf) -> list[Annotation]:
    annotations = []
    for number, line in enumerate(content.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            try:
                annotations.append(Annotation.parse(line, where=f"{where} line {number}"))
            except AnnotationError as error:
                raise FormatError(str(error)) from error
    return annotations


def _sized(labelled: Sequence[LabelledImage], where: str, size_of: SizeOf) -> list[Annotation]:
    annotations = []
    for item in labelled:
        width, height = size_of(item.image)
        data = {"image": item.image, "width": width, "height": height, "regions": item.regions}
        try:
            annotations.append(Annotation.parse(data, where=f"{where}: {item.image}"))
        except AnnotationError as error:
            raise FormatError(str(error)) from error
    return annotations


def _no_boxes(content: str, where: str, _: SizeOf) -> list[Annotation]:
    crops = parse_recognition(content, where=where)
    raise FormatError(
        f"{where}: a recognition list ({len(crops)} texts) has no boxes: give the detection list that it was cut by"
    )


def _images(annotations: Sequence[Annotation]) -> list[LabelledImage]:
    return [LabelledImage(annotation.image, annotation.regions) for annotation in annotations]


def _crops(annotations: Sequence[Annotation]) -> list[LabelledCrop]:
    def readable(regions: Sequence[Region]) -> list[tuple[int, str]]:
        return [(index, region.text) for index, region in enumerate(regions) if not region.ignore]

    return [
        LabelledCrop(crop_path(annotation.image, index), text)
        for annotation in annotations
        for index, text in readable(annotation.regions)
    ]


def _one(annotations: Sequence[Annotation]) -> str:
    if len(annotations) != 1:
        raise FormatError(f"{len(annotations)} drawings for one LabelMe file: give a folder, each has its own file")
    return labelme_text(annotations[0])


def _first_object_has(content: str, key: str) -> bool:
    return content.lstrip("\ufeff \n\r\t").startswith("{") and f'"{key}"' in content


_LABELLED_LINE = re.compile(r"\ufeff?[^\t\n]+\t\[")
_LITERAL_HASHES = "a readable text that is literally `###`"

FORMATS: dict[str, LabelFormat] = {
    each.name: each
    for each in (
        LabelFormat(
            name="batch",
            title="labelled batch (manifest.jsonl)",
            file_name="manifest.jsonl",
            loses="",
            looks_like=lambda name, content: name.endswith(".jsonl") and _first_object_has(content, "image"),
            read=_batch,
            write=manifest_text,
        ),
        LabelFormat(
            name="ground-truth",
            title="Ground Truth output manifest",
            file_name="output.manifest",
            loses="",
            looks_like=lambda _, content: any(
                _first_object_has(content, key) for key in ("source-ref", "source_ref", "sourceRef")
            ),
            read=lambda content, where, _: parse_output_manifest(content, where=where),
            write=lambda drawings: output_manifest_text(drawings, job="drawingops", created=datetime.now(UTC)),
        ),
        LabelFormat(
            name="labelme",
            title="LabelMe",
            file_name="*.json",
            loses=f"the text of unreadable regions, the S3 version of the picture, {_LITERAL_HASHES} or `other_info`",
            looks_like=lambda name, content: name.endswith(".json") and _first_object_has(content, "shapes"),
            read=lambda content, where, _: [parse_labelme(content, where=where)],
            write=_one,
        ),
        LabelFormat(
            name="ppocrlabel",
            title="PPOCRLabel (Label.txt)",
            file_name="Label.txt",
            loses=f"the S3 version and the size of the picture (its file says it), {_LITERAL_HASHES}",
            looks_like=lambda name, content: (
                name == "Label.txt" or bool(_LABELLED_LINE.match(content) and '"difficult"' in content)
            ),
            read=lambda content, where, size_of: _sized(parse_ppocrlabel(content, where=where), where, size_of),
            write=lambda drawings: ppocrlabel_text(_images(drawings)),
        ),
        LabelFormat(
            name="detection",
            title="PaddleOCR detection",
            file_name="det.txt",
            loses="the text of unreadable regions, the S3 version and the size of the picture (its file says it), "
            + _LITERAL_HASHES,
            looks_like=lambda name, content: name.startswith("det") or bool(_LABELLED_LINE.match(content)),
            read=lambda content, where, size_of: _sized(parse_detection(content, where=where), where, size_of),
            write=lambda drawings: detection_text(_images(drawings)),
        ),
        LabelFormat(
            name="recognition",
            title="PaddleOCR recognition",
            file_name="rec.txt",
            loses="everything but the texts: boxes, categories, unreadable regions; it cannot be read back",
            looks_like=lambda name, content: name.endswith(".txt") and "\t" in content.partition("\n")[0],
            read=_no_boxes,
            write=lambda drawings: recognition_text(_crops(drawings)),
        ),
        LabelFormat(
            name="csv",
            title="CSV",
            file_name="labels.csv",
            loses="",
            looks_like=lambda name, content: name.endswith(".csv") or content.startswith(",".join(COLUMNS[:3])),
            read=lambda content, where, _: parse_csv(content, where=where),
            write=csv_text,
        ),
    )
}
"""By name, in the order in which they are tried on a file: the more particular first."""


def format_of(name: str, content: str) -> LabelFormat:
    """The form of a file.

    Args:
        name: Of the file, without folders.
        content: Of the file.

    Raises:
        FormatError: None of ours.
    """
    for each in FORMATS.values():
        if each.looks_like(name, content):
            return each
    raise FormatError(f"{name}: labels in an unknown form; known are {', '.join(FORMATS)}")
