"""Pages of DXF files: texts as the file has them, drawn where its CAD program shows them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from ezdxf import recover, units
from ezdxf.addons.drawing.config import (
    BackgroundPolicy,
    ColorPolicy,
    Configuration,
    HatchPolicy,
    LineweightPolicy,
)
from ezdxf.addons.drawing.properties import RenderContext
from ezdxf.enums import InsertUnits

from drawing_ocr.reading.image import ImageError, Limits, UnreadableImage
from drawing_ocr.sources.dxf_canvas import Canvas
from drawing_ocr.sources.dxf_frontend import Frontend, Pipeline
from drawing_ocr.sources.dxf_text import DrawnText
from drawing_ocr.sources.page import KnownText, SourcePage

MILLIMETRES_PER_INCH: Final = 25.4
PAPER_DPI: Final = 200  # of layouts, which have a size on paper
# Of a model, whose size says nothing about paper: capitals get this height as far as the page stays within bounds.
_CAPITALS: Final = 20.0  # pixels
_LEAST_SIDE, _LONGEST_SIDE = 1600.0, 10_000.0  # pixels
_MARGIN: Final = 16  # pixels around what is drawn
_LOWEST_CAPITALS: Final = 6.0  # pixels, below which an overlay shows nothing
_CONFIGURATION: Final = Configuration(
    background_policy=BackgroundPolicy.WHITE,
    color_policy=ColorPolicy.COLOR,
    hatch_policy=HatchPolicy.NORMAL,
    hatching_timeout=2.0,
    lineweight_policy=LineweightPolicy.ABSOLUTE,
)


def dxf_pages(data: bytes, *, name: str, limits: Limits) -> Iterator[SourcePage]:
    """The layouts of a DXF file that show something; its model space where no layout does.

    Args:
        data: The file's bytes, ASCII or binary, of any release.
        name: What errors call it.
        limits: Of pixels and pages.

    Raises:
        UnreadableImage: damaged, or nothing is drawn.
    """
    try:
        document, _ = recover.read(io.BytesIO(data))
    except Exception as error:  # damage leads the parser anywhere
        raise _damaged(name, error) from error
    layouts = _layouts(document)[: limits.pages]
    return (_page(document, layout, name, limits) for layout in layouts)


def _layouts(document: Any) -> list[Any]:
    papers = [layout for layout in document.layouts if layout.name != "Model"]
    shown = [
        layout for layout in papers if any(entity.dxftype() == "VIEWPORT" and entity.dxf.id != 1 for entity in layout)
    ]
    return shown or [document.modelspace(), *(layout for layout in papers if any(_drawn(layout)))]


def _drawn(layout: Any) -> Iterator[Any]:
    return (entity for entity in layout if entity.dxftype() != "VIEWPORT")


def _page(document: Any, layout: Any, name: str, limits: Limits) -> SourcePage:
    try:
        canvas = Canvas()
        pipeline = Pipeline(canvas)
        frontend = Frontend(RenderContext(document), pipeline, _CONFIGURATION)
        frontend.draw_layout(layout)
        bounds = canvas.bounds()
        if bounds is None:
            raise UnreadableImage(f"{name}: nothing is drawn in {layout.name}: open it and save it again")
        inch, unit_warnings = _inch(document, layout)
        scale = _scale(layout, bounds, pipeline.texts, inch, limits)
        pixels, to_pixels = canvas.paint(scale, _MARGIN, inch)
    except ImageError:
        raise
    except Exception as error:
        raise _damaged(name, error) from error
    known = tuple(
        KnownText(text.text, to_pixels(text.quad).astype(np.float32), text.is_dimension) for text in pipeline.lines()
    )
    return SourcePage(
        pixels=pixels,
        unread=None,
        known=known,
        dpi=None if inch is None else scale * inch,
        warnings=(*unit_warnings, *frontend.warnings(), *_small(pipeline.texts, scale)),
    )


def _inch(document: Any, layout: Any) -> tuple[float | None, tuple[str, ...]]:
    """Drawing units of an inch, None where the file does not say."""
    if layout.is_any_paperspace:
        return (1.0 if layout.dxf.get("plot_paper_units", 1) == 0 else MILLIMETRES_PER_INCH), ()
    if document.units == InsertUnits.Unitless:
        return None, ("the drawing does not state its unit ($INSUNITS): no millimetres are given",)
    return float(units.conversion_factor(InsertUnits.Inches, document.units)), ()


def _scale(
    layout: Any,
    bounds: tuple[float, float, float, float],
    texts: list[DrawnText],
    inch: float | None,
    limits: Limits,
) -> float:
    """Pixels of a drawing unit."""
    width, height = max(bounds[2] - bounds[0], 1e-9), max(bounds[3] - bounds[1], 1e-9)
    longest = max(width, height)
    most = min(_LONGEST_SIDE / longest, _within(width, height, limits.pixels))
    if layout.is_any_paperspace and inch is not None:
        return float(min(PAPER_DPI / inch, most))
    capitals = float(np.percentile([text.cap_height for text in texts], 25)) if texts else 0.0
    wanted = _CAPITALS / capitals if capitals > 0 else 0.0
    return float(min(max(wanted, _LEAST_SIDE / longest), most))


def _within(width: float, height: float, pixels: int) -> float:
    """The scale at which a page with its margins has so many pixels."""
    # width × scale + 2 margins (and a rounded pixel) times the same of height, solved for the scale.
    frame = 2 * _MARGIN + 1
    half = frame * (width + height) / (2 * width * height)
    return float((half**2 + max(pixels - frame**2, 1) / (width * height)) ** 0.5 - half)


def _small(texts: list[DrawnText], scale: float) -> tuple[str, ...]:
    lowest = min((text.cap_height * scale for text in texts), default=_LOWEST_CAPITALS)
    if lowest >= _LOWEST_CAPITALS:
        return ()
    return (
        f"letters are down to {lowest:.1f} pixels high in the picture: they are read from the file, "
        "but cannot be seen in it",
    )


def _damaged(name: str, error: Exception) -> UnreadableImage:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return UnreadableImage(f"{name}: a damaged DXF file ({reason}): run AUDIT in the CAD program and save it again")
