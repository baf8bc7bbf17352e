"""Families of flat parts: plates, gaskets, bent strips."""

from __future__ import annotations

import numpy as np

from drawing_ocr.synthesis.families.figure import (
    Figure,
    Points,
    arc,
    chamfered_rectangle,
    ring,
    rounded_rectangle,
    turned,
)
from drawing_ocr.synthesis.families.parameters import Parameters


def plate(p: Parameters) -> list[Figure]:
    """A plate with holes, slots and pockets: front view, side view."""
    width, height, thick = p.real("width", 70, 170), p.real("height", 45, 120), p.real("thickness", 6, 24)
    front = Figure()
    front.closed(_outline(p, width, height))
    spans = _corner_holes(front, p, width, height)
    spans += _middle(front, p, width, height)
    if p.chance("slots", 0.4):
        wide, long = p.real("slot width", 5, 12), height * p.real("slot length", 0.25, 0.5)
        upright = p.chance("slots upright", 0.5)
        x = width * p.real("slot place", 0.25, 0.36)
        for sign in (-1, 1) if p.chance("two slots", 0.6) else (1,):
            front.slot(sign * x, 0, long, wide, upright=upright)
    side = Figure()
    side.rectangle(0, -height / 2, thick, height / 2)
    if p.chance("boss", 0.3):
        reach = height * p.real("boss height", 0.15, 0.3)
        side.rectangle(thick, -reach, thick + p.real("boss rise", 4, 14), reach)
        front.circle(0, 0, reach)
    for low, high in spans:
        for y in (low, high):
            side.line((0, y), (thick, y), kind="hidden")
        side.line((-4, (low + high) / 2), (thick + 4, (low + high) / 2), kind="centre")
    return [front, side]


def _outline(p: Parameters, width: float, height: float) -> Points:
    form = p.choice("form", ("sharp", "rounded", "chamfered", "notched", "tee", "ell", "dee", "cut"))
    x, y = width / 2, height / 2
    a, b = width * p.real("form a", 0.2, 0.42), height * p.real("form b", 0.2, 0.42)
    if form == "rounded":
        return rounded_rectangle(width, height, min(a, b) * 0.8)
    if form == "chamfered":
        return chamfered_rectangle(width, height, min(a, b) * 0.7)
    outlines = {
        "sharp": [(-x, -y), (x, -y), (x, y), (-x, y)],
        "notched": [(-x, -y), (-a / 2, -y), (-a / 2, -y + b), (a / 2, -y + b), (a / 2, -y), (x, -y), (x, y), (-x, y)],
        "tee": [(-x, -y), (x, -y), (x, -y + b), (a, -y + b), (a, y), (-a, y), (-a, -y + b), (-x, -y + b)],
        "ell": [(-x, -y), (-x + a, -y), (-x + a, y - b), (x, y - b), (x, y), (-x, y)],
        "cut": [(-x, -y), (x - a, -y), (x, -y + b), (x, y), (-x + a, y), (-x, y - b)],
    }
    if form == "dee":
        return np.concatenate([np.array([(-x, y), (-x, -y)]), arc(x - y, 0, y, -90, 90)])
    return np.array(outlines[form], np.float64)


def _corner_holes(front: Figure, p: Parameters, width: float, height: float) -> list[tuple[float, float]]:
    """Holes near the corners or along the edges; what they span in y."""
    radius, inset = p.real("corner hole", 2.2, 6.0), p.real("inset", 9, 16)
    x, y = width / 2 - inset, height / 2 - inset
    places = {
        "none": [],
        "four": [(-x, -y), (x, -y), (x, y), (-x, y)],
        "two": [(-x, y), (x, -y)],
        "six": [(-x, -y), (0, -y), (x, -y), (-x, y), (0, y), (x, y)],
        "row": [(-x, y), (-x / 3, y), (x / 3, y), (x, y)],
    }[p.choice("corner holes", ("none", "four", "four", "two", "six", "row"))]
    sunk = p.chance("sunk", 0.35)
    for hx, hy in places:
        front.hole(hx, hy, radius)
        if sunk:
            front.circle(hx, hy, radius * 1.7)
    return [(hy - radius, hy + radius) for hy in sorted({hy for _, hy in places})]


def _middle(front: Figure, p: Parameters, width: float, height: float) -> list[tuple[float, float]]:
    """What is in the plate's middle; what it spans in y."""
    kind = p.choice("middle", ("bore", "bore", "window", "ring", "grid", "hexagon", "none"))
    size = min(width, height) * p.real("middle size", 0.12, 0.28)
    x = width * p.real("middle place", -0.14, 0.14)
    if kind == "none":
        return []
    if kind == "bore":
        front.hole(x, 0, size)
        if p.chance("step", 0.4):
            front.circle(x, 0, size * 0.7)
    elif kind == "window":
        front.closed(rounded_rectangle(size * p.real("window", 1.2, 3.0), 2 * size, size * 0.25) + np.array((x, 0.0)))
    elif kind == "hexagon":
        front.closed(ring(6, size) + np.array((x, 0.0)))
        front.cross(x, 0, size)
    elif kind == "ring":
        front.hole(x, 0, size * 0.45)
        front.circle(x, 0, size, "centre")
        for hx, hy in ring(p.choice("ring holes", (3, 4, 5, 6, 8)), size):
            front.hole(float(x + hx), float(hy), size * 0.17)
    else:
        across, down = p.choice("columns", (2, 3, 4, 5)), p.choice("rows", (2, 3))
        for i in range(across):
            for j in range(down):
                place = (x + size * 0.8 * (i - (across - 1) / 2), size * 0.8 * (j - (down - 1) / 2))
                front.hole(*place, size * 0.2)
    return [(-size, size)]


