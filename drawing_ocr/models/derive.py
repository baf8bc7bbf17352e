"""A new version out of an old one: a trained recogniser beside the detector as it was."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

from drawing_ocr.models import package
from drawing_ocr.models.export import export_recogniser
from drawing_ocr.models.recogniser import Recogniser

NAME: Final = "drawing-reader"


def write_derived_package(
    base: Path,
    recogniser: Recogniser,
    directory: Path,
    *,
    parent: package.Parent,
    training: dict[str, Any],
    metrics: dict[str, Any],
) -> package.PackageInfo:
    """Writes the unpacked package of a new version.

    Args:
        base: Unpacked package of the version that was trained on from.
        recogniser: Its trained successor.
        directory: Made if missing; must be empty otherwise.
        parent: How the base is called.
        training: Hyperparameters and dataset summary.
        metrics: What training measured.
    """
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copytree(base / package.DETECTOR, directory / package.DETECTOR)
    export_recogniser(recogniser, directory / package.RECOGNISER)
    # The same detector and nearly the same network: the base's map stays true for it (docs/reading.md).
    calibration = package.read_info(base).calibration
    return package.describe(
        directory, name=NAME, parent=parent, training=training, metrics=metrics, calibration=calibration
    )
