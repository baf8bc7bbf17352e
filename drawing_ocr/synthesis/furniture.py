"""What every sheet has around its views: frame with zone marks, title block, tables and notes (ISO 5457, ISO 7200)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.canvas import Canvas, PlacedText, Plan, Point, Stroke, direction
from drawing_ocr.synthesis.dimensions import Drafting
from drawing_ocr.synthesis.lettering import Ink, Lettering, letter
from drawing_ocr.synthesis.structure import FieldName, Paragraph, Table, TableCell, TableKind, TitleField, rectangle
from drawing_ocr.synthesis.title_blocks import Cell, Wordbook, random_title_block
from drawing_ocr.synthesis.vocabulary import (
    CAPTIONS,
    CHANGES,
    COLUMN,
    MATERIALS,
    NAMES,
    NOTES,
    PART_NAMES,
    Language,
    is_held_out,
)
from drawing_ocr.text import canonical


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
        words = Wordbook(self.rng, self.drafting.convention, self.language, self.bilingual, names)
        cells = random_title_block(words)
        wide, high = max(c.x + c.width for c in cells), max(c.y + c.height for c in cells)
        em = min(self.drafting.em, inner.width / wide)
        area = Area(inner.right - em * wide, inner.bottom - em * high, inner.right, inner.bottom)
        self._grid(area, cells, em, Category.TITLE_BLOCK, "title_block")
        return area

    def revision_table(self, inner: Area) -> Area:
        """Revisions in the upper right corner of the frame; returns the table's area."""
        rng = self.rng
        rows = [[CAPTIONS[key][COLUMN[self.language]] for key, _ in _REVISION_COLUMNS]] + [
            [rng.choice("ABCDEF"), rng.choice(CHANGES[self.language]), text_source.date(rng), rng.choice(NAMES)]
            for _ in range(rng.randint(1, 4))
        ]
        width = min(inner.width * 0.6, rng.uniform(20, 26) * self.drafting.em)
        return self._table(rows, _REVISION_COLUMNS, "revisions", inner.right - width, width, top=inner.top)

    def parts_table(self, title_block: Area) -> Area:
        """A parts list standing on the title block; returns the table's area."""
        rng, index = self.rng, COLUMN[self.language]
        names = rng.sample(PART_NAMES, rng.randint(2, 5))
        rows = [
            [str(i), str(rng.randint(1, 12)), name[index], rng.choice(MATERIALS),
             rng.choice(("", text_source.drawing_number(rng)))]
            for i, name in enumerate(names, 1)
        ]  # fmt: skip
        rows = [*reversed(rows), [CAPTIONS[key][index] for key, _ in _PARTS_COLUMNS]]
        return self._table(rows, _PARTS_COLUMNS, "parts", title_block.left, title_block.width, bottom=title_block.top)

    def tolerance_table(self, inner: Area) -> Area:
        """General tolerances by length (ISO 2768-1) in the upper left corner; returns the table's area."""
        how = self.drafting.convention
        ranges = ("0.5-3", "3-6", "6-30", "30-120", "120-400", "400-1000")
        first = self.rng.randint(0, 2)
        last = self.rng.randint(first + 3, len(ranges))
        rows = [
            [f"{text_source.spell(span, how)}", f"±{text_source.spell(value, how)}"]
            for span, value in zip(ranges, ("0.1", "0.1", "0.2", "0.3", "0.5", "0.8"), strict=True)
        ][first:last]
        rows.insert(0, [CAPTIONS["dimension"][COLUMN[self.language]], CAPTIONS["deviation"][COLUMN[self.language]]])
        width = self.rng.uniform(8, 11) * self.drafting.em
        return self._table(rows, (("", 1.2), ("", 1.0)), "tolerances", inner.left, width, top=inner.top)

    def notes(self, area: Area) -> None:
        """A heading and numbered notes, from the area's top left; as many as fit, long ones in two lines."""
        rng, em = self.rng, self.drafting.em
        chosen: list[str] = []
        wanted = rng.randint(3, 6)
        if rng.random() < 0.6:
            chosen.append(text_source.tolerance_note(rng, self.language, self.drafting.convention))
        drawn_notes = [text for text in NOTES[self.language] if not is_held_out(text)]
        while len(chosen) < wanted:
            text = rng.choice(drawn_notes)
            if text not in chosen:
                chosen.append(text)
        capital = self.language == "english" and rng.random() < 0.5
        mark = rng.choice(("{}. ", "{}. ", "{}) ", "{} ", "{}、" if self.language == "chinese" else "{}. "))
        room = min(area.width, rng.uniform(14, 30) * em)
        paragraphs = [[rng.choice(_HEADINGS[self.language])]]
        paragraphs += [
            self._wrapped(mark.format(i) + (text.upper() if capital else text), room)
            for i, text in enumerate(chosen, 1)
        ]
        y, lead = area.top + 1.2 * em, rng.uniform(1.35, 1.6) * em
        for number, lines in enumerate(paragraphs):
            inks = [letter(line, self.drafting.scaled(0.9)) for line in lines]
            if y + (len(lines) - 1) * lead > area.bottom - 0.5 * em or max(ink.width for ink in inks) > area.width:
                return
            regions = []
            for line, ink in zip(lines, inks, strict=True):
                centre = Point(area.left + ink.width / 2, y - ink.baseline + ink.height / 2)
                regions.append(self._put(PlacedText(ink, centre, 0.0, line, Category.TEXT)))
                y += lead
            whole = canonical(("" if self._eastern else " ").join(lines))
            self._record("paragraphs", Paragraph(regions=tuple(regions), text=whole, heading=number == 0))

    def stamp(self, area: Area) -> None:
        """A stamp, askew, where there is free paper: a word in a frame or in two rings."""
        rng, em = self.rng, self.drafting.em
        text = rng.choice(_STAMPS[self.language])
        lettering = replace(self.drafting.scaled(rng.uniform(1.2, 2.0)), slant=0.0)
        ink = letter(text, lettering)
        for _ in range(12):
            degrees, half = rng.uniform(-25, 25), ink.width / 2 + em
            middle = Point(
                rng.uniform(area.left + half, area.right - half), rng.uniform(area.top + half, area.bottom - half)
            )
            plan = Plan(texts=[PlacedText(ink, middle, degrees, text, Category.TEXT)])
            along, up = direction(degrees), direction(degrees + 90)
            if ink.width < 3.5 * ink.height:
                for radius in (half, 0.85 * half):
                    ring = tuple(middle.plus(direction(angle), radius) for angle in range(0, 361, 10))
                    plan.line(*ring, width=self.drafting.thin + 1)
            else:
                high = ink.height / 2 + 0.6 * em
                corners = [middle.plus(along, x * half).plus(up, y * high) for x, y in _AROUND]
                plan.line(*corners, width=self.drafting.thin + 1)
            if half < area.width / 2 and self.canvas.add(plan, area.as_tuple()):
                return

    @property
    def _eastern(self) -> bool:
        return self.language in ("chinese", "japanese")

    def _wrapped(self, text: str, room: float) -> list[str]:
        """The text in lines of about `room` pixels, broken between words or anywhere in Chinese and Japanese."""
        size = 0.9 * self.drafting.em
        fit = max(8, int(room / (size if self._eastern else 0.62 * size)))
        if len(text) <= fit:
            return [text]
        # One break is enough: no note is longer than two lines of the narrowest column.
        cut = fit if self._eastern else max(text.rfind(" ", 0, fit), text.find(" ", 4))
        return [text[:cut].strip(), text[cut:].strip()]

    def _table(
        self,
        rows: Sequence[Sequence[str]],
        columns: Sequence[tuple[str, float]],
        kind: TableKind,
        left: float,
        width: float,
        *,
        top: float | None = None,
        bottom: float | None = None,
    ) -> Area:
        """A table of equal rows below `top` or above `bottom`; `columns` carry their shares of the width."""
        em, total = self.drafting.em, sum(share for _, share in columns)
        high = self.rng.uniform(1.35, 1.6)
        cells = []
        for y, row in enumerate(rows):
            x = 0.0
            for value, (_, share) in zip(row, columns, strict=True):
                cells.append(Cell(x, y * high, width / em * share / total, high, "", value))
                x += width / em * share / total
        height = high * len(rows) * em
        start = top if top is not None else (bottom or 0.0) - height
        area = Area(left, start, left + width, start + height)
        self._grid(area, cells, em, Category.TABLE, kind)
        return area

    def _grid(self, area: Area, cells: Sequence[Cell], unit: float, category: Category, kind: TableKind) -> None:
        """Draw and fill the cells, whose unit is `unit` pixels, and record them as a table."""
        canvas, drafting = self.canvas, self.drafting
        drawn: list[TableCell] = []
        names: dict[FieldName, list[int]] = {}
        values: dict[FieldName, list[int]] = {}
        said: dict[FieldName, str] = {}
        tops, lefts = _edges(cell.y for cell in cells), _edges(cell.x for cell in cells)
        for cell in sorted(cells, key=lambda cell: (cell.y, cell.x)):
            box = Area(
                area.left + unit * cell.x, area.top + unit * cell.y,
                area.left + unit * (cell.x + cell.width), area.top + unit * (cell.y + cell.height),
            )  # fmt: skip
            canvas.draw([Stroke(box.outline(), drafting.thin)])
            caption, value = self._cell(cell, box, category)
            if cell.names:
                names.setdefault(cell.names, []).extend(caption or (value if cell.field is None else []))
            if cell.field:
                values.setdefault(cell.field, []).extend(value)
            if cell.field and cell.said:
                said[cell.field] = canonical(cell.said)
                names[cell.field] = list(value)
            row, column = _place(tops, cell.y), _place(lefts, cell.x)
            regions = (*caption, *value)
            drawn.append(
                TableCell(
                    points=rectangle(*box.as_tuple()),
                    row=row,
                    column=column,
                    row_span=sum(cell.y - 0.01 < edge < cell.y + cell.height - 0.01 for edge in tops),
                    column_span=sum(cell.x - 0.01 < edge < cell.x + cell.width - 0.01 for edge in lefts),
                    regions=regions,
                    text=self._joined(regions),
                )
            )
        canvas.draw([Stroke(area.outline(), drafting.thick)])
        self._record("tables", Table(kind=kind, points=rectangle(*area.as_tuple()), cells=tuple(drawn)))
        for field, regions_of in values.items():
            if regions_of:
                caption_of = tuple(names.get(field, ()))
                text = said.get(field) or self._joined(regions_of)
                record = TitleField(
                    name=field,
                    caption=caption_of,
                    value=tuple(regions_of),
                    text=text,
                )
                self._record("fields", record)

    def _joined(self, regions: Sequence[int]) -> str:
        return canonical(" ".join(self.canvas.texts[index].text for index in regions))

    def _cell(self, cell: Cell, area: Area, category: Category) -> tuple[list[int], list[int]]:
        """Write a cell's caption and the lines of its value; returns the regions of both."""
        em = self.drafting.em
        room, split = area.width - 0.5 * em, 0.0
        caption: list[int] = []
        value: list[int] = []
        if cell.caption:
            ink = self._fitting(cell.caption, 0.55, room, area.height - 0.2 * em)
            if ink is not None:
                centre = Point(area.left + 0.25 * em + ink.width / 2, area.top + 0.25 * em + ink.height / 2)
                caption.append(self._put(PlacedText(ink, centre, 0.0, cell.caption, category)))
                split = 0.35 * em + ink.height
        lines = cell.value.split("\n") if cell.value else []
        factor = (1.15 if cell.large else 0.8) if len(lines) <= 2 else 0.5
        high = (area.height - split - 0.2 * em) / max(1, len(lines))
        for number, line in enumerate(lines):
            ink = self._fitting(line.strip(), factor, room, high)
            if ink is None:
                break
            middle = (split == 0 and len(lines) < 3) or cell.large
            x = (area.left + area.right) / 2 if middle else area.left + 0.3 * em + ink.width / 2
            y = area.top + split + 0.05 * em + (number + 0.5) * high
            value.append(self._put(PlacedText(ink, Point(x, y), 0.0, line.strip(), category)))
        return caption, value

    def _fitting(self, text: str, factor: float, room: float, high: float) -> Ink | None:
        """The ink at `factor` of the sheet's lettering, smaller where `room` × `high` pixels ask for it, or None."""
        for shrink in (1.0, 0.85, 0.7, 0.55):
            ink = letter(text, self.drafting.scaled(factor * shrink))
            if ink.width <= room and ink.height <= high:
                return ink
        return None

    def _put(self, text: PlacedText) -> int:
        """Write a text; returns its region."""
        self.canvas.write(text)
        return len(self.canvas.texts) - 1

    def _record(self, kind: str, part: Table | TitleField | Paragraph) -> None:
        structure = self.canvas.structure
        self.canvas.structure = structure.model_copy(update={kind: (*getattr(structure, kind), part)})

    def _write(self, text: str, centre: Point, lettering: Lettering, category: Category) -> None:
        self.canvas.write(PlacedText(letter(text, lettering), centre, 0.0, text, category))


