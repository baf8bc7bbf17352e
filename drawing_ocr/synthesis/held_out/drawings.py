"""What the held-out sheets show: a plate by ordinates, a turned part, a link with slanted edges, a milled block.

Every drawing fills an area (left, bottom, right, top) in points; what finds no free paper is left out.
"""

import itertools
import math
from collections.abc import Callable
from random import Random

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis.held_out.board import XY, Board, Item, Text
from drawing_ocr.synthesis.held_out.dimensioning import Hand, Say, datum, dimension_of, frame, leader, linear

Area = tuple[float, float, float, float]
Draw = Callable[[Board, Area, Hand, Random], list[list[str]]]

_SIGNS = "⌖⏥⊥∥◎⌒⌓↗⌭⏤∠⌯○"
_FORM = "⏥⌒⌭⏤○"


def circle(centre: XY, radius: float, start: float = 0.0, stop: float = 360.0) -> tuple[XY, ...]:
    steps = max(12, int(abs(stop - start) / 6))
    turns = (math.radians(start + (stop - start) * i / steps) for i in range(steps + 1))
    return tuple((centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)) for t in turns)


def cells(rng: Random, hand: Hand) -> list[str]:
    """The cells of a tolerance frame."""
    sign = rng.choice(_SIGNS)
    zone = "⌀" if sign in "⌖◎⊥" and rng.random() < 0.6 else ""
    value = hand.number(rng.choice((0.01, 0.02, 0.05, 0.08, 0.1, 0.15, 0.25, 0.4)), 2)
    modifier = rng.choice("ⓂⓁ") if sign in "⌖⊥∠" and rng.random() < 0.3 else ""
    letters = [] if sign in _FORM else sorted(rng.sample("ABCDE", rng.choice((1, 1, 2, 3))))
    return [sign, f"{zone}{value}{modifier}", *letters]


def say(rng: Random, hand: Hand, value: float, prefix: str = "", places: int = 0) -> Say:
    """A size written in any of the usual ways."""
    text = f"{prefix}{hand.number(value, places)}"
    t = rng.random()
    if t < 0.42:
        return Say(text)
    if t < 0.56:
        return Say(f"{text}{rng.choice(('', ' '))}±{hand.number(rng.choice((0.05, 0.1, 0.2, 0.3)), 2)}")
    if t < 0.74:
        up, low = rng.choice((("+0.1", "0"), ("0", "-0.05"), ("+0.15", "-0.05"), ("+0.021", "0"), ("0", "-0.2")))
        return Say(text, up.replace(".", hand.decimal), low.replace(".", hand.decimal))
    if t < 0.82:
        more = max(1, places)
        upper = value + rng.choice((0.1, 0.2, 0.4))
        return Say("", f"{prefix}{hand.number(upper, more)}", f"{prefix}{hand.number(value, more)}")
    if t < 0.9:
        return Say(f"{text} {rng.choice(('H7', 'h6', 'H8/f7', 'g6', 'js9', 'K7'))}" if prefix != "R" else text)
    return Say(f"({text})") if t < 0.95 else Say(text, basic=True)


def plate_by_ordinates(board: Board, area: Area, hand: Hand, rng: Random) -> list[list[str]]:
    """A plate with named holes, its ordinates from one corner; returns the rows of its hole table."""
    s = hand.size
    left, bottom, right, top = area[0] + 5 * s, area[1] + 5 * s, area[2] - 2 * s, area[3] - 2 * s
    millimetres = rng.uniform(0.9, 2.2)  # a point
    cut = rng.uniform(1.5, 3) * s
    outline = ((left, bottom), (right, bottom), (right, top - cut), (right - cut, top), (left, top), (left, bottom))
    board.outline(hand.thick, *outline)
    columns = sorted(rng.uniform(left + 2.5 * s, right - 3 * s) for _ in range(rng.randint(3, 5)))
    rows = sorted(rng.uniform(bottom + 2.5 * s, top - 3 * s) for _ in range(rng.randint(2, 4)))
    table, sizes = [], [rng.choice((3.2, 4.5, 5.5, 6.8, 8.4)) for _ in rows]
    for r, y in enumerate(rows):
        for c, x in enumerate(columns):
            if rng.random() < 0.65:
                board.outline(hand.thick, *circle((x, y), max(0.35 * s, sizes[r] / millimetres / 2)))
                name = f"{'ABCDE'[r]}{c + 1}"
                item = Item(texts=[Text(name, hand.script.scaled(0.8), (x + 1.5 * s, y + 1.1 * s), 0.0, Category.TEXT)])
                if board.add(item):
                    place = [hand.number((x - left) * millimetres, 1), hand.number((y - bottom) * millimetres, 1)]
                    table.append([name, *place, f"⌀{hand.number(sizes[r], 1)}"])
    for at, edge, level in [(x, bottom, False) for x in (left, *columns, right)] + [
        (y, left, True) for y in (bottom, *rows, top)
    ]:
        value = hand.number((at - (bottom if level else left)) * millimetres, 1) if at not in (left, bottom) else "0"
        item = Item()
        end = edge - 1.5 * s
        item.line(hand.thin, *(((edge - 2, at), (end, at)) if level else ((at, edge - 2), (at, end))))
        probe = Text(value, hand.script, (0, 0)).setting().width / 2 + 0.4 * s
        item.texts = [
            Text(value, hand.script, (end - probe, at) if level else (at, end - probe), 0.0 if level else 90.0)
        ]
        item.structure = dimension_of(item.texts)
        board.add(item)
    tip = (right - cut / 2, top - cut / 2)
    board.add(leader(tip, 45, 1.5 * s, [Say(f"{hand.number(cut * millimetres, 1)} x 45°")], hand))
    return [["N°", "X", "Y", "⌀"], *table] if len(table) > 1 else []


