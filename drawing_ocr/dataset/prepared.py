"""One labelled drawing turned into the files of a dataset: its picture and its crops."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset import layout
from drawing_ocr.dataset.check import Fingerprint, open_drawing
from drawing_ocr.dataset.crop import MIN_HEIGHT, TRAINING_MARGIN, VALIDATION_MARGIN, Margin, rectify, text_size
from drawing_ocr.dataset.picture import Picture, signature
from drawing_ocr.dataset.split import Split, drawing_id
from drawing_ocr.formats.paddleocr import LabelledCrop, LabelledImage
from drawing_ocr.text import canonical

_FAST_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # crops are small and many


@dataclass(frozen=True)
class PreparedDrawing:
    """A drawing whose files are written.

    Attributes:
        drawing: As `drawing_id` gives it.
        labelled: Its line of the detection list; texts are canonical.
        crops: Its lines of the recognition list.
        skipped: How many readable lines are too low to read.
        fingerprint: To find duplicates by.
    """

    drawing: str
    labelled: LabelledImage
    crops: tuple[LabelledCrop, ...]
    skipped: int
    fingerprint: Fingerprint


def prepare_drawing(
    annotation: Annotation, data: bytes, folder: Path, *, side: Split, replay: bool, seed: int, max_pixels: int
) -> PreparedDrawing:
    """Check a drawing and write its picture (as it came) and its crops below a dataset folder.

    Args:
        annotation: Its labels.
        data: Its picture file.
        folder: The dataset.
        side: Lines to train on are cut with random margins, lines to validate with the same one.
        replay: Whether it is replayed.
        seed: Of the random margins.
        max_pixels: Larger pictures are refused before they are decoded.

    Raises:
        PictureError: The picture is bad or does not fit its labels; nothing is written.
    """
    picture = open_drawing(annotation, data, max_pixels=max_pixels)
    image = layout.image_path(annotation, replay=replay)
    regions = tuple(region.model_copy(update={"text": canonical(region.text)}) for region in annotation.regions)
    labelled = LabelledImage(image, regions)
    target = folder / image
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    (folder / layout.crop_path(image, 0)).parent.mkdir(parents=True)
    crops = []
    skipped = 0
    for index, region in enumerate(regions):
        if region.ignore or not region.text:
            continue
        if text_size(region.points)[1] < MIN_HEIGHT:
            skipped += 1
            continue
        name = layout.crop_path(image, index)
        _write_crop(picture, region.points, folder / name, _margin(name, side, seed))
        crops.append(LabelledCrop(name, region.text))
    texts = tuple(region.text for region in regions if not region.ignore)
    fingerprint = Fingerprint(annotation.image, picture.sha256, signature(picture.pixels), texts)
    return PreparedDrawing(drawing_id(annotation.image), labelled, tuple(crops), skipped, fingerprint)


def discard_drawing(prepared: PreparedDrawing, folder: Path) -> None:
    """Remove the files of a drawing from a dataset folder."""
    (folder / prepared.labelled.image).unlink()
    shutil.rmtree(folder / PurePosixPath(layout.crop_path(prepared.labelled.image, 0)).parent)


def _margin(crop: str, side: Split, seed: int) -> Margin:
    if side is Split.VAL:
        return Margin.even(VALIDATION_MARGIN)
    digest = hashlib.sha256(f"{seed}\n{crop}".encode()).digest()
    return Margin.random(*TRAINING_MARGIN, np.random.default_rng(int.from_bytes(digest[:8], "big")))


def _write_crop(picture: Picture, points: tuple[tuple[float, float], ...], target: Path, margin: Margin) -> None:
    written, encoded = cv2.imencode(".png", rectify(picture.pixels, points, margin), _FAST_PNG)
    if not written:
        raise OSError(f"{target}: the crop could not be encoded")
    target.write_bytes(encoded.tobytes())
