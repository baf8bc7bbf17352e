"""Dimensions, leaders, tolerance frames and surface signs as plans: where their lines, arrows and texts go.

Lengths and places are page pixels; angles are degrees counter-clockwise as seen on the page. After ISO 129-1
(dimensions), ISO 1101 (tolerance frames), ISO 5459 (datums) and ISO 1302 (surface signs).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis.canvas import PlacedText, Plan, Point, Stroke, direction
from drawing_ocr.synthesis.lettering import Ink, Lettering, letter, letter_row
from drawing_ocr.synthesis.structure import Dimension, FrameCell, ToleranceFrame, rectangle
from drawing_ocr.synthesis.text_source import Convention
from drawing_ocr.text import canonical

# Slim, wide and open arrow heads, oblique ticks, dots.
Ends = Literal["slim", "wide", "open", "tick", "dot"]


@dataclass(frozen=True, slots=True)
class Drafting:
    """How one sheet is lettered and lined.

    thin, thick: line widths in pixels. arrow: arrow length in pixels. ends: what ends a dimension line. level:
    deviations are lettered as large as the size, the lower one on its line. small: lettering of deviations over that of
    the size.
    broken: texts stand in a gap of the dimension line instead of above it. upright: vertical dimensions read level.
    """

    lettering: Lettering
    convention: Convention
    thin: int
    thick: int
    arrow: float
    ends: Ends
    broken: bool
    upright: bool
    level: bool = False
    small: float = 0.66

    @property
    def em(self) -> float:
        return float(self.lettering.size)

    @property
    def cap(self) -> float:
        """Capital height in pixels."""
        return 0.72 * self.em

    def scaled(self, factor: float) -> Lettering:
        """The sheet's lettering at another size."""
        size = max(9, round(self.lettering.size * factor))
        return replace(self.lettering, size=size, pen=self.lettering.pen * size / self.lettering.size)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a dimension says.

    text: the size. upper, lower: deviations above each other behind it. over: the upper limit above it. under: its
    other unit below it. boxed: it is theoretically exact.
    """

    text: str
    upper: str = ""
    lower: str = ""
    over: str = ""
    under: str = ""
    boxed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    ink: Ink
    text: str
    along: float  # middle of the ink, from the block's left end
    up: float  # middle of the ink, above the block's baseline
    behind: int = 0  # 1: it stands behind the size, 2: in the next line


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Pieces of one wording around a common baseline."""

    pieces: tuple[_Piece, ...]
    width: float
    rise: float  # highest ink above the baseline
    drop: float  # lowest ink below the baseline
    boxed: bool

    def reading_order(self) -> list[int]:
        """Positions of the pieces: a size before its deviations, the upper one of two before the lower one."""
        return sorted(range(len(self.pieces)), key=lambda i: (self.pieces[i].behind, -self.pieces[i].up))


def _piece(text: str, lettering: Lettering, left: float, baseline: float) -> _Piece:
    ink = letter(text, lettering)
    return _Piece(ink, text, left + ink.width / 2, baseline + ink.baseline - ink.height / 2)


def _block(wording: Wording, drafting: Drafting) -> _Block:
    em = drafting.em
    pieces = [_piece(wording.text, drafting.lettering, 0.0, 0.0)]
    width = float(pieces[0].ink.width)
    if wording.over:
        over = _piece(wording.over, drafting.lettering, 0.0, 1.2 * em)
        pieces.append(over)
        width = max(width, over.ink.width)
    if wording.upper:
        small = drafting.scaled(1.0 if drafting.level else drafting.small)
        left = width + 0.3 * em
        # Level with the size, or about its middle.
        lead = 1.06 * small.size
        low = 0.0 if drafting.level else (drafting.cap - lead - 0.72 * small.size) / 2
        deviations = _piece(wording.upper, small, left, low + lead), _piece(wording.lower, small, left, low)
        pieces += [replace(piece, behind=1) for piece in deviations]
        width = left + max(piece.ink.width for piece in pieces[1:])
    if wording.under:
        under = _piece(wording.under, drafting.lettering, 0.0, -1.25 * em)
        pieces.append(replace(under, behind=2))
        width = max(width, under.ink.width)
    rise = max(piece.up + piece.ink.height / 2 for piece in pieces)
    drop = max(piece.ink.height / 2 - piece.up for piece in pieces)
    return _Block(tuple(pieces), width, rise, max(0.0, drop), wording.boxed)


