"""Reading files with whatever reads: a model package on this machine or a deployed endpoint."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from cli.errors import OperatorError, one_line
from drawing_ocr.drawing import measure
from drawing_ocr.evaluation.drawing_labels import DrawingScore, score_labelme
from drawing_ocr.evaluation.matching import Prediction as Scored
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.labelme import read_labelme
from drawing_ocr.output.writing import write
from drawing_ocr.reading.reader import Reader
from drawing_ocr.reading.result import ReadingResult

STANDARD = ("json", "png")


class Source(Protocol):
    """What reads a file."""

    def read(self, path: Path) -> ReadingResult:
        """Reads one file; raises an error of one line that names it."""


class PackageSource:
    """A model package on this machine."""

    def __init__(self, package: Path) -> None:
        self._reader = Reader.from_package(package)

    def read(self, path: Path) -> ReadingResult:
        """Reads one file with ONNX Runtime in this process."""
        return self._reader.read_file(path)


class FileRead(BaseModel):
    """What came of one file. `boxes`, `exact` and `cer` only where LabelMe labels lie beside it.

    `answer` and `overlays` are those of `written` that the formats `json` and `png` made.
    """

    model_config = ConfigDict(frozen=True)

    file: Path
    seconds: float
    error: str | None = None
    texts: int = 0
    confidence: float | None = None
    version: str | None = None
    answer: Path | None = None
    overlays: list[Path] = []
    written: list[Path] = []
    warnings: list[str] = []
    labels: Path | None = None
    boxes: int | None = None
    exact: int | None = None
    edits: int | None = None
    characters: int | None = None

    @property
    def cer(self) -> float | None:
        """Character error rate."""
        return self.edits / self.characters if self.edits is not None and self.characters else None


def check_output(files: Sequence[Path], out: Path) -> None:
    """Refuses a folder in which an answer would take the name of a drawing's own labels, or of another answer."""
    for file in files:
        if file.resolve().parent == out.resolve():
            raise OperatorError(
                f"--out {out}: {file.name} lies there, and its labels {file.stem}.json would be overwritten: "
                "choose another folder"
            )
    stems = [file.stem for file in files]
    for stem in stems:
        if stems.count(stem) > 1:
            raise OperatorError(
                f"two files are called {stem}: their answers would overwrite each other; read them apart"
            )


def read_files(
    source: Source,
    files: Sequence[Path],
    out: Path,
    on_file: Callable[[], None],
    formats: Sequence[str] = STANDARD,
) -> Iterator[FileRead]:
    """Reads files one by one, each into files of `out` that begin with its name.

    A file that cannot be read or written is reported in its `error` and leaves nothing; the others are read all the
    same.
    """
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        started = time.monotonic()
        try:
            result = source.read(file)
            read = _written(file, out, result, formats, time.monotonic() - started)
        except Exception as error:  # whatever one file leads a decoder to, the others are read
            read = FileRead(file=file, seconds=time.monotonic() - started, error=one_line(error))
        on_file()
        yield read


def _written(file: Path, out: Path, result: ReadingResult, formats: Sequence[str], seconds: float) -> FileRead:
    written = write(measure(file, result), out, formats)
    confidences = [prediction.confidence for prediction in result.predictions]
    labels = file.with_suffix(".json")
    score = _score(labels, result)
    answer = out / f"{file.stem}.json"
    pages = {f"{file.stem}.png", *(f"{file.stem}-{number}.png" for number in range(2, result.pages + 1))}
    return FileRead(
        file=file,
        seconds=seconds,
        texts=len(result.predictions),
        confidence=sum(confidences) / len(confidences) if confidences else None,
        version=result.model.version or result.model.name,
        answer=answer if answer in written else None,
        overlays=[path for path in written if path.parent == out and path.name in pages],
        written=written,
        warnings=list(result.warnings),
        labels=labels if score else None,
        boxes=score.boxes if score else None,
        exact=score.exact if score else None,
        edits=score.edits if score else None,
        characters=score.characters if score else None,
    )


def _score(labels: Path, result: ReadingResult) -> DrawingScore | None:
    """Against LabelMe labels beside the drawing; None where there are none, or another kind of JSON."""
    if not labels.is_file():
        return None
    try:
        regions = read_labelme(labels).regions
    except FormatError:
        return None
    return score_labelme(regions, [Scored(prediction.box, prediction.text) for prediction in result.predictions])
