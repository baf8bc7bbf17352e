"""A whole engineering drawing drawn from nothing, with the exact polygon and text of everything written on it."""

import math
from random import Random

import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import PAGE_TOLERANCE, Annotation, Region
from drawing_ocr.annotation import Polygon as RegionPolygon
from drawing_ocr.synthesis import further_views, text_source
from drawing_ocr.synthesis.canvas import Canvas, Point, Polygon
from drawing_ocr.synthesis.dimensions import Drafting, Ends
from drawing_ocr.synthesis.draughtsman import Draughtsman
from drawing_ocr.synthesis.fonts import CHINESE_FACES, ITALIC_FACES, LATIN_FACES, OSIFONT, Face
from drawing_ocr.synthesis.furniture import Area, Furniture
from drawing_ocr.synthesis.lettering import Lettering
from drawing_ocr.synthesis.paper import age, write_by_hand
from drawing_ocr.synthesis.parts import Part, View, random_part
from drawing_ocr.synthesis.pencase import random_diameter, random_stroke_face
from drawing_ocr.synthesis.scan import scan
from drawing_ocr.synthesis.structure import Sheet
from drawing_ocr.synthesis.style import SCANNED, SheetStyle, Standard
from drawing_ocr.synthesis.text_source import Convention
from drawing_ocr.synthesis.vocabulary import Language
from drawing_ocr.text import canonical

_ENDS: tuple[Ends, ...] = ("slim", "wide", "open", "tick", "dot")


def draw_sheet(seed: int, style: SheetStyle = SCANNED) -> tuple[npt.NDArray[np.uint8], Annotation]:
    """Draw one sheet; the same seed and style give the same pixels and labels.

    Returns the picture (uint8 [height, width], grey, dark on light) and its annotation: one region a text, its polygon
    tight around the ink, text in canonical spelling; `image` is `sheet-<seed>.png`, a name only.
    Raises FontError when a needed font is not installed.
    """
    sheet = draw_structured_sheet(seed, style)
    return sheet.picture, sheet.annotation


def draw_structured_sheet(seed: int, style: SheetStyle = SCANNED) -> Sheet:
    """As `draw_sheet`, with the structure of what is written."""
    rng = Random(f"sheet {seed}")
    width, height = page_size(rng, style)
    standard = rng.choices([name for name, _ in style.standards], [weight for _, weight in style.standards])[0]
    drafting = drafting_of(rng, standard, width if width > height else 1.3 * width, style)
    canvas = Canvas(width, height, clearance=0.22 * drafting.em)
    furniture = Furniture(canvas, drafting, _language(rng, standard), bilingual=rng.random() < 0.25, rng=rng)
    part = random_part(rng)
    area = _furnish(furniture, part, rng, style)
    _draw_views(canvas, drafting, part.views, area, rng, style)
    if rng.random() < style.stamped:
        furniture.stamp(area)
    return scanned(canvas, seed, style, rng)


def scanned(canvas: Canvas, seed: int, style: SheetStyle, rng: Random) -> Sheet:
    """Scan what was drawn; labels and structure lie where the paper does."""
    texts = [text.polygon() for text in canvas.texts]
    outlines = [np.array(points) for points in canvas.structure.outlines()]
    write_by_hand(canvas.ink, texts, style, rng)
    picture, polygons = scan(canvas.ink, [*texts, *outlines], style, rng)
    picture = age(picture, style, rng)
    edge = np.array([canvas.width, canvas.height]) + PAGE_TOLERANCE
    regions = tuple(
        # A scan askew moves a text at the edge partly off the page.
        Region(
            points=_points(np.clip(polygon, -PAGE_TOLERANCE, edge)),
            text=canonical(text.text),
            category=text.category,
        )
        for polygon, text in zip(polygons, canvas.texts, strict=False)
    )
    image = f"sheet-{seed}.png"
    structure = canvas.structure.with_outlines([_points(polygon) for polygon in polygons[len(texts) :]])
    return Sheet(
        picture,
        Annotation(image=image, width=canvas.width, height=canvas.height, regions=regions),
        structure.model_copy(update={"image": image}),
    )


def _language(rng: Random, standard: Standard) -> Language:
    if standard == "GB":
        return "chinese"
    if standard == "JIS":
        return "japanese"
    return "german" if rng.random() < 0.3 else "english"


