"""Random machine parts as orthographic views: outlines in millimetres and what a draughtsman would dimension on them.

Millimetres, x to the right, y down; angles in degrees counter-clockwise as seen on the page.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from shapely.geometry import MultiLineString, Polygon

from drawing_ocr.synthesis.canvas import Point, direction

LineKind = Literal["contour", "thin", "centre", "hidden"]


@dataclass(frozen=True, slots=True)
class Outline:
    """A polyline of one line kind (ISO 128): visible contour, thin, centre line (dash-dot), hidden edge (dashed)."""

    points: tuple[Point, ...]
    kind: LineKind = "contour"


@dataclass(frozen=True, slots=True)
class Length:
    """A linear dimension between two points: `h` horizontal, `v` vertical, `a` along the points, `t` along `tilt`.

    tilt: degrees. prefix: ⌀ for a diameter seen from the side, M for a thread. mating: it mates with another part, so a
    fit is likely.
    """

    p: Point
    q: Point
    axis: Literal["h", "v", "a", "t"]
    prefix: str = ""
    mating: bool = False
    tilt: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """A radius (`R`), a diameter (`⌀`) or a thread (`M`) of an arc; `degrees` is where a leader likes to come in."""

    centre: Point
    radius: float
    degrees: float
    prefix: Literal["R", "⌀", "M"]
    count: int = 1
    mating: bool = False
    through_hole: bool = False


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle between two directions at a vertex; `reach` is the distance of its arc."""

    vertex: Point
    start: float
    stop: float
    reach: float


@dataclass(frozen=True, slots=True)
class Chamfer:
    """A chamfered corner and the direction in which its leader leaves."""

    corner: Point
    size: float
    degrees: float


@dataclass(frozen=True, slots=True)
class Surface:
    """A place on a face where surface signs, datums and tolerance frames can stand; `degrees` points outside."""

    foot: Point
    degrees: float


@dataclass(frozen=True, slots=True)
class Mark:
    """The letter of a detail at the circle around what it shows; `degrees` is where its line leaves."""

    tip: Point
    degrees: float
    letter: str


Feature = Length | Round | Angle | Chamfer | Surface | Mark


@dataclass(slots=True)
class View:
    """One view of a part.

    title: its label beside the view, line by line, empty for the main view. magnify: its scale over that of the sheet.
    """

    title: str = ""
    outlines: list[Outline] = field(default_factory=list)
    hatched: list[Polygon] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    cut: tuple[Point, Point] | None = None
    magnify: float = 1.0

    def polyline(self, *points: tuple[float, float], kind: LineKind = "contour") -> None:
        self.outlines.append(Outline(tuple(Point(*p) for p in points), kind))

    def closed(self, *points: tuple[float, float], kind: LineKind = "contour") -> None:
        self.polyline(*points, points[0], kind=kind)

    def circle(self, centre: Point, radius: float, kind: LineKind = "contour") -> None:
        self.outlines.append(Outline(tuple(arc(centre, radius, 0, 360)), kind))

    def cross(self, centre: Point, reach: float) -> None:
        """Centre lines of a circle, `reach` beyond its middle on every side."""
        self.polyline((centre.x - reach, centre.y), (centre.x + reach, centre.y), kind="centre")
        self.polyline((centre.x, centre.y - reach), (centre.x, centre.y + reach), kind="centre")

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all lines in millimetres."""
        return _extent(self.outlines)

    def body(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the part itself, without centre lines, in millimetres."""
        return _extent(outline for outline in self.outlines if outline.kind == "contour")


def _extent(outlines: Iterable[Outline]) -> tuple[float, float, float, float]:
    points = [p for outline in outlines for p in outline.points]
    return min(p.x for p in points), min(p.y for p in points), max(p.x for p in points), max(p.y for p in points)


def arc(centre: Point, radius: float, start: float, stop: float) -> list[Point]:
    """Points of a circular arc from `start` to `stop` degrees."""
    steps = max(6, math.ceil(abs(stop - start) / 5))
    return [centre.plus(direction(start + (stop - start) * i / steps), radius) for i in range(steps + 1)]