def _place(plan: Plan, block: _Block, middle: Point, degrees: float, drafting: Drafting, category: Category) -> None:
    """Put a block with the middle of its baseline at `middle`, reading in direction `degrees`.

    What a plan dimensions is one dimension: a block that follows another one belongs to it.
    """
    first = len(plan.texts)
    along, up = direction(degrees), direction(degrees + 90)
    left = middle.plus(along, -block.width / 2)
    for piece in block.pieces:
        centre = left.plus(along, piece.along).plus(up, piece.up)
        plan.texts.append(PlacedText(piece.ink, centre, degrees, piece.text, category))
    if block.boxed:
        pad = 0.3 * drafting.em
        corners = [
            middle.plus(along, sx * (block.width / 2 + pad)).plus(up, block.rise + pad if top else -block.drop - pad)
            for sx, top in ((-1, True), (1, True), (1, False), (-1, False))
        ]
        plan.frame(*corners, width=drafting.thin)
    if category is Category.DIMENSION:
        before = plan.structure.dimensions
        regions = [index for dimension in before for index in dimension.regions]
        regions += [first + index for index in block.reading_order()]
        whole = canonical(" ".join(plan.texts[index].text for index in regions))
        dimension = Dimension(regions=tuple(regions), text=whole, basic=block.boxed or any(d.basic for d in before))
        plan.structure = plan.structure.model_copy(update={"dimensions": (dimension,)})


def readable(degrees: float) -> float:
    """The reading direction of a text along a line: never upside down, vertical text reads from the right."""
    turned = (degrees + 90) % 180 - 90
    return 90.0 if turned == -90 else turned


def _arrow(plan: Plan, tip: Point, pointing: Point, drafting: Drafting) -> None:
    half = 0.3 if drafting.ends == "wide" else 0.17
    plan.arrow(tip, pointing, drafting.arrow, half=half, open_width=drafting.thin if drafting.ends == "open" else 0)


def _end(plan: Plan, tip: Point, pointing: Point, drafting: Drafting) -> None:
    if drafting.ends == "dot":
        plan.dot(tip, drafting.arrow * 0.2)
    elif drafting.ends == "tick":
        slash = direction(math.degrees(math.atan2(-pointing.y, pointing.x)) + 45)
        half = drafting.arrow * 0.35
        plan.line(tip.plus(slash, -half), tip.plus(slash, half), width=drafting.thin + 1)
    else:
        _arrow(plan, tip, pointing, drafting)


def _lift(block: _Block, drafting: Drafting) -> float:
    """How far above its line a block's baseline lies."""
    return block.drop + (0.55 if block.boxed else 0.28) * drafting.em + drafting.thin


def linear(p: Point, q: Point, degrees: float, through: Point, wording: Wording, drafting: Drafting) -> Plan:
    """A dimension between two points, measured along `degrees`, its line running through the point `through`."""
    plan, block = Plan(), _block(wording, drafting)
    reading = readable(degrees)
    along = direction(reading)
    a, b = sorted(
        (_foot(p, through, along), _foot(q, through, along)), key=lambda point: point.x * along.x + point.y * along.y
    )
    start, stop = (p, q) if a == _foot(p, through, along) else (q, p)
    for feature, end in ((start, a), (stop, b)):
        if feature.distance(end) > drafting.em * 0.5:
            away = feature.towards(end)
            plan.line(feature.plus(away, 0.2 * drafting.em), end.plus(away, 0.35 * drafting.em), width=drafting.thin)
    span, arrow = a.distance(b), drafting.arrow
    text_degrees = 0.0 if drafting.upright else reading
    across = reading != text_degrees
    room = block.rise + block.drop if across else block.width
    fits = span > room + 2.6 * arrow
    inside_arrows = span > 3.2 * arrow
    if inside_arrows:
        _end(plan, a, b.towards(a), drafting)
        _end(plan, b, a.towards(b), drafting)
    else:
        for tip, away in ((a, b.towards(a)), (b, a.towards(b))):
            plan.line(tip, tip.plus(away, 2.2 * arrow), width=drafting.thin)
            _end(plan, tip, Point(-away.x, -away.y), drafting)
    middle = a.plus(along, span / 2)
    if not fits:
        beyond = block.width / 2 + 2.6 * arrow if not across else room / 2 + 2.6 * arrow
        middle = b.plus(along, beyond)
        if not across:
            plan.line(b, b.plus(along, 2.6 * arrow + block.width), width=drafting.thin)
    up = direction(text_degrees + 90)
    if across or (drafting.broken and fits):
        half = room / 2 + 0.35 * drafting.em
        if fits:
            plan.line(a, middle.plus(along, -half), width=drafting.thin)
            plan.line(middle.plus(along, half), b, width=drafting.thin)
        elif inside_arrows:
            plan.line(a, b, width=drafting.thin)
        anchor = middle.plus(up, -(block.rise - block.drop) / 2)
    else:
        if fits or inside_arrows:
            plan.line(a, b, width=drafting.thin)
        anchor = middle.plus(up, _lift(block, drafting))
    _place(plan, block, anchor, text_degrees, drafting, Category.DIMENSION)
    return plan