def gasket(p: Parameters) -> list[Figure]:
    """A thin plate whose outline follows its holes and openings: one view."""
    count = p.choice("lobes", (2, 3, 4, 5, 6))
    radius, lobe = p.real("radius", 35, 60), p.real("lobe", 7, 13)
    inner = radius * p.real("opening", 0.45, 0.72)
    stretch = p.real("stretch", 1.0, 1.7)
    figure = Figure()
    start = p.choice("first lobe", (-90.0, 45.0, 0.0))
    outline = []
    body = inner + p.real("seal", 4, 12)
    half = float(np.degrees(np.arcsin(min(0.9, lobe / radius))))
    for i in range(count):
        angle = start + 360.0 * i / count
        centre = ring(1, radius, angle)[0]
        outline.append(arc(float(centre[0]), float(centre[1]), lobe, angle - 90, angle + 90))
        outline.append(arc(0, 0, body, angle + 1.3 * half, angle + 360.0 / count - 1.3 * half))
    figure.closed(np.concatenate(outline) * (stretch, 1.0))
    opening = p.choice("opening form", ("round", "square", "two", "hexagon"))
    if opening == "round":
        figure.closed(ring(64, inner) * (stretch, 1.0))
    elif opening == "square":
        figure.closed(rounded_rectangle(1.5 * inner * stretch, 1.5 * inner, inner * 0.3))
    elif opening == "hexagon":
        figure.closed(ring(6, inner, 0.0) * (stretch, 1.0))
    else:
        for sign in (-1, 1):
            figure.hole(sign * 0.48 * inner * stretch, 0, 0.4 * inner)
    figure.cross(0, 0, inner)
    for x, y in ring(count, radius, start) * (stretch, 1.0):
        figure.hole(float(x), float(y), lobe * p.real("hole", 0.35, 0.6))
    return [figure]


def bent_strip(p: Parameters) -> list[Figure]:
    """A strip of sheet metal bent several times: side view, front view."""
    thick, wide = p.real("thickness", 2.5, 7), p.real("width", 25, 70)
    legs = p.choice("legs", (2, 3, 3, 4, 5))
    position, angle = np.zeros(2), 0.0
    centre = [position]
    for i in range(legs):
        step = p.real(f"leg {i}", 18, 60)
        position = position + step * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        centre.append(position)
        angle += p.choice(f"bend {i}", (-90.0, -90.0, 90.0, 90.0, -45.0, 45.0, 60.0))
    path = _rounded_path(np.array(centre), thick * 1.6)
    side = Figure()
    side.closed(np.concatenate([_offset(path, thick / 2), _offset(path, -thick / 2)[::-1]]))
    front = Figure()
    (_, top), (_, bottom) = path.min(axis=0), path.max(axis=0)
    tall = max(float(bottom - top), 22.0)
    front.rectangle(0, 0, wide, tall)
    for share in sorted({p.real(f"fold {i}", 0.1, 0.9) for i in range(legs - 1)}):
        front.line((0, share * tall), (wide, share * tall))
    radius = min(wide, tall) * p.real("hole", 0.06, 0.14)
    for x, y in {
        "one": [(0.5, 0.5)],
        "two": [(0.25, 0.3), (0.75, 0.3)],
        "column": [(0.5, 0.25), (0.5, 0.75)],
        "four": [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)],
    }[p.choice("holes", ("one", "two", "column", "four"))]:
        front.hole(x * wide, y * tall, radius)
    if p.chance("slot", 0.35):
        front.slot(0.5 * wide, 0.62 * tall, 0.5 * wide, 2 * radius)
    return [side, front]


def _rounded_path(corners: Points, radius: float) -> Points:
    """A path whose corners are rounded by a quadratic curve."""
    pieces = [corners[:1]]
    for before, corner, after in zip(corners[:-2], corners[1:-1], corners[2:], strict=True):
        into, out = corner - before, after - corner
        reach = min(radius, 0.45 * float(np.hypot(*into)), 0.45 * float(np.hypot(*out)))
        a, b = corner - into / np.hypot(*into) * reach, corner + out / np.hypot(*out) * reach
        t = np.linspace(0.0, 1.0, 6)[:, None]
        pieces.append((1 - t) ** 2 * a + 2 * t * (1 - t) * corner + t**2 * b)
    return np.concatenate([*pieces, corners[-1:]])


def _offset(path: Points, distance: float) -> Points:
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    return path + distance * turned(along, 90.0)
