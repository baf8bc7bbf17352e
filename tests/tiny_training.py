"""A tiny model package and dataset: training in seconds."""

from __future__ import annotations

from pathlib import Path
from random import Random

import cv2

from drawing_ocr.models import package
from drawing_ocr.models.detector import Detector
from drawing_ocr.models.export import export_detector, export_recogniser
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.synthesis.line import DEFAULT_RECIPE, crop_of
from drawing_ocr.text import Charset

BASE_CHARACTERS = "0123456789.R"
"""The untrained base knows these; the dataset brings ⌀ as a new one."""


def write_base(folder: Path) -> Path:
    """An unpacked package with the official architectures, a small dictionary and untrained weights."""
    export_detector(Detector(), folder / package.DETECTOR)
    export_recogniser(Recogniser(Charset(tuple(BASE_CHARACTERS))), folder / package.RECOGNISER)
    package.describe(folder, name="untrained")
    return folder


def write_dataset(folder: Path) -> Path:
    """32 lines to train on, 8 to validate, in the dataset layout."""
    rng = Random(0)
    for name, count in (("train", 32), ("val", 8)):
        rows = []
        for index in range(count):
            text = f"{rng.choice(['⌀', 'R', ''])}{rng.randint(1, 99)}"
            crop = f"crops/{name}-{index}.png"
            (folder / "crops").mkdir(exist_ok=True)
            cv2.imwrite(str(folder / crop), crop_of(rng, text, DEFAULT_RECIPE))
            rows.append(f"{crop}\t{text}\n")
        (folder / f"rec_{name}.txt").write_text("".join(rows), "utf-8")
    Charset(tuple(f"{BASE_CHARACTERS}⌀")).save(folder / "dict.txt")
    return folder
