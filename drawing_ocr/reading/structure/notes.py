"""Running text as paragraphs: numbered notes with all their lines, and their heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from drawing_ocr.annotation import Category
from drawing_ocr.reading.captions import words_in
from drawing_ocr.reading.structure.contract import Paragraph
from drawing_ocr.reading.structure.line import Line, box_around

# Lengths are in heights of the upper line's lettering.
_GAP: Final = 1.5  # between lines of one block
_INTO: Final = 0.4
_INDENT: Final = 4.0  # of a line against the one above
_ASIDE: Final = 2.5  # between pieces of one line
_LEVEL: Final = 0.5  # between the middles of pieces of one line
_ALIKE: Final = 0.65  # of heights
_FAR: Final = 6.0  # more than all of these, whatever the slant: not looked at any closer

_NUMBER: Final = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2})*|[a-z])(?:[.)、．]|(?= [^\W\d_]))\s*(?=\S)|[(（](?P<bracketed>\d{1,2})[)）]\s*"
)
_HEADING: Final = re.compile(
    r"(?:general |drawing )?notes?|technical (?:requirements|notes)|hinweise?|anmerkung(?:en)?|bemerkung(?:en)?"
    r"|technische (?:hinweise|anforderungen)|技术要求|技术条件|说明|注[)）]?|備考|注記|remarques?|notas?",
    re.IGNORECASE,
)
_CJK: Final = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_FULL: Final = 0.75  # of the block's width, up to which a line goes on in the next one
_LEAST_LINES: Final = 2


def notes_of(lines: Sequence[Line]) -> list[Paragraph]:
    """The paragraphs of a page; members are positions in `lines`.

    What stands alone and has neither number nor heading (names of views, labels) is none.
    """
    rows = _rows(lines)
    found = []
    for block in _blocks(lines, rows):
        paragraphs = list(_paragraphs(lines, block))
        if any(each.number or each.heading for each in paragraphs) or len(block) > _LEAST_LINES:
            found += paragraphs
    return found


def _rows(lines: Sequence[Line]) -> list[list[int]]:
    """Level lines of running text, pieces beside each other together; from the top."""
    level = [
        index
        for index, line in enumerate(lines)
        if line.category not in (Category.TABLE, Category.TITLE_BLOCK)
        and abs(float(line.along[1])) < 0.1
        and float(line.along[0]) > 0
    ]
    level.sort(key=lambda index: float(lines[index].corners[:, 0].min()))
    rows: list[list[int]] = []
    for index in level:
        row = next((row for row in rows if _goes_on(lines[row[-1]], lines[index])), None)
        if row is None:
            rows.append([index])
        else:
            row.append(index)
    rows = [row for row in rows if words_in(lines[index].text for index in row)]
    return sorted(rows, key=lambda row: float(lines[row[0]].corners[:, 1].min()))


def _goes_on(line: Line, piece: Line) -> bool:
    """Whether a piece stands right behind a line, on its level and of its size."""
    left, _, level = piece.extent
    _, right, own_level = line.extent
    if abs(level - own_level) > _FAR * line.height or not -_FAR * line.height <= left - right <= _FAR * line.height:
        return False
    start, _, top, bottom = line.spans(piece.corners[None])[0].tolist()
    gap, off = start - line.length / line.height, (top + bottom) / 2 - 0.5
    return bool(-_INTO <= gap <= _ASIDE and abs(off) <= _LEVEL and _ALIKE <= bottom - top <= 1 / _ALIKE)


def _blocks(lines: Sequence[Line], rows: Sequence[Sequence[int]]) -> list[list[Sequence[int]]]:
    blocks: list[list[Sequence[int]]] = []
    for row in rows:
        block = next((block for block in blocks if _is_under(lines[block[-1][0]], lines[row[0]])), None)
        if block is None:
            blocks.append([row])
        else:
            block.append(row)
    return blocks


def _is_under(upper: Line, lower: Line) -> bool:
    start, end, top, bottom = upper.spans(lower.corners[None])[0].tolist()
    beside = start < upper.length / upper.height and end > 0
    return bool(-_INTO <= top - 1 <= _GAP and abs(start) <= _INDENT and beside and _ALIKE <= bottom - top <= 1 / _ALIKE)


def _paragraphs(lines: Sequence[Line], block: Sequence[Sequence[int]]) -> Iterator[Paragraph]:
    texts = [" ".join(lines[index].text for index in row) for row in block]
    numbered = [_number_of(text) for text in texts]
    several = sum(number != "" for number in numbered)
    current: list[int] = []
    for place, text in enumerate(texts):
        begins = (
            not current
            or numbered[place] != ""
            or _is_heading(texts[place - 1])
            or _is_heading(text)
            or (not several and not _goes_into_next(lines, block, place - 1))
        )
        if begins and current:
            yield _paragraph(lines, block, texts, current, numbered[current[0]])
            current = []
        current.append(place)
    if current:
        yield _paragraph(lines, block, texts, current, numbered[current[0]])


def _goes_into_next(lines: Sequence[Line], block: Sequence[Sequence[int]], place: int) -> bool:
    """Whether a line without a number reaches so far right that its sentence may go on below."""
    left = min(float(lines[row[0]].corners[:, 0].min()) for row in block)
    right = max(float(lines[row[-1]].corners[:, 0].max()) for row in block)
    own = float(lines[block[place][-1]].corners[:, 0].max())
    return own - left >= _FULL * (right - left)


def _is_heading(text: str) -> bool:
    return _HEADING.fullmatch(text.strip().rstrip(":：")) is not None


def _number_of(text: str) -> str:
    match = _NUMBER.match(text)
    return (match["number"] or match["bracketed"]) if match else ""


def _paragraph(
    lines: Sequence[Line], block: Sequence[Sequence[int]], texts: Sequence[str], places: Sequence[int], number: str
) -> Paragraph:
    members = [index for place in places for index in block[place]]
    text = texts[places[0]]
    for place in places[1:]:
        # Chinese and Japanese lines go on without a space.
        text += texts[place] if _CJK.match(text[-1]) and _CJK.match(texts[place][0]) else f" {texts[place]}"
    return Paragraph(
        box=box_around([lines[index] for index in members]),
        text=text,
        members=tuple(members),
        number=number,
        heading=len(places) == 1 and _is_heading(text),
    )
