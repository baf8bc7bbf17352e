from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drawing_ocr.reading.image import (
    PDF_DPI,
    ImageError,
    ImageTooLarge,
    Limits,
    UnreadableImage,
    UnsupportedImage,
    load_bytes,
    load_file,
)


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=form, **options)
    return buffer.getvalue()


def drawing(mode: str = "RGB") -> Image.Image:
    """40 wide, 20 high, white, the upper left quarter black."""
    picture = Image.new("L", (40, 20), 255)
    picture.paste(0, (0, 0, 20, 10))
    if mode == "LAB":  # Pillow converts it from nothing but RGB, and only by profiles
        return Image.merge("LAB", (picture, *(Image.new("L", picture.size, 128) for _ in "ab")))
    return picture.convert(mode)


def pdf(*sizes: tuple[float, float]) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for width, height in sizes:
        document.new_page(width, height)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "L"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("TIFF", "RGB"),
        ("TIFF", "1"),
        ("TIFF", "CMYK"),
        ("TIFF", "LAB"),
        ("TIFF", "P"),
        ("TIFF", "F"),
        ("BMP", "1"),
        ("BMP", "RGB"),
        ("WEBP", "RGB"),
    ],
)
def test_every_form_and_mode_gives_the_same_page(form: str, mode: str) -> None:
    (page,) = load_bytes(encoded(drawing(mode), form))
    assert page.shape == (20, 40, 3)
    assert page.dtype == np.uint8
    assert page[2:6, 2:14].mean() < 8
    assert page[14:, 24:].mean() > 247


def test_colours_come_in_bgr_order() -> None:
    (page,) = load_bytes(encoded(Image.new("RGB", (4, 4), (255, 0, 10)), "PNG"))
    assert page[0, 0].tolist() == [10, 0, 255]


def test_sixteen_bits_are_scaled_to_eight() -> None:
    values = np.full((20, 40), 65535, np.uint16)
    values[:10, :20] = 32768
    (page,) = load_bytes(encoded(Image.fromarray(values), "PNG"))
    assert page[0, 0].tolist() == [127, 127, 127]
    assert page[15, 30].tolist() == [255, 255, 255]


@pytest.mark.parametrize("order", ["<u2", ">u2"], ids=["Intel", "Motorola"])
@pytest.mark.parametrize("compression", ["raw", "tiff_deflate"])
def test_a_scan_of_sixteen_bits_is_read_in_either_byte_order(order: str, compression: str) -> None:
    values = np.full((20, 40), 4095, np.uint16)  # twelve bits in sixteen, as scanners write them
    values[:10, :20] = 100
    (page,) = load_bytes(encoded(Image.fromarray(values.astype(order)), "TIFF", compression=compression))
    assert page[2:6, 2:14].max() < 8
    assert page[14:, 24:].min() == 255


@pytest.mark.parametrize("compression", ["group3", "group4"])
@pytest.mark.parametrize("white_is", [0, 1])
def test_a_fax_of_one_bit_is_dark_on_light_whichever_bit_is_white(compression: str, white_is: int) -> None:
    data = encoded(drawing("1"), "TIFF", compression=compression, tiffinfo={262: white_is})
    (page,) = load_bytes(data)
    assert page[2:6, 2:14].max() == 0
    assert page[14:, 24:].min() == 255


