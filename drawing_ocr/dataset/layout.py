"""Where things lie in a dataset folder, and reading one back."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.dataset.split import Split, drawing_id
from drawing_ocr.formats.paddleocr import LabelledImage, read_detection, read_recognition

DICTIONARY = "dict.txt"
CHECK = "check.json"
HISTOGRAM = "histogram.png"
SUMMARY = "dataset.json"
SAMPLES = "samples"
REPLAY = "replay"

_NAME_LENGTH = 60  # characters of a drawing's name that its files keep; file systems allow 255 bytes


def detection_list(split: Split) -> str:
    """`det_train.txt` or `det_val.txt`."""
    return f"det_{split}.txt"


def recognition_list(split: Split) -> str:
    """`rec_train.txt` or `rec_val.txt`."""
    return f"rec_{split}.txt"


def file_stem(annotation: Annotation) -> str:
    """What a drawing's files are called: its own name, made safe, and a hash of its location and version."""
    identity = f"{annotation.image}\n{annotation.version_id or ''}"
    safe = re.sub(r"[^\w.-]+", "_", drawing_id(annotation.image))[:_NAME_LENGTH]
    return f"{safe}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def image_path(annotation: Annotation, *, replay: bool) -> str:
    """`images/<stem>.png`, relative to the dataset; replayed drawings are below `images/replay/`."""
    suffix = PurePosixPath(annotation.image).suffix.lower()
    return str(PurePosixPath("images", REPLAY if replay else "", file_stem(annotation) + suffix))


def crop_path(image: str, region: int) -> str:
    """`crops/<stem>/<region>.png`, relative to the dataset.

    Args:
        image: A path of the detection list, below `images/`.
        region: Index of the region in the picture's line of the detection list.
    """
    folder = PurePosixPath("crops", *PurePosixPath(image).with_suffix("").parts[1:])
    return str(folder / f"{region:04d}.png")


@dataclass(frozen=True)
class DatasetLine:
    """One line of text to learn or to be judged by.

    Attributes:
        crop: Absolute path of its picture.
        text: Canonical.
        category: Its kind, from the detection list.
        replay: Whether it comes from the replay mix.
    """

    crop: Path
    text: str
    category: Category
    replay: bool


def read_lines(dataset: Path, split: Split) -> list[DatasetLine]:
    """The recognition lines of a dataset with their categories.

    Crops that were not cut from a listed drawing, as in a set of single lines, are of the category `text`.

    Raises:
        FormatError: A list that cannot be read.
    """
    drawings = read_drawings(dataset, split) if (dataset / detection_list(split)).exists() else []
    categories = {
        crop_path(drawing.image, index): region.category
        for drawing in drawings
        for index, region in enumerate(drawing.regions)
    }
    return [
        DatasetLine(
            crop=dataset / labelled.crop,
            text=labelled.text,
            category=categories.get(labelled.crop, Category.TEXT),
            replay=REPLAY in PurePosixPath(labelled.crop).parts[:-1],
        )
        for labelled in read_recognition(dataset / recognition_list(split))
    ]


def read_drawings(dataset: Path, split: Split) -> list[LabelledImage]:
    """The detection list of a dataset; paths are relative to it.

    Raises:
        FormatError: The list cannot be read.
    """
    return read_detection(dataset / detection_list(split))
