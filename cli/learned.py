"""What a version was trained on: its batches by version, their drawings, and what its ancestors learned from."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from cli.environment import Environment, split_uri
from cli.errors import OperatorError
from cli.registry import ModelVersion
from drawing_ocr.dataset.manifest import LabelledBatch, ManifestError, ManifestReference, RunManifest, load_manifest

SUMMARY = "dataset.json"
T = TypeVar("T")
ABSENT = {"NoSuchKey", "NoSuchVersion", "404", "AccessDenied", "NoSuchBucket"}


class Batch(BaseModel):
    """One version of one labelled batch. `drawings` is None where its manifest cannot be read any more."""

    model_config = ConfigDict(frozen=True)

    name: str
    uri: str
    version_id: str | None
    drawings: int | None


class Counts(BaseModel):
    """How much of a dataset a part is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    drawings: int
    lines: int


class Dataset(BaseModel):
    """What Prepare made of the batches: the part of `dataset.json` that a person asks for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    train: Counts
    val: Counts
    replay: Counts
    new_characters: tuple[str, ...]
    quarantined: int


class Learned(BaseModel):
    """What a version was trained on.

    Attributes:
        run: why the run was started, None for an imported version.
        batches: what was new to it.
        before: how many batches its ancestors had learned from, and from which it repeated a share.
        dataset: what was made of them.
        problems: what cannot be read any more, one line each.
    """

    model_config = ConfigDict(frozen=True)

    run: str | None = None
    batches: list[Batch] = []
    before: int = 0
    dataset: Dataset | None = None
    problems: list[str] = []


def learned(environment: Environment, version: ModelVersion) -> Learned:
    """Reads run manifest, the batches' manifests and `dataset.json`; what is gone is a problem, not an error."""
    problems: list[str] = []
    own = _run(environment, version.metadata.get("label_manifest"), problems)
    before = _run(environment, version.metadata.get("replay_manifests"), problems)
    return Learned(
        run=own.reason if own else None,
        batches=[_batch(environment, reference, problems) for reference in own.manifests] if own else [],
        before=len(before.manifests) if before else 0,
        dataset=_dataset(environment, version.metadata.get("dataset"), problems),
        problems=problems,
    )


def references(environment: Environment, version: ModelVersion) -> dict[tuple[str, str | None], ManifestReference]:
    """Every batch that the version and its ancestors learned from, by address and version id.

    Raises:
        OperatorError: a run manifest that the version names cannot be read.
    """
    found: dict[tuple[str, str | None], ManifestReference] = {}
    for name in ("replay_manifests", "label_manifest"):
        problems: list[str] = []
        manifest = _run(environment, version.metadata.get(name), problems)
        if problems:
            raise OperatorError(f"{version.name}: {problems[0]}")
        for reference in manifest.manifests if manifest else ():
            found[reference.uri, reference.version_id] = reference
    return found


def load_batch(environment: Environment, reference: ManifestReference) -> LabelledBatch:
    """The drawings of one version of a batch.

    Raises:
        ManifestError: it cannot be read.
    """
    return load_manifest(reference.uri, partial(_fetch, environment), reference.version_id)


def batch_name(uri: str) -> str:
    """The batch in an address such as `s3://bucket/labels/<batch>/manifest.jsonl`."""
    return uri.rsplit("/", 2)[-2]


def _batch(environment: Environment, reference: ManifestReference, problems: list[str]) -> Batch:
    loaded = _or_problem(lambda: load_batch(environment, reference), problems)
    return Batch(
        name=batch_name(reference.uri),
        uri=reference.uri,
        version_id=reference.version_id,
        drawings=len(loaded.annotations) if loaded else None,
    )


def _run(environment: Environment, uri: str | None, problems: list[str]) -> RunManifest | None:
    if not uri:
        return None
    return _or_problem(lambda: RunManifest.load(uri, partial(_fetch, environment)), problems)


def _dataset(environment: Environment, uri: str | None, problems: list[str]) -> Dataset | None:
    if not uri:
        return None
    place = f"{uri.rstrip('/')}/{SUMMARY}"
    return _or_problem(lambda: Dataset.model_validate_json(_fetch(environment, place, None)), problems)


def _or_problem(read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except (ManifestError, OSError, OperatorError) as error:
        problems.append(" ".join(str(error).split()))
    except ValidationError as error:
        problems.append(f"{error.title}: {error.errors()[0]['msg']}")
    return None


def _fetch(environment: Environment, location: str, version_id: str | None) -> bytes:
    """The `Fetch` of S3 addresses, which tells of what is not there by OSError."""
    bucket, key = split_uri(location)
    wanted = {"VersionId": version_id} if version_id not in (None, "null") else {}
    try:
        return bytes(environment.client("s3").get_object(Bucket=bucket, Key=key, **wanted)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            raise OSError(f"{location}: {error.response['Error']['Code']}") from error
        raise
