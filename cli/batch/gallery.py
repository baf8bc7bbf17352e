"""Pictures of what was read: an overlay and a thumbnail a page, and one HTML page over all of them."""

import html
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from PIL import Image

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.reading.image import Page, load_bytes
from drawing_ocr.reading.overlay import draw_overlay
from drawing_ocr.reading.result import ReadingResult

# A screen wide: letters of 1.8 mm stay readable on an A3 sheet. A thousand sheets take some 300 MB.
OVERLAY_PIXELS = 2400
THUMBNAIL_PIXELS = 320
OVERLAY_QUALITY, THUMBNAIL_QUALITY = 80, 70


def write_pictures(picture: bytes, name: str, result: ReadingResult, overlays: Path, thumbnails: Path) -> None:
    """Writes `overlays/<name>.jpg` and a thumbnail of the first page; later pages get `<name>-2.jpg`, and so on.

    Args:
        picture: the file that was read.
        name: of the drawing, a relative path.
        result: what was read in it.
        overlays, thumbnails: folders.

    Raises:
        drawing_ocr.reading.image.ImageError: the file cannot be decoded here.
    """
    for number, page in enumerate(load_bytes(picture, name=name), 1):
        small, scaled = _scaled(page, result)
        drawn = draw_overlay(small, scaled, number=number)
        suffix = "" if number == 1 else f"-{number}"
        write_atomically(overlays / f"{name}{suffix}.jpg", _jpeg(drawn, OVERLAY_QUALITY))
        if number == 1:
            drawn.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
            write_atomically(thumbnails / f"{name}.jpg", _jpeg(drawn, THUMBNAIL_QUALITY))


def _scaled(page: Page, result: ReadingResult) -> tuple[Page, ReadingResult]:
    scale = OVERLAY_PIXELS / max(page.shape[:2])
    if scale >= 1:
        return page, result
    small = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    predictions = tuple(
        item.model_copy(update={"box": tuple((x * scale, y * scale) for x, y in item.box)})
        for item in result.predictions
    )
    return small, result.model_copy(update={"predictions": predictions})


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


@dataclass(frozen=True)
class Card:
    """A drawing in the gallery; `confidence` is that of its most doubtful text, None where it has none."""

    name: str
    texts: int
    confidence: float | None


def write_gallery(out: Path, title: str, cards: Iterable[Card], failures: Sequence[tuple[str, str]]) -> None:
    """Writes `out/index.html` over the folders `thumbnails`, `overlays` and `answers` beside it.

    Args:
        out: of the batch.
        title: one line.
        cards: the drawings that were read.
        failures: name and reason of those that were not.
    """
    parts = [_HEAD.format(title=html.escape(title))]
    if failures:
        rows = "".join(f"<tr><td>{html.escape(name)}<td>{html.escape(reason)}" for name, reason in failures)
        parts.append(f"<h2>{len(failures)} could not be read</h2><table>{rows}</table>")
    parts += ["<main>", *_cards(cards), "</main>"]
    write_atomically(out / "index.html", "\n".join(parts) + "\n")


def _cards(cards: Iterable[Card]) -> Iterator[str]:
    for card in cards:
        path, shown = quote(card.name), html.escape(card.name)
        doubt = "no text" if card.confidence is None else f"{card.texts} texts, the most doubtful {card.confidence:.0%}"
        yield (
            f'<figure><a href="overlays/{path}.jpg"><img loading="lazy" alt="{shown}" src="thumbnails/{path}.jpg"></a>'
            f'<figcaption>{shown}<br><small>{doubt} · <a href="answers/{path}.json">JSON</a></small></figcaption>'
            "</figure>"
        )


_HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 1rem; }}
figure {{ margin: 0; border: 1px solid #ddd; padding: .5rem; }}
img {{ width: 100%; height: 180px; object-fit: contain; background: #f6f6f6; }}
figcaption {{ overflow-wrap: anywhere; }}
td {{ padding: .2rem 1rem .2rem 0; vertical-align: top; }}
</style>
<h1>{title}</h1>
<p>Tables: <a href="texts.csv">texts.csv</a>, <a href="texts.parquet">texts.parquet</a>,
<a href="failures.csv">failures.csv</a></p>"""
