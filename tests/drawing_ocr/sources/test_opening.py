from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from drawing_ocr.reading.image import ImageError, ImageTooLarge, Limits
from drawing_ocr.sources.opening import open_bytes, open_file


def picture(form: str, *, pages: int = 1, dpi: tuple[int, int] | None = None) -> bytes:
    size = (40, 20)
    buffer = io.BytesIO()
    options: dict[str, object] = {"dpi": dpi} if dpi else {}
    more = [Image.new("L", size, 255) for _ in range(pages - 1)]
    if more:
        options |= {"save_all": True, "append_images": more}
    Image.new("L", size, 255).save(buffer, format=form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize(("stated", "dpi"), [((300, 300), 300), ((72, 72), None), ((96, 96), None), (None, None)])
def test_the_resolution_is_what_the_file_states_where_it_can_be_that_of_paper(
    form: str, stated: tuple[int, int] | None, dpi: float | None
) -> None:
    (page,) = open_bytes(picture(form, dpi=stated))
    assert page.dpi == (None if dpi is None else pytest.approx(dpi, abs=0.1))
    assert page.unread is page.pixels


def test_every_page_of_a_tiff_has_its_own_resolution() -> None:
    pages = list(open_bytes(picture("TIFF", pages=3, dpi=(200, 200))))
    assert [page.dpi for page in pages] == [200, 200, 200]


def test_a_fax_with_flat_pixels_is_warned_of() -> None:
    (page,) = open_bytes(picture("TIFF", dpi=(204, 98)))
    assert page.dpi is None
    assert page.warnings == ("pixels are not square (204 × 98 dpi): scan at one resolution, letters look flat",)


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("part.dwg", b"AC1032\0\0\0\0", "part.dwg: DWG is a closed format: save it as DXF"),
        ("part.dxf", b"  0\r\nSECTION\r\n  2\r\nnothing\r\n", "part.dxf: "),
        ("part.pdf", b"%PDF-1.7\n", "part.pdf: damaged or truncated"),
        ("part.png", b"\x89PNG\r\n", "part.png: damaged or truncated"),
        ("part.step", b"ISO-10303-21;", "part.step: not a PNG, JPEG, TIFF, BMP, WebP or PDF file: convert it"),
        ("part.tif", b"", "part.tif: the file is empty"),
    ],
)
def test_bad_input_is_refused_in_one_line_that_names_it_and_a_remedy(
    tmp_path: Path, name: str, data: bytes, part: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        list(open_file(file))
    assert str(caught.value).startswith(f"{tmp_path}/{part}")
    assert "\n" not in str(caught.value)
    assert ": " in str(caught.value).removeprefix(f"{tmp_path}/{part}") or "convert it" in part or "DXF" in part


def test_limits_hold_for_every_kind(tmp_path: Path) -> None:
    file = tmp_path / "big.tif"
    file.write_bytes(picture("TIFF", pages=3))
    with pytest.raises(ImageTooLarge, match="3 pages"):
        open_file(file, Limits(pages=2))
    with pytest.raises(ImageTooLarge, match="MB"):
        open_file(file, Limits(file_bytes=10))


def test_a_server_reads_no_dxf() -> None:
    with pytest.raises(ImageError, match="DXF is not read by an endpoint: `drawingops read` without --endpoint"):
        open_bytes(b"  0\nSECTION\n", name="part.dxf")