def page_size(rng: Random, style: SheetStyle) -> tuple[int, int]:
    """Width and height of a sheet in pixels."""
    long = rng.randint(*style.width)
    short = round(long / math.sqrt(2))
    return (short, long) if rng.random() < style.portrait else (long, short)


def drafting_of(rng: Random, standard: Standard, page: float, style: SheetStyle) -> Drafting:
    """How a sheet is lettered and lined; `page` is the width in pixels of a landscape sheet with such lettering."""
    families: tuple[tuple[Face, ...], ...] = ((OSIFONT,), LATIN_FACES, ITALIC_FACES, CHINESE_FACES)
    weights = (3, 5, 1, 4) if standard in ("GB", "JIS") else (4, 6, 1, 0)
    size = round(page * rng.uniform(0.0098, 0.0155))
    strokes = random_stroke_face(rng) if rng.random() < 0.3 else None
    fine = rng.random() < style.thin
    thin = 1 if fine or rng.random() < 0.75 else 2
    lettering = Lettering(
        face=rng.choice(rng.choices(families, weights)[0]),
        size=size,
        pen=max(1.0, size * rng.uniform(0.05, 0.1)),
        drawn_signs=strokes is not None or rng.random() < 0.5,
        diameter=random_diameter(rng),
        width_factor=rng.choice((0.8, 0.9)) if strokes is None and rng.random() < 0.2 else 1.0,
        slant=0.27 if strokes is None and rng.random() < 0.1 else 0.0,
        strokes=strokes,
    )
    return Drafting(
        lettering=lettering,
        convention=_convention(rng, standard),
        thin=thin,
        thick=thin + (1 if fine else rng.choice((1, 1, 1, 2))),
        arrow=size * rng.uniform(0.6, 0.85),
        ends=rng.choices(_ENDS, (10, 4, 1.5, 1, 0.6))[0],
        broken=standard == "ASME" and rng.random() < 0.5,
        upright=standard == "ASME" and rng.random() < 0.6,
        level=rng.random() < 0.25,
        small=rng.uniform(0.5, 0.75),
    )


def _convention(rng: Random, standard: Standard) -> Convention:
    if standard == "ASME":
        return rng.choice((text_source.ASME, Convention(".", "x", False), Convention(".", "X", False)))
    if standard == "GB":
        return rng.choice((text_source.GB, Convention(".", "×", False)))
    return rng.choice(
        (text_source.ISO, Convention(",", "x", False), Convention(",", "x", True), Convention(".", "×", False))
    )


def _furnish(furniture: Furniture, part: Part, rng: Random, style: SheetStyle) -> Area:
    """Frame, title block, tables and notes; returns the area left for the views."""
    em = furniture.drafting.em
    inner = furniture.frame(zone_marks=rng.random() < style.zone_marks)
    top = inner.top
    if rng.random() >= style.title_block:
        return Area(inner.left + em, top + em, inner.right - em, inner.bottom - em)
    block = furniture.title_block(inner, part.names)
    bottom = block.top
    if rng.random() < style.table:
        kind = rng.random()
        if kind < 0.4:
            top = furniture.revision_table(inner).bottom
        elif kind < 0.8:
            bottom = furniture.parts_table(block).top
        else:
            top = furniture.tolerance_table(inner).bottom
    if rng.random() < style.notes and block.left - inner.left > 12 * em:
        furniture.notes(Area(inner.left + em, bottom + em, block.left - em, inner.bottom))
    return Area(inner.left + em, top + em, inner.right - em, bottom - 0.5 * em)


def _draw_views(
    canvas: Canvas, drafting: Drafting, views: list[View], area: Area, rng: Random, style: SheetStyle
) -> None:
    draughtsman = Draughtsman(
        canvas,
        drafting,
        rng,
        decimals=rng.choice((None, None, None, 1, 2)),
        signs=style.signs,
        frames=style.frames,
        hatch_degrees=rng.choice((45.0, 45.0, 135.0)),
        modifiers=style.modifiers,
    )
    margin = 6.5 * drafting.em
    placed = _arrange(_with_further_views(views, area, margin, rng), area, margin)
    for view, scale, origin, _ in placed:
        draughtsman.outline(view, scale, origin)
    if not style.lettered:
        return
    for view, scale, origin, _ in placed:
        draughtsman.mark_cut(view, scale, origin)
    # What a detail shows is dimensioned there.
    for view, scale, origin, _ in sorted(placed, key=lambda place: -place[0].magnify):
        draughtsman.dimension(view, scale, origin, area)
    for view, scale, origin, cell in placed:
        draughtsman.title(view, scale, origin, cell)