def turned_part(board: Board, area: Area, hand: Hand, rng: Random) -> list[list[str]]:
    """A shaft with grooves: diameters in and beside it, lengths in a chain below, frames under its faces."""
    s = hand.size
    left, right, middle = area[0] + 4 * s, area[2] - 4 * s, (area[1] + area[3]) / 2 + s
    highest = min(0.28 * (area[3] - area[1]), 9 * s)
    count = rng.randint(2, 4)
    ends = [left + (right - left) * i / count for i in range(count + 1)]
    ends[1:-1] = [x + rng.uniform(-1.5, 1.5) * s for x in ends[1:-1]]
    radii = [rng.uniform(0.5, 1.0) * highest for _ in range(count)]
    millimetres = rng.uniform(0.3, 0.9)
    for (x0, x1), r in zip(itertools.pairwise(ends), radii, strict=True):
        board.outline(
            hand.thick, (x0, middle - r), (x1, middle - r), (x1, middle + r), (x0, middle + r), (x0, middle - r)
        )
    axis = Item()
    axis.line(hand.thin, (left - 2 * s, middle), (right + 2 * s, middle))
    board.draw(axis.lines)
    for i, r in enumerate(radii):
        x0, x1 = ends[i], ends[i + 1]
        base = middle - max(radii)
        board.add(
            linear(
                (x0, base),
                (x1, base),
                -2.6 * s,
                say(rng, hand, (x1 - x0) * millimetres, places=rng.choice((0, 0, 1))),
                hand,
            )
        )
        x = x0 + rng.uniform(0.35, 0.65) * (x1 - x0)
        wording = say(rng, hand, 2 * r * millimetres, "⌀", rng.choice((0, 1)))
        for length in (3.0, 5.0, 7.0):
            if board.add(leader((x, middle + r), rng.choice((50, 65, 115, 130)), length * s, [wording], hand)):
                break
        for drop in (5.5, 8.0, 10.5):
            tip = (x0 + 0.25 * (x1 - x0), middle - r)
            near = (tip[0] + 1.5 * s, middle - max(radii) - drop * s)
            if rng.random() < 0.6 and board.add(frame(tip, near, cells(rng, hand), hand)):
                break
    base = middle - max(radii)
    board.add(linear((left, base), (right, base), -5.4 * s, say(rng, hand, (right - left) * millimetres), hand))
    board.add(linear((right, middle - radii[-1]), (right, middle + radii[-1]), -2.8 * s,
                     say(rng, hand, 2 * radii[-1] * millimetres, rng.choice(("⌀", "⌀", "M"))), hand))  # fmt: skip
    board.add(datum((ends[1] + s, middle + radii[1]), 1.0, rng.choice("ABC"), hand))
    return []