def hatch_lines(area: Polygon, pitch: float, degrees: float) -> list[tuple[Point, Point]]:
    """Hatching of an area: parallel lines `pitch` apart, clipped to it exactly."""
    left, top, right, bottom = area.bounds
    middle = Point((left + right) / 2, (top + bottom) / 2)
    reach = math.hypot(right - left, bottom - top)
    along, across = direction(degrees), direction(degrees + 90)
    lines = []
    for i in range(-int(reach / pitch), int(reach / pitch) + 1):
        foot = middle.plus(across, i * pitch)
        lines.append((foot.plus(along, -reach), foot.plus(along, reach)))
    clipped = area.intersection(MultiLineString(lines))
    pieces = getattr(clipped, "geoms", [clipped])
    return [
        (Point(*piece.coords[0]), Point(*piece.coords[-1]))
        for piece in pieces
        if piece.geom_type == "LineString" and not piece.is_empty
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """A part: what a title block may call it (positions in `vocabulary.PART_NAMES`) and its views, main view first."""

    names: tuple[int, ...]
    views: list[View]


def random_part(rng: Random) -> Part:
    """A random part with two or three views."""
    names, draw = rng.choice(_PARTS)
    return Part(names, draw(rng))


def _mm(rng: Random, low: float, high: float) -> float:
    """A length as designers choose them: whole, half, or rarely odd."""
    value = rng.uniform(low, high)
    t = rng.random()
    return float(round(value)) if t < 0.6 else round(value * 2) / 2 if t < 0.85 else round(value, 1)


def flange(rng: Random) -> list[View]:
    """A flange with a hub and a bolt circle: front view and section."""
    outer = _mm(rng, 70, 180)
    bore, hub, pitch = (round(outer * rng.uniform(*share)) for share in ((0.2, 0.32), (0.42, 0.52), (0.68, 0.76)))
    holes, hole = rng.choice((3, 4, 6, 8)), _mm(rng, outer * 0.05, outer * 0.09)
    thick, length = _mm(rng, outer * 0.1, outer * 0.18), _mm(rng, outer * 0.3, outer * 0.5)
    o = Point(0, 0)
    front = View()
    for diameter in (outer, hub, bore):
        front.circle(o, diameter / 2)
    front.circle(o, pitch / 2, kind="centre")
    front.cross(o, outer / 2 + 6)
    first = rng.choice((90.0, 45.0, 30.0))
    for i in range(holes):
        centre = o.plus(direction(first + 360 * i / holes), pitch / 2)
        front.circle(centre, hole / 2)
        front.cross(centre, hole / 2 + 3)
    front.features = [
        Round(o.plus(direction(first + 360 / holes), pitch / 2), hole / 2, 135, "⌀", holes, through_hole=True),
        Round(o, pitch / 2, rng.choice((-35, -50, 215)), "⌀"),
        Round(o, bore / 2, rng.choice((20, 65, 160)), "⌀", mating=True),
        Length(Point(-outer / 2, 0), Point(outer / 2, 0), "h", "⌀"),
        Surface(o.plus(direction(200), outer / 2), 200),
    ]
    if holes in (6, 8):
        front.features.append(Angle(o, first, first + 360 / holes, outer / 2 + 8))
    front.cut = (Point(0, -outer / 2 - 8), Point(0, outer / 2 + 8))

    section = View("A-A")
    c = rng.choice((1.0, 1.5, 2.0))
    for sign in (-1, 1):
        profile = [(0, bore / 2), (length, bore / 2), (length, hub / 2 - c), (length - c, hub / 2), (thick, hub / 2),
                   (thick, outer / 2), (0, outer / 2)]  # fmt: skip
        points = [(x, sign * y) for x, y in profile]
        section.closed(*points)
        through = Polygon([(0, sign * (pitch - hole) / 2), (thick, sign * (pitch - hole) / 2),
                           (thick, sign * (pitch + hole) / 2), (0, sign * (pitch + hole) / 2)])  # fmt: skip
        section.hatched += polygons_of(Polygon(points).difference(through))
        for y in ((pitch - hole) / 2, (pitch + hole) / 2):
            section.polyline((0, sign * y), (thick, sign * y))
        section.polyline((-4, sign * pitch / 2), (thick + 4, sign * pitch / 2), kind="centre")
    for x in (0.0, length):
        section.polyline((x, -bore / 2), (x, bore / 2))
    section.polyline((-8, 0), (length + 8, 0), kind="centre")
    section.features = [
        Length(Point(0, outer / 2), Point(thick, outer / 2), "h"),
        Length(Point(0, outer / 2), Point(length, hub / 2), "h"),
        Length(Point(length, -hub / 2), Point(length, hub / 2), "v", "⌀", mating=True),
        Length(Point(0, -bore / 2), Point(0, bore / 2), "v", "⌀", mating=True),
        Length(Point(0, -outer / 2), Point(0, outer / 2), "v", "⌀"),
        Chamfer(Point(length - c / 2, -hub / 2 + c / 2), c, 55),
        Surface(Point(0, -outer / 2 * 0.9), 180),
        Surface(Point((thick + length) / 2, -hub / 2), 90),
        Surface(Point((thick + length) / 2, hub / 2), 270),
        Surface(Point(length, hub * 0.38), 0),
        Surface(Point(thick, outer / 2 * 0.85), 0),
    ]
    return [front, section]


def stepped_shaft(rng: Random) -> list[View]:
    """A shaft with shoulders, end chamfers, sometimes a thread and a keyway with its cross section."""
    steps = rng.randint(3, 5)
    diameters = [_mm(rng, 18, 30)]
    for i in range(1, steps):
        grow = 1 if i <= steps // 2 else -1
        diameters.append(max(12.0, diameters[-1] + grow * _mm(rng, 5, 12)))
    thread = rng.random() < 0.5
    if thread:
        diameters[-1] = max((d for d in (12.0, 16.0, 20.0, 24.0, 30.0) if d < diameters[-2]), default=12.0)
    lengths = [_mm(rng, 22, 55) for _ in range(steps)]
    total, c = sum(lengths), rng.choice((1.0, 1.5, 2.0))
    view, x = View(), 0.0
    top: list[tuple[float, float]] = []
    for i, (d, length) in enumerate(zip(diameters, lengths, strict=True)):
        ends = [(x, d / 2), (x + length, d / 2)]
        if i == 0:
            ends[:1] = [(0, d / 2 - c), (c, d / 2)]
            view.polyline((c, -d / 2), (c, d / 2))
        if i == steps - 1:
            ends[1:] = [(total - c, d / 2), (total, d / 2 - c)]
            view.polyline((total - c, -d / 2), (total - c, d / 2))
        top += ends
        if i:
            reach = max(d, diameters[i - 1]) / 2
            view.polyline((x, -reach), (x, reach))
        x += length
    view.closed(*top, *[(px, -py) for px, py in reversed(top)])
    view.polyline((-8, 0), (total + 8, 0), kind="centre")
    starts = [sum(lengths[:i]) for i in range(steps)]
    for i, (x0, d, length) in enumerate(zip(starts, diameters, lengths, strict=True)):
        at = x0 + length * rng.uniform(0.35, 0.65)
        last = i == steps - 1
        prefix = "M" if last and thread else "⌀"
        if prefix == "M":
            for sign in (-1, 1):
                view.polyline((x0, sign * d * 0.42), (total - c, sign * d * 0.42), kind="thin")
        view.features.append(Length(Point(at, -d / 2), Point(at, d / 2), "v", prefix, mating=prefix == "⌀"))
        y = max(diameters) / 2
        view.features.append(Length(Point(x0, d / 2), Point(x0 + length, d / 2), "h"))
        view.features.append(Surface(Point(x0 + length * 0.25, -d / 2), 90))
        if i % 2:
            view.features.append(Surface(Point(x0 + length * 0.75, d / 2), 270))
    view.features += [
        Length(Point(0, y), Point(total, y), "h"),
        Chamfer(Point(c / 2, -diameters[0] / 2 + c / 2), c, 120),
        Chamfer(Point(total - c / 2, -diameters[-1] / 2 + c / 2), c, 60),
    ]
    key = max(range(1, steps - 1), key=lambda i: lengths[i] / diameters[i])
    width, depth = round(diameters[key] * 0.28), round(diameters[key] * 0.13, 1)
    left, right = starts[key] + lengths[key] * 0.15, starts[key] + lengths[key] * 0.85
    r = width / 2
    view.outlines.append(
        Outline((*arc(Point(left + r, 0), r, 90, 270), *arc(Point(right - r, 0), r, -90, 90), Point(left + r, -r)))
    )
    view.features.append(Length(Point(left, 0), Point(right, 0), "h"))
    view.cut = (Point((left + right) / 2, -y - 6), Point((left + right) / 2, y + 6))
    return [view, _keyway_section(diameters[key], width, depth)]


def _keyway_section(diameter: float, width: float, depth: float) -> View:
    section, o, r = View("A-A"), Point(0, 0), diameter / 2
    half = math.degrees(math.asin(width / diameter))
    floor = -r + depth
    rim = arc(o, r, 90 + half, 450 - half)
    outline = [*rim, Point(width / 2, floor), Point(-width / 2, floor), rim[0]]
    section.outlines.append(Outline(tuple(outline)))
    section.hatched = [Polygon(outline)]
    section.cross(o, r + 5)
    section.features = [
        Length(Point(-width / 2, floor), Point(width / 2, floor), "h", mating=True),
        Length(Point(width / 2, floor), Point(0, r), "v"),
        Round(o, r, -40, "⌀", mating=True),
        Surface(o.plus(direction(150), r), 150),
        Surface(o.plus(direction(215), r), 215),
    ]
    return section


def plate(rng: Random) -> list[View]:
    """A plate with rounded corners, corner holes, a bore and a slot: top view and side view."""
    width, height, thick = _mm(rng, 90, 200), _mm(rng, 60, 120), _mm(rng, 8, 25)
    r, inset = rng.choice((5.0, 8.0, 10.0)), _mm(rng, 13, 18)
    hole, bore = rng.choice((5.5, 6.6, 9.0, 11.0)), _mm(rng, height * 0.2, height * 0.34)
    top = View()
    corners = [(width - r, r, 0), (r, r, 90), (r, height - r, 180), (width - r, height - r, 270)]
    rim = [p for x, y, a in corners for p in arc(Point(x, y), r, a, a + 90)]
    top.outlines.append(Outline((*rim, rim[0])))
    centres = [Point(x, y) for x in (inset, width - inset) for y in (inset, height - inset)]
    sunk = rng.random() < 0.5
    for centre in centres:
        top.circle(centre, hole / 2)
        if sunk:
            top.circle(centre, hole * 0.85)
        top.cross(centre, hole / 2 + 4)
    bore_at = Point(width * rng.uniform(0.3, 0.38), height / 2)
    top.circle(bore_at, bore / 2)
    top.cross(bore_at, bore / 2 + 5)
    slot_w, slot_l = rng.choice((6.0, 8.0, 10.0, 12.0)), _mm(rng, width * 0.18, width * 0.28)
    sx, sy = width * 0.62, height / 2
    ends = (Point(sx - slot_l / 2 + slot_w / 2, sy), Point(sx + slot_l / 2 - slot_w / 2, sy))
    slot = [*arc(ends[0], slot_w / 2, 90, 270), *arc(ends[1], slot_w / 2, -90, 90)]
    top.outlines.append(Outline((*slot, slot[0])))
    top.cross(ends[0], slot_w / 2 + 3)
    top.cross(ends[1], slot_w / 2 + 3)
    top.features = [
        Round(centres[2], hole / 2, 60, "⌀", 4, through_hole=True),
        Round(bore_at, bore / 2, 110, "⌀", mating=True),
        Round(Point(r, height - r), r, 225, "R", 4),
        Round(ends[1], slot_w / 2, -50, "R", 2),
        Length(Point(0, height), Point(width, height), "h"),
        Length(Point(inset, height - inset), Point(width - inset, height - inset), "h"),
        Length(Point(0, height), bore_at, "h"),
        Length(ends[0], ends[1], "h"),
        Length(Point(0, 0), Point(0, height), "v"),
        Length(Point(inset, inset), Point(inset, height - inset), "v"),
        Length(Point(width, height), ends[1], "v"),
        Length(Point(sx, sy - slot_w / 2), Point(sx, sy + slot_w / 2), "v"),
        Surface(Point(width * 0.5, 0), 90),
        Surface(Point(0, height * 0.4), 180),
    ]
    side = View()
    side.closed((0, 0), (thick, 0), (thick, height), (0, height))
    for y in (inset, height - inset):
        for dy in (-hole / 2, hole / 2):
            side.polyline((0, y + dy), (thick, y + dy), kind="hidden")
        side.polyline((-4, y), (thick + 4, y), kind="centre")
    side.features = [
        Length(Point(0, height), Point(thick, height), "h"),
        Surface(Point(thick, height * 0.3), 0),
        Surface(Point(0, height * 0.55), 180),
        Surface(Point(thick, height * 0.7), 0),
        Length(Point(thick, 0), Point(thick, height), "v"),
    ]
    return [top, side]


def bracket(rng: Random) -> list[View]:
    """An angle bracket with a bend radius and a sloping end: side view, front view, top view."""
    base, rise, wide = _mm(rng, 70, 120), _mm(rng, 60, 100), _mm(rng, 40, 70)
    thick, fillet, slope = _mm(rng, 8, 14), rng.choice((4.0, 6.0, 8.0)), rng.choice((30.0, 45.0, 60.0))
    cut = thick * 0.9
    fall = cut * math.tan(math.radians(slope))
    side = View()
    corner = arc(Point(thick + fillet, rise - thick - fillet), fillet, 180, 270)
    outline = [
        Point(0, 0), Point(thick - cut, 0), Point(thick, fall), *corner, Point(base, rise - thick), Point(base, rise),
        Point(0, rise), Point(0, 0),
    ]  # fmt: skip
    side.outlines.append(Outline(tuple(outline)))
    hole, hx, hy = rng.choice((6.6, 9.0, 11.0)), base * 0.65, rise * 0.35
    for dx in (-hole / 2, hole / 2):
        side.polyline((hx + dx, rise - thick), (hx + dx, rise), kind="hidden")
        side.polyline((0, hy + dx), (thick, hy + dx), kind="hidden")
    side.polyline((hx, rise - thick - 4), (hx, rise + 4), kind="centre")
    side.polyline((-4, hy), (thick + 4, hy), kind="centre")
    side.features = [
        Length(Point(0, rise), Point(base, rise), "h"),
        Length(Point(0, 0), Point(0, rise), "v"),
        Length(Point(base, rise - thick), Point(base, rise), "v"),
        Length(Point(0, rise), Point(hx, rise), "h"),
        Round(Point(thick + fillet, rise - thick - fillet), -fillet, 45, "R"),
        Angle(Point(thick, fall), 90, 90 + 90 - slope, rise * 0.28),
        Length(Point(thick - cut, 0), Point(thick, fall), "a"),
        Surface(Point(base * 0.4, rise - thick), 90),
        Surface(Point(base * 0.8, rise - thick), 90),
        Surface(Point(0, rise * 0.7), 180),
        Surface(Point(base * 0.3, rise), 270),
    ]
    front = View()
    front.closed((0, 0), (wide, 0), (wide, rise), (0, rise))
    front.polyline((0, rise - thick), (wide, rise - thick))
    front.polyline((0, fall), (wide, fall))
    front.circle(Point(wide / 2, hy), hole / 2)
    front.cross(Point(wide / 2, hy), hole / 2 + 4)
    front.features = [
        Length(Point(0, rise), Point(wide, rise), "h"),
        Round(Point(wide / 2, hy), hole / 2, 40, "⌀", through_hole=True),
        Length(Point(wide, rise), Point(wide / 2, hy), "v"),
        Surface(Point(wide * 0.6, 0), 90),
        Surface(Point(0, rise * 0.6), 180),
    ]
    top = View()
    top.closed((0, 0), (base, 0), (base, wide), (0, wide))
    top.polyline((thick, 0), (thick, wide))
    slot = rng.choice((8.0, 10.0))
    ends = (Point(hx, wide * 0.35), Point(hx, wide * 0.65))
    track = [*arc(ends[0], slot / 2, 0, 180), *arc(ends[1], slot / 2, 180, 360)]
    top.outlines.append(Outline((*track, track[0])))
    top.cross(ends[0], slot / 2 + 3)
    top.cross(ends[1], slot / 2 + 3)
    top.features = [
        Length(ends[0], ends[1], "v"),
        Round(ends[1], slot / 2, -45, "R", 2),
        Length(Point(0, wide), Point(ends[1].x, ends[1].y), "h"),
        Length(Point(0, wide), Point(thick, wide), "h"),
        Surface(Point(base * 0.3, 0), 90),
        Surface(Point(base, wide * 0.4), 0),
    ]
    return [side, front, top]


def bushing(rng: Random) -> list[View]:
    """A bushing with a counterbore and a collar: section and end view."""
    outer, length = _mm(rng, 40, 90), _mm(rng, 45, 110)
    collar, collar_length = outer + _mm(rng, 10, 24), _mm(rng, 8, 16)
    bore = round(outer * rng.uniform(0.35, 0.5))
    sink, sink_depth, c = round(bore * rng.uniform(1.25, 1.5)), _mm(rng, length * 0.2, length * 0.4), 1.5
    section = View("A-A")
    for sign in (-1, 1):
        profile = [(0, sink / 2), (sink_depth, sink / 2), (sink_depth, bore / 2), (length, bore / 2),
                   (length, outer / 2 - c), (length - c, outer / 2), (collar_length, outer / 2),
                   (collar_length, collar / 2), (0, collar / 2)]  # fmt: skip
        points = [(x, sign * y) for x, y in profile]
        section.closed(*points)
        section.hatched.append(Polygon(points))
    section.polyline((0, -sink / 2), (0, sink / 2))
    section.polyline((sink_depth, -sink / 2), (sink_depth, sink / 2))
    section.polyline((length, -outer / 2 + c), (length, outer / 2 - c))
    section.polyline((-8, 0), (length + 8, 0), kind="centre")
    section.features = [
        Length(Point(0, collar / 2), Point(length, outer / 2), "h"),
        Length(Point(0, collar / 2), Point(collar_length, collar / 2), "h"),
        Length(Point(0, -collar / 2), Point(sink_depth, -sink / 2), "h"),
        Length(Point(length, -bore / 2), Point(length, bore / 2), "v", "⌀", mating=True),
        Length(Point(length - c, -outer / 2), Point(length - c, outer / 2), "v", "⌀", mating=True),
        Length(Point(0, -sink / 2), Point(0, sink / 2), "v", "⌀"),
        Length(Point(0, -collar / 2), Point(0, collar / 2), "v", "⌀"),
        Chamfer(Point(length - c / 2, -outer / 2 + c / 2), c, 50),
        Surface(Point(length * 0.55, -outer / 2), 90),
        Surface(Point(0, collar / 2 * 0.8), 180),
        Surface(Point(length * 0.7, outer / 2), 270),
        Surface(Point(length, outer / 2 * 0.7), 0),
    ]
    end, o = View(), Point(0, 0)
    for diameter in (collar, sink, bore):
        end.circle(o, diameter / 2)
    end.cross(o, collar / 2 + 6)
    size = rng.choice((4, 5, 6, 8))
    for i in range(3):
        centre = o.plus(direction(90 + 120 * i), (collar + sink) / 4)
        end.circle(centre, size * 0.42)
        end.outlines.append(Outline(tuple(arc(centre, size / 2, 30, 300)), "thin"))
        end.cross(centre, size / 2 + 2.5)
    end.features = [
        Round(o.plus(direction(210), (collar + sink) / 4), size / 2, 210, "M", 3),
        Round(o, collar / 2, 35, "⌀"),
        Round(o, bore / 2, 140, "⌀", mating=True),
        Angle(o, 90, 210, collar / 2 + 9),
        Surface(o.plus(direction(-20), collar / 2), -20),
    ]
    end.cut = (Point(0, -collar / 2 - 8), Point(0, collar / 2 + 8))
    return [section, end]


def polygons_of(shape: object) -> Sequence[Polygon]:
    """The polygons of a difference, which is one polygon or several."""
    return [piece for piece in getattr(shape, "geoms", [shape]) if isinstance(piece, Polygon) and piece.area > 0]


# Positions of fitting names in `vocabulary.PART_NAMES`.
_PARTS: tuple[tuple[tuple[int, ...], Callable[[Random], list[View]]], ...] = (
    ((0, 1, 8, 14), flange),
    ((2,), stepped_shaft),
    ((3, 8, 12), plate),
    ((4, 11), bracket),
    ((5, 7, 9, 13), bushing),
)
