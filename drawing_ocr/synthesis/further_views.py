"""Views besides the orthographic ones: auxiliary views at any angle, enlarged details, and a picture of the part."""

import math
from dataclasses import dataclass, replace
from random import Random

from shapely import affinity
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as Middle

from drawing_ocr.synthesis.canvas import Point, direction
from drawing_ocr.synthesis.parts import (
    Angle,
    Chamfer,
    Feature,
    Length,
    Mark,
    Outline,
    Round,
    Surface,
    View,
    arc,
    polygons_of,
)


def turned(view: View, degrees: float, title: str) -> View:
    """The view turned about its origin, counter-clockwise as seen on the page, as an auxiliary view is."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def moved(p: Point) -> Point:
        return Point(p.x * cos + p.y * sin, p.y * cos - p.x * sin)

    def moved_feature(feature: Feature) -> Feature:
        if isinstance(feature, Length):
            tilt = {"h": degrees, "v": degrees + 90}.get(feature.axis, feature.tilt)
            feature = replace(feature, p=moved(feature.p), q=moved(feature.q), tilt=tilt)
            return feature if feature.axis == "a" else replace(feature, axis="t")
        if isinstance(feature, Round):
            return replace(feature, centre=moved(feature.centre), degrees=feature.degrees + degrees)
        if isinstance(feature, Angle):
            start, stop = feature.start + degrees, feature.stop + degrees
            return replace(feature, vertex=moved(feature.vertex), start=start, stop=stop)
        if isinstance(feature, Chamfer):
            return replace(feature, corner=moved(feature.corner), degrees=feature.degrees + degrees)
        if isinstance(feature, Surface):
            return replace(feature, foot=moved(feature.foot), degrees=feature.degrees + degrees)
        return replace(feature, tip=moved(feature.tip), degrees=feature.degrees + degrees)

    return View(
        title,
        [Outline(tuple(moved(p) for p in outline.points), outline.kind) for outline in view.outlines],
        # Shapely turns with y upwards.
        [affinity.rotate(area, -degrees, origin=(0, 0)) for area in view.hatched],
        [moved_feature(feature) for feature in view.features],
    )


@dataclass(frozen=True, slots=True)
class Detail:
    """An enlarged view, and how the view that it shows a part of is marked: a circle with a letter."""

    view: View
    circle: Outline
    mark: Mark


def detail(view: View, rng: Random, letter: str, scale_form: str) -> Detail | None:
    """An enlarged circle of a view around one of its small features.

    scale_form: how the scale is written under the letter, for example `({})`. None where nothing small is to be seen.
    """
    left, top, right, bottom = view.body()
    places = [feature.corner for feature in view.features if isinstance(feature, Chamfer)]
    places += [
        feature.p
        for feature in view.features
        if isinstance(feature, Length) and feature.p.distance(feature.q) < 0.2 * (right - left)
    ]
    if not places:
        return None
    centre, radius = rng.choice(places), rng.uniform(0.1, 0.18) * min(right - left, bottom - top)
    circle = Middle(centre).buffer(radius)
    enlarged = View(magnify=float(rng.choice((2, 2, 4, 5))))
    for outline in view.outlines:
        clipped = LineString(outline.points).intersection(circle)
        for piece in getattr(clipped, "geoms", [clipped]):
            if isinstance(piece, LineString) and piece.length > 0:
                enlarged.outlines.append(Outline(tuple(Point(x, y) for x, y in piece.coords), outline.kind))
    for area in view.hatched:
        enlarged.hatched += polygons_of(area.intersection(circle))
    ring = Outline(tuple(arc(centre, radius, 0, 360)), "thin")
    enlarged.outlines.append(ring)
    enlarged.features = [feature for feature in view.features if _is_within(feature, circle)]
    enlarged.title = f"{letter}\n{scale_form.format(f'{enlarged.magnify:g}:1')}"
    bearing = rng.choice((40.0, 140.0, 220.0, 320.0))
    return Detail(enlarged, ring, Mark(centre.plus(direction(bearing), radius), bearing, letter))


def _is_within(feature: Feature, circle: Polygon) -> bool:
    if isinstance(feature, Length):
        return all(circle.contains(Middle(p)) for p in (feature.p, feature.q))
    return isinstance(feature, Chamfer) and bool(circle.contains(Middle(feature.corner)))


def picture(rng: Random) -> View:
    """A part seen from a corner, without any dimension: stacked discs or blocks in isometric projection."""
    view = View()
    if rng.random() < 0.5:
        y, radius = 0.0, rng.uniform(20, 40)
        for _ in range(rng.randint(1, 3)):
            high = rng.uniform(8, 30)
            view.outlines.append(Outline(tuple(_ellipse(y, radius, 0, 360))))
            view.outlines.append(Outline(tuple(_ellipse(y + high, radius, 180, 360))))
            view.polyline((-radius, y), (-radius, y + high))
            view.polyline((radius, y), (radius, y + high))
            y += high
            radius *= rng.uniform(0.9, 1.4)
        view.outlines.append(Outline(tuple(_ellipse(0, rng.uniform(8, 18), 0, 360))))
        return view
    wide, deep, high = rng.uniform(30, 70), rng.uniform(20, 50), rng.uniform(8, 40)
    ax, ay = wide * math.cos(math.radians(30)), wide * 0.5
    bx, by = deep * math.cos(math.radians(30)), deep * 0.5
    view.closed((0, 0), (ax, -ay), (ax - bx, -ay - by), (-bx, -by))
    view.polyline((0, 0), (0, high), (ax, high - ay), (ax, -ay))
    view.polyline((0, high), (-bx, high - by), (-bx, -by))
    middle = Point((ax - bx) / 2, -(ay + by) / 2)
    r = min(wide, deep) * rng.uniform(0.15, 0.35)
    view.outlines.append(Outline(tuple(Point(p.x + middle.x, p.y + middle.y) for p in _ellipse(0, r, 0, 360))))
    return view


def _ellipse(y: float, radius: float, start: float, stop: float) -> list[Point]:
    return [Point(p.x, y + 0.55 * p.y) for p in arc(Point(0, 0), radius, start, stop)]
