"""The Prepare job: manifests and pictures out of S3 into `drawing_ocr.dataset`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from containers.training import failure
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

_FORESEEN = (*failure.FORESEEN, InputMissing)


def main() -> int:
    """Runs the job; the exit status."""
    folders = ProcessingFolders.from_environment()

    def prepare(
        replay_ratio: Annotated[float, typer.Option(min=0, max=0.9)] = 0.3,
        val_ratio: Annotated[float, typer.Option(min=0.01, max=0.5)] = 0.2,
        seed: Annotated[int, typer.Option(min=0)] = 0,
    ) -> None:
        """Builds a checked dataset from the manifests of a run."""
        _prepare(folders, replay_ratio=replay_ratio, val_ratio=val_ratio, seed=seed)

    return failure.guarded(prepare, folders.message, foreseen=_FORESEEN)


def _prepare(folders: ProcessingFolders, *, replay_ratio: float, val_ratio: float, seed: int) -> None:
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
        replay_ratio=replay_ratio,
        val_ratio=val_ratio,
        seed=seed,
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
