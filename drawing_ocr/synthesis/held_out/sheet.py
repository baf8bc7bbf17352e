"""A held-out sheet: two drawings, notes, a table, a title strip or column, printed by PDFium and then scanned."""

import io
import math
from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from drawing_ocr.annotation import Annotation, Category, Region
from drawing_ocr.annotation import Polygon as RegionPolygon
from drawing_ocr.synthesis.held_out import words
from drawing_ocr.synthesis.held_out.board import Board, Item, Text
from drawing_ocr.synthesis.held_out.dimensioning import Hand
from drawing_ocr.synthesis.held_out.drawings import DRAWINGS
from drawing_ocr.synthesis.held_out.pdf_page import picture
from drawing_ocr.synthesis.held_out.typesetting import Script
from drawing_ocr.synthesis.structure import (
    FieldName,
    Paragraph,
    Sheet,
    Structure,
    Table,
    TableCell,
    TableKind,
    TitleField,
    rectangle,
)
from drawing_ocr.text import canonical

_A4 = (841.89, 595.28)  # points


def draw_held_out_sheet(seed: int, dpi: tuple[int, int] = (120, 220)) -> Sheet:
    """Draw one sheet of A4, level or upright, at a resolution within `dpi`; the same seed gives the same pixels."""
    rng = Random(f"held-out sheet {seed}")
    width, height = _A4 if rng.random() < 0.7 else _A4[::-1]
    hand = _hand(rng)
    margin = rng.uniform(14, 30)
    board = Board(width, height, (margin, margin, width - margin, height - margin), 0.22 * hand.size)
    board.draw([(hand.thick, _closed(margin, margin, width - margin, height - margin))])
    left, bottom, right, top = board.inside
    language = rng.randrange(4)
    if rng.random() < 0.5:
        bottom = _title_strip(board, (left, bottom, right, top), hand, rng, language)
    else:
        right = _title_column(board, (left, bottom, right, top), hand, rng, language)
    notes = 11 * hand.size
    if rng.random() < 0.8:
        _notes(board, left + hand.size, bottom + notes, right, hand, rng)
        bottom += notes
    first, second = rng.sample(DRAWINGS, 2)
    if right - left > top - bottom:
        middle = left + rng.uniform(0.45, 0.55) * (right - left)
        areas = ((left, bottom, middle, top), (middle, bottom, right, top))
    else:
        middle = bottom + rng.uniform(0.45, 0.55) * (top - bottom)
        areas = ((left, middle, right, top), (left, bottom, right, middle))
    for draw, area in zip((first, second), areas, strict=True):
        rows = draw(board, area, hand, rng)
        if rows:
            _table(board, rows[:9], "parts", (right - 15 * hand.size, bottom + 0.5 * hand.size), hand)
    return _printed(board, rng, rng.uniform(*dpi) / 72, f"held-out-{seed}.png")


def draw_held_out(seed: int, _: object) -> Sheet:
    """`draw_held_out_sheet` in the form that `batch.write_batch` calls; the generator has no styles."""
    return draw_held_out_sheet(seed)


def _hand(rng: Random) -> Hand:
    size = rng.uniform(6.8, 9.5)
    script = Script(
        face=rng.choice((0, 0, 0, 1, 2, 3, 4)),
        size=size,
        stretch=rng.choice((80, 90, 100, 100, 112)),
        pen=size * rng.uniform(0.06, 0.1),
        letter_o=rng.random() < 0.4,
        slope=rng.uniform(48, 72),
    )
    thin = rng.uniform(0.35, 0.7)
    return Hand(
        script, thin, thin * rng.uniform(1.6, 2.6), size * rng.uniform(0.7, 1.1), rng.random() < 0.4, rng.choice(".,")
    )


def _closed(left: float, bottom: float, right: float, top: float) -> tuple[tuple[float, float], ...]:
    return (left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)


