"""PaddleOCR's label files: detection lists, recognition lists, and PPOCRLabel's `Label.txt`.

What a round trip loses:

- detection lists: the text of ignored regions (`###` stands in its place);
- both region forms: the size of the picture, and a readable text that is literally `###` comes back as unreadable.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drawing_ocr.annotation import Category, Region
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.formats import FormatError
from drawing_ocr.validation import first_reason

UNREADABLE = "###"  # ICDAR's mark, which PaddleOCR's training and evaluation ignore
_NO_KEY_CLASS = "None"  # PPOCRLabel's word for a region without a class


@dataclass(frozen=True)
class LabelledImage:
    """A line of a detection list.

    Attributes:
        image: Path as the file has it, usually relative to the file's folder.
        regions: What stands on it.
    """

    image: str
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class LabelledCrop:
    """A line of a recognition list: the path of a picture of one line of text, and the text."""

    crop: str
    text: str


def parse_detection(content: str, *, where: str) -> list[LabelledImage]:
    """Regions out of `path<TAB>[{"transcription", "points", "category"?}]` lines.

    Args:
        content: Of the file.
        where: Name of the file for errors.

    Raises:
        FormatError: The first line that is not of this form.
    """
    return [
        LabelledImage(image, tuple(_region(item, place, category_key="category") for item, place in items))
        for image, items in _labelled_lines(content, where)
    ]


def detection_text(images: Iterable[LabelledImage]) -> str:
    """The content of a detection list."""
    return _as_lines((labelled.image, [_detection_item(region) for region in labelled.regions]) for labelled in images)


def read_detection(path: Path) -> list[LabelledImage]:
    """Regions of a detection list; raises FormatError as `parse_detection`, and when the file cannot be read."""
    return parse_detection(_content(path), where=str(path))


def write_detection(path: Path, images: Iterable[LabelledImage]) -> None:
    """Write a detection list whole or not at all."""
    write_atomically(path, detection_text(images))


def parse_ppocrlabel(content: str, *, where: str) -> list[LabelledImage]:
    """Regions out of a `Label.txt`: as a detection list, with `difficult` (ignored) and `key_cls` (the category).

    Raises:
        FormatError: The first line that is not of this form.
    """
    return [
        LabelledImage(image, tuple(_region(item, place, category_key="key_cls") for item, place in items))
        for image, items in _labelled_lines(content, where)
    ]


def ppocrlabel_text(images: Iterable[LabelledImage]) -> str:
    """The content of a `Label.txt`; ignored regions keep their text and are marked `difficult`."""
    return _as_lines((labelled.image, [_ppocrlabel_item(region) for region in labelled.regions]) for labelled in images)


def read_ppocrlabel(path: Path) -> list[LabelledImage]:
    """Regions of a `Label.txt`; raises FormatError as `parse_ppocrlabel`, and when the file cannot be read."""
    return parse_ppocrlabel(_content(path), where=str(path))


def write_ppocrlabel(path: Path, images: Iterable[LabelledImage]) -> None:
    """Write a `Label.txt` whole or not at all."""
    write_atomically(path, ppocrlabel_text(images))


def parse_recognition(content: str, *, where: str) -> list[LabelledCrop]:
    """Crops and their texts out of `crop<TAB>text` lines.

    Raises:
        FormatError: The first line without exactly one tab, path or text.
    """
    crops = []
    for number, line in _lines(content):
        crop, tab, text = line.partition("\t")
        if not tab or not crop or not text or "\t" in text:
            raise FormatError(f"{where} line {number}: not 'crop<TAB>text' ({_shortened(line)}): write one tab between")
        crops.append(LabelledCrop(crop, text))
    return crops


def recognition_text(crops: Iterable[LabelledCrop]) -> str:
    """The content of a recognition list.

    Raises:
        FormatError: A path or text with a tab or line break, or an empty one: the form cannot hold them.
    """
    lines = []
    for labelled in crops:
        if not labelled.crop or not labelled.text or any(c in labelled.crop + labelled.text for c in "\t\n\r"):
            raise FormatError(
                f"{labelled.crop!r} with the text {labelled.text!r}: a recognition list holds neither empty fields nor "
                "tabs nor line breaks: canonicalise the text"
            )
        lines.append(f"{labelled.crop}\t{labelled.text}\n")
    return "".join(lines)


def read_recognition(path: Path) -> list[LabelledCrop]:
    """Crops of a recognition list; raises FormatError as `parse_recognition`, and when the file cannot be read."""
    return parse_recognition(_content(path), where=str(path))


def write_recognition(path: Path, crops: Iterable[LabelledCrop]) -> None:
    """Write a recognition list whole or not at all."""
    write_atomically(path, recognition_text(crops))


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: not UTF-8 (byte {error.start}): convert it") from error


def _lines(content: str) -> Iterator[tuple[int, str]]:
    # Not splitlines: it also cuts at characters that a label may hold, such as U+2028.
    for number, line in enumerate(content.split("\n"), 1):
        if line := line.removesuffix("\r"):
            yield number, line


def _labelled_lines(content: str, where: str) -> Iterator[tuple[str, list[tuple[Mapping[str, Any], str]]]]:
    for number, line in _lines(content):
        place = f"{where} line {number}"
        image, tab, payload = line.partition("\t")
        if not tab or not image:
            raise FormatError(f"{place}: not 'picture<TAB>[labels]' ({_shortened(line)}): write one tab between")
        try:
            items = json.loads(payload)
        except json.JSONDecodeError as error:
            raise FormatError(f"{place}: the labels are not JSON ({error.msg} at column {error.colno})") from error
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise FormatError(f"{place}: the labels are not a JSON list of objects ({_shortened(payload)})")
        yield image, [(item, f"{place} label {index}") for index, item in enumerate(items, 1)]


def _region(item: Mapping[str, Any], place: str, *, category_key: str) -> Region:
    missing = {"transcription", "points"} - item.keys()
    if missing:
        raise FormatError(f"{place}: {' and '.join(sorted(missing))} missing")
    text, category = item["transcription"], item.get(category_key)
    if category in (None, _NO_KEY_CLASS):
        category = Category.TEXT
    try:
        return Region(
            points=item["points"],
            text="" if text == UNREADABLE else text,
            category=category,
            ignore=text == UNREADABLE or item.get("difficult", False),
        )
    except ValidationError as error:
        raise FormatError(f"{place}: {first_reason(error)}") from error


def _detection_item(region: Region) -> dict[str, Any]:
    return {
        "transcription": UNREADABLE if region.ignore else region.text,
        "points": _plain_points(region),
        "category": region.category.value,
    }


def _ppocrlabel_item(region: Region) -> dict[str, Any]:
    return {
        "transcription": region.text or UNREADABLE,
        "points": _plain_points(region),
        "difficult": region.ignore,
        "key_cls": region.category.value,
    }


def _plain_points(region: Region) -> list[list[float]]:
    """Whole numbers without a decimal point, as PaddleOCR's own files have them."""
    return [[int(value) if value.is_integer() else value for value in point] for point in region.points]


def _as_lines(rows: Iterable[tuple[str, Sequence[dict[str, Any]]]]) -> str:
    lines = []
    for image, items in rows:
        if not image or any(character in image for character in "\t\n\r"):
            raise FormatError(
                f"{image!r}: a path in a label list is neither empty nor holds tabs or line breaks: rename it"
            )
        lines.append(f"{image}\t{json.dumps(items, ensure_ascii=False)}\n")
    return "".join(lines)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