def _foot(point: Point, through: Point, along: Point) -> Point:
    """The foot of the perpendicular from a point on the line through `through`."""
    t = (point.x - through.x) * along.x + (point.y - through.y) * along.y
    return through.plus(along, t)


def leader(
    tip: Point, elbow: Point, wordings: Sequence[Wording], drafting: Drafting, category: Category = Category.DIMENSION
) -> Plan:
    """An arrow at `tip`, a slanted line to `elbow` and a level shoulder with the texts, the first one above it."""
    plan = Plan()
    blocks = [_block(wording, drafting) for wording in wordings]
    width = max(block.width for block in blocks) + 0.5 * drafting.em
    side = 1.0 if elbow.x >= tip.x else -1.0
    end = elbow.plus(Point(side, 0), width)
    _arrow(plan, tip, elbow.towards(tip), drafting)
    plan.line(tip, elbow, end, width=drafting.thin)
    middle = (elbow.x + end.x) / 2
    _place(plan, blocks[0], Point(middle, elbow.y - _lift(blocks[0], drafting)), 0.0, drafting, category)
    y = elbow.y + 0.25 * drafting.em + drafting.thin
    for block in blocks[1:]:
        y += block.rise + 0.1 * drafting.em
        _place(plan, block, Point(middle, y), 0.0, drafting, category)
        y += block.drop + 0.25 * drafting.em
    return plan


def along_leader(tip: Point, degrees: float, wording: Wording, drafting: Drafting, inwards: float = 0.0) -> Plan:
    """A radial leader that comes in against `degrees`, its text slanted along the line outside.

    inwards: how far the line goes on behind the tip, towards the centre (a diameter runs through it), in pixels.
    """
    plan, block = Plan(), _block(wording, drafting)
    outwards = direction(degrees)
    length = block.width + 2.2 * drafting.arrow + (0.6 * drafting.em if block.boxed else 0)
    plan.line(tip.plus(outwards, -inwards), tip.plus(outwards, length), width=drafting.thin)
    _arrow(plan, tip, Point(-outwards.x, -outwards.y), drafting)
    reading = readable(degrees)
    middle = tip.plus(outwards, length - block.width / 2 - (0.3 * drafting.em if block.boxed else 0))
    anchor = middle.plus(direction(reading + 90), _lift(block, drafting))
    _place(plan, block, anchor, reading, drafting, Category.DIMENSION)
    return plan


def across_circle(centre: Point, radius: float, degrees: float, wording: Wording, drafting: Drafting) -> Plan:
    """A diameter: a line through the whole circle with an arrow at either side, its text slanted along it outside."""
    plan, block = Plan(), _block(wording, drafting)
    along = direction(degrees)
    near, far = centre.plus(along, radius), centre.plus(along, -radius)
    length = block.width + 1.6 * drafting.em
    plan.line(far, near.plus(along, length), width=drafting.thin)
    _arrow(plan, near, along, drafting)
    _arrow(plan, far, Point(-along.x, -along.y), drafting)
    reading = readable(degrees)
    middle = near.plus(along, length - block.width / 2 - (0.3 * drafting.em if block.boxed else 0))
    _place(
        plan, block, middle.plus(direction(reading + 90), _lift(block, drafting)), reading, drafting, Category.DIMENSION
    )
    return plan


