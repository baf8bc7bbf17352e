"""A contact sheet of hits: one HTML file beside its pictures, the similar region framed."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from drawing_ocr.atomic_write import write_atomically

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1.25rem }
figure { margin: 0; border: 1px solid #d5dae0; border-radius: 6px; overflow: hidden }
figure.asked { border: 2px solid #0b57d0; max-width: 26rem; margin-bottom: 1.5rem }
.picture { position: relative; background: #fff } .picture img { display: block; width: 100% }
.picture svg { position: absolute; inset: 0; width: 100%; height: 100% }
polygon { fill: #0b57d01f; stroke: #0b57d0; stroke-width: 2; vector-effect: non-scaling-stroke }
figcaption { padding: .5rem .75rem } .score { float: right; font-variant-numeric: tabular-nums; font-weight: 600 }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; margin: .25rem 0 0; font-size: 13px }
dt { color: #59636e } dd { margin: 0 } .same { font-size: 13px; color: #59636e }
"""


class Card(BaseModel):
    """One hit as it is shown.

    Attributes:
        name: of the drawing.
        score: 0 to 1; None = found by words.
        picture: file name beside the sheet; None = there is none.
        size: of the page in pixels, in which `box` is.
        box: corners of the region that is similar; None = found by words.
        facts: what is known of it, by name.
        same: what else is the same part, one line each.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    score: float | None = None
    picture: str | None = None
    size: tuple[int, int] = (1, 1)
    box: tuple[tuple[float, float], ...] | None = None
    facts: dict[str, str] = {}
    same: tuple[str, ...] = ()


def write_contact_sheet(file: Path, title: str, asked: Card | None, hits: Sequence[Card]) -> None:
    """Writes the sheet; pictures lie beside it under the names of the cards."""
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    first = [f"<figure class=asked>{_figure(asked)}</figure>"] if asked else []
    cards = "".join(f"<figure>{_figure(card)}</figure>" for card in hits)
    rest = f"<main>{cards}</main>" if hits else "<p>Nothing is similar.</p>"
    write_atomically(file, "\n".join([head, f"<h1>{escape(title)}</h1>", *first, rest]).encode())


def _figure(card: Card) -> str:
    score = "" if card.score is None else f"<span class=score>{card.score:.3f}</span>"
    facts = "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in card.facts.items() if value)
    same = "".join(f"<div class=same>{escape(line)}</div>" for line in card.same)
    return f"{_picture(card)}<figcaption>{score}{escape(card.name)}<dl>{facts}</dl>{same}</figcaption>"


def _picture(card: Card) -> str:
    if card.picture is None:
        return ""
    width, height = card.size
    frame = ""
    if card.box:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in card.box)
        frame = f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio=none><polygon points="{points}"/></svg>'
    return f'<div class=picture><img src="{escape(card.picture)}" alt="{escape(card.name)}">{frame}</div>'
