"""The lines that a recogniser learns from and is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from drawing_ocr.formats import FormatError
from drawing_ocr.formats.paddleocr import read_recognition
from drawing_ocr.models.recogniser import HEIGHT
from drawing_ocr.text import Charset

Pixels = npt.NDArray[np.uint8]


class TrainingDataError(ValueError):
    """A dataset that cannot be trained on; the message is one line."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A picture of one line of text and what it reads.

    Attributes:
        path: Of the picture.
        text: In canonical form.
        width: Pixels at the height that the recogniser sees.
    """

    path: Path
    text: str
    width: int

    def pixels(self) -> Pixels:
        """The picture, uint8 [height, width, 3] BGR.

        Raises:
            TrainingDataError: It is gone or damaged.
        """
        pixels = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise TrainingDataError(f"{self.path}: cannot be decoded: prepare the dataset again")
        return np.asarray(pixels, np.uint8)


def read_lines(dataset: Path, name: str, charset: Charset) -> list[TextLine]:
    """The lines of a recognition list.

    Args:
        dataset: Folder in the layout of `drawing_ocr.dataset`.
        name: `rec_train.txt` or `rec_val.txt`.
        charset: Every character must be in it.

    Raises:
        TrainingDataError: The list is missing, empty or malformed, a picture cannot be opened, or a character is not
            in the dictionary.
    """
    path = dataset / name
    try:
        labelled = read_recognition(path)
    except FormatError as error:
        raise TrainingDataError(str(error)) from error
    if not labelled:
        raise TrainingDataError(f"{path}: no line in it: prepare the dataset again")
    missing = charset.missing(crop.text for crop in labelled)
    if missing:
        raise TrainingDataError(f"{path}: {missing[0]!r} is not in dict.txt: prepare the dataset again")
    return [TextLine(dataset / crop.crop, crop.text, _scaled_width(dataset / crop.crop)) for crop in labelled]


def read_guard_lines(regression: Path, charset: Charset) -> list[TextLine]:
    """The lines of the frozen regression set that training may look at: every second one.

    Training chooses by them how far it goes. The other half stays unseen, so that the evaluation, which reads all of
    them, also measures on lines by which nothing was chosen.

    Raises:
        TrainingDataError: As `read_lines`.
    """
    return read_lines(regression, "rec_val.txt", charset)[::2]


def sample(lines: Sequence[TextLine], count: int, *, seed: int) -> list[TextLine]:
    """At most `count` of the lines, the same for the same seed."""
    if len(lines) <= count:
        return list(lines)
    chosen = np.random.default_rng(seed).choice(len(lines), count, replace=False)
    return [lines[index] for index in sorted(chosen.tolist())]


def _scaled_width(path: Path) -> int:
    try:
        with Image.open(path) as image:
            width, height = image.size
    except (OSError, UnidentifiedImageError) as error:
        raise TrainingDataError(f"{path}: cannot be opened: prepare the dataset again") from error
    return max(1, round(HEIGHT * width / height))
