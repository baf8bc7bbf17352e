"""Families of turned and round parts: shafts, flanges, wheels."""

from __future__ import annotations

import numpy as np

from drawing_ocr.synthesis.families.figure import Figure, Line, Points, arc, ring, rounded_rectangle
from drawing_ocr.synthesis.families.parameters import Parameters


def shaft(p: Parameters) -> list[Figure]:
    """A stepped shaft: side view, view on its end."""
    count = p.choice("steps", (2, 3, 3, 4, 5, 6))
    lengths = [p.real(f"length {i}", 10, 55) for i in range(count)]
    radii = [p.real(f"radius {i}", 6, 28) for i in range(count)]
    ends = np.cumsum([0.0, *lengths])
    total, chamfer = float(ends[-1]), p.detail("chamfer", 0.5, 3.0)
    side = Figure()
    rim: list[tuple[float, float]] = []
    for i, radius in enumerate(radii):
        left, right = float(ends[i]), float(ends[i + 1])
        rim += [(left, radius), (right, radius)]
        if i:
            wall = max(radius, radii[i - 1])
            side.line((left, -wall), (left, wall))
    rim[0:1] = [(0.0, radii[0] - chamfer), (chamfer, radii[0])]
    rim[-1:] = [(total - chamfer, radii[-1]), (total, radii[-1] - chamfer)]
    side.closed([*rim, *((x, -y) for x, y in reversed(rim))])
    side.line((chamfer, -radii[0]), (chamfer, radii[0]))
    side.line((total - chamfer, -radii[-1]), (total - chamfer, radii[-1]))
    side.line((-6, 0), (total + 6, 0), kind="centre")
    thickest = max(radii)
    end = Figure()
    for radius in sorted({round(radius, 1) for radius in radii}):
        end.circle(0, 0, radius, "contour" if radius >= radii[-1] - 0.1 else "hidden")
    end.cross(0, 0, thickest)
    if p.chance("bore", 0.4):
        bore, depth = min(radii) * p.real("bore radius", 0.3, 0.7), total * p.choice("bore depth", (0.3, 0.55, 1.0))
        for sign in (-1, 1):
            side.line((total - depth, sign * bore), (total, sign * bore), kind="hidden")
        if depth < total:
            side.line((total - depth, -bore), (total - depth - 0.6 * bore, 0), (total - depth, bore), kind="hidden")
        end.circle(0, 0, bore)
    if p.chance("keyway", 0.45):
        _keyway(side, ends, radii, p)
    if p.chance("cross hole", 0.35):
        at = p.choice("cross hole step", range(count)) % count
        x, radius = float(ends[at] + lengths[at] * p.real("cross hole place", 0.3, 0.7)), radii[at] * 0.35
        side.hole(x, 0, radius)
    if p.chance("thread", 0.4):
        for sign in (-1, 1):
            side.line((float(ends[-2]), sign * 0.85 * radii[-1]), (total, sign * 0.85 * radii[-1]), kind="thin")
        end.lines.append(_thread(0.85 * radii[-1]))
    if p.chance("groove", 0.35):
        at = p.choice("groove step", range(count)) % count
        left, width = float(ends[at] + 0.6 * lengths[at]), 0.08 * lengths[at] + 1.0
        for x in (left, left + width):
            side.line((x, -radii[at]), (x, radii[at]))
    if p.chance("flats", 0.2):
        half = 0.6 * radii[0]
        side.rectangle(chamfer, -half, 0.8 * lengths[0], half)
        side.line((chamfer, -half), (0.8 * lengths[0], half), kind="thin")
        side.line((chamfer, half), (0.8 * lengths[0], -half), kind="thin")
    return [side, end]


def _keyway(side: Figure, ends: Points, radii: list[float], p: Parameters) -> None:
    at = p.choice("keyway step", range(len(radii))) % len(radii)
    left, length = float(ends[at]), float(ends[at + 1] - ends[at])
    reach, width = length * p.real("keyway length", 0.45, 0.85), 0.55 * radii[at]
    middle = left + length / 2
    side.closed(rounded_rectangle(max(reach, 1.2 * width), width, width / 2) + np.array((middle, 0.0)))


def _thread(radius: float) -> Line:
    return Line(arc(0, 0, radius, 10, 280), "thin")


