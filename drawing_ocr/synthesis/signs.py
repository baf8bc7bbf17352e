"""Signs of technical drawings as pen strokes, the way a CAD program draws them.

Fonts hold few of these signs and each font one shape; strokes give any pen width and proportion (ISO 3098, ISO 1101).
A sign is a list of polylines in units of the capital height: x to the right, y up from the baseline.
"""

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Stroke = tuple[tuple[float, float], ...]


def _arc(cx: float, cy: float, r: float, start: float = 0.0, stop: float = 360.0) -> Stroke:
    n = max(8, int(abs(stop - start) / 12))
    angles = [math.radians(start + (stop - start) * i / n) for i in range(n + 1)]
    return tuple((cx + r * math.cos(a), cy + r * math.sin(a)) for a in angles)


def _arrow(x0: float, y0: float, x1: float, y1: float, head: float = 0.3) -> list[Stroke]:
    angle = math.atan2(y1 - y0, x1 - x0)
    wings = [(x1 - head * math.cos(angle + t), y1 - head * math.sin(angle + t)) for t in (0.4, -0.4)]
    return [((x0, y0), (x1, y1)), (wings[0], (x1, y1), wings[1])]


def _circled(letter: list[Stroke]) -> list[Stroke]:
    return [_arc(0.65, 0.5, 0.62), *letter]


STROKES: dict[str, tuple[float, list[Stroke]]] = {
    # sign: (advance, strokes)
    "⌀": (1.0, [_arc(0.5, 0.5, 0.4), ((0.22, -0.02), (0.78, 1.02))]),
    "⌴": (1.1, [((0.05, 0.75), (0.05, 0.1), (1.0, 0.1), (1.0, 0.75))]),
    "⌵": (1.1, [((0.05, 0.85), (0.52, 0.1), (1.0, 0.85))]),
    "↧": (0.8, [((0.1, 1.0), (0.7, 1.0)), *_arrow(0.4, 1.0, 0.4, 0.0)]),
    "⌖": (1.1, [_arc(0.55, 0.5, 0.33), ((0.0, 0.5), (1.1, 0.5)), ((0.55, -0.05), (0.55, 1.05))]),
    "⏥": (1.3, [((0.0, 0.15), (0.9, 0.15), (1.25, 0.85), (0.35, 0.85), (0.0, 0.15))]),
    "⊥": (1.1, [((0.0, 0.02), (1.1, 0.02)), ((0.55, 0.02), (0.55, 1.0))]),
    "∥": (0.9, [((0.05, 0.0), (0.45, 1.0)), ((0.45, 0.0), (0.85, 1.0))]),
    "◎": (1.1, [_arc(0.55, 0.5, 0.5), _arc(0.55, 0.5, 0.27)]),
    "⌒": (1.1, [_arc(0.55, 0.2, 0.5, 0, 180)]),
    "⌓": (1.1, [(*_arc(0.55, 0.2, 0.5, 0, 180), (1.05, 0.2))]),
    "↗": (1.0, _arrow(0.1, 0.05, 0.85, 0.95, 0.35)),
    "⌰": (1.4, [*_arrow(0.05, 0.05, 0.6, 0.95), *_arrow(0.65, 0.05, 1.2, 0.95), ((0.05, 0.05), (0.65, 0.05))]),
    "⌭": (1.2, [_arc(0.6, 0.5, 0.27), ((0.05, 0.0), (0.45, 1.0)), ((0.75, 0.0), (1.15, 1.0))]),
    "⏤": (1.1, [((0.05, 0.5), (1.05, 0.5))]),
    "∠": (1.1, [((1.05, 0.05), (0.05, 0.05), (0.9, 0.9))]),
    "○": (1.1, [_arc(0.55, 0.5, 0.45)]),
    "⌯": (1.2, [((0.0, 0.5), (1.2, 0.5)), ((0.3, 0.8), (0.9, 0.8)), ((0.3, 0.2), (0.9, 0.2))]),
    "Ⓔ": (1.3, _circled([((0.88, 0.2), (0.45, 0.2), (0.45, 0.82), (0.88, 0.82)), ((0.45, 0.52), (0.8, 0.52))])),
    "Ⓕ": (1.3, _circled([((0.47, 0.16), (0.47, 0.83), (0.9, 0.83)), ((0.47, 0.52), (0.8, 0.52))])),
    "Ⓢ": (1.3, _circled([(*_arc(0.65, 0.66, 0.17, 20, 270), *_arc(0.65, 0.32, 0.17, 90, -160))])),
    "Ⓣ": (1.3, _circled([((0.4, 0.83), (0.9, 0.83)), ((0.65, 0.83), (0.65, 0.15))])),
    "Ⓤ": (1.3, _circled([((0.42, 0.85), (0.42, 0.4), *_arc(0.65, 0.4, 0.23, 180, 360), (0.88, 0.85))])),
    "Ⓜ": (1.3, _circled([((0.38, 0.18), (0.38, 0.82), (0.65, 0.4), (0.92, 0.82), (0.92, 0.18))])),
    "Ⓛ": (1.3, _circled([((0.48, 0.85), (0.48, 0.18), (0.88, 0.18))])),
    "Ⓟ": (
        1.3,
        _circled([((0.48, 0.15), (0.48, 0.85), (0.75, 0.85), (0.88, 0.75), (0.88, 0.58), (0.75, 0.48), (0.48, 0.48))]),
    ),
}

