"""What two versions were made of, and where they differ: parameters, images, batches and drawings."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from cli.environment import Environment
from cli.errors import OperatorError
from cli.learned import Batch, batch_name, load_batch, references
from cli.registry import ModelVersion
from drawing_ocr.dataset.manifest import ManifestError, ManifestReference

# Beside the hyperparameters: what else made a version.
MADE_OF = ("detector", "recogniser", "training_image", "image_digest")


class Parameter(BaseModel):
    """One value that differs; None where a version has none of that name."""

    model_config = ConfigDict(frozen=True)

    name: str
    left: str | None
    right: str | None


class DataDifference(BaseModel):
    """Batches that one version and its ancestors learned from and the other one did not.

    Attributes:
        shared: how many batches both learned from.
        only_left, only_right: what one has and the other lacks.
        unknown: why nothing can be said, None where it could.
    """

    model_config = ConfigDict(frozen=True)

    shared: int = 0
    only_left: list[Batch] = []
    only_right: list[Batch] = []
    unknown: str | None = None


def parameters(left: ModelVersion, right: ModelVersion) -> list[Parameter]:
    """Hyperparameters, architectures and images that differ."""
    first, second = _made_of(left), _made_of(right)
    return [
        Parameter(name=name, left=first.get(name), right=second.get(name))
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]


def data_difference(environment: Environment, left: ModelVersion, right: ModelVersion) -> DataDifference:
    """Which labelled batches lie between two versions."""
    try:
        first, second = references(environment, left), references(environment, right)
    except OperatorError as error:
        return DataDifference(unknown=str(error))
    return DataDifference(
        shared=len(first.keys() & second.keys()),
        only_left=[_batch(environment, first[key]) for key in sorted(first.keys() - second.keys(), key=str)],
        only_right=[_batch(environment, second[key]) for key in sorted(second.keys() - first.keys(), key=str)],
    )


def _made_of(version: ModelVersion) -> Mapping[str, str]:
    pairs = (item.partition("=") for item in version.metadata.get("hyperparameters", "").split())
    return {
        **{name: value for name, _, value in pairs},
        **{name: version.metadata[name] for name in MADE_OF if name in version.metadata},
    }


def _batch(environment: Environment, reference: ManifestReference) -> Batch:
    try:
        drawings = len(load_batch(environment, reference).annotations)
    except ManifestError:
        drawings = None
    return Batch(name=batch_name(reference.uri), uri=reference.uri, version_id=reference.version_id, drawings=drawings)
