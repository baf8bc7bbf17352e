"""Image files to upright pages: PNG, JPEG, TIFF, BMP, WebP and PDF; limits are checked before anything is decoded."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

Page = npt.NDArray[np.uint8]

# PDF pages are vector drawings: at 200 dpi the smallest lettering of ISO 3098 (1.8 mm) is 14 pixels high, and an A0
# sheet has 62 megapixels.
PDF_DPI: Final = 200
POINTS_PER_INCH: Final = 72.0
FORMATS: Final = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_SIGNATURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"RIFF")
_PDF_HEADER_WITHIN: Final = 1024  # bytes; readers accept junk before %PDF- (ISO 32000, annex H)

# PDFium may run in one thread of a process at a time.
PDFIUM: Final = threading.Lock()

# Pillow warns at 89 megapixels and refuses 179; an A0 scan at 300 dpi has 140. `Limits` is checked instead.
Image.MAX_IMAGE_PIXELS = None


class ImageError(ValueError):
    """A file that cannot be read as a drawing; the message is one line, `code` is for programs."""

    @property
    def code(self) -> str:
        return type(self).__name__


class UnreadableImage(ImageError):
    """Damaged, truncated, encrypted or empty."""


class UnsupportedImage(ImageError):
    """Not a picture, or in a form that is not read."""


class ImageTooLarge(ImageError):
    """More bytes, pixels or pages than allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before decoding.

    Attributes:
        file_bytes: Of the file.
        pixels: Of one page; the default is an A0 sheet at 400 dpi (15.7 × 18.7 thousand) and a little.
        pages: Of one file.
    """

    file_bytes: int = 500_000_000
    pixels: int = 300_000_000
    pages: int = 100


def load_file(path: Path, limits: Limits = Limits()) -> Iterator[Page]:
    """The upright pages of a file, one after the other; see `load_bytes`.

    Raises:
        ImageError: as `load_bytes`, or no such file.
    """
    try:
        size = path.stat().st_size
        check_bytes(size, str(path), limits)
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"{path}: {error.strerror or error}: name an image file that can be read") from error
    return load_bytes(data, name=str(path), limits=limits)


def load_bytes(data: bytes, *, name: str = "image", limits: Limits = Limits()) -> Iterator[Page]:
    """The upright pages of an encoded image, one after the other.

    Sizes of all pages are checked before the first is decoded; pages are decoded when they are asked for, so that one
    is in memory at a time.

    Args:
        data: The file's bytes; its kind is taken from the content.
        name: What errors call it.
        limits: What is refused.

    Returns:
        Pages as uint8 [height, width, 3] in BGR order, EXIF orientation applied, transparency on white, 16 bits scaled
        to 8, vector pages at `PDF_DPI`.

    Raises:
        UnreadableImage, UnsupportedImage, ImageTooLarge: when called, or for the later pages when they are asked for.
    """
    if not data:
        raise UnreadableImage(f"{name}: the file is empty: send an image")
    check_bytes(len(data), name, limits)
    if is_pdf(data):
        return _pdf_pages(data, name, limits)
    return _picture_pages(data, name, limits)


def is_pdf(data: bytes) -> bool:
    """Whether a file's content is a PDF document."""
    return b"%PDF-" in data[:_PDF_HEADER_WITHIN]


def check_bytes(size: int, name: str, limits: Limits) -> None:
    """Raises ImageTooLarge where a file has more bytes than are read."""
    if size > limits.file_bytes:
        raise ImageTooLarge(
            f"{name}: {size / 1e6:.1f} MB, at most {limits.file_bytes / 1e6:g} MB are read: "
            "compress it, or send it in parts"
        )


