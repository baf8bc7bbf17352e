"""The title block as fields: captions and values by the cells that they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from drawing_ocr.annotation import Category
from drawing_ocr.reading.layout import Zone
from drawing_ocr.reading.structure.contract import FieldName, TitleField
from drawing_ocr.reading.structure.fields import (
    BY_FORM,
    BY_PLACE,
    DATE,
    DATES,
    NO_VALUE,
    NUMBER,
    ROLES,
    ROUGHNESS,
    STAGE,
    caption_of,
)
from drawing_ocr.reading.structure.line import Line, box_around
from drawing_ocr.reading.structure.tables import members_of_cells

_WALL: Final = 0.7  # heights of lettering that walls of neighbours may be apart
_CENTRED: Final = 0.15  # of a cell's height, from its middle
_LEAST_LETTERS: Final = 2
_LARGE: Final = 1.25  # heights of the block's lettering from which a text without caption may be the title


@dataclass(frozen=True, slots=True)
class _Found:
    name: FieldName
    value: tuple[int, ...]
    caption: int | None = None
    text: str = ""  # of a value behind a colon


def title_fields(lines: Sequence[Line], zones: Sequence[Zone]) -> list[TitleField]:
    """The fields of a page's title block; members are positions in `lines`, each name is there once."""
    found: dict[FieldName, _Found] = {}
    for zone in zones:
        if zone.category is Category.TITLE_BLOCK:
            block = _Block(lines, zone)
            for field in (*block.by_caption(), *block.by_place(), *block.by_form()):
                found.setdefault(field.name, field)
    return [_field(lines, each) for each in found.values()]


