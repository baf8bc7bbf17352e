"""The training job of an embedder: SageMaker's folders and hyperparameters into `drawing_ocr.training`."""

from __future__ import annotations

import signal
import tempfile
import threading
from pathlib import Path

import yaml

from containers.training.embedder_package import embedder_folder
from containers.training.folders import TrainingFolders
from containers.training.hyperparameters import read_options
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.embedding.record import EmbedderRecord, RecordError
from drawing_ocr.training.embedder_drawings import DrawingsError, OwnDrawings
from drawing_ocr.training.embedder_tuning import EmbedderTuning, tune_embedder
from drawing_ocr.training.recogniser import TrainingInterrupted

EMBEDDER_FORESEEN = (DrawingsError, RecordError)


def train_embedder(folders: TrainingFolders) -> None:
    """Trains and leaves the next version in the folder that SageMaker packs.

    Raises:
        TrainingInterrupted: SIGTERM came; the same job started again goes on.
    """
    tuning = read_options(folders.hyperparameters, EmbedderTuning)
    drawings = folders.channel("training")
    # Between two steps, not within one: half a step is no state to go on from.
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with tempfile.TemporaryDirectory(prefix="base-embedder-") as temporary:
        base = embedder_folder(folders.channel("model"), Path(temporary) / "embedder")
        write_atomically(folders.data / "config.yaml", _config(tuning, base, drawings))
        folders.checkpoints.mkdir(parents=True, exist_ok=True)
        folders.model.mkdir(parents=True, exist_ok=True)
        record = tune_embedder(
            base, drawings, folders.model, tuning=tuning, checkpoints=folders.checkpoints, stopped=stopped.is_set
        )
    if record is None:
        raise TrainingInterrupted("stopped by SIGTERM: start the same job again to continue")
    print(f"{record.name}/{record.version}: {record.metrics}", flush=True)


def _config(tuning: EmbedderTuning, base: Path, drawings: Path) -> str:
    """What this run was made of, to repeat it."""
    content = {
        "hyperparameters": tuning.model_dump(),
        "base_model_sha256": EmbedderRecord.load(base).sha256,
        "drawings_digest": OwnDrawings.load(drawings).digest,
    }
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
