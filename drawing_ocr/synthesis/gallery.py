"""A contact sheet of a labelled batch: every picture with its polygons drawn, to look at in a browser."""

import html
import os
from pathlib import Path

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset.manifest import load_manifest

_COLOURS = {
    Category.TEXT: "#1a6fd6",
    Category.DIMENSION: "#d62728",
    Category.SYMBOL: "#2a9d3a",
    Category.TABLE: "#b020b0",
    Category.TITLE_BLOCK: "#c08a00",
}

_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14px sans-serif; margin: 1em; background: #eee }}
svg {{ display: block; width: 100%; background: white; margin: 0 0 1.5em }}
polygon {{ fill: transparent; stroke-width: 1.5 }}
polygon:hover {{ fill: #ff06 }}
b {{ margin-right: 1em }}
</style>
<p>{legend}</p>
{sheets}
"""


def write_gallery(manifest: Path) -> Path:
    """Write `gallery.html` beside a `manifest.jsonl`; a polygon's text shows when the pointer rests on it.

    Returns the path of the page. Raises ManifestError when the manifest cannot be used.
    """
    folder = manifest.parent
    batch = load_manifest(str(manifest))
    legend = " ".join(f'<b style="color:{colour}">{category}</b>' for category, colour in _COLOURS.items())
    sheets = "\n".join(_sheet(annotation, folder) for annotation in batch.annotations)
    page = folder / "gallery.html"
    write_atomically(page, _PAGE.format(title=html.escape(folder.name), legend=legend, sheets=sheets))
    return page


def _sheet(annotation: Annotation, folder: Path) -> str:
    image = os.path.relpath(annotation.image, folder)
    polygons = "".join(
        f'<polygon points="{" ".join(f"{x:g},{y:g}" for x, y in region.points)}" stroke="{_COLOURS[region.category]}">'
        f"<title>{html.escape(region.text)}</title></polygon>"
        for region in annotation.regions
    )
    return (
        f"<p>{html.escape(image)}</p>"
        f'<svg viewBox="0 0 {annotation.width} {annotation.height}">'
        f'<image href="{html.escape(image)}" width="{annotation.width}" height="{annotation.height}"/>{polygons}</svg>'
    )
