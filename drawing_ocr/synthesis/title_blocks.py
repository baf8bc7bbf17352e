"""Layouts of title blocks: ISO 7200, the templates of CAD programs, GB/T 10609.1, and bilingual ones.

A layout is a list of cells in units of the lettering's em, x to the right and y down from the block's top left corner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.structure import FieldName
from drawing_ocr.synthesis.text_source import Convention
from drawing_ocr.synthesis.vocabulary import (
    CAPTIONS,
    COLUMN,
    COMPANIES,
    MATERIALS,
    NAMES,
    PART_NAMES,
    TREATMENTS,
    Language,
)

F = FieldName


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell at `x`, `y` of size `width` × `height`: a caption in its corner, a value below it; both may be empty.

    A value may have several lines. names: the field that the caption names; field: the field whose value stands here.
    large: the value is lettered large, in the middle. said: what the field says where the value's line begins with its
    own caption (`SCALE:1:2`).
    """

    x: float
    y: float
    width: float
    height: float
    caption: str = ""
    value: str = ""
    names: FieldName | None = None
    field: FieldName | None = None
    large: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Wordbook:
    """What one sheet writes into its title block."""

    rng: Random
    how: Convention
    language: Language
    bilingual: bool
    titles: Sequence[int] = range(len(PART_NAMES))

    def caption(self, key: str) -> str:
        own, english = CAPTIONS[key][COLUMN[self.language]], CAPTIONS[key][0]
        return f"{own}/{english}" if self.bilingual and own != english else own

    def title(self) -> str:
        text = PART_NAMES[self.rng.choice(self.titles)][COLUMN[self.language]]
        if self.language == "english" and self.rng.random() < 0.4:
            text = self.rng.choice((text.title(), text.title().replace(" ", "_"), text.capitalize()))
        return text

    def maybe(self, share: float, value: str) -> str:
        return value if self.rng.random() < share else ""

    def filled(self, x: float, y: float, width: float, height: float, key: str, field: FieldName, value: str) -> Cell:
        """A cell with the caption of a field and its value."""
        return Cell(x, y, width, height, self.caption(key), value, names=field, field=field)


def random_title_block(words: Wordbook) -> list[Cell]:
    """Cells of one of the layouts, the one that fits the language more often."""
    layouts: tuple[Layout, ...] = (_iso, _cad_template, _bilingual_columns, _gb)
    weights = {"chinese": (3, 1, 1, 6), "japanese": (4, 1, 3, 1), "english": (3, 5, 3, 0), "german": (5, 2, 3, 0)}
    return words.rng.choices(layouts, weights[words.language])[0](words)


Layout = Callable[[Wordbook], list[Cell]]


def _iso(w: Wordbook) -> list[Cell]:
    """People on the left, company, title and number on the right, a row of small fields below."""
    rng, wide, high = w.rng, w.rng.uniform(25, 30), 2.3
    cells, left = [], 0.44 * wide
    people = (
        (F.AUTHOR, F.DATE, "drawn"),
        (F.CHECKED, F.CHECKED_DATE, "checked"),
        (F.APPROVED, F.APPROVED_DATE, "approved"),
    )
    for row, (person, day, key) in enumerate(people):
        y = row * high
        cells.append(w.filled(0, y, 0.55 * left, high, key, person, w.maybe(0.8, rng.choice(NAMES))))
        cells.append(w.filled(0.55 * left, y, 0.45 * left, high, "date", day, w.maybe(0.8, text_source.date(rng))))
    large = [
        Cell(0, 0, 0, 0, w.maybe(0.5, w.caption("company")), rng.choice(COMPANIES), F.COMPANY, F.COMPANY),
        Cell(0, 0, 0, 0, w.caption("title"), w.title(), F.TITLE, F.TITLE, large=True),
        Cell(0, 0, 0, 0, w.caption("number"), text_source.drawing_number(rng), F.NUMBER, F.NUMBER, large=True),
    ]
    if rng.random() < 0.4:
        large[0], large[1] = large[1], large[0]
    for row, cell in enumerate(large):
        cells.append(replace(cell, x=left, y=row * high, width=wide - left, height=high))
    small = (
        ("material", F.MATERIAL, rng.choice(MATERIALS), 2.4),
        ("scale", F.SCALE, text_source.scale(rng), 1.2),
        ("weight", F.MASS, text_source.weight(rng, w.how), 1.6),
        ("format", F.FORMAT, rng.choice(("A4", "A3", "A2")), 1),
        ("revision", F.REVISION, rng.choice("ABCD01"), 1),
        ("sheet", F.SHEET, rng.choice(("1/1", "1/2", "2/2")), 1),
    )
    _row(cells, w, small, 3 * high, wide, high)
    if rng.random() < 0.7:
        finish = f"Ra {text_source.spell('3.2', w.how)}"
        extra = (("tolerance", F.TOLERANCE, _tolerance_class(rng), 3), ("finish", F.FINISH, finish, 2))
        _row(cells, w, extra, 4 * high, wide, high)
    return cells


