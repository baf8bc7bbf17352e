"""What the headers of a file tell of its pages."""

import io

import pytest
from PIL import Image

from drawing_ocr.reading import page_sizes


def file(kind: str, pages: int = 1) -> bytes:
    sheets = [Image.new("RGB", (720, 360), "white") for _ in range(pages)]
    content = io.BytesIO()
    sheets[0].save(content, kind, **({"save_all": True, "append_images": sheets[1:]} if pages > 1 else {}))
    return content.getvalue()


@pytest.mark.parametrize(
    ("data", "pages"),
    [(file("PNG"), 1), (file("TIFF", 3), 3), (file("PDF", 2), 2), (file("GIF", 2), 1), (b"nothing", 0)],
    ids=["picture", "TIFF", "PDF", "animation", "no image"],
)
def test_pages_are_counted_without_decoding(data: bytes, pages: int) -> None:
    assert page_sizes.count(data) == pages


def test_megapixels_are_those_of_all_pages() -> None:
    assert page_sizes.megapixels(file("TIFF", 3)) == pytest.approx(3 * 720 * 360 / 1e6)
    assert page_sizes.megapixels(b"nothing") == 0
