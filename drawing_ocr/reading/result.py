"""The reading result: what `POST /invocations` answers and `drawingops read` writes.

Light: the standard library and pydantic only.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from drawing_ocr.annotation import Category
from drawing_ocr.reading.structure.contract import Structure

Point = tuple[float, float]
Box = tuple[Point, Point, Point, Point]


class Prediction(BaseModel):
    """One line of text that was read.

    Attributes:
        box: Corners [x, y] in pixels of the upright page, clockwise from the text's own top left.
        text: In canonical form (`drawing_ocr.text.canonical`).
        confidence: Probability that a line in this box is read exactly, as far as the package is calibrated
            (`drawing_ocr.models.calibration`); else the mean probability of its characters. 0 to 1.
        category: Its kind, by rules.
        page: From 1; only where the file has several pages.
        raw: What the network reads; only where the grammar chose another of its readings as `text`.
    """

    model_config = ConfigDict(frozen=True)

    box: Box
    text: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    category: Category = Category.TEXT
    page: int | None = None
    raw: str | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = handler(self)
        return {name: value for name, value in fields.items() if name not in ("page", "raw") or value is not None}


class ModelName(BaseModel):
    """Which model read: the package's name and, once registered, its version."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str | None = None


class ReadingResult(BaseModel):
    """All that was read in one file.

    Attributes:
        predictions: By page, then in reading order (rows from the top, each from the left).
        width: Of the upright first page, pixels.
        height: Of the upright first page, pixels.
        pages: How many pages were read.
        model: Which model read.
        warnings: What the caller should know, one line each; empty when nothing is odd.
        structure: What belongs together; None in results of readers that did not tell it.
    """

    model_config = ConfigDict(frozen=True)

    predictions: tuple[Prediction, ...] = ()
    width: int
    height: int
    pages: int = 1
    model: ModelName
    warnings: tuple[str, ...] = ()
    structure: Structure | None = None

    @model_serializer(mode="wrap")
    def _without_structure_that_was_not_told(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields: dict[str, object] = handler(self)
        if self.structure is None:
            del fields["structure"]
        return fields

    @property
    def counts(self) -> dict[str, int]:
        """What a log line says of it."""
        return {"predictions": len(self.predictions), "pages": self.pages}
