"""One version of the reader on the test sets, and two versions side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from drawing_ocr.annotation import Category
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.split import Split
from drawing_ocr.evaluation.detection import evaluate_detection
from drawing_ocr.evaluation.end_to_end import evaluate_end_to_end
from drawing_ocr.evaluation.html_report import ComparedLine
from drawing_ocr.evaluation.matching import Page, Prediction
from drawing_ocr.evaluation.recognition import ReadLine, evaluate_recognition
from drawing_ocr.evaluation.report import Metrics, TestSet
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.paddleocr import read_recognition
from drawing_ocr.models import package
from drawing_ocr.reading.image import Page as Pixels
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.recogniser import Recogniser
from drawing_ocr.reading.session import Session

_SHEETS: Final = 2
"""Sheets of a test set that are read whole: each takes each version seconds, and the lines judge the recogniser."""


@dataclass(frozen=True)
class LabelledLine:
    """A crop, its label and its kind."""

    crop: Path
    text: str
    category: str


class TestSetFolder:
    """Validation side of a dataset, or the frozen regression set."""

    __test__ = False  # not a test, whatever pytest makes of the name

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lines = self._lines()

    def sheets(self) -> list[tuple[Path, Page]]:
        """The sheets that are read whole: path of the picture, and its labels without predictions."""
        if not (self._folder / layout.detection_list(Split.VAL)).is_file():
            return []
        drawings = layout.read_drawings(self._folder, Split.VAL)[:_SHEETS]
        return [(self._folder / each.image, Page(each.regions, ())) for each in drawings]

    def _lines(self) -> list[LabelledLine]:
        listed = read_recognition(self._folder / layout.recognition_list(Split.VAL))
        if not listed:
            raise FormatError(f"{self._folder}: no line to judge by: prepare the dataset again")
        try:
            known = {line.crop: line.category for line in layout.read_lines(self._folder, Split.VAL)}
        except FormatError:
            known = {}  # the frozen set holds lines that were drawn alone
        return [
            LabelledLine(self._folder / line.crop, line.text, known.get(self._folder / line.crop, Category.TEXT))
            for line in listed
        ]


class Version:
    """A model package that reads."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        """Opens an unpacked package that was checked already."""
        session = Session(folder / package.RECOGNISER / package.ONNX_NAME, threads=threads)
        dictionary = folder / package.RECOGNISER / package.DICTIONARY_NAME
        self._recogniser = Recogniser(session, package.read_dictionary(dictionary))
        # One pass: a quarter turn more finds a little more and takes twice as long.
        self._reader = Reader.from_package(folder, threads=threads, settings=ReadingSettings(passes="upright"))

    def read_lines(self, lines: Sequence[LabelledLine]) -> list[str]:
        return [line.text for line in self._recogniser.read([_pixels(line.crop) for line in lines])]

    def read_sheet(self, path: Path) -> list[Prediction]:
        result = self._reader.read_file(path)
        return [Prediction(points=[*prediction.box], text=prediction.text) for prediction in result.predictions]


def compare(
    sets: Mapping[str, TestSetFolder], challenger: Version, champion: Version | None
) -> tuple[dict[str, TestSet], list[ComparedLine]]:
    """Both versions on all test sets.

    Returns:
        The metrics by name of the set, and every line as both read it (none without a champion).
    """
    results: dict[str, TestSet] = {}
    compared: list[ComparedLine] = []
    for name, test_set in sets.items():
        new = challenger.read_lines(test_set.lines)
        old = champion.read_lines(test_set.lines) if champion else None
        results[name] = TestSet(
            challenger=_metrics(test_set, challenger, new),
            champion=_metrics(test_set, champion, old) if champion and old else None,
        )
        if old:
            compared += [
                ComparedLine(line.crop, line.text, after, before, line.category)
                for line, after, before in zip(test_set.lines, new, old, strict=True)
            ]
    return results, compared


def _metrics(test_set: TestSetFolder, version: Version, read: Sequence[str]) -> Metrics:
    lines = (ReadLine(line.text, text, line.category) for line, text in zip(test_set.lines, read, strict=True))
    pages = [Page(page.regions, version.read_sheet(path)) for path, page in test_set.sheets()]
    return Metrics(
        recognition=evaluate_recognition(lines),
        detection=evaluate_detection(pages) if pages else None,
        end_to_end=evaluate_end_to_end(pages) if pages else None,
    )


def _pixels(path: Path) -> Pixels:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FormatError(f"{path}: cannot be decoded: prepare the dataset again")
    return np.asarray(pixels, np.uint8)
