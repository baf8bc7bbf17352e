"""One version of the reader on the test sets, and two versions side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from drawing_ocr.dataset import layout
from drawing_ocr.dataset.split import Split
from drawing_ocr.evaluation.detection import evaluate_detection
from drawing_ocr.evaluation.end_to_end import evaluate_end_to_end
from drawing_ocr.evaluation.html_report import ComparedLine
from drawing_ocr.evaluation.matching import Page, Prediction
from drawing_ocr.evaluation.recognition import ReadLine, evaluate_recognition
from drawing_ocr.evaluation.report import Differences, Metrics, TestSet
from drawing_ocr.evaluation.significance import PairedLine, compare_recognition
from drawing_ocr.formats import FormatError
from drawing_ocr.models import package
from drawing_ocr.reading.detector import Detector, Quads
from drawing_ocr.reading.image import Page as Pixels
from drawing_ocr.reading.image import load_file
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.recogniser import Recogniser
from drawing_ocr.reading.result import ModelName
from drawing_ocr.reading.session import Session


@dataclass(frozen=True)
class LabelledLine:
    """A crop, its label, its kind, and the drawing that it was cut from."""

    crop: Path
    text: str
    category: str
    drawing: str


@dataclass(frozen=True)
class Sheet:
    """A sheet that is read whole: its picture, and its labels without predictions."""

    picture: Path
    labels: Page


class TestSetFolder:
    """Validation side of a dataset, or the frozen regression set."""

    __test__ = False  # not a test, whatever pytest makes of the name

    def __init__(self, folder: Path, *, sheets: int) -> None:
        """Reads the lists.

        Args:
            folder: In the dataset layout.
            sheets: How many sheets are read whole: one costs as much as a hundred lines, and the lines judge.

        Raises:
            FormatError: A list that cannot be read, or no line in it.
        """
        self._folder = folder
        self._sheets = sheets
        self.lines = [
            LabelledLine(line.crop, line.text, line.category, self._drawing(line.crop))
            for line in layout.read_lines(folder, Split.VAL)
        ]
        if not self.lines:
            raise FormatError(f"{folder}: no line to judge by: prepare the dataset again")

    def sheets(self) -> list[Sheet]:
        """The sheets that are read whole."""
        if not (self._folder / layout.detection_list(Split.VAL)).is_file():
            return []
        drawings = layout.read_drawings(self._folder, Split.VAL)[: self._sheets]
        return [Sheet(self._folder / each.image, Page(each.regions, ())) for each in drawings]

    def _drawing(self, crop: Path) -> str:
        """Crops of one drawing lie in one folder; a line that was drawn alone lies in `crops/` itself."""
        inside = crop.relative_to(self._folder / "crops")
        return str(inside.parent if len(inside.parts) > 1 else inside)


class RememberingDetector(Detector):
    """A detector that looks at each page once: versions of one detector find the same boxes."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: dict[bytes, Quads] = {}

    def detect(self, page: Pixels) -> Quads:
        """As `Detector`."""
        content = hashlib.sha256(page.tobytes()).digest()
        if content not in self._found:
            self._found[content] = super().detect(page)
        return self._found[content]


class Detectors:
    """One detector for each checksum, however many versions carry it."""

    def __init__(self) -> None:
        self._opened: dict[str, RememberingDetector] = {}

    def of(self, folder: Path, sha256: str) -> RememberingDetector:
        """The detector of an unpacked package."""
        if sha256 not in self._opened:
            session = Session(folder / package.DETECTOR / package.ONNX_NAME, threads=1)
            self._opened[sha256] = RememberingDetector(session)
        return self._opened[sha256]


