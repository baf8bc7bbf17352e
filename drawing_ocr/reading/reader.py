"""The reader: a model package opened for reading; one verb."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Category
from drawing_ocr.models import package
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.reading.categorise import categories_in
from drawing_ocr.reading.detector import Detector, DetectorSettings
from drawing_ocr.reading.direction import LYING, Hypothesis, choose_directions, settled
from drawing_ocr.reading.fit import Fitted, fit
from drawing_ocr.reading.image import Limits, Page
from drawing_ocr.reading.layout import layout_of
from drawing_ocr.reading.legibility import too_small
from drawing_ocr.reading.overlap import one_of_each, without_doubles
from drawing_ocr.reading.recogniser import Line, Recogniser
from drawing_ocr.reading.rectify import crop, is_tall, may_stand, sheet_to_upright, turn, turn_quad
from drawing_ocr.reading.regions import letters, regions_of
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from drawing_ocr.reading.second_look import unexplained
from drawing_ocr.reading.session import Network, Session
from drawing_ocr.reading.stacked import take_apart
from drawing_ocr.reading.structure.contract import Structure
from drawing_ocr.reading.structure.read import structure_of
from drawing_ocr.reading.unread_cells import unread_cells
from drawing_ocr.sources.opening import open_bytes, open_file
from drawing_ocr.sources.page import SourcePage
from drawing_ocr.text import canonical

Quad = npt.NDArray[np.float32]

Quads = npt.NDArray[np.float32]

_NOTHING: Final = np.zeros((0, 4, 2), np.float32)
_SAME_ROW: Final = 10.0  # pixels between the tops of boxes in one row, as in PaddleOCR


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """How a sheet is read.

    Attributes:
        passes: `upright` looks for text on the sheet as it is; `turned` also on the sheet turned by a quarter, which
            finds vertical text that the first misses and takes about twice as long in detection.
        look: `regions` looks closely only where a coarse look, or ink of a letter's size, says that text may stand;
            `everywhere` at every pixel of the page, which takes five times as long. Small pages are always looked at
            whole.
        vertical: How a crop taller than wide is turned before it is read: `both` ways and the likelier reading is
            kept, or `counter-clockwise` only, as PaddleOCR and rapidocr do.
        fit: Whether boxes are fitted to the ink: characters that the detector cut off come in, and the answered box is
            tight. Without it boxes are the detector's, as in rapidocr.
        min_confidence: Lines of which the network is less sure, before calibration, are dropped.
        detector: How boxes are found.
        limits: What is refused before decoding.
        batch: Lines that the recogniser reads in one call (`Recogniser`).
    """

    passes: Literal["upright", "turned"] = "turned"
    look: Literal["regions", "everywhere"] = "regions"
    vertical: Literal["both", "counter-clockwise"] = "both"
    fit: bool = True
    min_confidence: float = 0.5
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    limits: Limits = field(default_factory=Limits)
    batch: int = 1


class OpenNetwork(Protocol):
    """Loads the network of a package, `<detector or recogniser>/inference.onnx`."""

    def __call__(self, model: Path, /, *, threads: int) -> Network: ...


@dataclass(frozen=True, slots=True)
class _Reading:
    quad: Quad
    text: str
    confidence: float
    is_dimension: bool = False
    raw: str | None = None


class Reader:
    """Reads drawings with one model package. Thread-safe; its networks use `threads` threads in each call."""

    def __init__(
        self,
        detector: Detector,
        recogniser: Recogniser,
        model: ModelName,
        settings: ReadingSettings = ReadingSettings(),
        calibration: Calibration | None = None,
    ) -> None:
        self._detector = detector
        self._recogniser = recogniser
        self._settings = settings
        self._calibration = calibration
        self.model = model

    @classmethod
    def from_package(
        cls,
        path: Path | str,
        *,
        threads: int = 2,
        settings: ReadingSettings = ReadingSettings(),
        open_network: OpenNetwork = Session,
    ) -> Self:
        """Opens a model package.

        Args:
            path: A `model.tar.gz`, or the folder it was unpacked into.
            threads: Threads inside one reading.
            settings: How sheets are read.
            open_network: For who wants to stand between the reader and its networks.

        Raises:
            drawing_ocr.models.package.PackageError: not a package, of another schema, incomplete or damaged.
        """
        path = Path(path)
        if path.is_dir():
            return cls._from_folder(path, threads, settings, open_network)
        temporary = Path(tempfile.mkdtemp(prefix="model-package-"))
        try:
            folder = temporary / "package"
            package.unpack(path, folder)
            return cls._from_folder(folder, threads, settings, open_network)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    @classmethod
    def _from_folder(cls, folder: Path, threads: int, settings: ReadingSettings, open_network: OpenNetwork) -> Self:
        info = package.check_folder(folder)
        detector = open_network(folder / package.DETECTOR / package.ONNX_NAME, threads=threads)
        recogniser = open_network(folder / package.RECOGNISER / package.ONNX_NAME, threads=threads)
        characters = package.read_dictionary(folder / package.RECOGNISER / package.DICTIONARY_NAME)
        return cls(
            Detector(detector, settings.detector),
            Recogniser(recogniser, characters, batch=settings.batch),
            ModelName(name=info.name, version=info.version),
            settings,
            info.calibration,
        )

    def read_file(self, path: Path | str) -> ReadingResult:
        """Reads an image, PDF or DXF file.

        Raises:
            drawing_ocr.reading.image.ImageError: it cannot be read; one line with the reason.
        """
        return self.read_pages(open_file(Path(path), self._settings.limits, read_lines=self.read_lines))

    def read_bytes(self, data: bytes, *, name: str = "image") -> ReadingResult:
        """Reads the content of an image file or PDF.

        Args:
            data: The file's bytes.
            name: What errors call it.

        Raises:
            drawing_ocr.reading.image.ImageError: it cannot be read; one line with the reason.
        """
        return self.read_pages(open_bytes(data, name=name, limits=self._settings.limits, read_lines=self.read_lines))

    def read(self, page: Page) -> ReadingResult:
        """Reads one upright page, uint8 [height, width, 3] in BGR order."""
        return self.read_pages([SourcePage(pixels=page, unread=page)])

    def read_lines(self, page: Page, quads: Sequence[Quad]) -> list[str]:
        """Reads lines whose places and directions are known; quads as `Prediction.box`."""
        return [canonical(line.text) for line in self._recogniser.read([crop(page, quad) for quad in quads])]

    def read_pages(self, pages: Iterable[SourcePage]) -> ReadingResult:
        """Reads the pages of one file: what it carries as text stands as it is (confidence 1), the rest is read."""
        by_page = []
        structures = []
        sizes = []
        warnings: list[str] = []
        for number, page in enumerate(pages, 1):
            sizes.append((page.pixels.shape[1], page.pixels.shape[0]))
            found, structure, page_warnings = self._read_page(page)
            by_page.append(found)
            structures.append(structure)
            warnings += [f"page {number}: {warning}" for warning in page_warnings]
        several = len(by_page) > 1
        return ReadingResult(
            predictions=tuple(
                found.model_copy(update={"page": number}) if several else found
                for number, page_predictions in enumerate(by_page, 1)
                for found in page_predictions
            ),
            width=sizes[0][0],
            height=sizes[0][1],
            pages=len(sizes),
            model=self.model,
            warnings=tuple(warnings),
            structure=Structure.of_pages(structures, [len(found) for found in by_page]),
        )

    def _read_page(self, page: SourcePage) -> tuple[list[Prediction], Structure, list[str]]:
        """What stands on a page, what of it belongs together, and what whoever sent it should know."""
        readings = [_Reading(item.quad, canonical(item.text), 1.0, item.is_dimension) for item in page.known]
        warnings = list(page.warnings)
        if page.unread is not None:
            boxes = self._detect(page.unread)
            if self._settings.fit:
                boxes = take_apart(page.unread, boxes)
                boxes += unread_cells(page.unread, boxes)
            readings += self._read_boxes(page.unread, boxes)
            small = too_small([box.tight for box in boxes])
            warnings += [small] if small else []
        ordered = _in_reading_order(readings)
        texts = [item.text for item in ordered]
        layout = layout_of(page.pixels, texts, [item.quad for item in ordered])
        if not readings:
            warnings.append("no text found")
        found = [
            _prediction(item, category) for item, category in zip(ordered, categories_in(layout, texts), strict=True)
        ]
        return found, structure_of(layout, found), warnings

    def _detect(self, page: Page) -> list[Fitted]:
        boxes, others = self._looks(page)
        if not len(others):
            return self._fitted(page, boxes)
        upright, turned = self._fitted(page, boxes), self._fitted(page, others)
        first, second = one_of_each([box.loose for box in upright], [box.loose for box in turned])
        return [upright[index] for index in first] + [turned[index] for index in second]

    def _looks(self, page: Page) -> tuple[Quads, Quads]:
        """Boxes found on the page as it is, and on the page turned by a quarter; all as they lie on the page."""
        detector, again = self._detector, self._settings.passes == "turned"
        if self._settings.look == "everywhere" or min(page.shape[:2]) < self._settings.detector.min_side:
            boxes, turned = detector.detect(page), turn(page, 1)
            return boxes, sheet_to_upright(detector.detect(turned), turned.shape[1]) if again else _NOTHING
        seen = letters(page)
        size = (page.shape[1], page.shape[0])
        upright = detector.look(page, regions_of(np.maximum(seen.mask, detector.glance(page, seen.height))))
        boxes = detector.boxes(upright, size)
        if not again:
            return boxes, _NOTHING
        turned_look = detector.look(page, regions_of(unexplained(upright, boxes)), quarters=1)
        return boxes, detector.boxes(turned_look, size)

    def _read_boxes(self, page: Page, boxes: Sequence[Fitted]) -> list[_Reading]:
        readings = [
            reading
            for reading in self._recognise(page, boxes)
            if reading.confidence >= self._settings.min_confidence and reading.text
        ]
        worth = [reading.confidence * len(reading.text) for reading in readings]
        kept = without_doubles([reading.quad for reading in readings], worth)
        return [self._answered(readings[index]) for index in kept]

    def _answered(self, reading: _Reading) -> _Reading:
        """What was compared until here is what the network says; what is answered is how often that is right."""
        if self._calibration is None:
            return reading
        return replace(reading, confidence=self._calibration(reading.confidence))

    def _fitted(self, page: Page, quads: Sequence[Quad] | Quad) -> list[Fitted]:
        if self._settings.fit:
            return fit(page, list(quads))
        return [Fitted(quad, quad) for quad in quads]

    def _recognise(self, page: Page, boxes: Sequence[Fitted]) -> list[_Reading]:
        """Reads what is in each box, in each direction it may be written in; one reading of each is kept."""
        crops = [crop(page, box.loose) for box in boxes]
        ways = [self._directions(picture) for picture in crops]
        lines: list[dict[int, Line]] = [{} for _ in boxes]
        self._read_turned(crops, [(index, first) for index, (first, *_) in enumerate(ways)], lines)
        several = [index for index, each in enumerate(ways) if len(each) > 1]
        firsts = [(ways[index][0], _hypothesis(lines[index][ways[index][0]])) for index in several]
        unsettled = [index for index, done in zip(several, settled(firsts), strict=True) if not done]
        others = [(index, way) for index in unsettled for way in ways[index][1:]]
        self._read_turned(crops, others, lines)
        # Which way is told by what the network reads: the grammar, which chose already, would have its say twice.
        hypotheses = [{way: _hypothesis(line) for way, line in read.items()} for read in lines]
        return [
            _Reading(
                turn_quad(box.tight, quarters),
                canonical(read[quarters].text),
                read[quarters].confidence,
                raw=read[quarters].raw,
            )
            for box, read, quarters in zip(boxes, lines, choose_directions(hypotheses), strict=True)
        ]

    def _read_turned(
        self, crops: Sequence[Page], wanted: Sequence[tuple[int, int]], lines: Sequence[dict[int, Line]]
    ) -> None:
        """Reads crops turned by so many quarters clockwise, and adds what they read to their lines."""
        read = self._recogniser.read([turn(crops[index], quarters) for index, quarters in wanted])
        for (index, quarters), line in zip(wanted, read, strict=True):
            lines[index][quarters] = line

    def _directions(self, picture: Page) -> tuple[int, ...]:
        """Quarters clockwise by which a crop may be turned before it is read, the likeliest first."""
        if self._settings.vertical == "both":
            return (1, 3) if is_tall(picture) else (LYING, 1, 3) if may_stand(picture) else (LYING,)
        return (3,) if is_tall(picture) else (LYING,)


def _hypothesis(line: Line) -> Hypothesis:
    return Hypothesis(line.raw or canonical(line.text), line.confidence)


def _in_reading_order(readings: Sequence[_Reading]) -> list[_Reading]:
    """Rows from the top, each from the left; boxes of nearly the same top are one row."""
    by_height = sorted(readings, key=lambda reading: float(reading.quad[:, 1].min()))
    rows: list[list[_Reading]] = []
    for reading in by_height:
        top = float(reading.quad[:, 1].min())
        if rows and top - float(rows[-1][-1].quad[:, 1].min()) < _SAME_ROW:
            rows[-1].append(reading)
        else:
            rows.append([reading])
    return [reading for row in rows for reading in sorted(row, key=lambda item: float(item.quad[:, 0].min()))]


def _prediction(reading: _Reading, category: Category) -> Prediction:
    corners = [(float(x), float(y)) for x, y in reading.quad]
    return Prediction(
        box=(corners[0], corners[1], corners[2], corners[3]),
        text=reading.text,
        confidence=round(min(reading.confidence, 1.0), 5),
        category=Category.DIMENSION if reading.is_dimension else category,
        raw=reading.raw,
    )
