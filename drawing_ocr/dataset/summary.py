"""`dataset.json`: what a dataset was made of."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.dataset import layout
from drawing_ocr.dataset.check import DatasetRejected
from drawing_ocr.dataset.manifest import ManifestReference
from drawing_ocr.validation import first_reason


class PartCounts(BaseModel):
    """How much of a dataset a part is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drawings: int
    lines: int


class DatasetSummary(BaseModel):
    """The content of `dataset.json`.

    Attributes:
        train: New drawings and lines that are trained on.
        val: New drawings and lines that validate.
        replay: Old drawings and lines that are trained on again.
        replay_share: Share of replayed lines among all that are trained on.
        characters: Size of the dictionary, without blank and space.
        new_characters: What was appended to the base dictionary, in order.
        quarantined: Files and lines that were set aside.
        duplicates: Drawings that were left out because they are there already.
        skipped_lines: Labelled lines too low to read.
        sources: Manifests of the new drawings.
        replay_sources: Manifests that the replay was drawn from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    seed: int
    val_ratio: float
    train: PartCounts
    val: PartCounts
    replay: PartCounts
    replay_share: float
    characters: int
    new_characters: tuple[str, ...]
    quarantined: int
    duplicates: int
    skipped_lines: int
    sources: tuple[ManifestReference, ...] = ()
    replay_sources: tuple[ManifestReference, ...] = ()

    @classmethod
    def load(cls, dataset: Path) -> Self:
        """The summary of a dataset folder.

        Raises:
            DatasetRejected: There is none, or of another form.
        """
        path = dataset / layout.SUMMARY
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise DatasetRejected(f"{path}: cannot be read ({error.strerror}): prepare the dataset first") from error
        except ValidationError as error:
            raise DatasetRejected(f"{path}: {first_reason(error)}") from error

    def to_json(self) -> str:
        """The content of `dataset.json`."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"
