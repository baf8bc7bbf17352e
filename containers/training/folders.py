"""Where SageMaker puts things. Source: SageMaker developer guide, "How Amazon SageMaker Provides Training Information"
and "Build Your Own Processing Container"."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drawing_ocr.models import package


class InputMissing(ValueError):
    """An input that the job needs is not there; the message is one line."""


@dataclass(frozen=True)
class TrainingFolders:
    """Below `/opt/ml`, or below `SAGEMAKER_BASE_DIR`."""

    base: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> TrainingFolders:
        return cls(Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")))

    @property
    def hyperparameters(self) -> Path:
        return self.base / "input" / "config" / "hyperparameters.json"

    @property
    def resources(self) -> Path:
        return self.base / "input" / "config" / "resourceconfig.json"

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def checkpoints(self) -> Path:
        return self.base / "checkpoints"

    @property
    def data(self) -> Path:
        return self.base / "output" / "data"

    @property
    def failure(self) -> Path:
        return self.base / "output" / "failure"

    def channel(self, name: str) -> Path:
        """Folder of a channel.

        Raises:
            InputMissing: The job has no such channel, or it is empty.
        """
        return _filled(self.base / "input" / "data" / name, f"channel {name!r}")

    def has_channel(self, name: str) -> bool:
        return _has_files(self.base / "input" / "data" / name)


@dataclass(frozen=True)
class ProcessingFolders:
    """Below `/opt/ml/processing`, or below `SAGEMAKER_PROCESSING_DIR`; `message` is what SageMaker shows on failure."""

    base: Path
    message: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> ProcessingFolders:
        return cls(
            Path(environment.get("SAGEMAKER_PROCESSING_DIR", "/opt/ml/processing")),
            Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "output" / "message",
        )

    def input(self, name: str) -> Path:
        """Folder of an input.

        Raises:
            InputMissing: It is not there or empty.
        """
        return _filled(self.base / name, f"input {name!r}")

    def has_input(self, name: str) -> bool:
        return _has_files(self.base / name)

    def output(self, name: str) -> Path:
        """Folder of an output, made if missing."""
        folder = self.base / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def model_package(folder: Path, work: Path) -> tuple[Path, str]:
    """The model package that an input holds.

    Args:
        folder: Holds a `model.tar.gz`, or its content.
        work: Folder that is not there yet, to unpack into.

    Returns:
        The unpacked package, and the SHA-256 of the archive (of an unpacked one: over its files).

    Raises:
        drawing_ocr.models.package.PackageError: There is none, or it cannot be used.
    """
    if (folder / package.INFO_NAME).is_file():
        package.check_folder(folder)
        return folder, package.folder_sha256(folder)
    archives = sorted(folder.glob("*.tar.gz"))
    if len(archives) != 1:
        raise package.PackageError(f"{folder}: {len(archives)} archives in it: it must hold one model.tar.gz")
    package.unpack(archives[0], work)
    return work, package.file_sha256(archives[0])


def _filled(folder: Path, what: str) -> Path:
    if not _has_files(folder):
        raise InputMissing(f"{what} is missing or empty ({folder}): give the job this input")
    return folder


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))
