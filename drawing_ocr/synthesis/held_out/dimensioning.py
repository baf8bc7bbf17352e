"""Dimensions, callouts and tolerance frames of the held-out sheets, as items for the board."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis.held_out.board import XY, Item, Text
from drawing_ocr.synthesis.held_out.typesetting import Script
from drawing_ocr.synthesis.structure import Dimension, FrameCell, Structure, ToleranceFrame
from drawing_ocr.text import canonical


@dataclass(frozen=True, slots=True)
class Hand:
    """How one sheet is drawn: lettering, line widths in points, arrow length; texts in the line instead of above it."""

    script: Script
    thin: float
    thick: float
    arrow: float
    inline: bool
    decimal: str

    @property
    def size(self) -> float:
        return self.script.size

    def number(self, value: float, places: int) -> str:
        return f"{value:.{places}f}".replace(".", self.decimal)


@dataclass(frozen=True, slots=True)
class Say:
    """What a dimension says: the size, deviations behind it; without a size, two limits above each other."""

    text: str
    upper: str = ""
    lower: str = ""
    basic: bool = False


def block(say: Say, hand: Hand, centre: XY, degrees: float) -> tuple[list[Text], float, float]:
    """The texts of a dimension around a point, in reading order, and the width and height that they take."""
    size = hand.size
    if not say.text:
        lines = [Text(text, hand.script, centre, degrees) for text in (say.upper, say.lower)]
        width = max(line.setting().width for line in lines)
        return [_moved(lines[0], 0.0, 0.62 * size), _moved(lines[1], 0.0, -0.62 * size)], width, 2.1 * size
    main = Text(say.text, hand.script, centre, degrees)
    if not say.upper:
        return [main], main.setting().width, main.setting().height
    small = hand.script.scaled(0.62)
    pair = [Text(text, small, centre, degrees) for text in (say.upper, say.lower)]
    own, behind = main.setting().width, max(text.setting().width for text in pair)
    width = own + 0.3 * size + behind
    texts = [_moved(main, (own - width) / 2, 0.0)]
    for text, up in zip(pair, (0.4, -0.4), strict=True):
        left = -width / 2 + own + 0.3 * size
        texts.append(_moved(text, left + text.setting().width / 2, up * size))
    return texts, width, 1.45 * size


def _moved(text: Text, along: float, up: float) -> Text:
    cos, sin = math.cos(math.radians(text.degrees)), math.sin(math.radians(text.degrees))
    x, y = text.centre[0] + along * cos - up * sin, text.centre[1] + along * sin + up * cos
    return Text(text.text, text.script, (x, y), text.degrees, text.category, text.gap)


def dimension_of(texts: Sequence[Text], *, basic: bool = False) -> Structure:
    whole = canonical(" ".join(text.text for text in texts))
    return Structure(dimensions=(Dimension(regions=tuple(range(len(texts))), text=whole, basic=basic),))


def linear(p: XY, q: XY, offset: float, say: Say, hand: Hand) -> Item:
    """The distance of two points, its line `offset` points to the left of the way from p to q."""
    degrees = math.degrees(math.atan2(q[1] - p[1], q[0] - p[0]))
    if not -89.9 < degrees <= 90.1:
        return linear(q, p, -offset, say, hand)
    item = Item()
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    normal = (-sin, cos)
    a, b = ((x + offset * normal[0], y + offset * normal[1]) for x, y in (p, q))
    reach = math.copysign(2.5, offset)
    for (fx, fy), (ex, ey) in ((p, a), (q, b)):
        item.line(hand.thin, (fx + reach * normal[0] * 0.6, fy + reach * normal[1] * 0.6),
                  (ex + reach * normal[0], ey + reach * normal[1]))  # fmt: skip
    span = math.dist(a, b)
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    texts, width, height = block(say, hand, middle, degrees)
    pad = 0.35 * hand.size if say.basic else 0.0
    fits = span > width + 2.4 * hand.arrow + 2 * pad
    inward = span > 2.6 * hand.arrow
    for (x, y), way in ((a, 1.0), (b, -1.0)):
        pointing = way if inward else -way
        item.filled.append(_arrow((x, y), (pointing * cos, pointing * sin), hand.arrow))
        if not inward:
            tail = -way * 2.2 * hand.arrow
            item.line(hand.thin, (x, y), (x + tail * cos, y + tail * sin))
    lift = 0.0 if hand.inline and fits else height / 2 + 0.3 * hand.size + pad
    along = 0.0 if fits else span / 2 + width / 2 + pad + 1.2 * hand.arrow + (0.0 if inward else 1.6 * hand.arrow)
    if hand.inline and fits:
        half = width / 2 + 0.35 * hand.size + pad
        item.line(hand.thin, a, (middle[0] - half * cos, middle[1] - half * sin))
        item.line(hand.thin, (middle[0] + half * cos, middle[1] + half * sin), b)
    else:
        end = 0.0 if fits else along + width / 2 + pad - span / 2
        item.line(hand.thin, a, (b[0] + end * cos, b[1] + end * sin))
    item.texts = [_moved(text, along, lift) for text in texts]
    _box(
        item,
        say,
        hand,
        width,
        height,
        (middle[0] + along * cos - lift * sin, middle[1] + along * sin + lift * cos),
        degrees,
    )
    item.structure = dimension_of(item.texts, basic=say.basic)
    return item


def _box(item: Item, say: Say, hand: Hand, width: float, height: float, centre: XY, degrees: float) -> None:
    if not say.basic:
        return
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    half, high = width / 2 + 0.35 * hand.size, height / 2 + 0.3 * hand.size
    corners = [
        (centre[0] + x * half * cos - y * high * sin, centre[1] + x * half * sin + y * high * cos)
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    item.line(hand.thin, *corners)


def _arrow(tip: XY, pointing: XY, length: float) -> tuple[XY, ...]:
    bx, by = tip[0] - pointing[0] * -length, tip[1] - pointing[1] * -length
    nx, ny = -pointing[1] * 0.16 * length, pointing[0] * 0.16 * length
    return (tip, (bx + nx, by + ny), (bx - nx, by - ny))


def leader(tip: XY, degrees: float, length: float, says: Sequence[Say], hand: Hand) -> Item:
    """A slanted line from the tip, then a level shoulder with the first text above it and the others below."""
    item = Item()
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    elbow = (tip[0] + length * cos, tip[1] + length * sin)
    side = 1.0 if cos >= 0 else -1.0
    blocks = [block(say, hand, (0.0, 0.0), 0.0) for say in says]
    width = max(width for _, width, _ in blocks) + 0.4 * hand.size
    item.line(hand.thin, tip, elbow, (elbow[0] + side * width, elbow[1]))
    item.filled.append(_arrow(tip, (cos, sin), hand.arrow))
    y = elbow[1] + 0.3 * hand.size
    for number, (texts, own, height) in enumerate(blocks):
        x = elbow[0] + side * (own / 2 + 0.2 * hand.size)
        if number:
            y -= height / 2 + 0.3 * hand.size
        else:
            y += height / 2
        item.texts += [_shifted(text, x, y) for text in texts]
        y = elbow[1] - 0.1 * hand.size if number == 0 else y - height / 2
    item.structure = dimension_of(item.texts)
    return item


def _shifted(text: Text, x: float, y: float) -> Text:
    return Text(text.text, text.script, (text.centre[0] + x, text.centre[1] + y), text.degrees, text.category, text.gap)


def frame(tip: XY, near: XY, cells: Sequence[str], hand: Hand) -> Item:
    """A tolerance frame whose left side has its middle at `near`, with a leader from the tip."""
    item, gap, pad = Item(), 0.9 * hand.size, 0.45 * hand.size
    row = Text(" ".join(cells), hand.script, (0.0, 0.0), 0.0, Category.SYMBOL, gap)
    width, half = row.setting().width + 2 * pad, 0.95 * hand.size
    left, top, bottom = near[0], near[1] + half, near[1] - half
    edges = [left]
    for cell in cells:
        cell_width = Text(cell, hand.script, (0.0, 0.0)).setting().width
        edges.append(edges[-1] + cell_width + gap)
    edges[-1] = left + width
    item.line(hand.thin, (left, bottom), (left + width, bottom), (left + width, top), (left, top), (left, bottom))
    for edge in edges[1:-1]:
        item.dividers.append((hand.thin, ((edge, bottom), (edge, top))))
    item.line(hand.thin, tip, (tip[0], near[1]), near)
    item.filled.append(_arrow(tip, (0.0, math.copysign(1.0, near[1] - tip[1])), hand.arrow))
    item.texts = [_shifted(row, left + width / 2, near[1])]
    outlines = tuple(
        FrameCell(points=((a, top), (b, top), (b, bottom), (a, bottom)), text=canonical(cell))
        for cell, a, b in zip(cells, edges[:-1], edges[1:], strict=True)
    )
    outline = ((left, top), (left + width, top), (left + width, bottom), (left, bottom))
    item.structure = Structure(frames=(ToleranceFrame(region=0, points=outline, cells=outlines),))
    return item


def datum(foot: XY, up: float, letter: str, hand: Hand) -> Item:
    """A datum letter in a square over (up 1) or under (-1) a face."""
    item, s = Item(), hand.size
    x, y = foot
    item.filled.append(((x - 0.4 * s, y), (x + 0.4 * s, y), (x, y + up * 0.7 * s)))
    item.line(hand.thin, (x, y + up * 0.7 * s), (x, y + up * 1.5 * s))
    low, high = sorted((y + up * 1.5 * s, y + up * 3.3 * s))
    item.line(
        hand.thin, *((x + dx * s, dy) for dx, dy in ((-0.9, low), (0.9, low), (0.9, high), (-0.9, high), (-0.9, low)))
    )
    item.texts = [Text(letter, hand.script, (x, (low + high) / 2), 0.0, Category.SYMBOL)]
    return item
