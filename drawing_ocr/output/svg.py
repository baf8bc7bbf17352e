"""An overlay as SVG: the page's picture, its boxes as shapes, its texts as text that can be selected."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from html import escape

from drawing_ocr.reading.overlay import COLOURS, DOUBTFUL
from drawing_ocr.reading.result import Prediction


def overlay_svg(picture: bytes, width: int, height: int, items: Sequence[Prediction], dpi: float | None) -> str:
    """The content of an SVG file.

    Args:
        picture: Of the page, PNG.
        width, height: Of the page, pixels: the units of the drawing.
        items: The texts of the page.
        dpi: Gives the drawing its size on paper, where it is known.
    """
    size = f' width="{width / dpi * 25.4:.2f}mm" height="{height / dpi * 25.4:.2f}mm"' if dpi else ""
    data = base64.b64encode(picture).decode("ascii")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"{size}>',
        f'<image width="{width}" height="{height}" opacity="0.65" href="data:image/png;base64,{data}"/>',
        *(_group(item) for item in items),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _group(item: Prediction) -> str:
    colour = COLOURS[item.category]
    doubtful = item.confidence < DOUBTFUL
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in item.box)
    (left, top), (right, end) = item.box[0], item.box[1]
    height = max(math.dist(item.box[0], item.box[3]) * 0.55, 8.0)
    angle = math.degrees(math.atan2(end - top, right - left))
    text = escape(_without_controls(item.text) + ("?" if doubtful else ""))
    return (
        f'<g data-category="{item.category.value}" data-confidence="{item.confidence:.3f}">'
        f'<polygon points="{corners}" fill="none" stroke="{colour}" stroke-width="{1 if doubtful else 2}"/>'
        f'<text transform="translate({left:.1f} {top:.1f}) rotate({angle:.1f})" dy="-2" font-size="{height:.1f}" '
        f'font-family="sans-serif" fill="{colour}">{text}</text></g>'
    )


def _without_controls(text: str) -> str:
    """XML holds no control characters, not even escaped (XML 1.0, 2.2)."""
    return "".join(character for character in text if character.isprintable())