_HEADINGS: dict[Language, tuple[str, ...]] = {
    "english": ("NOTES:", "NOTES", "Notes:", "GENERAL NOTES"),
    "german": ("HINWEISE:", "Bemerkungen:", "Allgemeine Angaben"),
    "chinese": ("技术要求", "技术要求:", "说明:"),
    "japanese": ("注記", "注記:", "注)"),
}
_STAMPS: dict[Language, tuple[str, ...]] = {
    "english": ("RELEASED", "COPY", "FOR REFERENCE ONLY", "APPROVED", "VOID", "PRELIMINARY"),
    "german": ("FREIGEGEBEN", "KOPIE", "UNGÜLTIG", "GEPRÜFT", "MUSTER"),
    "chinese": ("受控", "作废", "样品", "已审核", "仅供参考"),
    "japanese": ("承認済", "参考図", "控", "出図", "試作"),
}
_AROUND = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
_REVISION_COLUMNS = (("revision", 1), ("description", 5), ("date", 2.2), ("drawn", 2))
_PARTS_COLUMNS = (("item", 1), ("quantity", 1), ("title", 4), ("material", 2.6), ("remark", 2.4))


def _edges(places: Iterable[float]) -> list[float]:
    """Different places, those closer than a hundredth of an em being one."""
    edges: list[float] = []
    for place in sorted(places):
        if not edges or place > edges[-1] + 0.01:
            edges.append(place)
    return edges


def _place(edges: Sequence[float], at: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - at))