def angular(vertex: Point, start: float, stop: float, radius: float, wording: Wording, drafting: Drafting) -> Plan:
    """An angle between the directions `start` < `stop` in degrees, its arc `radius` away from the vertex."""
    plan, block = Plan(), _block(wording, drafting)
    steps = max(6, int((stop - start) / 3))
    arc = [vertex.plus(direction(start + (stop - start) * i / steps), radius) for i in range(steps + 1)]
    plan.line(*arc, width=drafting.thin)
    bend = math.degrees(drafting.arrow / radius) / 2
    _arrow(plan, arc[0], direction(start - 90 + bend), drafting)
    _arrow(plan, arc[-1], direction(stop + 90 - bend), drafting)
    for degrees in (start, stop):
        ray = direction(degrees)
        plan.line(vertex.plus(ray, 0.3 * radius), vertex.plus(ray, radius + 0.4 * drafting.em), width=drafting.thin)
    middle = (start + stop) / 2
    reading = 0.0 if drafting.upright else readable(middle - 90)
    outwards, up = direction(middle), direction(reading + 90)
    away = abs(outwards.x * up.x + outwards.y * up.y)
    reach = block.rise / 2 * away + block.width / 2 * (1 - away) + _lift(block, drafting)
    centre = vertex.plus(outwards, radius + reach)
    _place(plan, block, centre.plus(up, -block.rise / 2), reading, drafting, Category.DIMENSION)
    return plan


def tolerance_frame(leader_line: Sequence[Point], side: int, cells: Sequence[str], drafting: Drafting) -> Plan:
    """A feature control frame at the end of a leader.

    leader_line: from the arrow's tip to the middle of the frame's near side. side: 1 when the frame extends to the
    right of there, -1 to the left. The frame is labelled as one line: its cells, apart by a space.
    """
    plan = Plan()
    _frame(plan, leader_line[-1], side, cells, drafting)
    plan.line(*leader_line, width=drafting.thin)
    _arrow(plan, leader_line[0], leader_line[1].towards(leader_line[0]), drafting)
    return plan


def add_frame_below(plan: Plan, cells: Sequence[str], drafting: Drafting) -> None:
    """Hang a feature control frame under the texts of a plan: the tolerance belongs to what they dimension."""
    corners = [corner for text in plan.texts for corner in text.polygon()]
    left, bottom = min(corner[0] for corner in corners), max(corner[1] for corner in corners)
    _frame(plan, Point(left, bottom + 0.45 * drafting.em + drafting.thin + _half_frame(drafting)), 1, cells, drafting)


def _half_frame(drafting: Drafting) -> float:
    return 0.5 * drafting.cap + 0.5 * drafting.em


def _frame(plan: Plan, near: Point, side: int, cells: Sequence[str], drafting: Drafting) -> None:
    """Draw the frame and its cells; `near` is the middle of its left side, or of its right side when `side` is -1."""
    pad = round(0.4 * drafting.em)
    ink, ends = letter_row(cells, drafting.lettering, 2 * pad)
    edges = [end + pad for end in ends]
    left = near if side > 0 else Point(near.x - edges[-1], near.y)
    half = _half_frame(drafting)
    top, bottom, right = left.y - half, left.y + half, left.x + edges[-1]
    plan.frame(Point(left.x, top), Point(right, top), Point(right, bottom), Point(left.x, bottom), width=drafting.thin)
    for edge in edges[:-1]:
        divider = (Point(left.x + edge, top), Point(left.x + edge, bottom))
        plan.strokes.append(Stroke(divider, drafting.thin, divides=True))
    centre = Point(left.x + edges[-1] / 2, left.y + 0.5 * drafting.cap - ink.baseline + ink.height / 2)
    plan.texts.append(PlacedText(ink, centre, 0.0, " ".join(cells), Category.SYMBOL))
    sides = (0.0, *edges)
    outlines = [
        FrameCell(points=rectangle(left.x + start, top, left.x + end, bottom), text=canonical(cell))
        for cell, start, end in zip(cells, sides[:-1], sides[1:], strict=True)
    ]
    whole = ToleranceFrame(
        region=len(plan.texts) - 1, points=rectangle(left.x, top, right, bottom), cells=tuple(outlines)
    )
    plan.structure = plan.structure.model_copy(update={"frames": (*plan.structure.frames, whole)})


