"""A contact sheet of a labelled batch: every picture with its polygons drawn, to look at in a browser."""

import html
import os
from pathlib import Path
from random import Random

from drawing_ocr.annotation import Annotation, Category
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.synthesis.batch import new_folder, write_batch, write_png
from drawing_ocr.synthesis.held_out.sheet import draw_held_out
from drawing_ocr.synthesis.line import draw_line
from drawing_ocr.synthesis.style import STYLES

_COLOURS = {
    Category.TEXT: "#1a6fd6",
    Category.DIMENSION: "#d62728",
    Category.SYMBOL: "#2a9d3a",
    Category.TABLE: "#b020b0",
    Category.TITLE_BLOCK: "#c08a00",
}

_LINES = 160

_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 14px sans-serif; margin: 1em; background: #eee }}
svg {{ display: block; width: 100%; background: white; margin: 0 0 1.5em }}
polygon {{ fill: transparent; stroke-width: 1.5 }}
polygon:hover {{ fill: #ff06 }}
b {{ margin-right: 1em }}
figure {{ display: inline-block; margin: .3em .6em; vertical-align: bottom }}
figure img {{ display: block; height: 36px }}
figcaption {{ font-size: 11px; color: #555 }}
</style>
<p>{legend}</p>
{body}
"""


def write_gallery(manifest: Path) -> Path:
    """Write `gallery.html` beside a `manifest.jsonl`; a polygon's text shows when the pointer rests on it.

    Returns the path of the page. Raises ManifestError when the manifest cannot be used.
    """
    folder = manifest.parent
    page = folder / "gallery.html"
    write_atomically(page, _page(folder.name, _sheets(manifest, folder)))
    return page


def write_showcase(out_dir: Path, seed: int) -> Path:
    """Write `index.html` with training lines, two sheets of every style and four held-out ones into an empty folder.

    Returns the path of the page; raises as `batch.write_batch`.
    """
    rng = Random(f"showcase {seed}")
    with new_folder(out_dir) as folder:
        (folder / "lines").mkdir()
        body = ["<h2>lines</h2><p>"]
        for number in range(_LINES):
            crop, text = draw_line(rng)
            write_png(folder / f"lines/{number:03d}.png", crop)
            said = html.escape(text)
            body.append(
                f'<figure><img src="lines/{number:03d}.png" alt="{said}"><figcaption>{said}</figcaption></figure>'
            )
        body.append("</p>")
        for name, style in STYLES.items():
            manifest = write_batch(folder / name, 2, seed, style)
            body.append(f"<h2>{name}</h2>{_sheets(manifest, folder)}")
        manifest = write_batch(folder / "held_out", 4, seed, draw=draw_held_out)
        body.append(f"<h2>held out</h2>{_sheets(manifest, folder)}")
        write_atomically(folder / "index.html", _page("what synthesis draws", "\n".join(body)))
    return out_dir / "index.html"


def _page(title: str, body: str) -> str:
    legend = " ".join(f'<b style="color:{colour}">{category}</b>' for category, colour in _COLOURS.items())
    return _PAGE.format(title=html.escape(title), legend=legend, body=body)


def _sheets(manifest: Path, folder: Path) -> str:
    return "\n".join(_sheet(annotation, folder) for annotation in load_manifest(str(manifest)).annotations)


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
