"""Draws a view on the sheet and dimensions it: for every feature the first arrangement that fits on free paper."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from drawing_ocr.annotation import Category
from drawing_ocr.synthesis import dimensions, text_source
from drawing_ocr.synthesis.canvas import Canvas, PlacedText, Plan, Point, Stroke, direction
from drawing_ocr.synthesis.dimensions import Drafting, Wording
from drawing_ocr.synthesis.furniture import Area
from drawing_ocr.synthesis.lettering import letter
from drawing_ocr.synthesis.parts import (
    Angle,
    Chamfer,
    Feature,
    Length,
    LineKind,
    Mark,
    Round,
    Surface,
    View,
    hatch_lines,
)


@dataclass(frozen=True, slots=True)
class _Span:
    """What a linear dimension takes of its level: position across, extent along, in page pixels."""

    axis: str
    at: float
    low: float
    high: float

    def meets(self, other: "_Span", em: float) -> bool:
        """Whether the two would run into each other; dimensions in a chain may touch."""
        near = self.axis == other.axis and abs(self.at - other.at) < 1.7 * em
        return near and min(self.high, other.high) - max(self.low, other.low) > 0.3 * em


Arrangement = tuple[Plan, _Span | None]


@dataclass(slots=True)
class Draughtsman:
    """Draws views of one sheet.

    decimals: places of every length, or None for as many as it needs. signs: probability that a surface carries a sign,
    frames: that the sign is a tolerance frame, modifiers: as in `SheetStyle`.
    """

    canvas: Canvas
    drafting: Drafting
    rng: Random
    decimals: int | None
    signs: float
    frames: float
    hatch_degrees: float
    modifiers: float = 0.0
    _said: set[str] = field(default_factory=set)
    _spans: list["_Span"] = field(default_factory=list)

    def outline(self, view: View, scale: float, origin: Point) -> None:
        """Draw the view's lines and hatching: `origin` is where its (0, 0) lies on the page, `scale` pixels per mm."""
        for area in view.hatched:
            for p, q in hatch_lines(area, 0.55 * self.drafting.em / scale, self.hatch_degrees):
                self.canvas.draw([Stroke((_at(p, scale, origin), _at(q, scale, origin)), 1)])
        for line in view.outlines:
            points = tuple(_at(p, scale, origin) for p in line.points)
            if line.kind in ("contour", "thin"):
                width = self.drafting.thick if line.kind == "contour" else self.drafting.thin
                self.canvas.draw([Stroke(points, width)])
            else:
                self.canvas.draw(self._dashed(points, line.kind))

    def mark_cut(self, view: View, scale: float, origin: Point) -> None:
        """Mark where a section cuts the view: thick ends of its plane with arrows and the letter A."""
        if view.cut:
            self._cutting_plane(*(_at(p, scale, origin) for p in view.cut))

    def title(self, view: View, scale: float, origin: Point, area: Area) -> None:
        """Write the view's title above or under it, as near as there is free paper."""
        if not view.title:
            return
        left, top, right, bottom = self._bounds(view, scale, origin)
        em, lines = self.drafting.em, view.title.split("\n")
        inks = [letter(line, self.drafting.scaled(1.25)) for line in lines]
        for step in range(2, 20):
            for y in (top - (step + 1.7 * (len(lines) - 1)) * em, bottom + step * em):
                texts = [
                    PlacedText(ink, Point((left + right) / 2, y + 1.7 * em * i), 0.0, line, Category.TEXT)
                    for i, (ink, line) in enumerate(zip(inks, lines, strict=True))
                ]
                if self.canvas.add(Plan(texts=texts), area.as_tuple()):
                    return

    def dimension(self, view: View, scale: float, origin: Point, area: Area) -> None:
        """Dimension the view's features inside `area`; what finds no free paper is left out, as on a second sheet."""
        # What points at the part stands next to it; then dimensions, short ones inside long ones (ISO 129-1).
        for feature in sorted(view.features, key=_order):
            if isinstance(feature, Surface) and self.rng.random() > self.signs:
                continue
            if self._is_said(feature):
                continue
            self._place(feature, view, scale, origin, area)

    def _place(self, feature: Feature, view: View, scale: float, origin: Point, area: Area) -> None:
        # Lines keep clear of each other where they can; else leaders cross a line or two, extension lines any number.
        few = 12.0 * self.drafting.thin**2
        limits = (few, math.inf) if isinstance(feature, Length) else (0.0, few)
        for crossings in limits:
            for plan, span in self._arrangements(feature, view, scale, origin):
                if span is not None and any(span.meets(other, self.drafting.em) for other in self._spans):
                    continue
                if self.canvas.add(plan, area.as_tuple(), crossings):
                    if span is not None:
                        self._spans.append(span)
                    return

    def _is_said(self, feature: Feature) -> bool:
        """Whether another view carries the same size already: a drawing gives every size once, or nearly so."""
        if isinstance(feature, Length):
            size = f"{feature.prefix}{abs(_measure(feature)):.3f}"
        elif isinstance(feature, Round):
            size = f"{feature.prefix}{abs(feature.radius) * (1 if feature.prefix == 'R' else 2):.3f}"
        else:
            return False
        if size in self._said and self.rng.random() < 0.9:
            return True
        self._said.add(size)
        return False

    def _arrangements(self, feature: Feature, view: View, scale: float, origin: Point) -> Iterator[Arrangement]:
        """Ways to draw a feature's dimension, the preferred ones first."""
        if isinstance(feature, Length):
            if feature.axis == "t":
                millimetres = _measure(feature)
                if millimetres * scale < 0.2 * self.drafting.em:
                    return
                wording = self._wording(millimetres, feature.prefix, 1, feature.mating)
                contour = [
                    _at(p, scale, origin) for line in view.outlines if line.kind == "contour" for p in line.points
                ]
                ends = _at(feature.p, scale, origin), _at(feature.q, scale, origin)
                for plan in self._tilted(feature, wording, *ends, contour):
                    yield plan, None
                return
            yield from self._lengths(feature, scale, origin, self._bounds(view, scale, origin))
            return
        if isinstance(feature, Round):
            plans = self._rounds(feature, scale, origin)
        elif isinstance(feature, Angle):
            plans = self._angles(feature, scale, origin)
        elif isinstance(feature, Chamfer):
            plans = self._chamfers(feature, scale, origin)
        elif isinstance(feature, Mark):
            plans = self._marks(feature, scale, origin)
        else:
            plans = self._surface_signs(feature, scale, origin)
        for plan in plans:
            yield plan, None

    def _angles(self, feature: Angle, scale: float, origin: Point) -> Iterator[Plan]:
        how, rng = self.drafting.convention, self.rng
        degrees = feature.stop - feature.start
        text = f"{degrees:g}°" if self.decimals != 1 else text_source.length(degrees, how, 1) + "°"
        if rng.random() < 0.15:
            text += "±" + rng.choice(("1°", "0°30′", text_source.length(0.5, how, 1) + "°"))
        wording = Wording(text, boxed=rng.random() < 0.08)
        vertex = _at(feature.vertex, scale, origin)
        for more in (0.0, 1.0, 2.5, 4.0):
            reach = feature.reach * scale + more * self.drafting.em
            yield dimensions.angular(vertex, feature.start, feature.stop, reach, wording, self.drafting)

    def _marks(self, feature: Mark, scale: float, origin: Point) -> Iterator[Plan]:
        ink = letter(feature.letter, self.drafting.scaled(1.25))
        tip, em = _at(feature.tip, scale, origin), self.drafting.em
        for length, turn in itertools.product((1.5, 3.0, 5.0, 7.5), (0, 30, -30, 60, -60)):
            out = direction(feature.degrees + turn)
            plan = Plan()
            plan.line(tip, tip.plus(out, length * em), width=self.drafting.thin)
            plan.texts.append(PlacedText(ink, tip.plus(out, (length + 0.9) * em), 0.0, feature.letter, Category.TEXT))
            yield plan

    def _tilted(self, feature: Length, wording: Wording, p: Point, q: Point, contour: list[Point]) -> Iterator[Plan]:
        """Beside a turned view, on the nearer side of it first."""
        up, em = direction(feature.tilt + 90), self.drafting.em
        heights = [point.x * up.x + point.y * up.y for point in contour]
        here = (p.x * up.x + p.y * up.y + q.x * up.x + q.y * up.y) / 2
        sides = sorted(((max(heights), 1.0), (min(heights), -1.0)), key=lambda side: abs(side[0] - here))
        for level, (edge, sign) in itertools.product((1.9, 4.0, 6.1, 8.2), sides):
            through = p.plus(up, edge + sign * level * em - (p.x * up.x + p.y * up.y))
            yield dimensions.linear(p, q, feature.tilt, through, wording, self.drafting)

    def _lengths(
        self, feature: Length, scale: float, origin: Point, bounds: tuple[float, float, float, float]
    ) -> Iterator[Arrangement]:
        p, q = _at(feature.p, scale, origin), _at(feature.q, scale, origin)
        em, (left, top, right, bottom) = self.drafting.em, bounds
        millimetres = _measure(feature)
        if millimetres * scale < 0.2 * em:
            return
        wording = self._wording(millimetres, feature.prefix, 1, feature.mating)
        draw = self.drafting
        if feature.axis == "a":
            degrees = math.degrees(math.atan2(p.y - q.y, q.x - p.x))
            for step in (2.2, -2.2, 3.6, -3.6, 5.0, -5.0):
                through = p.plus(direction(degrees + 90), step * em)
                yield dimensions.linear(p, q, degrees, through, wording, draw), None
            return
        levels = [1.9 + 2.1 * i for i in range(7)]
        if feature.axis == "h":
            below = p.y + q.y > top + bottom
            for level in levels:
                for side in (below, not below) if level > 6 else (below,):
                    y = bottom + level * em if side else top - level * em
                    plan = dimensions.linear(p, q, 0.0, Point(0, y), wording, draw)
                    yield plan, _span(plan, "h", y, p, q)
            return
        if feature.prefix and 0.03 < (p.x - left) / (right - left) < 0.97:
            # A diameter in the middle of a shaft: extension lines would run over its neighbours.
            for length, tip, lean in itertools.product((2.5, 4.5, 6.5, 8.5), (p, q), (0.45, -0.45)):
                away = -1.0 if tip.y < (top + bottom) / 2 else 1.0
                yield (
                    dimensions.leader(
                        tip, Point(tip.x + lean * length * em, tip.y + away * length * em), [wording], draw
                    ),
                    None,
                )
            return
        to_the_right = p.x + q.x > left + right - 1
        for level in levels:
            for side in (to_the_right, not to_the_right) if level > 6 and not feature.prefix else (to_the_right,):
                x = right + level * em if side else left - level * em
                plan = dimensions.linear(p, q, 90.0, Point(x, 0), wording, draw)
                yield plan, _span(plan, "v", x, p, q)

    def _rounds(self, feature: Round, scale: float, origin: Point) -> Iterator[Plan]:
        rng, em = self.rng, self.drafting.em
        centre, radius = _at(feature.centre, scale, origin), feature.radius * scale
        millimetres = abs(feature.radius) * (1 if feature.prefix == "R" else 2)
        wordings = [self._wording(millimetres, feature.prefix, feature.count, feature.mating)]
        turns = [feature.degrees + sign * step for step in range(0, 75, 12) for sign in (1, -1)]
        kind = rng.random()
        cells: list[str] = []
        if feature.through_hole and rng.random() < 0.6:
            wordings = self._hole_callout(wordings[0], millimetres)
            kind = 1.0
        if feature.prefix == "⌀" and rng.random() < 0.6 * self.signs:
            cells = text_source.frame_cells(rng, self.drafting.convention, of_axis=True, modifiers=self.modifiers)
            kind = 1.0
        if kind < 0.25 and feature.prefix == "⌀" and radius > 3 * em:
            for degrees in turns:
                yield dimensions.across_circle(centre, radius, degrees, wordings[0], self.drafting)
        elif kind < 0.6 and not any(wording.over for wording in wordings):
            for degrees in turns:
                tip = centre.plus(direction(degrees), radius)
                yield dimensions.along_leader(
                    tip, degrees, wordings[0], self.drafting, rng.choice((0.0, max(radius, 0.0)))
                )
        for length, degrees in itertools.product((2.5, 4.5, 7.0, 10.0, 13.0), turns):
            tip, out = centre.plus(direction(degrees), radius), direction(degrees)
            if abs(out.x) > 0.2 and abs(out.y) > 0.2:
                plan = dimensions.leader(tip, tip.plus(out, length * em), wordings, self.drafting)
                if cells:
                    dimensions.add_frame_below(plan, cells, self.drafting)
                yield plan

    def _hole_callout(self, wording: Wording, millimetres: float) -> list[Wording]:
        """A hole's diameter followed by its depth, counterbore or countersink."""
        how, rng = self.drafting.convention, self.rng
        kind = rng.random()
        if kind < 0.35:
            depth = text_source.length(rng.randint(8, 40), how, 0)
            return [Wording(f"{wording.text} ↧{depth}")]
        wider = text_source.length(round(millimetres * 1.7 * 2) / 2, how, self._places(round(millimetres * 3.4) / 2))
        if kind < 0.7:
            depth = text_source.length(round(millimetres), how, 0)
            return [Wording(wording.text), Wording(f"⌴⌀{wider} ↧{depth}")]
        return [Wording(wording.text), Wording(f"⌵⌀{wider}{'x' if how.count in 'xX' else '×'}90°")]

    def _chamfers(self, feature: Chamfer, scale: float, origin: Point) -> Iterator[Plan]:
        how, rng = self.drafting.convention, self.rng
        size = text_source.length(feature.size, how, self._places(feature.size))
        text = f"C{size}" if rng.random() < 0.3 else f"{size}{'x' if how.count in 'xX' else '×'}45°"
        tip = _at(feature.corner, scale, origin)
        for length, turn in itertools.product((2.0, 3.5, 5.0, 7.0), (0, 12, -12)):
            elbow = tip.plus(direction(feature.degrees + turn), length * self.drafting.em)
            yield dimensions.leader(tip, elbow, [Wording(text)], self.drafting)

    def _surface_signs(self, feature: Surface, scale: float, origin: Point) -> Iterator[Plan]:
        rng, draw, em = self.rng, self.drafting, self.drafting.em
        foot, along = _at(feature.foot, scale, origin), direction(feature.degrees + 90)
        if rng.random() < self.frames:
            cells = text_source.frame_cells(rng, draw.convention, modifiers=self.modifiers)
            for length, turn in itertools.product((2.5, 4.0, 6.0, 8.5, 11.0), (0, 40, -40, 65, -65)):
                knee = foot.plus(direction(feature.degrees + turn), length * em)
                for side in (1, -1):
                    near = knee.plus(Point(side, 0), em)
                    if (near.x - foot.x) * side > 0:
                        yield dimensions.tolerance_frame([foot, knee, near], side, cells, draw)
            return
        kind = rng.random()
        if kind < 0.12:
            text = rng.choice("aazs") + str(rng.randint(3, 10))
            around, both = rng.random() < 0.3, rng.random() < 0.3
            for length, turn in itertools.product((2.5, 4.0, 6.0, 8.5), (30, -30, 50, -50)):
                elbow = foot.plus(direction(feature.degrees + turn), length * em)
                yield dimensions.weld(foot, elbow, text, draw, all_around=around, both_sides=both)
            return
        if kind < 0.2:
            item = str(rng.randint(1, 24))
            for length, turn in itertools.product((2.5, 4.0, 6.0, 8.5), (20, -20, 45, -45)):
                middle = foot.plus(direction(feature.degrees + turn), length * em)
                yield dimensions.balloon(foot, middle, item, draw)
            return
        draw_sign, text = (
            (dimensions.roughness, text_source.roughness(rng, draw.convention))
            if kind < 0.7
            else (dimensions.datum, rng.choice("ABCDEFG"))
        )
        for shift in (0.0, 1.2, -1.2):
            yield draw_sign(foot.plus(along, shift * em), feature.degrees, text, draw)

    def _wording(self, millimetres: float, prefix: str, count: int, mating: bool) -> Wording:
        """How a length is written, where the house's style says so with a modifier behind the size."""
        wording = self._conventional_wording(millimetres, prefix, count, mating)
        in_one_line = wording == Wording(wording.text) and not wording.text.startswith("(") and prefix != "M"
        if self.modifiers and in_one_line and self.rng.random() < self.modifiers:
            return Wording(wording.text + text_source.size_modifier(self.rng))
        return wording

    def _conventional_wording(self, millimetres: float, prefix: str, count: int, mating: bool) -> Wording:
        """How a length is written: bare, toleranced, with a fit, as limits, boxed, or as a reference."""
        rng, how = self.rng, self.drafting.convention
        places = self._places(millimetres)
        value = text_source.length(millimetres, how, places)
        text = f"{prefix}{value}"
        if prefix == "M":
            text = f"M{millimetres:g}" + (rng.choice(("x1", "×1", "-6g")) if rng.random() < 0.4 else "")
        if count > 1:
            text = f"{count}{how.count}{' ' if how.spaced else ''}{text}"
        t = rng.random()
        if prefix == "M" or t < (0.25 if mating else 0.55):
            return Wording(text)
        if mating and t < 0.55:
            return Wording(text_source.with_fit(rng, text))
        if t < 0.72:
            return Wording(text_source.with_tolerance(rng, how, text))
        if t < 0.9:
            upper, lower = text_source.limits(rng, how)
            return Wording(text, upper, lower)
        if t < 0.95 and count == 1:
            more = max(places, 1)
            low, high = millimetres, millimetres + rng.choice((0.1, 0.2, 0.5))
            return Wording(
                f"{prefix}{text_source.length(low, how, more)}", over=f"{prefix}{text_source.length(high, how, more)}"
            )
        if count == 1 and t < 0.965:
            return Wording(f"({text})")
        if t < 0.985:
            inches = text_source.length(millimetres / 25.4, replace(how, decimal="."), 3)
            return Wording(text, under=f"[{inches}]")
        return Wording(text, boxed=True)

    def _places(self, millimetres: float) -> int:
        if self.decimals is not None:
            return self.decimals
        return 0 if abs(millimetres - round(millimetres)) < 0.005 else 1 if abs(millimetres * 10 % 1) < 0.05 else 2

    def _cutting_plane(self, first: Point, last: Point) -> None:
        draw, em = self.drafting, self.drafting.em
        along = first.towards(last)
        look = Point(-1.0, 0.0) if abs(along.y) > 0.5 else Point(0.0, -1.0)
        ink = letter("A", draw.scaled(1.2))
        for end, inwards in ((first, along), (last, Point(-along.x, -along.y))):
            plan = Plan()
            plan.line(end, end.plus(inwards, 0.9 * em), width=draw.thick + 1)
            tail = end.plus(look, 1.5 * em)
            plan.line(end, tail, width=draw.thin)
            plan.arrow(end, Point(-look.x, -look.y), draw.arrow)
            plan.texts.append(PlacedText(ink, tail.plus(look, 0.9 * em), 0.0, "A", Category.TEXT))
            self.canvas.add(plan)

    def _dashed(self, points: tuple[Point, ...], kind: LineKind) -> list[Stroke]:
        em = self.drafting.em
        pattern = (1.1 * em, 0.2 * em, 0.2 * em, 0.2 * em) if kind == "centre" else (0.45 * em, 0.22 * em)
        strokes: list[Stroke] = []
        index, left = 0, pattern[0]
        dash = [points[0]]
        for p, q in itertools.pairwise(points):
            along, length, done = p.towards(q), p.distance(q), 0.0
            while length - done > left:
                done += left
                here = p.plus(along, done)
                if index % 2 == 0:
                    strokes.append(Stroke((*dash, here), self.drafting.thin))
                dash = [here]
                index = (index + 1) % len(pattern)
                left = pattern[index]
            left -= length - done
            dash.append(q)
        if index % 2 == 0 and len(dash) > 1:
            strokes.append(Stroke(tuple(dash), self.drafting.thin))
        return strokes

    def _bounds(self, view: View, scale: float, origin: Point) -> tuple[float, float, float, float]:
        left, top, right, bottom = view.body()
        return (
            origin.x + left * scale,
            origin.y + top * scale,
            origin.x + right * scale,
            origin.y + bottom * scale,
        )


def _at(p: Point, scale: float, origin: Point) -> Point:
    return Point(origin.x + p.x * scale, origin.y + p.y * scale)


def _measure(feature: Length) -> float:
    """What a linear dimension says, in millimetres."""
    if feature.axis == "a":
        return feature.p.distance(feature.q)
    if feature.axis == "t":
        along = direction(feature.tilt)
        return abs((feature.p.x - feature.q.x) * along.x + (feature.p.y - feature.q.y) * along.y)
    return abs(feature.p.x - feature.q.x if feature.axis == "h" else feature.p.y - feature.q.y)


def _span(plan: Plan, axis: str, at: float, p: Point, q: Point) -> _Span:
    along = 0 if axis == "h" else 1
    reach = [p[along], q[along], *(corner[along] for text in plan.texts for corner in text.polygon())]
    return _Span(axis, at, min(reach), max(reach))


def _order(feature: Feature) -> tuple[int, float]:
    if isinstance(feature, Length):
        return 3, feature.p.distance(feature.q)
    return {Mark: 0, Chamfer: 0, Angle: 1, Round: 1, Surface: 2}[type(feature)], 0.0
