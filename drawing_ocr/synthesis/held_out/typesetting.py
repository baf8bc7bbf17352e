"""One line of text as PDF content, with the box of its ink: PDFium's faces for letters, paths for drawing signs."""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np

from drawing_ocr.synthesis.held_out.pdf_page import picture, quoted

Path = tuple[tuple[float, float], ...]

_ZOOM = 8  # pixels a point when ink is measured
_INK = 110  # a darker pixel is ink


@dataclass(frozen=True, slots=True)
class Script:
    """How texts of a sheet are set: face (position in `FACES`), size in points, horizontal stretch in percent, pen of
    the signs in points, whether ⌀ is the letter Ø of the face, and the slope of its stroke where it is drawn."""

    face: int
    size: float
    stretch: int = 100
    pen: float = 0.6
    letter_o: bool = False
    slope: float = 58.0

    def scaled(self, factor: float) -> "Script":
        return Script(
            self.face,
            round(self.size * factor, 2),
            self.stretch,
            self.pen * math.sqrt(factor),
            self.letter_o,
            self.slope,
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """Content around an origin on the baseline, and its ink: left, bottom, right, top in points."""

    content: str
    box: tuple[float, float, float, float]

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


def _ring(cx: float, cy: float, r: float, start: float = 0, stop: float = 360) -> Path:
    steps = max(8, round(abs(stop - start) / 10))
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return tuple((cx + r * math.cos(a), cy + r * math.sin(a)) for a in angles)


def _circled(*strokes: Path) -> list[Path]:
    return [_ring(0.6, 0.42, 0.6), *strokes]


# Width and strokes in capital heights.
_SIGNS: dict[str, tuple[float, list[Path]]] = {
    "⌖": (1.0, [_ring(0.5, 0.45, 0.3), ((0, 0.45), (1, 0.45)), ((0.5, -0.05), (0.5, 0.95))]),
    "⏥": (1.1, [((0, 0.1), (0.75, 0.1), (1.1, 0.8), (0.35, 0.8), (0, 0.1))]),
    "⊥": (1.0, [((0, 0), (1, 0)), ((0.5, 0), (0.5, 0.95))]),
    "∥": (0.75, [((0, 0), (0.35, 0.95)), ((0.4, 0), (0.75, 0.95))]),
    "◎": (0.9, [_ring(0.45, 0.45, 0.45), _ring(0.45, 0.45, 0.22)]),
    "⌒": (1.0, [_ring(0.5, 0.15, 0.48, 8, 172)]),
    "⌓": (1.0, [(*_ring(0.5, 0.15, 0.48, 0, 180), (0.98, 0.15))]),
    "↗": (0.85, [((0, 0), (0.8, 0.9)), ((0.45, 0.75), (0.8, 0.9), (0.72, 0.5))]),
    "⌭": (1.0, [_ring(0.5, 0.45, 0.24), ((0, 0), (0.35, 0.95)), ((0.65, 0), (1, 0.95))]),
    "⏤": (0.9, [((0, 0.45), (0.9, 0.45))]),
    "∠": (0.95, [((0.95, 0), (0, 0), (0.8, 0.85))]),
    "⌯": (0.9, [((0, 0.45), (0.9, 0.45)), ((0.2, 0.72), (0.7, 0.72)), ((0.2, 0.18), (0.7, 0.18))]),
    "○": (0.9, [_ring(0.45, 0.45, 0.43)]),
    "⌴": (0.9, [((0, 0.7), (0, 0.05), (0.9, 0.05), (0.9, 0.7))]),
    "⌵": (0.9, [((0, 0.75), (0.45, 0.05), (0.9, 0.75))]),
    "↧": (0.6, [((0, 0.95), (0.6, 0.95)), ((0.3, 0.95), (0.3, 0)), ((0.12, 0.28), (0.3, 0), (0.48, 0.28))]),
    "Ⓜ": (1.2, _circled(((0.32, 0.12), (0.36, 0.72), (0.6, 0.3), (0.84, 0.72), (0.88, 0.12)))),
    "Ⓛ": (1.2, _circled(((0.42, 0.76), (0.42, 0.1), (0.84, 0.1)))),
}


@functools.lru_cache(maxsize=2048)
def compose(text: str, script: Script) -> Setting:
    """Set one line; its origin is on the baseline at the left end of its ink."""
    content, x, cap = [], 0.0, 0.7 * script.size
    parts = ["".join(group) for _, group in itertools.groupby(text, key=lambda c: c if _is_drawn(c, script) else "")]
    bottom, top = math.inf, -math.inf
    for i, part in enumerate(parts):
        if i:
            space = parts[i - 1].endswith(" ") or part.startswith(" ")
            x += (0.32 if space else 0.1) * script.size
        for sign in part if _is_drawn(part[0], script) else "":
            width, strokes = _sign(sign, script)
            x += script.pen / 2
            content.append(_stroked([tuple((x + px * cap, py * cap) for px, py in s) for s in strokes], script.pen))
            heights = [py * cap for stroke in strokes for _, py in stroke]
            bottom, top = min(bottom, min(heights) - script.pen / 2), max(top, max(heights) + script.pen / 2)
            x += width * cap + script.pen / 2
        if not _is_drawn(part[0], script) and part.strip():
            word = part.strip().replace("⌀", "Ø")
            left, low, right, high = _ink(word, script.face, script.size, script.stretch)
            content.append(_shown(word, script.face, script.size, script.stretch, x - left))
            bottom, top = min(bottom, low), max(top, high)
            x += right - left
    return Setting("\n".join(content), (0.0, bottom, x, top))


@functools.lru_cache(maxsize=512)
def compose_row(cells: tuple[str, ...], script: Script, gap: float) -> Setting:
    """Set words side by side on one baseline, `gap` points apart."""
    content, x, bottom, top = [], 0.0, math.inf, -math.inf
    for cell in cells:
        setting = compose(cell, script)
        content.append(f"q 1 0 0 1 {x:.3f} 0 cm {setting.content} Q")
        bottom, top = min(bottom, setting.box[1]), max(top, setting.box[3])
        x += setting.width + gap
    return Setting("\n".join(content), (0.0, bottom, x - gap, top))


def _is_drawn(character: str, script: Script) -> bool:
    return character in _SIGNS or (character == "⌀" and not script.letter_o)


def _sign(sign: str, script: Script) -> tuple[float, list[Path]]:
    if sign != "⌀":
        return _SIGNS[sign]
    dx, dy = 0.56 * math.cos(math.radians(script.slope)), 0.56 * math.sin(math.radians(script.slope))
    return 0.8, [_ring(0.4, 0.45, 0.36), ((0.4 - dx, 0.45 - dy), (0.4 + dx, 0.45 + dy))]


def _stroked(strokes: list[Path], pen: float) -> str:
    lines = [
        " ".join(f"{x:.3f} {y:.3f} {'l' if i else 'm'}" for i, (x, y) in enumerate(stroke)) + " S" for stroke in strokes
    ]
    return f"q {pen:.3f} w 1 J 1 j {' '.join(lines)} Q"


def _shown(word: str, face: int, size: float, stretch: int, x: float) -> str:
    return f"BT /F{face} {size:.3f} Tf {stretch} Tz {x:.3f} 0 Td {quoted(word)} Tj ET"


@functools.lru_cache(maxsize=4096)
def _ink(word: str, face: int, size: float, stretch: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a word's ink around its origin, in points: measured on its picture."""
    pad = size
    width, height = size * len(word) * 1.1 + 2 * pad, 2.5 * size
    shown = _shown(word, face, size, stretch, 0.0)
    page = picture(f"1 0 0 1 {pad:.3f} {size:.3f} cm {shown}", width, height, _ZOOM)
    dark = page < 255 - _INK
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not rows.size:
        raise ValueError(f"text {word!r} leaves no ink: give characters of WinAnsi encoding")
    floor = page.shape[0] / _ZOOM - size
    return (
        columns[0] / _ZOOM - pad,
        floor - (rows[-1] + 1) / _ZOOM,
        (columns[-1] + 1) / _ZOOM - pad,
        floor - rows[0] / _ZOOM,
    )