def _fields(rng: Random, hand: Hand) -> dict[FieldName, str]:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVW") for _ in range(2))
    return {
        FieldName.TITLE: rng.choice(words.TITLES),
        FieldName.NUMBER: f"{rng.randint(10, 99)}.{rng.randint(100, 999)}.{letters}",
        FieldName.MATERIAL: rng.choice(words.STOCK),
        FieldName.SCALE: rng.choice(("1:1", "2:1", "1:2", "5:1", "1:2,5".replace(",", hand.decimal))),
        FieldName.MASS: f"{hand.number(rng.uniform(0.02, 9), 3)} kg",
        FieldName.REVISION: rng.choice(("00", "01", "02", "P1", "R3")),
        FieldName.DATE: f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.randint(2015, 2026)}",
        FieldName.AUTHOR: rng.choice(words.NAMES),
        FieldName.CHECKED: rng.choice(words.NAMES),
        FieldName.SHEET: f"{rng.randint(1, 3)} / 3",
        FieldName.TOLERANCE: rng.choice(words.CLASSES),
        FieldName.FINISH: rng.choice(words.FINISHES),
        FieldName.COMPANY: rng.choice(words.OWNERS),
    }


def _title_strip(
    board: Board, inside: tuple[float, float, float, float], hand: Hand, rng: Random, language: int
) -> float:
    """Two rows of fields along the lower edge; returns where they end."""
    left, bottom, right, _ = inside
    values = list(_fields(rng, hand).items())
    rng.shuffle(values)
    high, half = 3.1 * hand.size, (len(values) + 1) // 2
    cells = []
    for row, fields in enumerate((values[:half], values[half:])):
        shares = [max(5.0, 0.75 * len(value)) for _, value in fields]
        x = left
        for column, ((name, value), share) in enumerate(zip(fields, shares, strict=True)):
            wide = (right - left) * share / sum(shares)
            box = (x, bottom + (1 - row) * high, x + wide, bottom + (2 - row) * high)
            cells.append((row, column, box, name, value))
            x += wide
    _title_table(board, (left, bottom, right, bottom + 2 * high), cells, hand, language)
    return bottom + 2 * high


def _title_column(
    board: Board, inside: tuple[float, float, float, float], hand: Hand, rng: Random, language: int
) -> float:
    """A column of fields in the lower right corner, one below the other; returns its left side."""
    _, bottom, right, _ = inside
    values = list(_fields(rng, hand).items())
    high, wide = 2.7 * hand.size, rng.uniform(16, 20) * hand.size
    count = len(values)
    cells = [
        (row, 0, (right - wide, bottom + (count - row - 1) * high, right, bottom + (count - row) * high), name, value)
        for row, (name, value) in enumerate(values)
    ]
    _title_table(board, (right - wide, bottom, right, bottom + count * high), cells, hand, language)
    return right - wide


def _title_table(
    board: Board,
    area: tuple[float, float, float, float],
    cells: Sequence[tuple[int, int, tuple[float, float, float, float], FieldName, str]],
    hand: Hand,
    language: int,
) -> None:
    told, fields = [], []
    board.draw([(hand.thick, _closed(*area))])
    for row, column, box, name, value in cells:
        board.draw([(hand.thin, _closed(*box))])
        regions = []
        caption = words.CAPTIONS[name][language]
        for text, factor, up in ((caption, 0.55, 0.78), (value, 0.95, 0.34)):
            script = hand.script.scaled(factor)
            fitted = min(1.0, (box[2] - box[0] - 0.6 * hand.size) / Text(text, script, (0, 0)).setting().width)
            script = script.scaled(fitted) if fitted < 1 else script
            wide = Text(text, script, (0, 0)).setting().width
            centre = (box[0] + 0.3 * hand.size + wide / 2, box[1] + up * (box[3] - box[1]))
            if board.add(Item(texts=[Text(text, script, centre, 0.0, Category.TITLE_BLOCK)])):
                regions.append(len(board.texts) - 1)
        said = canonical(" ".join(board.texts[index].text for index in regions))
        told.append(TableCell(points=_upright(box), row=row, column=column, regions=tuple(regions), text=said))
        if len(regions) == 2:
            fields.append(TitleField(name=name, caption=(regions[0],), value=(regions[1],), text=canonical(value)))
    table = Table(kind="title_block", points=_upright(area), cells=tuple(told))
    board.structure = board.structure.joined(Structure(tables=(table,), fields=tuple(fields)), 0)


