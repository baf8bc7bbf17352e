"""The detector that the project ships: the official one, trained further on sheets that the project draws itself.

`drawing_ocr/models/default/` holds its weights in half precision and the record of how it was made
(`python -m drawing_ocr.training.default_detector`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import paddle
from pydantic import BaseModel, ConfigDict

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.models import package
from drawing_ocr.models.detector import Detector

FOLDER: Final = Path(__file__).with_name("default")
WEIGHTS: Final = "detector.npz"
RECORD: Final = "detector.json"


class Measured(BaseModel):
    """What a reader with the detector finds on drawn sheets of other seeds.

    Attributes:
        precision, recall, hmean: Of the boxes, at IoU 0.5 of the oriented polygons.
        exact_f1: Of texts that were found and read exactly.
        false_per_megapixel: Readings on views without text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: float
    recall: float
    hmean: float
    exact_f1: float
    false_per_megapixel: float


class DetectorRecord(BaseModel):
    """How the shipped detector was made, and what it was measured to find then.

    Attributes:
        made_by: The command.
        options: Of training.
        steps: Done.
        pieces: Of sheets that were trained on.
        hours: Of training, all attempts.
        official, trained: What is found before and after.
        weights_sha256: Of the weights' file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_by: str
    options: dict[str, object]
    steps: int
    pieces: int
    hours: float
    official: Measured
    trained: Measured
    weights_sha256: str


def keep(detector: Detector, folder: Path) -> str:
    """Writes the weights of the detector as they are shipped, in half precision; the SHA-256 of their file."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.numpy().astype(np.float16) for name, value in detector.network.state_dict().items()}
    np.savez_compressed(folder / WEIGHTS, **state)
    return package.file_sha256(folder / WEIGHTS)


def write_record(record: DetectorRecord, folder: Path) -> None:
    """Writes the record beside the weights."""
    write_atomically(folder / RECORD, record.model_dump_json(indent=2) + "\n")


def read_record(folder: Path = FOLDER) -> DetectorRecord:
    """How the detector in the folder was made."""
    return DetectorRecord.model_validate_json((folder / RECORD).read_bytes())


def load(folder: Path = FOLDER) -> Detector:
    """The shipped detector, with weights that can be trained on."""
    detector = Detector()
    with np.load(folder / WEIGHTS) as state:
        weights = {name: paddle.to_tensor(value.astype(np.float32)) for name, value in state.items()}
    detector.network.set_state_dict(weights)
    return detector
