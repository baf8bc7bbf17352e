"""The official PP-OCRv6 small reader: built once on this machine, a registry's first version."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cli.environment import Environment
from cli.errors import OperatorError
from cli.imported import Begin, Imported, imported_version, register_reader
from cli.upload import exists, upload_drawings, upload_folder
from drawing_ocr.dataset.manifest import ManifestReference, RunManifest, load_manifest
from drawing_ocr.models import standard

# Pages of general text that version 1 is taken to have learned from: enough for a replay share of 30 % of a batch.
REPLAY_PAGES = 24
REPLAY_SEED = 1
# `run_id` of the official version in every registry, by which a second import finds the first.
RUN_ID = "official"
READER = "the official reader"


def official_package(begin: Begin) -> Path:
    """The official reader as `model.tar.gz`, built on first use.

    Raises:
        OperatorError: the training extra, which carries the official weights, is not installed.
    """
    try:
        return standard.official_package(begin)
    except standard.StandardReaderError as error:
        raise OperatorError(str(error)) from error


def official_reader(begin: Begin) -> Path:
    """The official reader as an unpacked package; raises as `official_package`."""
    return standard.unpacked(official_package(begin), begin)


def standard_reader(begin: Begin) -> Path:
    """The reader that reads where no model is named; raises as `official_package`."""
    try:
        return standard.standard_reader(begin)
    except standard.StandardReaderError as error:
        raise OperatorError(str(error)) from error


def import_official(environment: Environment, begin: Begin) -> Imported:
    """Puts the frozen regression set, the replay batch and the official reader into an account; each only once."""
    plant_regression_set(environment, begin)
    label_manifest = plant_replay_batch(environment, begin)
    found = imported_version(environment, RUN_ID)
    if found is not None:
        return Imported(reader=READER, version=found, new=False)
    lineage = {"label_manifest": label_manifest}
    reason = "the official PP-OCRv6 small reader"
    version = register_reader(environment, official_package(begin), RUN_ID, lineage, reason, begin)
    return Imported(reader=READER, version=version, new=True)


def plant_regression_set(environment: Environment, begin: Begin) -> None:
    """Uploads the frozen regression set unless it is there."""
    prefix = environment.names.regression_prefix.rstrip("/")
    if exists(environment, f"{prefix}/rec_val.txt"):
        return
    begin("drawing the regression set")
    folder = _cached("regression", _build_regression_set)
    begin("uploading the regression set")
    # The list of lines last: its presence says that everything is there.
    upload_folder(environment, folder, prefix, last="rec_val.txt")


def plant_replay_batch(environment: Environment, begin: Begin) -> str:
    """Uploads what version 1 is taken to have learned from, and gives back the address of its run manifest."""
    bucket, key = environment.names.data_bucket, f"datasets/runs/{RUN_ID}/run.json"
    uri = f"s3://{bucket}/{key}"
    if exists(environment, key):
        return uri
    begin("drawing the replay batch")
    folder = _cached("replay", _build_replay_batch)
    begin("uploading the replay batch")
    # Not below labels/: what appears there starts a training run.
    batch = f"datasets/{RUN_ID}/replay"
    client = environment.client("s3")
    if not exists(environment, f"{batch}/manifest.jsonl"):
        upload_drawings(environment, load_manifest(str(folder / "manifest.jsonl")).annotations, batch, lambda: None)
    there = client.head_object(Bucket=bucket, Key=f"{batch}/manifest.jsonl")
    reference = ManifestReference(
        uri=f"s3://{bucket}/{batch}/manifest.jsonl", version_id=there.get("VersionId"), etag=there["ETag"].strip('"')
    )
    run = RunManifest(run_id=RUN_ID, manifests=(reference,), reason="what version 1 is taken to have learned from")
    client.put_object(Bucket=bucket, Key=key, Body=run.to_json().encode(), ContentType="application/json")
    return uri


def _cached(name: str, build: Callable[[Path], object]) -> Path:
    folder = standard.cache_folder() / f"{name}-{standard.sources_digest('dataset', 'synthesis', 'text.py')}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Two commands at once build twice; the first to finish wins.
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            build(Path(temporary) / "built")
            if not folder.is_dir():
                shutil.move(Path(temporary) / "built", folder)
    return folder


def _build_regression_set(folder: Path) -> None:
    from drawing_ocr.dataset.regression import build_regression_set

    build_regression_set(folder)


def _build_replay_batch(folder: Path) -> None:
    from drawing_ocr.dataset.regression import build_replay_batch

    build_replay_batch(folder, REPLAY_PAGES, REPLAY_SEED)