def _cad_template(w: Wordbook) -> list[Cell]:
    """The template that CAD programs come with: remarks, signatures, title, drawing number, a line of small fields."""
    rng, u = w.rng, w.rng.uniform(0.85, 1.05)
    cells = [
        Cell(0, 0, 7 * u, 5.4, "", rng.choice((
            "UNLESS OTHERWISE SPECIFIED:\nDIMENSIONS ARE IN MILLIMETERS\nSURFACE FINISH:\nTOLERANCES:\nLINEAR:",
            "UNLESS OTHERWISE SPECIFIED,\nDIMENSIONS ARE IN MILLIMETERS\nANGULAR = ±0.5°",
            "DIMENSIONS ARE IN INCHES\nTOLERANCES:\nX.XX ±.01\nX.XXX ±.005\nANGULAR ±1°",
        ))),
        Cell(7 * u, 0, 9 * u, 2.6, "FINISH:", w.maybe(0.4, rng.choice(TREATMENTS)), F.TREATMENT, F.TREATMENT),
        Cell(7 * u, 2.6, 9 * u, 2.8, "",
             rng.choice(("DEBURR AND\nBREAK SHARP EDGES", "BREAK ALL SHARP EDGES AND\nREMOVE BURRS"))),
        Cell(16 * u, 0, 10 * u, 1.5, "", "DO NOT SCALE DRAWING"),
        Cell(26 * u, 0, 4 * u, 1.5, "REVISION", w.maybe(0.5, rng.choice("ABC1")), F.REVISION, F.REVISION),
        Cell(16 * u, 1.5, 14 * u, 3.9, "TITLE:", w.title(), F.TITLE, F.TITLE, large=True),
    ]  # fmt: skip
    top, high = 5.4, 1.25
    for column, (text, x, width) in enumerate(
        (("", 0, 2.6), ("NAME", 2.6, 4.4), ("SIGNATURE", 7, 4.6), ("DATE", 11.6, 4.4))
    ):
        cells.append(Cell(x * u, top, width * u, high, "", text))
        for row, (key, person, day) in enumerate(_PEOPLE):
            y = top + (row + 1) * high
            if column == 0:
                cells.append(Cell(0, y, width * u, high, "", key, names=person))
            elif column == 1:
                name = w.maybe(0.6, rng.choice(NAMES[:9])) if person else ""
                cells.append(Cell(x * u, y, width * u, high, "", name, field=person))
            elif column == 2:
                cells.append(Cell(x * u, y, width * u, high))
            else:
                cells.append(
                    Cell(x * u, y, width * u, high, "", w.maybe(0.6, text_source.date(rng)) if day else "", field=day)
                )
    low = top + 6 * high
    cells += [
        Cell(16 * u, top, 10.5 * u, 3.4, "DWG NO.", text_source.drawing_number(rng), F.NUMBER, F.NUMBER, large=True),
        Cell(26.5 * u, top, 3.5 * u, 3.4, "SIZE", rng.choice(("A4", "A3", "A", "B")), F.FORMAT, F.FORMAT, large=True),
        Cell(16 * u, top + 3.4, 14 * u, low - top - 3.4, "MATERIAL:", rng.choice(MATERIALS), F.MATERIAL, F.MATERIAL),
        Cell(0, low, 16 * u, 1.4, "", w.maybe(0.5, rng.choice(COMPANIES[:5])), field=F.COMPANY),
        _told(16 * u, low, 4.7 * u, "SCALE:", text_source.scale(rng), F.SCALE),
        _told(20.7 * u, low, 4.7 * u, "WEIGHT: ", text_source.weight(rng, w.how), F.MASS),
        _told(25.4 * u, low, 4.6 * u, "SHEET ", f"{rng.randint(1, 2)} OF 2", F.SHEET),
    ]
    return cells


def _told(x: float, y: float, width: float, caption: str, value: str, field: FieldName) -> Cell:
    """A narrow cell whose one line is caption and value."""
    return Cell(x, y, width, 1.4, "", caption + value, field, field, said=value)


_PEOPLE = (
    ("DRAWN", F.AUTHOR, F.DATE),
    ("CHK'D", F.CHECKED, F.CHECKED_DATE),
    ("APPV'D", F.APPROVED, F.APPROVED_DATE),
    ("MFG", None, None),
    ("Q.A", None, None),
)


