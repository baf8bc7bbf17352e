"""What a training run would learn from: batches, drawings, lines, new characters, base version and parameters."""

import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import registry
from cli.console import Result
from cli.environment import Environment, split_uri
from cli.errors import OperatorError
from cli.learned import batch_name, load_batch
from cli.registry import ModelVersion
from drawing_ocr.dataset.manifest import LabelledBatch, ManifestReference
from drawing_ocr.models.package import DICTIONARY_NAME, RECOGNISER
from drawing_ocr.text import Charset, canonical

# Given by the trigger itself, for each run anew.
OF_EACH_RUN = ("LabelManifest", "RunId")
BASE = "BaseModelPackage"


class PlannedBatch(BaseModel):
    """One labelled batch. `lines` are readable; `unusable` counts lines of the manifest that are no annotation."""

    model_config = ConfigDict(frozen=True)

    name: str
    uri: str
    drawings: int
    lines: int
    unusable: int


class PlannedParameter(BaseModel):
    """One parameter of the pipeline. `chosen` where the order gives it, else it is the account's default."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: str
    chosen: bool


class Plan(Result):
    """What `train start` would do now, before Prepare sets bad files and doubled drawings aside."""

    reason: str
    base: str
    batches: list[PlannedBatch]
    drawings: int
    lines: int
    new_characters: list[str]
    parameters: list[PlannedParameter]

    def render(self) -> RenderableType:
        batches = Table("batch", "drawings", "lines", "unusable", title="would be trained on")
        for batch in self.batches:
            batches.add_row(batch.name, str(batch.drawings), str(batch.lines), str(batch.unusable))
        if len(self.batches) > 1:
            batches.add_section()
            unusable = sum(batch.unusable for batch in self.batches)
            batches.add_row(f"{len(self.batches)} batches", str(self.drawings), str(self.lines), str(unusable))
        parameters = Table("parameter", "value", "", title=f"from {self.base}")
        for parameter in self.parameters:
            parameters.add_row(parameter.name, parameter.value, "chosen" if parameter.chosen else "")
        characters = " ".join(self.new_characters) or f"none that {self.base} does not know"
        head = Text.assemble(("dry run", "green"), f": {self.reason}")
        return Group(head, batches, Text(f"new characters: {characters}"), parameters)


def plan(
    environment: Environment, *, reason: str, base: str, manifests: Iterable[str], chosen: Mapping[str, Any]
) -> Plan:
    """Reads the manifests that a dry run named, the base's dictionary and the pipeline's defaults.

    Args:
        environment: Where.
        reason: What the trigger said.
        base: ARN of the version that it would start from.
        manifests: S3 URIs.
        chosen: Parameters of the order.

    Raises:
        ManifestError: a manifest cannot be read.
        OperatorError: the base has no dictionary.
    """
    version = registry.describe(environment, base)
    loaded = [(uri, load_batch(environment, ManifestReference(uri=uri))) for uri in manifests]
    batches = [_planned(uri, batch) for uri, batch in loaded]
    texts = {text for _, batch in loaded for text in _texts(batch)}
    return Plan(
        reason=reason,
        base=version.name,
        batches=batches,
        drawings=sum(batch.drawings for batch in batches),
        lines=sum(batch.lines for batch in batches),
        new_characters=_dictionary(environment, version).missing(texts),
        parameters=_parameters(environment, {**chosen, BASE: version.arn} if chosen.get(BASE) else chosen),
    )


def _planned(uri: str, batch: LabelledBatch) -> PlannedBatch:
    return PlannedBatch(
        name=batch_name(uri),
        uri=uri,
        drawings=len(batch.annotations),
        lines=len(_texts(batch)),
        unusable=len(batch.rejected),
    )


def _texts(batch: LabelledBatch) -> list[str]:
    return [
        canonical(region.text) for annotation in batch.annotations for region in annotation.regions if not region.ignore
    ]


def _parameters(environment: Environment, chosen: Mapping[str, Any]) -> list[PlannedParameter]:
    pipeline = environment.client("sagemaker").describe_pipeline(PipelineName=environment.names.pipeline_name)
    declared = json.loads(pipeline["PipelineDefinition"])["Parameters"]
    return [
        PlannedParameter(
            name=item["Name"],
            value=str(chosen.get(item["Name"], item.get("DefaultValue", ""))),
            chosen=item["Name"] in chosen,
        )
        for item in declared
        if item["Name"] not in OF_EACH_RUN
    ]


def _dictionary(environment: Environment, version: ModelVersion) -> Charset:
    """Of a version that we trained it lies beside its dataset; else it is in the package, behind the detector."""
    dataset = version.metadata.get("dataset")
    if dataset:
        return Charset.parse(environment.read_object(f"{dataset.rstrip('/')}/{DICTIONARY_NAME}").decode())
    bucket, key = split_uri(version.model_data_url)
    stream = environment.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    wanted = f"{RECOGNISER}/{DICTIONARY_NAME}"
    with stream, tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.removeprefix("./") == wanted else None
            if file:
                return Charset.parse(file.read().decode())
    raise OperatorError(f"{version.model_data_url}: no {wanted} in it: not a model package")
