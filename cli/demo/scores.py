"""Two versions on the same drawings: texts that changed, and the scores where labels lie beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from rich.table import Table

from cli.console import percent
from cli.places import same_places
from cli.reading import FileRead
from drawing_ocr.reading.result import Prediction, ReadingResult

ROWS_SHOWN = 12


class Change(BaseModel):
    """A place that the versions read differently; an empty text was not read at all."""

    model_config = ConfigDict(frozen=True)

    drawing: str
    before: str
    after: str
    confidence: float


class DrawingScores(BaseModel):
    """One labelled drawing, read by both versions."""

    model_config = ConfigDict(frozen=True)

    drawing: str
    boxes: int
    exact_before: int
    exact_after: int
    cer_before: float
    cer_after: float


class Scores(BaseModel):
    """All drawings together; the rates are over all labelled characters. `before` and `after` name the versions."""

    model_config = ConfigDict(frozen=True)

    before: str
    after: str
    drawings: list[DrawingScores]
    changes: list[Change]
    cer_before: float
    cer_after: float

    @property
    def boxes(self) -> int:
        """Labelled boxes."""
        return sum(drawing.boxes for drawing in self.drawings)

    @property
    def exact_before(self) -> int:
        """Boxes that the earlier version read exactly."""
        return sum(drawing.exact_before for drawing in self.drawings)

    @property
    def exact_after(self) -> int:
        """Boxes that the later version read exactly."""
        return sum(drawing.exact_after for drawing in self.drawings)

    @property
    def columns(self) -> list[str]:
        """Headers of the counts and rates of a drawing."""
        return [f"{figure} {version}" for figure in ("exact", "CER") for version in (self.before, self.after)]

    def table(self) -> Table:
        """Exact readings and character errors by drawing."""
        table = Table("drawing", "labelled", *self.columns, title="against the labels")
        for item in self.drawings:
            counts = (item.boxes, item.exact_before, item.exact_after)
            table.add_row(item.drawing, *map(str, counts), f"{item.cer_before:.3f}", f"{item.cer_after:.3f}")
        if len(self.drawings) > 1:
            table.add_section()
            counts = (self.boxes, self.exact_before, self.exact_after)
            table.add_row("together", *map(str, counts), f"{self.cer_before:.3f}", f"{self.cer_after:.3f}")
        return table

    def texts_table(self) -> Table:
        """What the versions read differently, the surest first."""
        shown = sorted(self.changes, key=lambda change: -change.confidence)[:ROWS_SHOWN]
        left = len(self.changes) - len(shown)
        caption = f"{left} more are in index.html" if left > 0 else None
        table = Table("drawing", self.before, self.after, "confidence", title="read differently", caption=caption)
        for change in shown:
            table.add_row(change.drawing, change.before or "-", change.after or "-", percent(change.confidence))
        return table


class Readings(NamedTuple):
    """The drawings as one version read them, in their order."""

    version: str
    files: list[FileRead]


def compared_readings(before: Readings, after: Readings) -> Scores:
    """Both readings of the same files, in the same order."""
    pairs = list(zip(before.files, after.files, strict=True))
    labelled = [(old, new) for old, new in pairs if old.boxes and new.boxes]
    return Scores(
        before=before.version,
        after=after.version,
        drawings=[_drawing(old, new) for old, new in labelled],
        changes=[change for old, new in pairs for change in _changes(old, new)],
        cer_before=_rate([old for old, _ in labelled]),
        cer_after=_rate([new for _, new in labelled]),
    )


def _drawing(old: FileRead, new: FileRead) -> DrawingScores:
    return DrawingScores(
        drawing=old.file.name,
        boxes=new.boxes or 0,
        exact_before=old.exact or 0,
        exact_after=new.exact or 0,
        cer_before=old.cer or 0.0,
        cer_after=new.cer or 0.0,
    )


def _rate(readings: Sequence[FileRead]) -> float:
    characters = sum(reading.characters or 0 for reading in readings)
    return sum(reading.edits or 0 for reading in readings) / characters if characters else 0.0


def _changes(old: FileRead, new: FileRead) -> list[Change]:
    if old.answer is None or new.answer is None:
        return []
    left, right = (_predictions(answer) for answer in (old.answer, new.answer))
    changes = []
    for before, after in same_places(left, right):
        texts = (before.text if before else "", after.text if after else "")
        if texts[0] != texts[1]:
            surest = max(item.confidence for item in (before, after) if item)
            changes.append(Change(drawing=old.file.name, before=texts[0], after=texts[1], confidence=surest))
    return changes


def _predictions(answer: Path) -> list[Prediction]:
    return list(ReadingResult.model_validate_json(answer.read_bytes()).predictions)