def _with_further_views(views: list[View], area: Area, margin: float, rng: Random) -> list[View]:
    """The part's views, sometimes the last one turned, a detail enlarged, and a picture of a part beside them.

    What would make the other views small is left out.
    """
    views = list(views)
    if len(views) > 1 and rng.random() < 0.25:
        degrees = rng.choice((-1, 1)) * rng.choice((15.0, 20.0, 30.0, 30.0, 45.0, 60.0, rng.uniform(5, 80)))
        views[-1] = further_views.turned(views[-1], degrees, rng.choice(("B", "VIEW B", "B-B", "C", "D-D")))
    least = 0.65 * _scale(_best_rows(views, area, margin), area, margin)
    if rng.random() < 0.4:
        shown = rng.choice(views)
        form = rng.choice(("{}", "({})", "SCALE {}", "M {}", "{}"))
        found = further_views.detail(shown, rng, rng.choice("XYZEFKM"), form)
        if found is not None and _scale(_best_rows([*views, found.view], area, margin), area, margin) >= least:
            shown.outlines.append(found.circle)
            shown.features.append(found.mark)
            views.append(found.view)
    if rng.random() < 0.3:
        picture = further_views.picture(rng)
        if _scale(_best_rows([*views, picture], area, margin), area, margin) >= least:
            views.append(picture)
    return views


def _best_rows(views: list[View], area: Area, margin: float) -> list[list[View]]:
    candidates = [_rows(views, per_row) for per_row in range(1, len(views) + 1)]
    return max(candidates, key=lambda rows: _scale(rows, area, margin))


def _arrange(views: list[View], area: Area, margin: float) -> list[tuple[View, float, Point, Area]]:
    """Views in rows at one common scale, each in its own cell with at least `margin` pixels around it for dimensions.

    Returns view, pixels per millimetre, where its (0, 0) lies, and its cell.
    """
    rows = _best_rows(views, area, margin)
    scale = _scale(rows, area, margin)
    heights = [max(_size(view)[1] for view in row) * scale + 2 * margin for row in rows]
    spare_height = (area.height - sum(heights)) / len(rows)
    placed, top = [], area.top
    for row, height in zip(rows, heights, strict=True):
        bottom = top + height + spare_height
        widths = [_size(view)[0] * scale + 2 * margin for view in row]
        spare_width = (area.width - sum(widths)) / len(row)
        left = area.left
        for view, width in zip(row, widths, strict=True):
            cell = Area(left, top, left + width + spare_width, bottom)
            x0, y0, x1, y1 = view.bounds()
            own = scale * view.magnify
            origin = Point(
                (cell.left + cell.right) / 2 - own * (x0 + x1) / 2,
                (cell.top + cell.bottom) / 2 - own * (y0 + y1) / 2,
            )
            placed.append((view, own, origin, cell))
            left = cell.right
        top = bottom
    return placed


def _rows(views: list[View], per_row: int) -> list[list[View]]:
    return [list(row) for row in (views[i : i + per_row] for i in range(0, len(views), per_row))]


def _size(view: View) -> tuple[float, float]:
    """Width and height in millimetres of the sheet's scale."""
    x0, y0, x1, y1 = view.bounds()
    return view.magnify * (x1 - x0), view.magnify * (y1 - y0)


def _scale(rows: list[list[View]], area: Area, margin: float) -> float:
    """The largest scale in pixels per millimetre at which the rows fit."""
    across = min((area.width - 2 * margin * len(row)) / sum(_size(view)[0] for view in row) for row in rows)
    down = (area.height - 2 * margin * len(rows)) / sum(max(_size(view)[1] for view in row) for row in rows)
    return max(0.5, min(across, down))


def _points(polygon: Polygon) -> RegionPolygon:
    a, b, c, d = ((round(float(x), 2), round(float(y), 2)) for x, y in polygon)
    return a, b, c, d
