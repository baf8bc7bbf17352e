"""The model package of an embedder: a `model.tar.gz` with the files of a model folder, as an endpoint serves it."""

from __future__ import annotations

import tarfile
from pathlib import Path

from drawing_ocr.embedding.record import NETWORK_NAME, RECORD_NAME, EmbedderRecord, RecordError


def embedder_folder(folder: Path, work: Path) -> Path:
    """The model folder that an input holds.

    Args:
        folder: Holds a `model.tar.gz`, or its content.
        work: Folder to unpack into.

    Raises:
        RecordError: There is none, or its network is not that of its record.
    """
    found = folder
    if not (folder / RECORD_NAME).is_file():
        archives = sorted(folder.glob("*.tar.gz"))
        if len(archives) != 1:
            raise RecordError(f"{folder}: {len(archives)} archives in it: it must hold one model.tar.gz")
        found = _unpacked(archives[0], work)
    record = EmbedderRecord.load(found)
    if not (found / NETWORK_NAME).is_file() or not record.matches((found / NETWORK_NAME).read_bytes()):
        raise RecordError(f"{folder}: its network is not the one of its record: export it again")
    return found


def _unpacked(archive: Path, work: Path) -> Path:
    work.mkdir(parents=True)
    try:
        with tarfile.open(archive, "r:gz") as packed:
            packed.extractall(work, filter="data")  # nothing leads out of the folder, no devices
    except (tarfile.TarError, EOFError, OSError) as error:
        raise RecordError(f"{archive}: not a model.tar.gz: {error}") from error
    return work
