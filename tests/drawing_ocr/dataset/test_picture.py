"""Picture files are looked at before they are decoded."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawing_ocr.dataset.picture import PictureError, decode_picture, signature
from tests.drawing_ocr.labels import drawn_sheet


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


GREY = Image.fromarray(np.arange(60 * 80, dtype=np.uint8).reshape(60, 80))


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "x.png"), ("JPEG", "X.JPG"), ("TIFF", "x.tif"), ("BMP", "x.bmp"), ("WEBP", "x.webp")]
)
def test_every_kind_is_decoded_to_bgr(kind: str, name: str) -> None:
    picture = decode_picture(encoded(GREY.convert("RGB"), kind), name)
    assert picture.pixels.shape == (60, 80, 3)
    assert (picture.width, picture.height) == (80, 60)
    assert picture.pixels.dtype == np.uint8


def test_colours_are_in_opencv_order() -> None:
    picture = decode_picture(encoded(Image.new("RGB", (4, 4), (200, 100, 50)), "PNG"), "x.png")
    assert picture.pixels[0, 0].tolist() == [50, 100, 200]


def test_ink_on_a_transparent_ground_stays_visible() -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.putpixel((2, 3), (0, 0, 0, 255))
    pixels = decode_picture(encoded(image, "PNG"), "x.png").pixels
    assert pixels[3, 2].tolist() == [0, 0, 0]
    assert pixels[0, 0].tolist() == [255, 255, 255]


def test_sixteen_bit_greys_keep_their_tones() -> None:
    image = Image.fromarray(np.array([[0, 32768], [65535, 65535]], np.uint16))
    pixels = decode_picture(encoded(image, "PNG"), "x.png").pixels
    assert pixels[:, :, 0].tolist() == [[0, 127], [255, 255]]


def test_bilevel_scans_are_decoded() -> None:
    image = Image.new("1", (40, 20), 1)
    pixels = decode_picture(encoded(image, "TIFF", compression="group4"), "x.tiff").pixels
    assert pixels.shape == (20, 40, 3)
    assert pixels.min() == 255


def test_a_turned_photograph_is_decoded_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode_picture(encoded(GREY, "JPEG", exif=exif), "x.jpg")
    assert (picture.width, picture.height) == (60, 80)


@pytest.mark.parametrize("data", [b"", b"not a picture", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError, match="not a picture"):
        decode_picture(data, "x.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 300), np.uint8))
    whole = encoded(noise, kind)
    name = f"x.{kind.lower()}"
    assert decode_picture(whole, name).width == 300
    with pytest.raises(PictureError):
        decode_picture(whole[: len(whole) // 2], name)


def test_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="100000 × 100000 pixels are more than 160000000"):
        decode_picture(bomb, "x.png")
    with pytest.raises(PictureError, match="80 × 60 pixels are more than 4799"):
        decode_picture(encoded(GREY, "PNG"), "x.png", max_pixels=4799)
    assert decode_picture(encoded(GREY, "PNG"), "x.png", max_pixels=4800).width == 80


@pytest.mark.parametrize("name", ["x.png", "x.tiff", "x", "x.jpg.pdf"])
def test_a_mislabelled_picture_is_refused(name: str) -> None:
    with pytest.raises(PictureError, match="is JPEG although its name ends in"):
        decode_picture(encoded(GREY, "JPEG"), name)


def test_a_picture_of_several_pages_is_refused() -> None:
    data = encoded(GREY, "TIFF", save_all=True, append_images=[GREY])
    with pytest.raises(PictureError, match="several pages"):
        decode_picture(data, "x.tif")


def test_the_signature_of_a_sheet_outlives_another_resolution_but_not_another_sheet() -> None:
    sheet, other = drawn_sheet(1)[0], drawn_sheet(2)[0]
    half = np.asarray(Image.fromarray(sheet).resize((400, 300)))
    ours, smaller, theirs = signature(sheet), signature(half), signature(other)
    assert ours[:-1] @ smaller[:-1] > 0.98
    assert ours[:-1] @ theirs[:-1] < 0.8
    assert ours[-1] == pytest.approx(np.log(800 / 600))


def test_a_blank_sheet_has_a_signature() -> None:
    assert np.isfinite(signature(np.full((50, 60, 3), 255, np.uint8))).all()
