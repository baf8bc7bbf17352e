"""The reader that the project ships: the official one, trained further on drawings that the project draws itself.

`drawing_ocr/models/default/` holds the recogniser's weights in half precision, its dictionary, and the record of how it
was made (`python -m drawing_ocr.training.default_reader`); `shipped_detector.py` has the detector's. The package built
from them is complete: it reads, and training goes on from it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import paddle
from pydantic import BaseModel, ConfigDict

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.models import package, shipped_detector
from drawing_ocr.models.calibration import Calibration
from drawing_ocr.models.export import export_detector, export_recogniser
from drawing_ocr.models.recogniser import Recogniser
from drawing_ocr.text import Charset

NAME: Final = "drawing-reader-default"
FOLDER: Final = Path(__file__).with_name("default")
WEIGHTS: Final = "recogniser.npz"
RECORD: Final = "record.json"
CALIBRATION: Final = "calibration.json"


class Record(BaseModel):
    """How the shipped reader was made, and what it was measured to read then.

    Attributes:
        made_by: The command.
        options: Of training.
        sheets: Drawn for it.
        lines: Trained on, drawn ones included.
        hours: Of training, all attempts.
        metrics: Shares of lines, before and after, as training measured them.
        weights_sha256: Of the weights' file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_by: str
    options: dict[str, object]
    sheets: int
    lines: int
    hours: float
    metrics: dict[str, object]
    weights_sha256: str


class _KeptCalibration(BaseModel):
    """`calibration.json`, made by `python -m drawing_ocr.training.default_calibration`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights_sha256: str
    calibration: Calibration


def keep(recogniser: Recogniser, folder: Path) -> str:
    """Writes weights and dictionary of the recogniser as they are shipped; the SHA-256 of the weights' file.

    Half precision: half the size of what is trained, and the same texts (tests/drawing_ocr/models/test_shipped.py).
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.numpy().astype(np.float16) for name, value in recogniser.state().items()}
    np.savez_compressed(folder / WEIGHTS, **state)
    recogniser.charset.save(folder / package.DICTIONARY_NAME)
    return package.file_sha256(folder / WEIGHTS)


def write_record(record: Record, folder: Path) -> None:
    """Writes the record beside the weights."""
    write_atomically(folder / RECORD, record.model_dump_json(indent=2) + "\n")


def read_record(folder: Path = FOLDER) -> Record:
    """How the reader in the folder was made."""
    return Record.model_validate_json((folder / RECORD).read_bytes())


def write_calibration(calibration: Calibration, folder: Path) -> None:
    """Writes the calibration of the confidence beside the weights that it is of."""
    kept = _KeptCalibration(weights_sha256=read_record(folder).weights_sha256, calibration=calibration)
    write_atomically(folder / CALIBRATION, kept.model_dump_json(indent=2) + "\n")


def read_calibration(folder: Path = FOLDER) -> Calibration | None:
    """The calibration of the reader in the folder; None where there is none, or it is of other weights."""
    if not (folder / CALIBRATION).is_file():
        return None
    kept = _KeptCalibration.model_validate_json((folder / CALIBRATION).read_bytes())
    return kept.calibration if kept.weights_sha256 == read_record(folder).weights_sha256 else None


def load_recogniser(folder: Path = FOLDER) -> Recogniser:
    """The shipped recogniser, with weights that can be trained on."""
    recogniser = Recogniser(Charset.load(folder / package.DICTIONARY_NAME))
    with np.load(folder / WEIGHTS) as state:
        recogniser.load_state({name: paddle.to_tensor(value.astype(np.float32)) for name, value in state.items()})
    return recogniser


def build_shipped_package(out: Path, folder: Path = FOLDER) -> Path:
    """Writes the shipped reader as `model.tar.gz`.

    Args:
        out: The archive to write; it appears only when it is complete.
        folder: Of weights, dictionary and records, the detector's among them.

    Returns:
        `out`.
    """
    record = read_record(folder)
    with tempfile.TemporaryDirectory(prefix="shipped-") as temporary:
        directory = Path(temporary)
        export_detector(shipped_detector.load(folder), directory / package.DETECTOR)
        export_recogniser(load_recogniser(folder), directory / package.RECOGNISER)
        training = {"hyperparameters": record.options, "dataset": {"sheets": record.sheets, "lines": record.lines}}
        package.describe(
            directory, name=NAME, training=training, metrics=record.metrics, calibration=read_calibration(folder)
        )
        package.pack(directory, out)
    return out