def _check_pixels(width: int, height: int, name: str, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise ImageTooLarge(
            f"{name}: {width} × {height} pixels, at most {limits.pixels / 1e6:g} megapixels are read: "
            "scan at a lower resolution, or cut it"
        )


def _check_pages(pages: int, name: str, limits: Limits) -> None:
    if pages > limits.pages:
        raise ImageTooLarge(f"{name}: {pages} pages, at most {limits.pages} are read: split the file")


def _picture_pages(data: bytes, name: str, limits: Limits) -> Iterator[Page]:
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        if data.startswith(_SIGNATURES):
            raise UnreadableImage(
                f"{name}: damaged or truncated (no image follows its first bytes): fetch it again"
            ) from error
        raise UnsupportedImage(f"{name}: not a PNG, JPEG, TIFF, BMP, WebP or PDF file: convert it") from error
    except Exception as error:  # decoders raise whatever the damage leads them to
        raise _unreadable(name, error) from error
    # Only TIFF has pages; frames of an animation and the second picture of a phone's JPEG are not.
    pages = 1
    try:
        if picture.format == "TIFF":
            pages = int(getattr(picture, "n_frames", 1))
        _check_pages(pages, name, limits)
        for number in range(pages):
            if pages > 1:
                picture.seek(number)
            _check_pixels(*picture.size, name, limits)
    except ImageError:
        raise
    except Exception as error:
        raise _unreadable(name, error) from error
    return _decode(picture, pages, name)


def _decode(picture: Image.Image, pages: int, name: str) -> Iterator[Page]:
    for number in range(pages):
        try:
            if pages > 1:
                picture.seek(number)
            page = _to_bgr(ImageOps.exif_transpose(picture))
        except Exception as error:
            raise _unreadable(name, error) from error
        yield page


def _to_bgr(picture: Image.Image) -> Page:
    if picture.mode.startswith("I") or picture.mode == "F":
        grey = _eight_bits(np.asarray(picture))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        picture = paper
    pixels = np.asarray(picture.convert("RGB"))
    return np.ascontiguousarray(pixels[:, :, ::-1])


def _eight_bits(values: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Grey of 10 to 32 bits or floating point to 8 bits: the brightest value is paper, whatever full scale was."""
    grey = np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(grey.max(initial=0.0))
    return np.clip(grey * (255.0 / max(largest, 1e-6)), 0, 255).astype(np.uint8)


def open_pdf(data: bytes, name: str, limits: Limits) -> tuple[pypdfium2.PdfDocument, int]:
    """A PDF document and how many pages it has, all of them within the limits at `PDF_DPI`.

    Raises:
        UnreadableImage, ImageTooLarge: see there.
    """
    scale = PDF_DPI / POINTS_PER_INCH
    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(data)
            pages = len(document)
            _check_pages(pages, name, limits)
            for number in range(pages):
                width, height = document.get_page_size(number)
                _check_pixels(math.ceil(width * scale), math.ceil(height * scale), name, limits)
        except ImageError:
            raise
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise UnreadableImage(f"{name}: the PDF is encrypted: save it without a password") from error
            raise _unreadable(name, error) from error
    if pages == 0:
        raise UnreadableImage(f"{name}: the PDF has no pages: save it again")
    return document, pages


def open_pdf_page(document: pypdfium2.PdfDocument, number: int, name: str) -> pypdfium2.PdfPage:
    """A page, from 0. The caller holds `PDFIUM`. Raises UnreadableImage."""
    try:
        return document[number]
    except pypdfium2.PdfiumError as error:
        raise _unreadable(name, error) from error


def render_pdf_page(page: pypdfium2.PdfPage, name: str) -> Page:
    """A page at `PDF_DPI` as `load_bytes` gives it. The caller holds `PDFIUM`. Raises UnreadableImage."""
    try:
        pixels = page.render(scale=PDF_DPI / POINTS_PER_INCH, rev_byteorder=False, prefer_bgrx=False).to_numpy()
    except pypdfium2.PdfiumError as error:
        raise _unreadable(name, error) from error
    return np.ascontiguousarray(pixels[:, :, :3] if pixels.shape[2] >= 3 else pixels.repeat(3, axis=2))


def _pdf_pages(data: bytes, name: str, limits: Limits) -> Iterator[Page]:
    return _render(*open_pdf(data, name, limits), name)


def _render(document: pypdfium2.PdfDocument, pages: int, name: str) -> Iterator[Page]:
    try:
        for number in range(pages):
            with PDFIUM:
                page = open_pdf_page(document, number, name)
                pixels = render_pdf_page(page, name)
                page.close()
            yield pixels
    finally:
        with PDFIUM:
            document.close()


def _unreadable(name: str, error: Exception) -> UnreadableImage:
    reason = " ".join(str(error).split()) or type(error).__name__
    return UnreadableImage(f"{name}: damaged or truncated ({reason}): save or fetch it again")
