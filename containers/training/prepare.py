"""The Prepare job: manifests and pictures out of S3 into `drawing_ocr.dataset`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field

from containers.training import failure
from containers.training.arguments import ArgumentsError, parse
from containers.training.folders import InputMissing, ProcessingFolders, model_package
from drawing_ocr.annotation import Annotation
from drawing_ocr.dataset.build import build_dataset
from drawing_ocr.dataset.manifest import (
    Fetch,
    ManifestReference,
    RejectedLine,
    RunManifest,
    load_manifest,
    read_local,
)
from drawing_ocr.models import package
from drawing_ocr.text import Charset

_FORESEEN = (*failure.FORESEEN, ArgumentsError, InputMissing)


class PrepareOptions(BaseModel):
    """How the dataset is made.

    Attributes:
        replay_ratio: Share of lines from what earlier versions learned.
        val_ratio: Share of new drawings that validate.
        seed: Of split, replay and crops.
    """

    model_config = ConfigDict(frozen=True)

    replay_ratio: float = Field(default=0.3, ge=0, lt=1)
    val_ratio: float = Field(default=0.2, gt=0, lt=1)
    seed: int = Field(default=0, ge=0)


def main() -> int:
    """Runs the job; the exit status."""
    folders = ProcessingFolders.from_environment()
    return failure.guarded(
        lambda: _prepare(folders, parse(PrepareOptions, sys.argv[1:])), folders.message, foreseen=_FORESEEN
    )


def _prepare(folders: ProcessingFolders, options: PrepareOptions) -> None:
    fetch = _fetch()
    run = _run_manifest(folders.input("run"))
    new, rejected = _annotations(run, fetch)
    old: list[Annotation] = []
    replay = _run_manifest(folders.input("replay")) if folders.has_input("replay") else None
    if replay is not None:
        old, _ = _annotations(replay, fetch)  # what was unreadable then was set aside then
    print(f"run={run.run_id} manifests={len(run.manifests)} drawings={len(new)} old_drawings={len(old)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="base-model-") as temporary:
        base, _ = model_package(folders.input("model"), Path(temporary) / "package")
        charset = Charset.load(base / package.RECOGNISER / package.DICTIONARY_NAME)
    summary = build_dataset(
        new,
        old,
        charset,
        folders.output("dataset"),
        replay_ratio=options.replay_ratio,
        val_ratio=options.val_ratio,
        seed=options.seed,
        quarantine_dir=folders.output("quarantine"),
        open_image=fetch,
        rejected=rejected,
        sources=run.manifests,
        replay_sources=replay.manifests if replay else (),
    )
    print(
        f"train_lines={summary.train.lines} val_lines={summary.val.lines} replay_lines={summary.replay.lines} "
        f"new_characters={''.join(summary.new_characters) or 'none'} quarantined={summary.quarantined}",
        flush=True,
    )


def _run_manifest(folder: Path) -> RunManifest:
    files = sorted(folder.glob("*.json"))
    if len(files) != 1:
        raise InputMissing(f"{folder}: {len(files)} JSON files in it: it must hold one run manifest")
    return RunManifest.load(str(files[0]))


def _annotations(run: RunManifest, fetch: Fetch) -> tuple[list[Annotation], list[RejectedLine]]:
    annotations: list[Annotation] = []
    rejected: list[RejectedLine] = []
    for reference in run.manifests:
        batch = _load(reference, fetch)
        annotations += batch.annotations
        rejected += batch.rejected
    return annotations, rejected


def _load(reference: ManifestReference, fetch: Fetch) -> Any:
    return load_manifest(reference.uri, fetch, reference.version_id)


def _fetch() -> Fetch:
    """Reads S3 URIs by version, and plain paths."""
    client: Any = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))

    def fetch(location: str, version_id: str | None) -> bytes:
        parts = urlsplit(location)
        if parts.scheme != "s3":
            return read_local(location, version_id)
        version = {"VersionId": version_id} if version_id else {}
        try:
            content: bytes = client.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"), **version)[
                "Body"
            ].read()
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"{location}: cannot be fetched: {error}") from error
        return content

    return fetch


if __name__ == "__main__":
    sys.exit(main())
