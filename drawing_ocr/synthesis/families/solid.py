"""Families of bodies: brackets, housings, levers, weldments."""

from __future__ import annotations

import numpy as np

from drawing_ocr.synthesis.families.figure import Figure, Points, arc, ring, rounded_rectangle
from drawing_ocr.synthesis.families.parameters import Parameters


def bracket(p: Parameters) -> list[Figure]:
    """An angle with holes and often a rib: side view, front view, top view."""
    base, rise, wide = p.real("base", 50, 110), p.real("rise", 45, 105), p.real("width", 35, 80)
    thick, wall = p.real("thickness", 7, 16), p.real("wall", 7, 16)
    side = Figure()
    corner = (
        arc(wall + 5, rise - thick - 5, 5, 180, 90) if p.chance("fillet", 0.6) else np.array([(wall, rise - thick)])
    )
    cut = p.chance("cut", 0.4) * p.detail("cut size", 5, 12)
    nose = rise - thick + min(cut, thick * 0.7)
    foot = np.array([(base - cut, rise - thick), (base, nose), (base, rise), (0.0, rise)])
    side.closed(np.concatenate([np.array([(0.0, 0.0), (wall, 0.0)]), corner, foot]))
    rib = p.chance("rib", 0.45)
    if rib:
        reach = p.real("rib reach", 0.4, 0.85)
        side.line((wall, rise - thick - reach * (rise - thick)), (wall + reach * (base - wall), rise - thick))
    front = Figure()
    form = p.choice("wall form", ("square", "square", "arched", "tapered"))
    if form == "arched":
        front.closed(np.concatenate([np.array([(wide, rise), (0, rise)]), arc(wide / 2, wide / 2, wide / 2, 180, 360)]))
    elif form == "tapered":
        inset = wide * p.real("taper", 0.12, 0.3)
        front.closed(np.array([(inset, 0), (wide - inset, 0), (wide, rise), (0, rise)]))
    else:
        front.rectangle(0, 0, wide, rise)
    front.line((0, rise - thick), (wide, rise - thick))
    top = Figure()
    top.rectangle(0, 0, base, wide)
    top.line((wall, 0), (wall, wide))
    if rib:
        half = wide * 0.06
        for view, far in ((front, rise - thick), (top, base * 0.8)):
            for sign in (-1, 1):
                at = wide / 2 + sign * half
                ends = ((at, 0.2 * rise), (at, far)) if view is front else ((wall, at), (far, at))
                view.line(*ends)
    hole, eye = p.real("base hole", 3, 7), p.real("wall hole", 4, 13)
    for y in _across(p.choice("wall holes", (1, 1, 2)), wide):
        at = rise * p.real("wall hole place", 0.28, 0.45)
        front.hole(y, at, eye if eye < 0.3 * wide else 0.3 * wide)
        for sign in (-1, 1):
            side.line((0, at + sign * eye), (wall, at + sign * eye), kind="hidden")
    x = wall + (base - wall) * p.real("base hole place", 0.45, 0.75)
    slotted = p.chance("slotted", 0.35)
    for y in _across(p.choice("base holes", (1, 2, 2)), wide):
        if slotted:
            top.slot(x, y, 3.2 * hole, 1.6 * hole)
        else:
            top.hole(x, y, hole)
    for sign in (-1, 1):
        side.line((x + sign * hole, rise - thick), (x + sign * hole, rise), kind="hidden")
    side.line((x, rise - thick - 4), (x, rise + 4), kind="centre")
    return [side, front, top]


def _across(count: int, width: float) -> list[float]:
    return [width / 2] if count == 1 else [width * 0.25, width * 0.75]


def housing(p: Parameters) -> list[Figure]:
    """A box with a pocket, screw eyes and ports: top view, front view."""
    width, depth, tall = p.real("width", 70, 140), p.real("depth", 50, 105), p.real("height", 25, 70)
    wall, radius = p.real("wall", 4, 12), p.real("corner", 3, 20)
    top = Figure()
    top.closed(rounded_rectangle(width, depth, radius))
    top.closed(rounded_rectangle(width - 2 * wall, depth - 2 * wall, max(1.5, radius - wall)))
    eye = p.real("eye", 4, 8)
    inside = p.chance("eyes inside", 0.5)
    x, y = (
        (width / 2 - wall - eye, depth / 2 - wall - eye) if inside else (width / 2 + eye * 0.6, depth / 2 - eye * 1.8)
    )
    places = [(-x, -y), (x, -y), (x, y), (-x, y)]
    if p.chance("six eyes", 0.3):
        places += [(0, -depth / 2 + wall + eye), (0, depth / 2 - wall - eye)]
    for ex, ey in places:
        top.circle(ex, ey, eye)
        top.hole(ex, ey, eye * 0.45)
    inner = p.choice("inside", ("bore", "divider", "cross", "bosses", "none"))
    share = p.real("inside size", 0.18, 0.34)
    if inner == "bore":
        top.hole(0, 0, depth * share)
        top.circle(0, 0, depth * share * 0.7)
    elif inner in ("divider", "cross"):
        at = width * (share - 0.26)
        for dx in (-1.5, 1.5):
            top.line((at + dx, -depth / 2 + wall), (at + dx, depth / 2 - wall))
            if inner == "cross":
                top.line((-width / 2 + wall, dx), (width / 2 - wall, dx))
    elif inner == "bosses":
        for bx, by in ring(p.choice("bosses", (2, 3, 4, 5)), depth * share, 0.0):
            top.hole(float(bx) * 1.2, float(by), depth * 0.07)
    front = Figure()
    front.rectangle(-width / 2, 0, width / 2, tall)
    lid = tall * p.real("lid", 0.12, 0.3)
    front.line((-width / 2, lid), (width / 2, lid))
    foot = p.chance("feet", 0.45) * p.detail("foot", 8, 18)
    if foot:
        for sign in (-1, 1):
            front.rectangle(sign * width / 2, tall - 0.2 * tall, sign * (width / 2 + foot), tall)
            top.rectangle(sign * width / 2, -depth * 0.3, sign * (width / 2 + foot), depth * 0.3)
    ports = p.choice("ports", (0, 1, 1, 2, 3))
    size = (tall - lid) * p.real("port", 0.16, 0.34)
    for i in range(ports):
        at = width * ((i + 1) / (ports + 1) - 0.5)
        front.hole(at, (tall + lid) / 2, size)
        if p.chance("port rims", 0.5):
            front.circle(at, (tall + lid) / 2, size * 1.35)
    if p.chance("fins", 0.25):
        for i in range(p.choice("fin count", (4, 6, 8))):
            fx = -width * 0.4 + width * 0.8 * i / 7
            front.line((fx, lid), (fx, tall * 0.95))
    for sign in (-1, 1):
        front.line((sign * (width / 2 - wall), lid), (sign * (width / 2 - wall), tall - wall), kind="hidden")
    front.line((-width / 2 + wall, tall - wall), (width / 2 - wall, tall - wall), kind="hidden")
    return [top, front]