def roughness(foot: Point, degrees: float, text: str, drafting: Drafting) -> Plan:
    """A surface sign on a surface whose outside lies in direction `degrees`; the text follows the surface."""
    plan = Plan()
    reading = readable(degrees - 90)
    sign = 1.0 if abs((degrees - 90 - reading) % 360) < 1 else -1.0
    up, along = direction(degrees), direction(degrees - 90)
    height = 1.25 * drafting.em
    ink = letter(text, drafting.lettering)
    left = foot.plus(up, height).plus(along, -0.58 * height)
    right = foot.plus(up, height * 1.75).plus(along, 1.0 * height)
    shoulder = right.plus(along, ink.width + 0.5 * drafting.em)
    plan.line(left, foot, right, shoulder, width=drafting.thin)
    plan.line(left, foot.plus(up, height).plus(along, 0.58 * height), width=drafting.thin)
    middle = right.plus(along, ink.width / 2 + 0.25 * drafting.em)
    # The text hangs under the shoulder, on the surface's side.
    centre = middle.plus(up, -(ink.height / 2 + 0.25 * drafting.em + drafting.thin))
    plan.texts.append(PlacedText(ink, centre, reading if sign > 0 else readable(reading), text, Category.SYMBOL))
    return plan


def datum(foot: Point, degrees: float, text: str, drafting: Drafting) -> Plan:
    """A datum feature: a filled triangle on the surface, a stem outwards, and the datum letter in a box (ISO 5459)."""
    plan = Plan()
    up, along = direction(degrees), direction(degrees - 90)
    side = 0.75 * drafting.em
    apex = foot.plus(up, side * 0.87)
    plan.strokes.append(
        Stroke((foot.plus(along, -side / 2), foot.plus(along, side / 2), apex), drafting.thin, filled=True)
    )
    ink = letter(text, drafting.lettering)
    half = 0.5 * drafting.cap + 0.5 * drafting.em
    middle = apex.plus(up, 0.8 * drafting.em + half)
    plan.line(apex, middle.plus(up, -half), width=drafting.thin)
    plan.frame(
        *(Point(middle.x + sx * half, middle.y + sy * half) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))),
        width=drafting.thin,
    )
    plan.texts.append(PlacedText(ink, middle, 0.0, text, Category.SYMBOL))
    return plan


def weld(tip: Point, elbow: Point, text: str, drafting: Drafting, *, all_around: bool, both_sides: bool) -> Plan:
    """A fillet weld (ISO 2553): an arrow, a reference line with the weld's triangle, its throat or leg before it."""
    plan = Plan()
    side = 1.0 if elbow.x >= tip.x else -1.0
    ink = letter(text, drafting.scaled(0.9))
    em = drafting.em
    end = elbow.plus(Point(side, 0), ink.width + 2.6 * em)
    plan.line(tip, elbow, end, width=drafting.thin)
    _arrow(plan, tip, elbow.towards(tip), drafting)
    left = min(elbow.x, end.x)
    foot = Point(left + 0.9 * em + ink.width, elbow.y)
    for sign in (-1, 1) if both_sides else (-1,):
        plan.line(foot, Point(foot.x, foot.y + sign * 0.8 * em), Point(foot.x + 0.8 * em, foot.y), width=drafting.thin)
    if all_around:
        ring = tuple(elbow.plus(direction(degrees), 0.35 * em) for degrees in range(0, 361, 30))
        plan.line(*ring, width=drafting.thin)
    centre = Point(left + 0.6 * em + ink.width / 2, elbow.y - ink.height / 2 - 0.28 * em - drafting.thin)
    plan.texts.append(PlacedText(ink, centre, 0.0, text, Category.SYMBOL))
    return plan


def balloon(tip: Point, middle: Point, text: str, drafting: Drafting) -> Plan:
    """The item number of a parts list in a circle, its line ending in a dot (ISO 6433)."""
    plan = Plan()
    ink = letter(text, drafting.lettering)
    radius = 0.5 * math.hypot(ink.width, ink.height) + 0.35 * drafting.em
    plan.line(tip, middle.plus(middle.towards(tip), radius), width=drafting.thin)
    plan.dot(tip, 0.18 * drafting.em)
    ring = tuple(middle.plus(direction(degrees), radius) for degrees in range(0, 361, 15))
    plan.line(*ring, width=drafting.thin)
    plan.areas.append(ring[:-1])
    plan.texts.append(PlacedText(ink, middle, 0.0, text, Category.SYMBOL))
    return plan