def link(board: Board, area: Area, hand: Hand, rng: Random) -> list[list[str]]:
    """A flat link between three bosses; its edges are dimensioned along them, whatever their slope."""
    s = hand.size
    left, bottom, right, top = area[0] + 5 * s, area[1] + 5 * s, area[2] - 5 * s, area[3] - 5 * s
    millimetres = rng.uniform(0.4, 1.1)
    a = (left, bottom + rng.uniform(0, 0.2) * (top - bottom))
    b = (right, bottom + rng.uniform(0.1, 0.55) * (top - bottom))
    c = (left + rng.uniform(0.25, 0.6) * (right - left), top)
    for p, q in ((a, b), (b, c), (c, a)):
        board.outline(hand.thick, p, q)
    for (p, q), outside in zip(((a, b), (b, c), (c, a)), (-1, -1, -1), strict=True):
        wording = say(rng, hand, math.dist(p, q) * millimetres, places=rng.choice((0, 1, 2)))
        for level in (2.6, 4.5):
            if board.add(linear(p, q, outside * level * s, wording, hand)):
                break
    for centre in (a, b, c):
        inner = ((a[0] + b[0] + c[0]) / 3 - centre[0], (a[1] + b[1] + c[1]) / 3 - centre[1])
        far = math.hypot(*inner) or 1.0
        hole = (centre[0] + 0.35 * inner[0], centre[1] + 0.35 * inner[1])
        radius = min(1.6 * s, 0.12 * far)
        board.outline(hand.thick, *circle(hole, radius))
        outward = math.degrees(math.atan2(-inner[1], -inner[0]))
        wordings = [say(rng, hand, 2 * radius * millimetres, rng.choice(("⌀", "⌀", "M", "2x ⌀")), 1)]
        if rng.random() < 0.4:
            wordings.append(Say(f"⌴⌀{hand.number(3.4 * radius * millimetres, 1)} ↧{rng.randint(3, 12)}"))
        for turn, length in ((0, 6.0), (40, 7.0), (-40, 7.0), (70, 9.0), (180, 8.0)):
            rad = math.radians(outward + turn)
            tip = (hole[0] + radius * math.cos(rad), hole[1] + radius * math.sin(rad))
            if board.add(leader(tip, outward + turn, length * s, wordings, hand)):
                break
    corner = math.degrees(math.atan2(c[1] - a[1], c[0] - a[0])) - math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    start = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    item, reach = Item(), 5 * s
    item.line(hand.thin, *circle(a, reach, start, start + corner))
    text = hand.number(corner, rng.choice((0, 1))) + "°"
    bisector = math.radians(start + corner / 2)
    item.texts = [
        Text(
            text,
            hand.script,
            (a[0] + (reach + 1.6 * s) * math.cos(bisector), a[1] + (reach + 1.6 * s) * math.sin(bisector)),
        )
    ]
    item.structure = dimension_of(item.texts)
    board.add(item)
    return []


def milled_block(board: Board, area: Area, hand: Hand, rng: Random) -> list[list[str]]:
    """A block with a pocket in two views: datums, frames, thread and pocket callouts."""
    s = hand.size
    left, bottom, top = area[0] + 6 * s, area[1] + 7 * s, area[3] - 6 * s
    right = area[2] - 8 * s
    millimetres = rng.uniform(0.3, 0.8)
    board.outline(hand.thick, (left, bottom), (right, bottom), (right, top), (left, top), (left, bottom))
    inset = rng.uniform(2, 3.5) * s
    x0, y0, x1, y1 = left + inset, bottom + inset, right - inset, top - inset
    board.outline(hand.thick, (x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
    board.add(linear((left, bottom), (right, bottom), -3 * s, say(rng, hand, (right - left) * millimetres), hand))
    board.add(linear((right, bottom), (right, top), -3 * s, say(rng, hand, (top - bottom) * millimetres), hand))
    board.add(linear((left, top - inset), (left, top), 2.6 * s, say(rng, hand, inset * millimetres, places=1), hand))
    board.add(datum((left + 0.2 * (right - left), bottom), -1.0, rng.choice("ABCD"), hand))
    for share in (0.3, 0.75):
        x = left + share * (right - left)
        for up in (3.2, 5.4):
            if board.add(frame((x, top), (x + 1.5 * s, top + up * s), cells(rng, hand), hand)):
                break
    corner = (right - inset, bottom + inset)
    board.add(leader(corner, 135, 3.0 * s, [say(rng, hand, rng.choice((1.5, 2, 3, 4)), "R", 1)], hand))
    hole = (left + inset * 0.5, bottom + inset * 0.5)
    board.outline(hand.thin, *circle(hole, 0.4 * inset))
    thread = rng.choice(("4x M5 ↧12", "2x M6-6H", "4x ⌀5.5 THRU", "M10x1", "4x ⌵⌀9 x 90°", "1/4-20 UNC-2B", "G1/8"))
    for turn, length in ((225, 4.0), (200, 6.0), (170, 6.0)):
        if board.add(leader(hole, turn, length * s, [Say(thread)], hand)):
            break
    rough = Item()
    x, y = left + 0.55 * (right - left), (bottom + top) / 2
    rough.line(hand.thin, (x - 0.6 * s, y + s), (x, y), (x + 1.1 * s, y + 1.9 * s), (x + 4.4 * s, y + 1.9 * s))
    value = f"Ra {hand.number(rng.choice((0.8, 1.6, 3.2)), 1)}"
    rough.texts = [Text(value, hand.script.scaled(0.85), (x + 2.9 * s, y + 0.9 * s), 0.0, Category.SYMBOL)]
    board.add(rough)
    return []


DRAWINGS: tuple[Draw, ...] = (plate_by_ordinates, turned_part, link, milled_block)