def flange(p: Parameters) -> list[Figure]:
    """A flange with a hub and a bolt circle: front view, section."""
    outer = p.real("outer", 40, 80)
    bore, hub = outer * p.real("bore", 0.15, 0.35), outer * p.real("hub", 0.42, 0.6)
    pitch = (outer + hub) / 2
    holes = p.choice("holes", (3, 4, 4, 5, 6, 8, 12))
    hole = min((outer - hub) * p.real("hole", 0.14, 0.3), pitch * np.sin(np.pi / holes) * 0.7)
    thick, length = p.real("thickness", 8, 22), p.real("length", 26, 70)
    form = p.choice("form", ("round", "round", "square", "octagon", "oval"))
    front = Figure()
    reach = outer
    if form == "round":
        front.circle(0, 0, outer)
    elif form == "square":
        front.closed(rounded_rectangle(2 * outer * 0.92, 2 * outer * 0.92, outer * p.real("corner", 0.05, 0.4)))
        reach = 0.92 * outer
    elif form == "octagon":
        front.closed(ring(8, outer * 1.03, 22.5))
    else:
        front.closed(ring(64, 1.0) * (outer, outer * p.real("ovality", 0.68, 0.85)))
    front.circle(0, 0, hub)
    front.circle(0, 0, bore)
    front.circle(0, 0, pitch, "centre")
    front.cross(0, 0, reach)
    start = p.choice("first hole", (-90.0, 45.0))
    for x, y in ring(holes, pitch, start):
        front.hole(float(x), float(y), hole)
        if p.chance("counterbores", 0.35):
            front.circle(float(x), float(y), hole * 1.5)
    if p.chance("keyway", 0.35):
        front.line((-0.25 * bore, -0.97 * bore), (-0.25 * bore, -1.3 * bore), (0.25 * bore, -1.3 * bore),
                   (0.25 * bore, -0.97 * bore))  # fmt: skip
    if p.chance("ribs", 0.3):
        for x, y in ring(p.choice("rib count", (3, 4, 6)), 1.0, -60.0):
            across = np.array([-y, x]) * outer * 0.05
            for sign in (-1, 1):
                a, b = np.array([x, y]) * hub + sign * across, np.array([x, y]) * outer * 0.95 + sign * across
                front.line((float(a[0]), float(a[1])), (float(b[0]), float(b[1])))
    recess = p.chance("recess", 0.4) * p.detail("recess depth", 2.0, 5.0)
    section = Figure()
    for sign in (-1, 1):
        body = [(0, sign * bore), (0, sign * hub * 0.8), (recess, sign * hub * 0.8), (recess, sign * hub * 0.95),
                (0, sign * hub * 0.95), (0, sign * reach), (thick, sign * reach), (thick, sign * hub),
                (length, sign * hub), (length, sign * bore)]  # fmt: skip
        section.hatched.append(section.closed(body))
        for y in (pitch - hole, pitch + hole):
            section.line((0, sign * y), (thick, sign * y))
        section.line((-4, sign * pitch), (thick + 4, sign * pitch), kind="centre")
    for x in (0.0, length):
        section.line((x, -bore), (x, bore))
    section.line((-7, 0), (length + 7, 0), kind="centre")
    return [front, section]


def wheel(p: Parameters) -> list[Figure]:
    """A gear, a pulley or a spoked wheel: front view, section."""
    outer, hub = p.real("outer", 40, 75), p.real("hub", 12, 22)
    bore, rim = hub * p.real("bore", 0.4, 0.7), outer * p.real("rim", 0.68, 0.86)
    wide, web = p.real("width", 14, 40), p.real("web", 0.25, 0.7)
    front = Figure()
    if p.chance("toothed", 0.5):
        front.closed(_teeth(p.choice("teeth", (12, 16, 20, 24, 30, 40)), outer, outer * p.real("root", 0.84, 0.93)))
        front.circle(0, 0, outer * 0.94, "centre")
    else:
        front.circle(0, 0, outer)
        front.circle(0, 0, outer * p.detail("groove", 0.88, 0.96))
    front.circle(0, 0, rim)
    front.circle(0, 0, hub)
    front.circle(0, 0, bore)
    front.cross(0, 0, outer)
    openings = p.choice("openings", ("none", "holes", "spokes", "holes", "spokes"))
    count = p.choice("opening count", (3, 4, 5, 6, 8))
    middle = (rim + hub) / 2
    if openings == "holes":
        size = min((rim - hub) * p.real("opening", 0.22, 0.42), middle * np.sin(np.pi / count) * 0.8)
        for x, y in ring(count, middle):
            front.hole(float(x), float(y), size)
    elif openings == "spokes":
        half = 180.0 / count * p.real("spoke", 0.55, 0.85)
        for i in range(count):
            angle = 360.0 * i / count - 90.0
            outside, inside = (
                arc(0, 0, rim * 0.96, angle - half, angle + half),
                arc(0, 0, hub * 1.15, angle + half, angle - half),
            )
            front.closed(np.concatenate([outside, inside]))
    if p.chance("keyway", 0.5):
        front.line((-0.25 * bore, -0.97 * bore), (-0.25 * bore, -1.28 * bore), (0.25 * bore, -1.28 * bore),
                   (0.25 * bore, -0.97 * bore))  # fmt: skip
    long = wide * p.choice("hub length", (1.0, 1.0, 1.3, 1.6))
    section = Figure()
    x0, x1 = wide / 2 * (1 - web), wide / 2 * (1 + web)
    for sign in (-1, 1):
        body = [(0, outer), (0, rim), (x0, rim), (x0, hub), (wide / 2 - long / 2, hub), (wide / 2 - long / 2, bore),
                (wide / 2 + long / 2, bore), (wide / 2 + long / 2, hub), (x1, hub), (x1, rim), (wide, rim),
                (wide, outer)]  # fmt: skip
        section.hatched.append(section.closed([(x, sign * y) for x, y in body]))
    for x in (wide / 2 - long / 2, wide / 2 + long / 2):
        section.line((x, -bore), (x, bore))
    section.line((-10, 0), (wide + 10, 0), kind="centre")
    return [front, section]


def _teeth(count: int, outer: float, root: float) -> Points:
    quarter = 360.0 / count / 4
    corners = []
    for i in range(count):
        angle = 360.0 * i / count
        for offset, radius in ((-1.0, root), (-0.5, outer), (0.5, outer), (1.0, root)):
            turn = np.radians(angle + offset * quarter)
            corners.append((radius * np.cos(turn), radius * np.sin(turn)))
    return np.array(corners)