class _Block:
    """One title block while its fields are told."""

    def __init__(self, lines: Sequence[Line], zone: Zone) -> None:
        self._lines = lines
        self._zone = zone
        self._cells = zone.cells
        self._wall = _WALL * zone.ruling.lettering
        self._members = [
            tuple(index for index in members if not NO_VALUE.fullmatch(lines[index].text))
            for members in members_of_cells(lines, zone)
        ]
        self._captions = {
            index: caption
            for members in self._members
            for index in members
            if (caption := caption_of(lines[index].text)) is not None
        }
        self._middles = zone.ruling.straighten(np.stack([line.corners.mean(axis=0) for line in lines]))
        self._taken: set[int] = set()

    def by_caption(self) -> Iterator[_Found]:
        """Fields with a caption: values behind a colon, in the caption's cell, right of it, or below it.

        People come first: what stands beside their names are their dates, whatever heading is over them.
        """
        placed = [(cell, index) for cell, members in enumerate(self._members) for index in members]
        named = [(cell, index, *self._captions[index]) for cell, index in placed if index in self._captions]
        for cell, index, name, value in sorted(named, key=lambda each: each[2] not in ROLES):
            if value:
                self._taken.add(index)
                yield _Found(_of_value(self._of_role(name, cell), value), (index,), index, value)
            else:
                yield from self._valued(name, index, cell)

    def _valued(self, name: FieldName, caption: int, cell: int) -> Iterator[_Found]:
        own = self._free(cell, caption)
        if not own and not self._is_a_label(cell, caption):
            return  # its value would stand under it, in the same cell: there is none
        beside = self._right_of(cell)
        if name in ROLES:
            # Name and date stand in the cells of one row: whichever looks like a date is it.
            values = [*own, *(index for other in beside for index in self._members[other])]
            dates = [index for index in values if DATE.fullmatch(self._lines[index].text)]
            names = [index for index in values if not self._has_form(index)]
            names = names[:1] if not own else [index for index in own if index in names]
            for field, value in ((name, names), (DATES[name], dates[:1])):
                if value:
                    yield self._found(field, value, caption)
            return
        name = self._of_role(name, cell)
        candidates = [own] if own else [list(self._members[other]) for other in (*beside[:1], *self._below(cell)[:1])]
        for value in candidates:
            if (
                value
                and (own or name not in DATES.values() or self._is_date(value))
                and not any(index in self._taken for index in value)
            ):
                yield self._found(_of_value(name, self._lines[value[0]].text), value, caption)
                return

    def _is_date(self, value: Sequence[int]) -> bool:
        return DATE.fullmatch(self._lines[value[0]].text) is not None

    def _is_a_label(self, cell: int, caption: int) -> bool:
        """Whether a caption stands in the middle of a cell of its own, not small at the top of its value's."""
        top, bottom = self._cells[cell, 1], self._cells[cell, 3]
        return bool(abs(self._middles[caption, 1] - (top + bottom) / 2) <= _CENTRED * (bottom - top))

    def _found(self, name: FieldName, value: Sequence[int], caption: int | None) -> _Found:
        self._taken.update(value)
        return _Found(name, tuple(value), caption)

    def _of_role(self, name: FieldName, cell: int) -> FieldName:
        """The date right beside who drew, checked or approved is that person's."""
        if name != "date":
            return name
        roles = [
            (self._cells[other, 0], role[0])
            for other, members in enumerate(self._members)
            for index in members
            if abs(self._cells[other, 2] - self._cells[cell, 0]) <= self._wall
            and self._is_beside(other, cell)
            and (role := self._captions.get(index)) is not None
            and role[0] in ROLES
        ]
        return DATES[max(roles)[1]] if roles else name

    def _free(self, cell: int, caption: int) -> list[int]:
        """What stands in the caption's cell and belongs to no other caption in it."""
        members = list(self._members[cell])
        behind = members[members.index(caption) + 1 :]
        until = next((place for place, index in enumerate(behind) if index in self._captions), len(behind))
        own = behind[:until]
        only = sum(index in self._captions for index in members) == 1
        return own or [index for index in members if index != caption and only and index not in self._taken]

    def _right_of(self, cell: int) -> list[int]:
        """Cells of the same row to the right, up to the next one with a caption."""
        found: list[int] = []
        right = self._cells[cell, 2]
        while True:
            near = np.abs(self._cells[:, 0] - right) <= self._wall
            beside = [int(other) for other in np.flatnonzero(near) if self._is_beside(int(other), cell)]
            if len(beside) != 1 or any(index in self._captions for index in self._members[beside[0]]):
                return found
            found.append(beside[0])
            right = self._cells[beside[0], 2]

    def _below(self, cell: int) -> list[int]:
        left, _, right, bottom = self._cells[cell]
        near = np.abs(self._cells[:, 1] - bottom) <= self._wall
        shared = np.minimum(self._cells[:, 2], right) - np.maximum(self._cells[:, 0], left)
        under = np.flatnonzero(near & (shared > 0.5 * (right - left)))
        return [int(other) for other in under if self._has_values(int(other))]

    def _is_beside(self, other: int, cell: int) -> bool:
        """Whether two cells are in one row: most of the lower one's height is common."""
        (_, top, _, bottom), (_, other_top, _, other_bottom) = self._cells[cell], self._cells[other]
        shared = min(bottom, other_bottom) - max(top, other_top)
        return bool(shared > 0.6 * max(bottom - top, other_bottom - other_top))

    def _has_values(self, cell: int) -> bool:
        members = self._members[cell]
        return bool(members) and not any(index in self._captions for index in members)

    def by_place(self) -> Iterator[_Found]:
        """Fields without captions of the block of GB/T 10609.1, which is known by its stage marks."""
        stages = [index for index, line in enumerate(self._lines) if line.text == STAGE]
        stage = [int(self._zone.cell_of_text[index]) for index in stages if self._zone.cell_of_text[index] >= 0]
        if not stage:
            return
        left, top, right, _ = self._cells[stage[0]]
        above = (np.abs(self._cells[:, 3] - top) <= self._wall) & (self._cells[:, 0] <= left + self._wall)
        above &= self._cells[:, 2] >= right - self._wall
        material = [int(cell) for cell in np.flatnonzero(above) if self._has_values(int(cell))]
        at_the_right = np.abs(self._cells[:, 2] - self._cells[:, 2].max()) <= self._wall
        column = [int(cell) for cell in np.flatnonzero(at_the_right) if self._has_values(int(cell))]
        column.sort(key=lambda cell: float(self._cells[cell, 1]))
        names = BY_PLACE if len(column) == len(BY_PLACE) else ()
        for name, cell in (*zip(names, column, strict=False), *(("material", cell) for cell in material[:1])):
            yield self._found(name, self._members[cell], None)

    def by_form(self) -> Iterator[_Found]:
        """Fields without a caption: what can only be one thing, and the largest words as the title."""
        left = [
            index
            for members in self._members
            for index in members
            if index not in self._taken and index not in self._captions
        ]
        for name, form in BY_FORM.items():
            for index in left:
                if match := form.fullmatch(self._lines[index].text):
                    yield _Found(name, (index,), text=match.groupdict().get("value") or "")
        heights = [self._lines[index].height for members in self._members for index in members]
        words = [
            index
            for index in left
            if sum(map(str.isalpha, self._lines[index].text)) >= _LEAST_LETTERS and not self._has_form(index)
        ]
        if words:
            largest = max(words, key=lambda index: self._lines[index].height)
            if self._lines[largest].height >= _LARGE * float(np.median(heights)):
                yield _Found("title", (largest,))
                left = [index for index in left if index != largest]
        # A number without a caption stands lowest, in the largest lettering.
        numbers = [index for index in left if NUMBER.fullmatch(self._lines[index].text) and not self._has_form(index)]
        if numbers:
            largest = max(numbers, key=lambda index: self._lines[index].height)
            if self._lines[largest].height >= _LARGE * float(np.median(heights)):
                yield _Found("number", (largest,))

    def _has_form(self, index: int) -> bool:
        """Whether a text can only be a certain field."""
        return any(form.fullmatch(self._lines[index].text) for form in BY_FORM.values())


def _of_value(name: FieldName, value: str) -> FieldName:
    """Finish is said of roughness and of coating: the value tells."""
    return "treatment" if name == "finish" and not ROUGHNESS.search(value) else name


def _field(lines: Sequence[Line], found: _Found) -> TitleField:
    value = [lines[index] for index in found.value]
    return TitleField(
        box=box_around(value),
        text=found.text or " ".join(line.text for line in value),
        members=found.value,
        name=found.name,
        caption="" if found.caption is None else lines[found.caption].text,
        confidence=round(min(line.confidence for line in value), 5),
    )
