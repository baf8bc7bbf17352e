"""What every sheet has around its views: frame with zone marks, title block, tables and notes (ISO 5457, ISO 7200)."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.canvas import Canvas, PlacedText, Point, Stroke
from drawing_ocr.synthesis.dimensions import Drafting
from drawing_ocr.synthesis.lettering import Ink, Lettering, letter
from drawing_ocr.synthesis.vocabulary import (
    CAPTIONS,
    CHANGES,
    COMPANIES,
    MATERIALS,
    NAMES,
    NOTES,
    PART_NAMES,
    Language,
    is_held_out,
)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the sheet in page pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def as_tuple(self) -> tuple[float, float, float, float]:
        return self.left, self.top, self.right, self.bottom

    def outline(self) -> tuple[Point, ...]:
        a, b, c, d = self.as_tuple()
        return Point(a, b), Point(c, b), Point(c, d), Point(a, d), Point(a, b)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a small caption in its top left corner, a value below it (both may be empty), its share of the row."""

    caption: str
    value: str
    share: float
    large: bool = False


@dataclass(slots=True)
class Furniture:
    """Draws on one canvas in one drafting style and one language."""

    canvas: Canvas
    drafting: Drafting
    language: Language
    bilingual: bool
    rng: Random

    def frame(self, *, zone_marks: bool = True) -> Area:
        """The border, with zone marks if asked for; returns the area inside."""
        canvas, drafting, rng = self.canvas, self.drafting, self.rng
        band = round(1.5 * drafting.em)
        edge = round(rng.uniform(0.8, 1.4) * drafting.em)
        outer = Area(edge, edge, canvas.width - edge, canvas.height - edge)
        inner = Area(edge + band, edge + band, canvas.width - edge - band, canvas.height - edge - band)
        canvas.draw([Stroke(inner.outline(), drafting.thick)])
        if not zone_marks:
            return inner
        canvas.draw([Stroke(outer.outline(), drafting.thin)])
        small = drafting.scaled(0.8)
        columns, rows = (8, 6) if canvas.width > canvas.height else (4, 6)
        for i in range(columns):
            middle = inner.left + inner.width * (i + 0.5) / columns
            for y, near, far in ((outer.top, outer.top, inner.top), (inner.bottom, inner.bottom, outer.bottom)):
                self._write(str(i + 1), Point(middle, y + band / 2), small, Category.TEXT)
                if i:
                    x = inner.left + inner.width * i / columns
                    canvas.draw([Stroke((Point(x, near), Point(x, far)), drafting.thin)])
        for i in range(rows):
            middle = inner.top + inner.height * (i + 0.5) / rows
            for x, near, far in ((outer.left, outer.left, inner.left), (inner.right, inner.right, outer.right)):
                self._write("ABCDEFGH"[i], Point(x + band / 2, middle), small, Category.TEXT)
                if i:
                    y = inner.top + inner.height * i / rows
                    canvas.draw([Stroke((Point(near, y), Point(far, y)), drafting.thin)])
        return inner

    def title_block(self, inner: Area, names: Sequence[int] = range(len(PART_NAMES))) -> Area:
        """The title block in the lower right corner of the frame; returns its area.

        names: positions in `PART_NAMES` of which one becomes the title.
        """
        rng, how = self.rng, self.drafting.convention
        company = rng.choice(COMPANIES)
        title = PART_NAMES[rng.choice(names)][_COLUMN[self.language]]

        def person(role: str) -> list[Cell]:
            return [
                Cell(self._caption(role), rng.choice(NAMES) if rng.random() < 0.8 else "", 2.2),
                Cell(self._caption("date"), text_source.date(rng) if rng.random() < 0.8 else "", 1.8),
            ]

        people = [person(role) for role in ("drawn", "checked", "approved")]
        large = [
            Cell(self._caption("company") if rng.random() < 0.5 else "", company, 5),
            Cell(self._caption("title"), title, 5, large=True),
            Cell(self._caption("number"), text_source.drawing_number(rng), 5, large=True),
        ]
        if rng.random() < 0.4:
            large[0], large[1] = large[1], large[0]
        rows = [[*left, right] if rng.random() < 0.97 else [right] for left, right in zip(people, large, strict=True)]
        rows.append(
            [
                Cell(self._caption("material"), rng.choice(MATERIALS), 2.4),
                Cell(self._caption("scale"), text_source.scale(rng), 1.2),
                Cell(self._caption("weight"), text_source.weight(rng, how), 1.6),
                Cell(self._caption("format"), rng.choice(("A4", "A3", "A2")), 1),
                Cell(self._caption("revision"), rng.choice("ABCD"), 1),
                Cell(self._caption("sheet"), rng.choice(("1/1", "1/2", "2/2")), 1),
            ]
        )
        if rng.random() < 0.7:
            finish = f"Ra {how.decimal.join(('3', '2'))}"
            rows.insert(
                rng.choice((0, len(rows))),
                [
                    Cell(self._caption("tolerance"), rng.choice(("ISO 2768-mK", "ISO 2768-fH", "GB/T 1804-m")), 3),
                    Cell(self._caption("finish"), finish, 2),
                ],
            )
        width = min(inner.width, rng.uniform(25, 30) * self.drafting.em)
        height = 2.3 * self.drafting.em
        area = Area(inner.right - width, inner.bottom - height * len(rows), inner.right, inner.bottom)
        self._grid(area, rows, [height] * len(rows), Category.TITLE_BLOCK)
        return area

    def revision_table(self, inner: Area) -> Area:
        """Revisions in the upper right corner of the frame; returns the table's area."""
        rng = self.rng
        header = [Cell("", CAPTIONS[key][_COLUMN[self.language]], share) for key, share in _REVISION_COLUMNS]
        rows = [header] + [
            [
                Cell("", rng.choice("ABCDEF"), 1),
                Cell("", rng.choice(CHANGES[self.language]), 5),
                Cell("", text_source.date(rng), 2.2),
                Cell("", rng.choice(NAMES), 2),
            ]
            for _ in range(rng.randint(1, 3))
        ]
        width, height = min(inner.width * 0.6, 24 * self.drafting.em), 1.4 * self.drafting.em
        area = Area(inner.right - width, inner.top, inner.right, inner.top + height * len(rows))
        self._grid(area, rows, [height] * len(rows), Category.TABLE)
        return area

    def parts_table(self, inner: Area, title_block: Area) -> Area:
        """A parts list standing on the title block; returns the table's area."""
        rng = self.rng
        index = _COLUMN[self.language]
        header = [Cell("", CAPTIONS[key][_COLUMN[self.language]], share) for key, share in _PARTS_COLUMNS]
        names = rng.sample(PART_NAMES, rng.randint(2, 4))
        rows = [
            [
                Cell("", str(i + 1), 1),
                Cell("", str(rng.randint(1, 12)), 1),
                Cell("", name[index], 4),
                Cell("", rng.choice(MATERIALS), 2.6),
                Cell("", rng.choice(("", text_source.drawing_number(rng))), 2.4),
            ]
            for i, name in enumerate(names)
        ]
        rows = [*reversed(rows), header]
        height = 1.4 * self.drafting.em
        area = Area(title_block.left, title_block.top - height * len(rows), inner.right, title_block.top)
        self._grid(area, rows, [height] * len(rows), Category.TABLE)
        return area

    def notes(self, area: Area) -> None:
        """A heading and numbered notes, from the area's top left; as many as fit."""
        rng, em = self.rng, self.drafting.em
        heading = {"english": ("NOTES:", "NOTES"), "german": ("HINWEISE:",), "chinese": ("技术要求", "技术要求:")}[
            self.language
        ]
        lines = [rng.choice(heading)]
        wanted = rng.randint(3, 5)
        chosen: list[str] = []
        if rng.random() < 0.6:
            chosen.append(text_source.tolerance_note(rng, self.language, self.drafting.convention))
        drawn_notes = [text for text in NOTES[self.language] if not is_held_out(text)]
        while len(chosen) < wanted:
            text = rng.choice(drawn_notes)
            if text not in chosen:
                chosen.append(text)
        capital = self.language == "english" and rng.random() < 0.5
        lines += [f"{i}. {text.upper() if capital else text}" for i, text in enumerate(chosen, 1)]
        y = area.top + 1.2 * em
        for text in lines:
            ink = letter(text, self.drafting.scaled(0.9))
            if y > area.bottom - 0.5 * em or ink.width > area.width:
                return
            centre = Point(area.left + ink.width / 2, y - ink.baseline + ink.height / 2)
            self.canvas.write(PlacedText(ink, centre, 0.0, text, Category.TEXT))
            y += 1.5 * em

    def _caption(self, key: str) -> str:
        own, english = CAPTIONS[key][_COLUMN[self.language]], CAPTIONS[key][0]
        return f"{own}/{english}" if self.bilingual and own != english else own

    def _grid(self, area: Area, rows: Sequence[Sequence[Cell]], heights: Sequence[float], category: Category) -> None:
        canvas, drafting = self.canvas, self.drafting
        canvas.draw([Stroke(area.outline(), drafting.thick)])
        top = area.top
        for row, height in zip(rows, heights, strict=True):
            if top > area.top:
                canvas.draw([Stroke((Point(area.left, top), Point(area.right, top)), drafting.thin)])
            left, total = area.left, sum(cell.share for cell in row)
            for cell in row:
                right = left + area.width * cell.share / total
                if left > area.left:
                    canvas.draw([Stroke((Point(left, top), Point(left, top + height)), drafting.thin)])
                self._cell(cell, Area(left, top, right, top + height), category)
                left = right
            top += height

    def _cell(self, cell: Cell, area: Area, category: Category) -> None:
        em = self.drafting.em
        room, split = area.width - 0.7 * em, 0.0
        if cell.caption:
            ink = self._fitting(cell.caption, 0.55, room)
            if ink is not None:
                centre = Point(area.left + 0.3 * em + ink.width / 2, area.top + 0.3 * em + ink.height / 2)
                self.canvas.write(PlacedText(ink, centre, 0.0, cell.caption, category))
                split = 0.75 * em
        if cell.value:
            ink = self._fitting(cell.value, 1.05 if cell.large else 0.8, room)
            if ink is not None:
                x = (area.left + area.right) / 2 if split == 0 or cell.large else area.left + 0.4 * em + ink.width / 2
                y = (area.top + split + area.bottom) / 2
                self.canvas.write(PlacedText(ink, Point(x, y), 0.0, cell.value, category))

    def _fitting(self, text: str, factor: float, room: float) -> Ink | None:
        """The text's ink at `factor` of the sheet's lettering, smaller where `room` pixels ask for it, or None."""
        for shrink in (1.0, 0.85, 0.7):
            lettering = self.drafting.scaled(factor * shrink)
            ink = letter(text, lettering)
            if ink.width <= room:
                return ink
        return None

    def _write(self, text: str, centre: Point, lettering: Lettering, category: Category) -> None:
        self.canvas.write(PlacedText(letter(text, lettering), centre, 0.0, text, category))


# Column of a language in the tables of the vocabulary.
_COLUMN: dict[Language, int] = {"english": 0, "german": 1, "chinese": 2}

_REVISION_COLUMNS = (("revision", 1), ("description", 5), ("date", 2.2), ("drawn", 2))
_PARTS_COLUMNS = (("item", 1), ("quantity", 1), ("title", 4), ("material", 2.6), ("remark", 2.4))