_SHIFT = 4  # OpenCV draws at 1/16 pixel


@dataclass(frozen=True, slots=True)
class DiameterForm:
    """One shape of the drawn diameter sign, in capital heights.

    ring: height of the ring. aspect: its width over its height. slash: degrees of the stroke through it. reach: half
    the stroke's length over the ring's radius. rise: middle of the ring above the baseline. gap: paper behind the sign,
    less than nothing where the next digit touches it.
    """

    ring: float = 0.8
    aspect: float = 1.0
    slash: float = 62.0
    reach: float = 1.45
    rise: float = 0.5
    gap: float = 0.15

    def strokes(self) -> tuple[float, list[Stroke]]:
        """Its advance without the gap, and its strokes."""
        half = self.ring / 2
        dx, dy = (half * self.reach * f(math.radians(self.slash)) for f in (math.cos, math.sin))
        width = max(self.ring * self.aspect, 2 * dx)
        middle = width / 2
        ring = tuple((middle + (x - middle) * self.aspect, y) for x, y in _arc(middle, self.rise, half))
        return width, [ring, ((middle - dx, self.rise - dy), (middle + dx, self.rise + dy))]


def advance(sign: str, form: DiameterForm | None = None) -> float:
    """From the origin of a sign to that of what follows, in capital heights."""
    if form is not None and sign == "⌀":
        return form.strokes()[0] + form.gap
    return STROKES[sign][0] + 0.15


@functools.lru_cache(maxsize=4096)
def draw_sign(
    sign: str, cap_height: float, pen: float, form: DiameterForm | None = None
) -> tuple[npt.NDArray[np.uint8], int]:
    """Draw one sign of `STROKES`, with capital height and pen width in pixels; `form` shapes the diameter sign.

    Returns the ink mask (uint8, 255 = ink) and the row of the baseline in it. The first column of the mask is
    `ceil(pen) + 1` pixels left of the sign's origin.
    """
    width_in_caps, strokes = form.strokes() if form is not None and sign == "⌀" else STROKES[sign]
    pad = math.ceil(pen) + 1
    rise = math.ceil(cap_height * 1.3) + pad
    drop = math.ceil(cap_height * 0.35) + pad
    width = math.ceil(width_in_caps * cap_height) + 2 * pad
    # Four times the size, then averaged: pen widths below and between whole pixels come out as grey.
    zoom = 4
    mask = np.zeros(((rise + drop) * zoom, width * zoom), np.uint8)
    scale = zoom * (1 << _SHIFT)
    for stroke in strokes:
        points = np.array([((pad + x * cap_height) * scale, (rise - y * cap_height) * scale) for x, y in stroke])
        cv2.polylines(
            mask, [points.round().astype(np.int32)], False, (255.0,), max(1, round(pen * zoom)), cv2.LINE_8, _SHIFT
        )
    small = cv2.resize(mask, (width, rise + drop), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8), rise
