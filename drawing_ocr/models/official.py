"""The official PP-OCRv6 small reader as a model package that can be trained on, without a download.

The rapidocr wheel (Apache-2.0) carries the official detector and recogniser as ONNX. Their weights are copied layer by
layer into PaddleX's trainable classes; the outputs agree to 5e-4 (tests/drawing_ocr/models/test_official.py).
"""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from typing import Any, Final

import onnx
import paddle

from drawing_ocr.models import package
from drawing_ocr.models.detector import Detector
from drawing_ocr.models.export import export_detector, export_recogniser
from drawing_ocr.models.onnx_layers import assign, execution_order, read_layers
from drawing_ocr.models.recogniser import HEIGHT, Recogniser
from drawing_ocr.text import Charset

NAME: Final = "official-pp-ocrv6-small"
_DETECTOR_FILE: Final = "PP-OCRv6_det_small.onnx"
_RECOGNISER_FILE: Final = "PP-OCRv6_rec_small.onnx"


class OfficialWeightsMissing(RuntimeError):
    """rapidocr is not installed, or another release of it carries other models."""


def detector_onnx() -> Path:
    """The official detector in the installed rapidocr wheel.

    Raises:
        OfficialWeightsMissing: it is not there.
    """
    return _official(_DETECTOR_FILE)


def recogniser_onnx() -> Path:
    """The official recogniser in the installed rapidocr wheel.

    Raises:
        OfficialWeightsMissing: it is not there.
    """
    return _official(_RECOGNISER_FILE)


def official_charset() -> Charset:
    """The dictionary of the official recogniser."""
    metadata = {item.key: item.value for item in onnx.load(recogniser_onnx()).metadata_props}
    return Charset.parse(metadata["character"])


def import_recogniser() -> Recogniser:
    """The official recogniser with trainable weights."""
    recogniser = Recogniser(official_charset())
    image = paddle.zeros([1, 3, HEIGHT, 160])
    assign(execution_order(recogniser.network, lambda: recogniser.logits(image)), read_layers(recogniser_onnx()))
    return recogniser


def import_detector() -> Detector:
    """The official detector with trainable weights."""
    detector = Detector()
    image = paddle.zeros([1, 3, 160, 160])
    order = execution_order(detector.network, lambda: detector.probability(image))
    assign(_in_graph_order(order, detector.network.model.neck), read_layers(detector_onnx()))
    return detector


def build_official_package(out: Path) -> Path:
    """Writes the official reader as `model.tar.gz`.

    Args:
        out: the archive to write; it appears only when it is complete.

    Returns:
        `out`.

    Raises:
        OfficialWeightsMissing: the rapidocr wheel is not there or holds other models.
    """
    with tempfile.TemporaryDirectory(prefix="official-") as temporary:
        directory = Path(temporary)
        export_detector(import_detector(), directory / package.DETECTOR)
        recogniser = import_recogniser()
        export_recogniser(recogniser, directory / package.RECOGNISER)
        package.describe(directory, name=NAME)
        package.pack(directory, out)
    return out


def _official(name: str) -> Path:
    spec = importlib.util.find_spec("rapidocr")  # importing it would load OpenCV and ONNX Runtime
    locations = list(spec.submodule_search_locations or []) if spec else []
    for location in locations:
        path = Path(location) / "models" / name
        if path.is_file():
            return path
    raise OfficialWeightsMissing(f"{name} is not in the installed rapidocr: install rapidocr==3.10.0")


def _in_graph_order(order: list[Any], neck: Any) -> list[Any]:
    """Puts the neck's branches from the coarsest to the finest, as the exported graph runs them."""
    branches = [*reversed(list(neck.insert_conv)), *reversed(list(neck.input_conv))]
    layers = [{id(layer) for layer in branch.sublayers()} for branch in branches]
    inside = [index for index, layer in enumerate(order) if any(id(layer) in branch for branch in layers)]
    first, last = inside[0], inside[-1]
    reordered = [layer for branch in layers for layer in order[first : last + 1] if id(layer) in branch]
    return [*order[:first], *reordered, *order[last + 1 :]]
