"""Labels for tests: random ones, and small drawings with text that is really there."""

from pathlib import Path

import cv2
import numpy as np
from hypothesis import strategies as st

from drawing_ocr.annotation import Annotation, Category, Region
from drawing_ocr.dataset.picture import Pixels

WIDTH, HEIGHT = 1200, 900

# What a file in UTF-8 can hold.
any_text = st.text(st.characters(codec="utf-8"), max_size=12)
readable_text = any_text.filter(lambda text: text.strip() and text not in {"###", "other_info"})


@st.composite
def quadrilaterals(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    """Rectangles of any turn within the page, with slightly moved corners: what people draw around text."""
    width, height = draw(st.floats(12, 200)), draw(st.floats(12, 60))
    turn = draw(st.floats(-np.pi, np.pi))
    middle = np.array([draw(st.floats(150, WIDTH - 150)), draw(st.floats(150, HEIGHT - 150))])
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moved = draw(st.lists(st.floats(-1.5, 1.5), min_size=8, max_size=8))
    points = corners @ rotation + middle + np.reshape(moved, (4, 2))
    return tuple((float(x), float(y)) for x, y in points)


def regions(text: st.SearchStrategy[str] = readable_text) -> st.SearchStrategy[Region]:
    """Readable regions, and ignored ones without text."""
    readable = st.builds(Region, points=quadrilaterals(), text=text, category=st.sampled_from(Category))
    unreadable = st.builds(
        Region, points=quadrilaterals(), text=st.just(""), category=st.sampled_from(Category), ignore=st.just(True)
    )
    return readable | unreadable


def annotations(text: st.SearchStrategy[str] = readable_text) -> st.SearchStrategy[Annotation]:
    """Annotations of one page size."""
    return st.builds(
        Annotation,
        image=st.sampled_from(["s3://bucket/labels/b/images/x.png", "/data/ein blatt.png", "/data/图纸.tiff"]),
        version_id=st.none() | st.just("3sL4kqtJlcpXroDTDmJ"),
        width=st.just(WIDTH),
        height=st.just(HEIGHT),
        regions=st.lists(regions(text), max_size=4).map(tuple),
    )


def rectangle(left: float, top: float, width: float, height: float) -> tuple[tuple[float, float], ...]:
    """An upright box as a region has it."""
    return ((left, top), (left + width, top), (left + width, top + height), (left, top + height))


def region(text: str, box: tuple[tuple[float, float], ...], category: Category = Category.DIMENSION) -> Region:
    """A readable region."""
    return Region.model_validate({"points": box, "text": text, "category": category})


def drawn_sheet(seed: int, lines: int = 6) -> tuple[Pixels, tuple[Region, ...]]:
    """A sheet of its own for every seed: random strokes and numbers, with the numbers' boxes.

    Returns:
        (600, 800, 3) uint8 and the regions.
    """
    generator = np.random.default_rng(seed)
    pixels = np.full((600, 800, 3), 255, np.uint8)
    for _ in range(12):
        start, end = generator.integers(0, 600, (2, 2)).tolist()
        cv2.line(pixels, start, end, (0, 0, 0), 3, cv2.LINE_AA)
    labelled = []
    for index in range(lines):
        text = f"{generator.integers(10, 9999)}.{seed}"
        left, top = int(generator.integers(10, 500)), 20 + index * 95
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
        cv2.rectangle(pixels, (left - 4, top - 4), (left + width + 4, top + height + 4), (255, 255, 255), -1)
        cv2.putText(pixels, text, (left, top + height), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
        labelled.append(region(text, rectangle(left - 2, top - 2, width + 4, height + 4)))
    return pixels, tuple(labelled)


def sheet_file(folder: Path, seed: int, name: str | None = None, lines: int = 6) -> Annotation:
    """A drawn sheet as a PNG in a folder, and its annotation."""
    pixels, labelled = drawn_sheet(seed, lines)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"sheet-{seed}.png")
    cv2.imwrite(str(path), pixels)
    return Annotation(image=str(path), width=800, height=600, regions=labelled)