def _table(
    board: Board, rows: Sequence[Sequence[str]], kind: TableKind, corner: tuple[float, float], hand: Hand
) -> None:
    """A table whose lower left corner lies at `corner`, if its texts find free paper."""
    left, bottom = corner
    high, wide = 1.7 * hand.size, 3.6 * hand.size
    item, told = Item(), []
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            box = (
                left + c * wide,
                bottom + (len(rows) - r - 1) * high,
                left + (c + 1) * wide,
                bottom + (len(rows) - r) * high,
            )
            item.line(hand.thin, *_closed(*box))
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            item.texts.append(Text(value, hand.script.scaled(0.8), middle, 0.0, Category.TABLE))
            told.append(
                TableCell(points=_upright(box), row=r, column=c, regions=(len(item.texts) - 1,), text=canonical(value))
            )
    area = (left, bottom, left + len(rows[0]) * wide, bottom + len(rows) * high)
    item.structure = Structure(tables=(Table(kind=kind, points=_upright(area), cells=tuple(told)),))
    board.add(item)


def _notes(board: Board, left: float, top: float, right: float, hand: Hand, rng: Random) -> None:
    lines = [rng.choice(words.HEADINGS)]
    lines += [f"{i}- {text}" for i, text in enumerate(rng.sample(words.NOTES, rng.randint(2, 5)), 1)]
    script = hand.script.scaled(0.9)
    for number, line in enumerate(lines):
        wide = Text(line, script, (0, 0)).setting().width
        text = Text(line, script, (left + wide / 2, top - (number + 1) * 1.6 * hand.size), 0.0, Category.TEXT)
        told = Paragraph(regions=(0,), text=canonical(line), heading=number == 0)
        if left + wide < right:
            board.add(Item(texts=[text], structure=Structure(paragraphs=(told,))))


def _upright(box: tuple[float, float, float, float]) -> RegionPolygon:
    """An outline with y upwards, clockwise as seen from its top left."""
    left, bottom, right, top = box
    return rectangle(left, top, right, bottom)


def _printed(board: Board, rng: Random, scale: float, image: str) -> Sheet:
    page = picture(board.content(), board.width, board.height, scale)
    height, width = page.shape
    # PDFium fits the page into whole pixels.
    matrix = np.array([[width / board.width, 0, 0], [0, -height / board.height, height], [0, 0, 1]])
    page, matrix = _scanned(page, matrix, rng)

    def moved(points: npt.ArrayLike) -> RegionPolygon:
        x, y, _ = matrix @ np.vstack([np.asarray(points, float).T, np.ones(4)])
        a, b, c, d = ((round(float(px), 2), round(float(py), 2)) for px, py in zip(x, y, strict=True))
        return a, b, c, d

    regions = tuple(
        Region(points=moved(text.corners()), text=canonical(text.text), category=text.category) for text in board.texts
    )
    structure = board.structure.with_outlines([moved(points) for points in board.structure.outlines()])
    annotation = Annotation(image=image, width=width, height=height, regions=regions)
    return Sheet(page, annotation, structure.model_copy(update={"image": image}))


def _scanned(
    page: npt.NDArray[np.uint8], matrix: npt.NDArray[np.float64], rng: Random
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """What a scanner does, by Pillow: askew, soft, grey, compressed; half of the sheets stay as printed."""
    if rng.random() < 0.5:
        return page, matrix
    picture_of, (height, width) = Image.fromarray(page), page.shape
    if rng.random() < 0.5:
        angle = math.radians(rng.uniform(-0.8, 0.8))
        cos, sin, x, y = math.cos(angle), math.sin(angle), width / 2, height / 2
        turn = np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0, 0, 1]])
        back = np.linalg.inv(turn)
        picture_of = picture_of.transform(
            (width, height), Image.Transform.AFFINE, tuple(back[:2].ravel()), Image.Resampling.BICUBIC, fillcolor=255
        )
        matrix = turn @ matrix
    if rng.random() < 0.5:
        picture_of = picture_of.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    black, white = rng.randint(0, 70), rng.randint(225, 255)
    picture_of = picture_of.point([round(black + (white - black) * value / 255) for value in range(256)])
    if rng.random() < 0.6:
        packed = io.BytesIO()
        picture_of.save(packed, "JPEG", quality=rng.randint(40, 90))
        picture_of = Image.open(packed).convert("L")
    return np.asarray(picture_of, np.uint8), matrix