def lever(p: Parameters) -> list[Figure]:
    """Eyes joined by arms: front view, side view."""
    arms = p.choice("arms", (1, 1, 2, 2, 3))
    hub, thick = p.real("hub", 12, 24), p.real("thickness", 6, 16)
    front, side = Figure(), Figure()
    angle = p.choice("first arm", (0.0, -30.0, -90.0))
    top, bottom = -hub, hub
    for i in range(arms):
        length, eye = p.real(f"arm {i}", 45, 100), hub * p.real(f"eye {i}", 0.45, 0.9)
        turn = np.radians(angle)
        x, y = length * np.cos(turn), length * np.sin(turn)
        _arm(front, np.array([x, y]), hub, eye, p.detail("waist", 0.45, 0.95))
        front.circle(x, y, eye)
        front.hole(x, y, eye * p.real(f"eye bore {i}", 0.4, 0.65))
        top, bottom = min(top, y - eye), max(bottom, y + eye)
        side.rectangle(-thick * 0.8, y - eye, thick * 0.8, y + eye)
        angle += p.choice(f"spread {i}", (90.0, 120.0, 150.0, 180.0))
    front.circle(0, 0, hub)
    front.hole(0, 0, hub * p.real("hub bore", 0.35, 0.65))
    side.rectangle(-thick / 2, top, thick / 2, bottom)
    side.rectangle(-thick * p.real("hub length", 0.8, 1.5), -hub, thick * 1.1, hub)
    side.line((-thick * 1.8, 0), (thick * 1.8, 0), kind="centre")
    return [front, side]


def _arm(front: Figure, end: Points, hub: float, eye: float, waist: float) -> None:
    length = float(np.hypot(*end))
    along = end / length
    across = np.array([-along[1], along[0]])
    for sign in (-1, 1):
        a, b = (
            along * hub * 0.5 + sign * across * hub * 0.86 * waist,
            end + sign * across * eye * waist - along * eye * 0.4,
        )
        front.line((float(a[0]), float(a[1])), (float(b[0]), float(b[1])))


def weldment(p: Parameters) -> list[Figure]:
    """A frame of profiles with struts and plates: front view, side view."""
    width, tall, depth = p.real("width", 80, 160), p.real("height", 50, 120), p.real("depth", 25, 70)
    bar = p.real("bar", 5, 11)
    front, side = Figure(), Figure()
    front.rectangle(0, 0, width, tall)
    bays = p.choice("bays", (1, 2, 2, 3, 4))
    pitch = (width - bar) / bays
    for i in range(bays):
        left, right = i * pitch + bar, (i + 1) * pitch
        front.rectangle(left, bar, right, tall - bar)
        brace = p.choice(f"brace {i}", ("none", "up", "down", "cross", "shelf"))
        if brace == "shelf":
            y = tall * p.real(f"shelf {i}", 0.3, 0.7)
            front.line((left, y - bar / 2), (right, y - bar / 2))
            front.line((left, y + bar / 2), (right, y + bar / 2))
        for name, (y0, y1) in {"up": (tall - bar, bar), "down": (bar, tall - bar)}.items():
            if brace in (name, "cross"):
                for offset in (-bar / 2, bar / 2):
                    front.line((left + max(offset, 0), y0), (right + min(offset, 0), y1))
    if p.chance("feet", 0.5):
        for x in (0.0, width - 2.2 * bar):
            front.rectangle(x, tall, x + 2.2 * bar, tall + bar * 0.8)
        side.rectangle(-bar, tall, depth + bar, tall + bar * 0.8)
    if p.chance("plate", 0.45):
        size = tall * p.real("plate size", 0.15, 0.3)
        front.rectangle(width, tall / 2 - size, width + bar, tall / 2 + size)
        for sign in (-1, 1):
            side.hole(depth / 2, tall / 2 + sign * size * 0.6, bar * 0.3)
        side.rectangle(depth * 0.2, tall / 2 - size, depth * 0.8, tall / 2 + size)
    side.rectangle(0, 0, depth, tall)
    side.rectangle(bar, bar, depth - bar, tall - bar)
    if p.chance("side brace", 0.5):
        side.line((bar, tall - bar), (depth - bar, bar))
        side.line((bar + bar * 0.7, tall - bar), (depth - bar, bar + bar * 0.7))
    return [front, side]
