"""What the tests of reading need: the official networks of the rapidocr wheel, as a package; sheets with known text."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image, ImageDraw, ImageFont

from drawing_ocr.models import package
from drawing_ocr.reading.detector import Detector
from drawing_ocr.reading.reader import Reader, ReadingSettings
from drawing_ocr.reading.recogniser import Recogniser
from drawing_ocr.reading.result import ModelName
from drawing_ocr.reading.session import Session

Page = npt.NDArray[np.uint8]


def official(name: str) -> Path:
    spec = importlib.util.find_spec("rapidocr")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "models" / name


DETECTOR = official("PP-OCRv6_det_small.onnx")
RECOGNISER = official("PP-OCRv6_rec_small.onnx")


def characters() -> list[str]:
    metadata = onnxruntime.InferenceSession(str(RECOGNISER)).get_modelmeta().custom_metadata_map
    return str(metadata["character"]).split("\n")


def open_reader(settings: ReadingSettings, *, threads: int = 1) -> Reader:
    return Reader(
        Detector(Session(DETECTOR, threads=threads), settings.detector),
        Recogniser(Session(RECOGNISER, threads=threads), characters()),
        ModelName(name="official", version="1"),
        settings,
    )


def write_package(folder: Path) -> Path:
    """An unpacked package that can be read with; what only training needs is empty."""
    for part, network in ((package.DETECTOR, DETECTOR), (package.RECOGNISER, RECOGNISER)):
        (folder / part).mkdir(parents=True)
        shutil.copy(network, folder / part / package.ONNX_NAME)
        for name in (package.CONFIG_NAME, package.WEIGHTS_NAME, "inference.json", "inference.pdiparams"):
            (folder / part / name).write_bytes(b"{}")
    (folder / package.RECOGNISER / package.DICTIONARY_NAME).write_text("\n".join(characters()) + "\n", "utf-8")
    package.describe(folder, name="official")
    return folder


def sheet(texts: dict[str, tuple[int, int, int]], size: tuple[int, int] = (800, 600), height: int = 40) -> Page:
    """A white page with texts, each at (x, y) of its upper left on the page, turned counter-clockwise by degrees."""
    font = ImageFont.load_default(height)
    paper = Image.new("L", size, 255)
    for text, (x, y, degrees) in texts.items():
        left, top, right, bottom = font.getbbox(text)
        word = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 255)
        ImageDraw.Draw(word).text((2 - left, 2 - top), text, font=font, fill=0)
        paper.paste(word.rotate(degrees, expand=True, fillcolor=255), (x, y))
    return np.repeat(np.asarray(paper)[:, :, None], 3, axis=2)
