"""What a batch has done so far: `DIR/batch.json`, replaced as a whole whenever something is done."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cli.errors import OperatorError
from drawing_ocr.atomic_write import write_atomically

FILE = "batch.json"


class Entry(BaseModel):
    """A drawing that is done.

    Attributes:
        fingerprint: of the content that was read: another one is read again.
        problem: why it could not be read, in one line; None for one that was.
        texts: how many were read.
    """

    model_config = ConfigDict(frozen=True)

    fingerprint: str
    problem: str | None = None
    texts: int = 0


class Job(BaseModel):
    """A transform job that was ordered.

    Attributes:
        name: in SageMaker.
        number: 1, 2, … within the batch; its manifest and its answers lie below it.
        drawings: what it reads: fingerprints by name.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    number: int
    drawings: dict[str, str]


class Ledger(BaseModel):
    """A batch: where its drawings come from, which version reads them, what is done.

    Attributes:
        batch: its name in the data bucket.
        source: as the operator wrote it.
        version: the number of the model version; one batch is read by one version.
        jobs: how many were ordered.
        running: the one whose end was not seen yet. It is written down before it is started.
        drawings: those that are done, by name.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    batch: str
    source: str
    environment: str
    version: int
    jobs: int = 0
    running: Job | None = None
    drawings: dict[str, Entry] = {}

    model_config = ConfigDict(populate_by_name=True)

    def save(self, out: Path) -> None:
        """Writes it whole or not at all."""
        write_atomically(out / FILE, self.model_dump_json(indent=1, by_alias=True) + "\n")


def load(out: Path) -> Ledger | None:
    """The ledger of an earlier run in `out`, None where there was none."""
    file = out / FILE
    if not file.exists():
        return None
    try:
        return Ledger.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise OperatorError(
            f"{file}: not the ledger of a batch ({error.error_count()} errors): choose another --out, or remove it"
        ) from error
