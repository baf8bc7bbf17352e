"""Draws the examples of the labelling guideline: what a good box looks like, and what is typed for it.

The drawings come from `drawing_ocr.synthesis`, so that what stands in a box is known and not somebody's reading of it.
Writes `web/annotator/src/pages/guideline/examples/`: a picture an example, and `examples.json`.

    .venv/bin/python scripts/guideline_pictures.py
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Annotation, Region
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import PLOTTED

FOLDER = Path(__file__).resolve().parents[1] / "web" / "annotator" / "src" / "pages" / "guideline" / "examples"
MARGIN = 45  # pixels of drawing around the box
AROUND = 2  # pixels between the ink and the line that is drawn, so that both are seen
SIDE = (26, 90, 168)[::-1]  # the page's accent colour, in OpenCV's order
TOP = (168, 35, 31)[::-1]  # the side along which the text begins to be read
UNREADABLE_BLUR = 4.5  # standard deviation in pixels: a person sees that there is text, and not which


@dataclass(frozen=True)
class Example:
    """A text of a sheet.

    Attributes:
        name: of the picture.
        seed: of the sheet.
        text: which stands there, canonical; the first of this text is taken.
        category: the text's, where the same text stands there as something else too.
        unreadable: it is made so.
    """

    name: str
    seed: int
    text: str
    category: str | None = None
    unreadable: bool = False


EXAMPLES = (
    Example("dimension-diameter", 4, "⌀39.6 r8"),
    Example("dimension-vertical", 2, "⌀62 P12/g11"),
    Example("dimension-count", 0, "4× ⌀9.00"),
    Example("dimension-chamfer", 5, "1.00×45°"),
    Example("symbol-frame", 5, "⊥ ⌀0.015Ⓜ B E"),
    Example("symbol-roughness", 4, "Ra 12.5"),
    Example("symbol-datum", 0, "E", "symbol"),
    Example("table-cell", 0, "S235JR"),
    Example("table-chinese", 3, "公差修改"),
    Example("title-name", 3, "阶梯轴"),
    Example("title-tolerance", 5, "ISO 2768-fH"),
    Example("text-note", 0, "2. PRESS FIT AFTER COOLING"),
    Example("unreadable", 1, "48.1", unreadable=True),
)


@functools.cache
def sheet(seed: int) -> tuple[npt.NDArray[np.uint8], Annotation]:
    return draw_sheet(seed, PLOTTED)


def region_of(example: Example) -> Region:
    """Raises LookupError where the sheet has no such text: synthesis has changed, choose another."""
    same_text = [region for region in sheet(example.seed)[1].regions if region.text == example.text]
    texts = [region for region in same_text if example.category in (None, region.category)]
    if not texts:
        raise LookupError(f"sheet {example.seed} has no text {example.text!r}: choose another for {example.name}")
    return texts[0]


def picture_of(example: Example) -> npt.NDArray[np.uint8]:
    """The box with some of its surroundings, (height, width, 3) uint8."""
    grey, _ = sheet(example.seed)
    corners = np.array(region_of(example).points)
    low = np.maximum(np.floor(corners.min(axis=0)) - MARGIN, 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + MARGIN, [grey.shape[1], grey.shape[0]]).astype(int)
    crop = grey[low[1] : high[1], low[0] : high[0]]
    if example.unreadable:
        crop = cv2.GaussianBlur(crop, (0, 0), UNREADABLE_BLUR).astype(np.uint8)
    coloured = cv2.cvtColor(np.repeat(np.repeat(crop, 2, axis=0), 2, axis=1), cv2.COLOR_GRAY2BGR)
    middle = corners.mean(axis=0)
    outline = corners + AROUND * np.sign((corners - middle).round())
    box = ((outline - low) * 2).round().astype(np.int32)
    cv2.polylines(coloured, [box], True, SIDE, 2, cv2.LINE_AA)
    cv2.line(coloured, box[0].tolist(), box[1].tolist(), TOP, 3, cv2.LINE_AA)
    return coloured.astype(np.uint8)


def main() -> None:
    """Writes the pictures and their list."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    listed = []
    for example in EXAMPLES:
        picture, region = picture_of(example), region_of(example)
        cv2.imwrite(str(FOLDER / f"{example.name}.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        listed.append(
            {
                "name": example.name,
                "category": region.category.value,
                "text": "###" if example.unreadable else region.text,
                "width": picture.shape[1] // 2,
                "height": picture.shape[0] // 2,
            }
        )
    (FOLDER / "examples.json").write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
