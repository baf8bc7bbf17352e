"""The page while it is drawn: lines and texts in points, none over another, and the truth about them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString, Polygon
from shapely.geometry import box as box_of
from shapely.strtree import STRtree

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis.held_out.typesetting import Script, Setting, compose, compose_row
from drawing_ocr.synthesis.structure import Structure

XY = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text with the middle of its ink at `centre`, reading in direction `degrees`.

    gap: paper between words in points where they stand in the cells of a frame, else 0.
    """

    text: str
    script: Script
    centre: XY
    degrees: float = 0.0
    category: Category = Category.DIMENSION
    gap: float = 0.0

    def setting(self) -> Setting:
        return (
            compose_row(tuple(self.text.split()), self.script, self.gap)
            if self.gap
            else compose(self.text, self.script)
        )

    def corners(self, clearance: float = 0.0) -> npt.NDArray[np.float64]:
        """The ink box on the page, float64 [4, 2] in points, from the text's own top left clockwise as seen."""
        setting = self.setting()
        half = np.array([setting.width / 2 + clearance, setting.height / 2 + clearance])
        cos, sin = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        box = np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)]) * half
        return np.asarray(box @ np.array([[cos, sin], [-sin, cos]]) + np.array(self.centre), np.float64)

    def content(self) -> str:
        setting = self.setting()
        left, bottom, right, top = setting.box
        cos, sin = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        dx, dy = -(left + right) / 2, -(bottom + top) / 2
        x, y = self.centre[0] + cos * dx - sin * dy, self.centre[1] + sin * dx + cos * dy
        return f"q {cos:.6f} {sin:.6f} {-sin:.6f} {cos:.6f} {x:.3f} {y:.3f} cm\n{setting.content} Q"


@dataclass(slots=True)
class Item:
    """Lines, filled areas and texts that are drawn together or not at all; structure counts its regions from 0.

    dividers: lines between the words of the item's own text, as the cells of a frame have them.
    """

    lines: list[tuple[float, tuple[XY, ...]]] = field(default_factory=list)
    dividers: list[tuple[float, tuple[XY, ...]]] = field(default_factory=list)
    filled: list[tuple[XY, ...]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    structure: Structure = field(default_factory=Structure)

    def line(self, width: float, *points: XY) -> None:
        self.lines.append((width, points))


@dataclass(slots=True)
class Board:
    """A page of `width` × `height` points; inside: left, bottom, right, top of its frame, which items keep to."""

    width: float
    height: float
    inside: tuple[float, float, float, float]
    clearance: float
    texts: list[Text] = field(default_factory=list)
    structure: Structure = field(default_factory=Structure)
    _content: list[str] = field(default_factory=list)
    _boxes: list[Polygon] = field(default_factory=list)
    _lines: list[LineString] = field(default_factory=list)

    def add(self, item: Item) -> bool:
        """Draw the item if its texts find free paper and its lines run through no text; returns whether it did."""
        boxes = [Polygon(text.corners(self.clearance)) for text in item.texts]
        own = [Polygon(text.corners(0.3)) for text in item.texts]
        drawn = [LineString(points) for _, points in item.lines]
        page = box_of(*self.inside)
        if not all(page.covers(part) for part in (*own, *drawn)):
            return False
        if any(a.intersects(b) for i, a in enumerate(own) for b in own[:i]):
            return False
        if any(line.intersects(box) for line in drawn for box in own):
            return False
        taken, lines = STRtree(self._boxes), STRtree(self._lines)
        if any(len(taken.query(box, "intersects")) or len(lines.query(box, "intersects")) for box in boxes):
            return False
        if any(len(taken.query(line, "intersects")) for line in drawn):
            return False
        self.structure = self.structure.joined(item.structure, len(self.texts))
        self.texts += item.texts
        self._boxes += boxes
        self._lines += drawn
        self.draw([*item.lines, *item.dividers], item.filled)
        self._content += [text.content() for text in item.texts]
        return True

    def draw(self, lines: Sequence[tuple[float, tuple[XY, ...]]], filled: Sequence[tuple[XY, ...]] = ()) -> None:
        """Draw lines and areas; what is drawn so keeps no text away."""
        for width, points in lines:
            self._content.append(f"{width:.3f} w {_path(points)} S")
        for points in filled:
            self._content.append(f"{_path(points)} f")

    def outline(self, width: float, *points: XY) -> None:
        """A contour, which texts keep clear of."""
        self.draw([(width, points)])
        self._lines.append(LineString(points))

    def content(self) -> str:
        return "1 J 1 j\n" + "\n".join(self._content)


def _path(points: Sequence[XY]) -> str:
    return " ".join(f"{x:.3f} {y:.3f} {'l' if i else 'm'}" for i, (x, y) in enumerate(points))