def test_transparent_paper_is_white() -> None:
    (page,) = load_bytes(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"))
    assert page.min() == 255


def test_the_transparent_colours_of_a_palette_are_white_paper() -> None:
    picture = Image.new("P", (4, 4), 7)
    picture.putpalette([0, 0, 0] * 256)
    picture.putpixel((0, 0), 9)
    (page,) = load_bytes(encoded(picture, "PNG", transparency=bytes(0 if index == 7 else 255 for index in range(256))))
    assert page[0, 0].tolist() == [0, 0, 0]
    assert page[1:].min() == 255


# Where the dark upper left quarter lies when a viewer shows the picture as its orientation tag says.
_DARK: dict[int, tuple[slice, slice]] = {
    1: (slice(0, 10), slice(0, 20)),
    2: (slice(0, 10), slice(20, 40)),
    3: (slice(10, 20), slice(20, 40)),
    4: (slice(10, 20), slice(0, 20)),
    5: (slice(0, 20), slice(0, 10)),
    6: (slice(0, 20), slice(10, 20)),
    7: (slice(20, 40), slice(10, 20)),
    8: (slice(20, 40), slice(0, 10)),
}


@pytest.mark.parametrize("orientation", _DARK)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_photograph_is_turned_upright_as_its_exif_says(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (page,) = load_bytes(encoded(drawing(), form, exif=exif))
    assert page.shape == ((20, 40, 3) if orientation < 5 else (40, 20, 3))
    dark = np.zeros(page.shape[:2], bool)
    dark[_DARK[orientation]] = True
    assert page[dark].mean() < 30
    assert page[~dark].mean() > 225


def test_every_page_of_a_tiff_is_read() -> None:
    second = drawing().resize((10, 30))
    pages = list(load_bytes(encoded(drawing(), "TIFF", save_all=True, append_images=[second])))
    assert [page.shape for page in pages] == [(20, 40, 3), (30, 10, 3)]


def test_an_animation_is_one_page() -> None:
    data = encoded(drawing(), "WEBP", save_all=True, append_images=[Image.new("RGB", (40, 20))])
    assert len(list(load_bytes(data))) == 1


def test_pdf_pages_are_rendered_at_the_stated_resolution() -> None:
    pages = list(load_bytes(pdf((72, 144), (144, 36))))
    assert [page.shape for page in pages] == [(2 * PDF_DPI, PDF_DPI, 3), (PDF_DPI // 2, 2 * PDF_DPI, 3)]
    assert pages[0].min() == 255


def test_a_file_with_too_many_bytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "big.png"
    file.write_bytes(encoded(drawing(), "PNG"))
    with pytest.raises(ImageTooLarge, match=r"big\.png: .* MB"):
        load_file(file, Limits(file_bytes=50))


@pytest.mark.parametrize("data", [encoded(drawing(), "PNG"), pdf((72, 72))])
def test_a_page_with_too_many_pixels_is_refused_when_called(data: bytes) -> None:
    with pytest.raises(ImageTooLarge, match="megapixels"):
        load_bytes(data, limits=Limits(pixels=799))


@pytest.mark.parametrize(
    "data", [pdf((72, 72), (72, 72)), encoded(drawing(), "TIFF", save_all=True, append_images=[drawing()])]
)
def test_a_file_with_too_many_pages_is_refused(data: bytes) -> None:
    with pytest.raises(ImageTooLarge, match="2 pages"):
        load_bytes(data, limits=Limits(pages=1))


def test_a_pdf_page_that_would_be_rendered_too_large_is_refused_when_called() -> None:
    with pytest.raises(ImageTooLarge, match="megapixels"):
        load_bytes(pdf((72, 72), (14_400, 14_400)))


def test_a_decompression_bomb_is_refused_before_it_takes_memory() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10**6)))
    tracemalloc.start()
    with pytest.raises(ImageTooLarge, match="60000 × 60000"):
        load_bytes(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_a_truncated_picture_is_named_as_such(form: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = encoded(noise, form)
    with pytest.raises(UnreadableImage, match=r"scan\.x: damaged or truncated"):
        list(load_bytes(data[: len(data) // 2], name="scan.x"))


def test_a_broken_pdf_is_named_as_such() -> None:
    with pytest.raises(UnreadableImage, match="damaged"):
        load_bytes(b"%PDF-1.7\nnothing more")


def test_a_pdf_with_a_password_is_refused_with_what_to_do() -> None:
    # The standard security handler (ISO 32000, 7.6.3), with a user entry that the empty password does not make.
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >>",
    ]
    data, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"<< /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>"
    table = b"xref\n0 5\n0000000000 65535 f \n%btrailer\n%b\nstartxref\n%d\n%%%%EOF" % (entries, trailer, len(data))
    with pytest.raises(UnreadableImage, match=r"plan\.pdf: the PDF is encrypted: save it without a password"):
        load_bytes(data + table, name="plan.pdf")


def test_a_multi_page_tiff_that_breaks_off_gives_its_first_page_and_then_says_so() -> None:
    second = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = encoded(drawing("RGB"), "TIFF", save_all=True, append_images=[second])
    pages = load_bytes(data[:-6000], name="set.tif")
    assert next(pages).shape == (20, 40, 3)
    with pytest.raises(UnreadableImage, match=r"set\.tif: damaged or truncated"):
        next(pages)


def test_what_is_no_picture_is_unsupported() -> None:
    with pytest.raises(UnsupportedImage, match="not a PNG, JPEG") as caught:
        load_bytes(b"<svg/>", name="part.svg")
    assert caught.value.code == "UnsupportedImage"


def test_an_empty_and_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="empty"):
        load_bytes(b"")
    with pytest.raises(UnreadableImage, match="No such file"):
        load_file(tmp_path / "absent.png")


_VALID = [encoded(drawing(), form) for form in ("PNG", "JPEG", "TIFF", "BMP", "WEBP")] + [pdf((30, 30))]


@given(st.sampled_from(_VALID), st.data())
def test_damaged_bytes_give_pages_or_a_one_line_error(valid: bytes, data: st.DataObject) -> None:
    damaged = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    message, pages = "", []
    try:
        pages = list(load_bytes(bytes(damaged), limits=Limits(pixels=1_000_000)))
    except ImageError as error:
        message = str(error)
    assert "\n" not in message
    assert all(page.ndim == 3 and page.dtype == np.uint8 for page in pages)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        list(load_bytes(data, limits=Limits(pixels=1_000_000)))
    assert "\n" not in str(caught.value)
