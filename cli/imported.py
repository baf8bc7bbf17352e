"""Readers that come with the software into a registry: each once, found again by its run id."""

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import RenderableType

from cli.console import Result
from cli.environment import Environment
from cli.registry import ModelVersion, register, versions
from cli.upload import exists
from drawing_ocr.models import package

Begin = Callable[[str], None]


class Imported(Result):
    """A reader of the software in the registry; `reader` is how people call it."""

    reader: str
    version: ModelVersion
    new: bool

    def render(self) -> RenderableType:
        item = self.version
        if not self.new:
            return f"{item.name} is {self.reader} already ({item.state})"
        return f"{item.name} is {self.reader}, {item.state}: `drawingops models approve {item.name} --reason …`"


def imported_version(environment: Environment, run_id: str) -> ModelVersion | None:
    """The version that an earlier import registered."""
    return next((item for item in versions(environment) if item.metadata.get("run_id") == run_id), None)


def register_reader(
    environment: Environment, archive: Path, run_id: str, lineage: Mapping[str, str], reason: str, begin: Begin
) -> ModelVersion:
    """Uploads a package of this machine, unless it is there, and registers it.

    Args:
        environment: of the registry.
        archive: its `model.tar.gz`.
        run_id: by which a second import finds it.
        lineage: metadata that say what it comes from: `parent`, `label_manifest`, `replay_manifests`.
        reason: why it is there, for people.
        begin: told what begins.
    """
    info, digest = package.read_info(archive), package.file_sha256(archive)
    begin(f"uploading the model package of {info.name}")
    key = f"models/{run_id}/{digest[:16]}/model.tar.gz"
    bucket = environment.names.data_bucket
    if not exists(environment, key):
        environment.client("s3").upload_file(str(archive), bucket, key)
    metadata = {
        "run_id": run_id,
        **lineage,
        "package_sha256": digest,
        "detector": info.detector.architecture,
        "recogniser": info.recogniser.architecture,
        "reason": reason,
    }
    return register(environment, f"s3://{bucket}/{key}", metadata, info.name)