class Version:
    """A model package that reads. Thread-safe; each call uses one thread."""

    def __init__(self, folder: Path, detectors: Detectors) -> None:
        """Opens an unpacked package that was checked already."""
        info = package.parse_info((folder / package.INFO_NAME).read_bytes(), str(folder))
        session = Session(folder / package.RECOGNISER / package.ONNX_NAME, threads=1)
        dictionary = package.read_dictionary(folder / package.RECOGNISER / package.DICTIONARY_NAME)
        # One by one: what a line reads does not depend on its neighbours, and nothing is padded to the widest of them
        # (14 instead of 17 ms of one core for a line).
        self._recogniser = Recogniser(session, dictionary, batch=1)
        self._reader = Reader(
            detectors.of(folder, info.detector.sha256),
            Recogniser(session, dictionary),
            ModelName(name=info.name, version=info.version),
            # One pass: a quarter turn more finds a little more and takes twice as long.
            ReadingSettings(passes="upright"),
        )

    def read_line(self, crop: Pixels) -> str:
        """The text of an upright crop."""
        return self._recogniser.read([crop])[0].text

    def read_sheet(self, page: Pixels) -> list[Prediction]:
        """What stands where on a sheet."""
        predictions = self._reader.read(page).predictions
        return [Prediction(points=[*prediction.box], text=prediction.text) for prediction in predictions]


@dataclass(frozen=True)
class _Readings:
    """What one version read of a test set: its lines, and its sheets."""

    lines: list[str]
    sheets: list[list[Prediction]]


def compare(
    sets: Mapping[str, TestSetFolder], challenger: Version, champion: Version | None, *, threads: int
) -> tuple[dict[str, TestSet], list[ComparedLine]]:
    """Both versions on all test sets.

    Args:
        sets: By name.
        challenger: The new version.
        champion: The released one.
        threads: How many lines and sheets are read at once.

    Returns:
        The metrics by name of the set, and every line as both read it (none without a champion).
    """
    versions = [challenger] if champion is None else [challenger, champion]
    results: dict[str, TestSet] = {}
    compared: list[ComparedLine] = []
    with ThreadPoolExecutor(threads) as pool:
        for name, test_set in sets.items():
            readings = _read(test_set, versions, pool)
            metrics = [_metrics(test_set, each) for each in readings]
            if champion is None:
                results[name] = TestSet(challenger=metrics[0])
                continue
            new, old = (each.lines for each in readings)
            results[name] = TestSet(
                challenger=metrics[0], champion=metrics[1], difference=_difference(test_set, new, old)
            )
            compared += [
                ComparedLine(line.crop, line.text, after, before, line.category)
                for line, after, before in zip(test_set.lines, new, old, strict=True)
            ]
    return results, compared


def _read(test_set: TestSetFolder, versions: Sequence[Version], pool: Executor) -> list[_Readings]:
    """What each version reads; every picture is opened once."""

    def line(crop: Path) -> list[str]:
        pixels = _pixels(crop)
        return [version.read_line(pixels) for version in versions]

    def sheet(picture: Path) -> list[list[Prediction]]:
        (page,) = load_file(picture)
        return [version.read_sheet(page) for version in versions]

    # Sheets first: they take longest, and lines fill up the rest.
    sheets = pool.map(sheet, [each.picture for each in test_set.sheets()])
    lines = pool.map(line, [each.crop for each in test_set.lines])
    by_line, by_sheet = list(lines), list(sheets)
    return [
        _Readings([each[index] for each in by_line], [each[index] for each in by_sheet])
        for index in range(len(versions))
    ]


def _metrics(test_set: TestSetFolder, readings: _Readings) -> Metrics:
    lines = (
        ReadLine(line.text, text, line.category) for line, text in zip(test_set.lines, readings.lines, strict=True)
    )
    pages = [
        Page(sheet.labels.regions, predictions)
        for sheet, predictions in zip(test_set.sheets(), readings.sheets, strict=True)
    ]
    return Metrics(
        recognition=evaluate_recognition(lines),
        detection=evaluate_detection(pages) if pages else None,
        end_to_end=evaluate_end_to_end(pages) if pages else None,
    )


def _difference(test_set: TestSetFolder, new: Sequence[str], old: Sequence[str]) -> Differences:
    return compare_recognition(
        [
            PairedLine(line.drawing, line.text, after, before, line.category)
            for line, after, before in zip(test_set.lines, new, old, strict=True)
        ]
    )


def _pixels(path: Path) -> Pixels:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FormatError(f"{path}: cannot be decoded: prepare the dataset again")
    return np.asarray(pixels, np.uint8)
