"""A drawing that was read: typed results that print, plot and save themselves."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from drawing_ocr.annotation import Category
from drawing_ocr.reading.image import Limits
from drawing_ocr.reading.result import Prediction, ReadingResult
from drawing_ocr.sources.opening import open_file
from drawing_ocr.sources.page import SourcePage

if TYPE_CHECKING:
    from drawing_ocr.reading.reader import Reader

MILLIMETRES_PER_INCH: Final = 25.4
_KEPT_PIXELS: Final = 60_000_000  # three to six bytes each
_PRINTED: Final = 200  # rows of a table on a screen


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page.

    Attributes:
        width, height: Pixels, upright.
        dpi: Pixels of an inch, None where the file does not say.
    """

    width: int
    height: int
    dpi: float | None = None

    @property
    def millimetre(self) -> float | None:
        """Pixels of a millimetre."""
        return None if self.dpi is None else self.dpi / MILLIMETRES_PER_INCH


@dataclass(frozen=True)
class Drawing:
    """A file that was read.

    Attributes:
        path: The file.
        result: What was read, in the form of the endpoint's answer.
        sheets: Its pages.
        limits: With which it was opened.
        kept: Its pages, where they are held in memory.
    """

    path: Path
    result: ReadingResult
    sheets: tuple[Sheet, ...]
    limits: Limits = field(default_factory=Limits)
    kept: tuple[SourcePage, ...] | None = field(default=None, repr=False)

    @property
    def texts(self) -> tuple[Prediction, ...]:
        """All texts, page by page in reading order."""
        return self.result.predictions

    @property
    def dimensions(self) -> tuple[Prediction, ...]:
        """The texts that are dimensions."""
        return tuple(item for item in self.texts if item.category is Category.DIMENSION)

    @property
    def title_block(self) -> dict[str, str]:
        """The fields of the first title block by their names (`number`, `title`, `material`, …), as far as read."""
        fields = self.result.structure.title_block if self.result.structure else ()
        return {field.name: field.text for field in reversed(fields)}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What one should know of the reading, one line each."""
        return self.result.warnings

    def on_page(self, number: int) -> tuple[Prediction, ...]:
        """The texts of a page, from 1."""
        return tuple(item for item in self.texts if (item.page or 1) == number)

    def pages(self) -> Iterator[SourcePage]:
        """The pages anew from the file, one in memory at a time; or those that are kept.

        Raises:
            drawing_ocr.reading.image.ImageError: the file is not there any more, or has changed and cannot be read.
        """
        return open_file(self.path, self.limits) if self.kept is None else iter(self.kept)

    def keeping_pages(self) -> Drawing:
        """The same with its pages in memory, for who needs them several times; itself where they are too large."""
        if self.kept is not None or sum(sheet.width * sheet.height for sheet in self.sheets) > _KEPT_PIXELS:
            return self
        return replace(self, kept=tuple(self.pages()))

    def millimetres(self, item: Prediction) -> tuple[tuple[float, float], ...] | None:
        """The corners of a text in millimetres from the upper left of its page, None where no resolution is known."""
        scale = self.sheets[(item.page or 1) - 1].millimetre
        return None if scale is None else tuple((round(x / scale, 3), round(y / scale, 3)) for x, y in item.box)

    def plot(self, page: int = 1) -> Image.Image:
        """A page with its texts drawn in, coloured by category."""
        from drawing_ocr.reading.overlay import draw_overlay

        for number, source in enumerate(self.pages(), 1):
            if number == page:
                return draw_overlay(source.pixels, self.result, number=page)
        raise IndexError(f"{self.path}: no page {page}, it has {len(self.sheets)}")

    def save(self, out: Path | str, formats: Sequence[str] = ("json", "png")) -> list[Path]:
        """Writes the drawing in forms of `drawing_ocr.output.writing.FORMATS` into a folder; the files written."""
        from drawing_ocr.output.writing import write

        return write(self, Path(out), formats)

    def __str__(self) -> str:
        pages = f", {len(self.sheets)} pages" if len(self.sheets) > 1 else ""
        return f"{self.path.name}: {len(self.texts)} texts, {len(self.dimensions)} dimensions{pages}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table("page", "category", "text", "confidence", title=str(self), title_justify="left")
        for item in self.texts[:_PRINTED]:
            table.add_row(str(item.page or 1), item.category.value, item.text, f"{item.confidence:.2f}")
        yield table
        if len(self.texts) > _PRINTED:
            yield f"and {len(self.texts) - _PRINTED} more"
        yield from (f"warning: {warning}" for warning in self.warnings)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{item.page or 1}<td>{item.category.value}<td>{html.escape(item.text)}<td>{item.confidence:.2f}"
            for item in self.texts[:_PRINTED]
        )
        warnings = "".join(f"<p>{html.escape(warning)}</p>" for warning in self.warnings)
        return (
            f"<p>{html.escape(str(self))}</p><table><tr><th>page<th>category<th>text<th>confidence{rows}</table>"
            f"{warnings}"
        )


def read_drawing(path: Path | str, reader: Reader, limits: Limits | None = None) -> Drawing:
    """Reads a picture, PDF or DXF file.

    Args:
        path: The file; its kind is told by its content.
        reader: What reads.
        limits: What is refused.

    Raises:
        drawing_ocr.reading.image.ImageError: it cannot be read; one line with the reason.
    """
    path, limits = Path(path), limits or Limits()
    sheets: list[Sheet] = []

    def measured() -> Iterator[SourcePage]:
        for page in open_file(path, limits, read_lines=reader.read_lines):
            height, width = page.pixels.shape[:2]
            sheets.append(Sheet(width, height, page.dpi))
            yield page

    result = reader.read_pages(measured())
    return Drawing(path, result, tuple(sheets), limits)


def measure(path: Path | str, result: ReadingResult, limits: Limits | None = None) -> Drawing:
    """A file that was read elsewhere, with the sizes of its pages as they are here.

    Raises:
        drawing_ocr.reading.image.ImageError: it cannot be opened here.
    """
    path, limits = Path(path), limits or Limits()
    pages = open_file(path, limits)
    sheets = tuple(Sheet(page.pixels.shape[1], page.pixels.shape[0], page.dpi) for page in pages)
    return Drawing(path, result, sheets, limits)
