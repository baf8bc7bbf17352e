"""Picture files of labelled batches, looked at before they are decoded."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

# An A0 sheet at 300 dpi has 139 million pixels; three bytes each, and two are in memory at a time.
MAX_PIXELS = 160_000_000

# Pillow warns at 89 megapixels and refuses 179; our own limit is checked instead.
Image.MAX_IMAGE_PIXELS = None

_SUFFIXES = {
    "PNG": {".png"},
    "JPEG": {".jpg", ".jpeg"},
    "TIFF": {".tif", ".tiff"},
    "BMP": {".bmp"},
    "WEBP": {".webp"},
}

# Side of the thumbnail that two scans of one drawing are compared by, and the blur that forgives a shifted scan.
_SIGNATURE_SIDE = 64
_SIGNATURE_BLUR = 1.5

Pixels = NDArray[np.uint8]


class PictureError(ValueError):
    """A picture that cannot be trained on; its text is the reason in one line, without the picture's name."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: (height, width, 3) uint8, BGR as OpenCV has it, upright, transparent parts white.
        sha256: Of the file's bytes, hexadecimal.
    """

    pixels: Pixels
    sha256: str

    @property
    def width(self) -> int:
        """Pixels of the upright picture."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels of the upright picture."""
        return int(self.pixels.shape[0])


def decode_picture(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode a picture file, turned upright as its EXIF data says.

    Args:
        data: The file.
        name: Its name or location; the suffix must agree with the content.
        max_pixels: More are refused before they are decoded.

    Raises:
        PictureError: Not a picture, truncated, of several pages, too large, or of another kind than its name says.
    """
    suffix = PurePosixPath(name).suffix.lower()
    try:
        image = Image.open(io.BytesIO(data), formats=sorted(_SUFFIXES))
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureError(f"not a picture ({len(data)} bytes): give PNG, JPEG, TIFF, BMP or WebP") from error
    with image:
        # MPO is what Pillow calls a JPEG with a second picture behind the first, as some cameras write it.
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        if suffix not in _SUFFIXES[kind]:
            raise PictureError(f"is {kind} although its name ends in {suffix or 'nothing'}: rename it")
        if image.width * image.height > max_pixels:
            raise PictureError(
                f"{image.width} × {image.height} pixels are more than {max_pixels}: scan it at a lower resolution"
            )
        if kind == "TIFF" and getattr(image, "n_frames", 1) > 1:
            raise PictureError("has several pages: give one picture for each labelled page")
        try:
            ImageOps.exif_transpose(image, in_place=True)
            pixels = _as_bgr(image)
        except (OSError, ValueError, SyntaxError, MemoryError) as error:
            reason = " ".join(str(error).split())
            raise PictureError(f"truncated or broken ({reason}): save or upload it again") from error
    return Picture(pixels, hashlib.sha256(data).hexdigest())


def signature(pixels: Pixels) -> NDArray[np.float32]:
    """What two scans of one drawing share: its ink, seen from far away.

    Args:
        pixels: (height, width, 3) uint8.

    Returns:
        (4097,) float32 of length 1 but for the last element, the logarithm of the aspect ratio. The dot product of two
        without their last elements is their correlation.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    ink = 255.0 - cv2.resize(grey, (_SIGNATURE_SIDE, _SIGNATURE_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), _SIGNATURE_BLUR), dtype=np.float32)
    ink -= ink.mean()
    norm = float(np.linalg.norm(ink)) or 1.0
    aspect = np.log(pixels.shape[1] / pixels.shape[0])
    return np.append(ink.ravel() / norm, aspect).astype(np.float32)


def _as_bgr(image: Image.Image) -> Pixels:
    """The pixels with as few copies as possible: an A0 sheet takes half a gigabyte a time. Closes the image."""
    if image.mode.startswith(("I", "F")):  # 16 and 32 bit greys, which Pillow would clip at 255
        values = np.asarray(image, dtype=np.float32)
        scale = 65535.0 if values.max(initial=0) > 255 else 255.0
        image = Image.fromarray((values.clip(0, scale) * (255.0 / scale)).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        # CAD exports draw black on nothing: on a black ground they would vanish.
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(paper, layered)
    if image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    conversion = cv2.COLOR_GRAY2BGR if image.mode == "L" else cv2.COLOR_RGB2BGR
    image.close()
    return np.asarray(cv2.cvtColor(pixels, conversion), dtype=np.uint8)