def _bilingual_columns(w: Wordbook) -> list[Cell]:
    """Columns of equal cells with captions above the values, often in two languages."""
    rng, high = w.rng, w.rng.uniform(2.1, 2.5)
    values = {
        "tolerance": (F.TOLERANCE, _tolerance_class(rng)),
        "finish": (F.FINISH, f"Ra {text_source.spell(rng.choice(('3.2', '6.3', '1.6')), w.how)}"),
        "drawn": (F.AUTHOR, rng.choice(NAMES)),
        "date": (F.DATE, text_source.date(rng)),
        "checked": (F.CHECKED, w.maybe(0.5, rng.choice(NAMES))),
        "approved": (F.APPROVED, w.maybe(0.5, rng.choice(NAMES))),
        "material": (F.MATERIAL, rng.choice(MATERIALS)),
        "treatment": (F.TREATMENT, rng.choice(TREATMENTS)),
        "weight": (F.MASS, text_source.weight(rng, w.how)),
    }
    keys = list(values)
    if rng.random() < 0.5:
        rng.shuffle(keys)
    cells, column = [], rng.uniform(7.5, 9.5)
    for place, key in enumerate(keys):
        x, y = place % 3 * column, place // 3 * high
        cells.append(w.filled(x, y, column, high, key, *values[key]))
    y = 3 * high
    cells += [
        Cell(0, y, column, 2 * high, w.caption("company"), rng.choice(COMPANIES), F.COMPANY, F.COMPANY),
        Cell(column, y, 2 * column, high, w.caption("title"), w.title(), F.TITLE, F.TITLE, large=True),
        replace(
            w.filled(column, y + high, 2 * column, high, "number", F.NUMBER, text_source.drawing_number(rng)),
            large=True,
        ),
    ]
    narrow = 3 * column
    right = (("format", F.FORMAT, "A4"), ("scale", F.SCALE, text_source.scale(rng)),
             ("revision", F.REVISION, rng.choice("ABC")),
             ("sheet", F.SHEET, rng.choice(("1/1", "1/2", "2/3"))))  # fmt: skip
    for row, (key, field, value) in enumerate(right):
        cells.append(w.filled(narrow, row * 1.25 * high, 4.2, 1.25 * high, key, field, value))
    return cells


def _gb(w: Wordbook) -> list[Cell]:
    """GB/T 10609.1: changes and signatures on the left, material above the stages, company, name and number right."""
    rng, high = w.rng, 1.35
    cells = []
    heads = (("标记", 2.2), ("处数", 2.2), ("分区", 2.2), ("更改文件号", 4.2), ("签名", 2.6), ("年月日", 3))
    x = 0.0
    for text, width in heads:
        for row in range(3):
            cells.append(Cell(x, row * high, width, high, "", text if row == 2 else ""))
        x += width
    people = (
        ("设计", F.AUTHOR, F.DATE),
        ("审核", F.CHECKED, F.CHECKED_DATE),
        ("工艺", None, None),
        ("批准", F.APPROVED, F.APPROVED_DATE),
    )
    for row, (role, person, day) in enumerate(people):
        y = (3 + row) * high
        name = w.maybe(0.7, rng.choice(NAMES[9:])) if person else ""
        cells += [
            Cell(0, y, 2.2, high, "", role, names=person),
            Cell(2.2, y, 4.4, high, "", name, field=person),
            Cell(6.6, y, 4.2, high, "", w.maybe(0.5, text_source.date(rng)) if name else "", field=day),
            Cell(10.8, y, 5.6, high, "", w.maybe(0.3, "标准化") if row == 1 else ""),
        ]
    cells += [
        Cell(16.4, 0, 8, 3 * high, "", rng.choice(MATERIALS[11:]), field=F.MATERIAL, large=True),
        Cell(16.4, 3 * high, 4, high, "", "阶段标记"),
        Cell(20.4, 3 * high, 2, high, "", "重量", names=F.MASS),
        Cell(22.4, 3 * high, 2, high, "", "比例", names=F.SCALE),
        Cell(16.4, 4 * high, 4, 2 * high, "", w.maybe(0.5, rng.choice("SAB"))),
        Cell(20.4, 4 * high, 2, 2 * high, "", text_source.length(rng.uniform(0.1, 9), w.how, 1), field=F.MASS),
        Cell(22.4, 4 * high, 2, 2 * high, "", text_source.scale(rng), field=F.SCALE),
        Cell(16.4, 6 * high, 8, high, "", f"共{rng.randint(1, 4)}张 第1张", field=F.SHEET),
        Cell(24.4, 0, 8, 2.4 * high, "", rng.choice(COMPANIES[5:]), field=F.COMPANY),
        Cell(24.4, 2.4 * high, 8, 2.3 * high, "", w.title(), field=F.TITLE, large=True),
        Cell(24.4, 4.7 * high, 8, 2.3 * high, "", text_source.drawing_number(rng), field=F.NUMBER, large=True),
    ]
    return cells


def _row(
    cells: list[Cell],
    w: Wordbook,
    fields: Sequence[tuple[str, FieldName, str, float]],
    y: float,
    wide: float,
    high: float,
) -> None:
    total, x = sum(share for *_, share in fields), 0.0
    for key, field, value, share in fields:
        width = wide * share / total
        cells.append(w.filled(x, y, width, high, key, field, value))
        x += width


def _tolerance_class(rng: Random) -> str:
    return rng.choice(("ISO 2768-mK", "ISO 2768-fH", "ISO 2768-m", "GB/T 1804-m", "JIS B 0405-m", "DIN 7168-m"))
