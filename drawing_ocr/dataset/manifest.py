"""Labelled batches (`manifest.jsonl`) and run manifests (`run.json`).

Where the bytes come from is the caller's: a `Fetch` reads a path, or in a container an S3 URI by version id.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from drawing_ocr.annotation import Annotation, AnnotationError
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.contract import Contract

Fetch = Callable[[str, str | None], bytes]
"""(location, version id) -> content. Raises OSError when nothing is there."""


class ManifestError(ValueError):
    """A manifest that cannot be used at all; its text is one line with the reason."""


def read_local(location: str, version_id: str | None = None) -> bytes:
    """The `Fetch` of plain paths.

    Raises:
        OSError: Nothing can be read there.
    """
    if version_id is not None:
        raise FileNotFoundError(f"{location}: files on disk have no version {version_id!r}")
    return Path(location).read_bytes()


@dataclass(frozen=True)
class RejectedLine:
    """A line of a manifest that is no annotation.

    Attributes:
        manifest: Location of the manifest.
        line: Number of the line, from 1.
        content: The line as it stands.
        reason: What is wrong, in one line that names manifest and line.
    """

    manifest: str
    line: int
    content: str
    reason: str


@dataclass(frozen=True)
class LabelledBatch:
    """What a `manifest.jsonl` says: the drawings, locations made absolute, and the lines that cannot be used."""

    location: str
    annotations: tuple[Annotation, ...]
    rejected: tuple[RejectedLine, ...]


def parse_manifest(content: str | bytes, *, location: str) -> LabelledBatch:
    """A labelled batch from the content of its manifest.

    Args:
        content: JSON Lines, UTF-8.
        location: S3 URI or path of the manifest; relative picture locations are resolved against it.

    Raises:
        ManifestError: Not UTF-8, or without any drawing.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise ManifestError(f"{location}: not UTF-8 (byte {error.start}): write the manifest as UTF-8") from error
    annotations: list[Annotation] = []
    rejected: list[RejectedLine] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            annotation = Annotation.parse(line, where=f"{location} line {number}")
        except AnnotationError as error:
            rejected.append(RejectedLine(location, number, line, str(error)))
            continue
        annotations.append(annotation.model_copy(update={"image": resolve(annotation.image, location)}))
    if not annotations and not rejected:
        raise ManifestError(f"{location}: an empty batch: a manifest has one drawing a line")
    return LabelledBatch(location, tuple(annotations), tuple(rejected))


def load_manifest(location: str, fetch: Fetch = read_local, version_id: str | None = None) -> LabelledBatch:
    """Fetch and parse a `manifest.jsonl`.

    Raises:
        ManifestError: Nothing is there, or as `parse_manifest`.
    """
    return parse_manifest(_fetched(location, fetch, version_id), location=location)


def manifest_text(annotations: Sequence[Annotation]) -> str:
    """The content of a `manifest.jsonl`: one drawing a line, in order."""
    return "".join(f"{annotation.model_dump_json()}\n" for annotation in annotations)


def write_manifest(path: Path, annotations: Sequence[Annotation]) -> None:
    """Write a `manifest.jsonl` whole or not at all."""
    write_atomically(path, manifest_text(annotations))


def resolve(image: str, manifest: str) -> str:
    """The absolute location of a picture that a manifest names.

    Args:
        image: S3 URI, absolute path, or path relative to the manifest.
        manifest: S3 URI or path of the manifest.
    """
    if "://" in image or image.startswith("/"):
        return image
    scheme, separator, path = manifest.rpartition("://")
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), image))
    return f"{scheme}{separator}{joined}"


class ManifestReference(BaseModel):
    """One version of one labelled batch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str = Field(min_length=1)
    version_id: str | None = None
    etag: str | None = None


class RunManifest(Contract):
    """`run.json`: which batches one training run learns from; written once, never changed.

    Attributes:
        run_id: Names the run; the last part of its folder.
        created: When, with a time zone.
        manifests: The batches. The run manifest of a replay may have none: a first version has learned from no batch.
        reason: Why the run was started, for people.
    """

    fault = ManifestError
    indent = 2

    schema_version: Literal[1] = Field(default=1, alias="schema")
    run_id: str = Field(min_length=1)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    manifests: tuple[ManifestReference, ...]
    reason: str = ""

    @classmethod
    def load(cls, location: str, fetch: Fetch = read_local, version_id: str | None = None) -> Self:
        """Fetch and parse a `run.json`.

        Raises:
            ManifestError: Nothing is there, or as `parse`.
        """
        return cls.parse(_fetched(location, fetch, version_id), where=location)

    def save(self, path: Path) -> None:
        """Write a `run.json` whole or not at all."""
        write_atomically(path, self.to_json())


def _fetched(location: str, fetch: Fetch, version_id: str | None) -> bytes:
    try:
        return fetch(location, version_id)
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise ManifestError(f"{location}: cannot be read ({reason}): upload it or correct the location") from error
