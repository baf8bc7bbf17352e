"""What people labelled becomes a labelled batch that starts training.

The same tasks and answers give the same bytes, whichever backend they came through: drawings in order of their task
ids, pictures by addresses relative to the manifest, without the versions that S3 gives their copies.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drawing_ocr.annotation import Annotation, AnnotationError, Region
from drawing_ocr.dataset.manifest import manifest_text
from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.consensus_record import Consensus
from drawing_ocr.labelling.task import Picture, Task
from drawing_ocr.text import canonical


class ExportError(ValueError):
    """Labels that cannot be exported; the text is one line that names the task."""


@dataclass(frozen=True)
class Outcome:
    """Where a task ended.

    Attributes:
        task: The drawing.
        consensus: What people said together.
        review: What the reviewer said, which replaces the consensus; None where nobody had to look.
    """

    task: Task
    consensus: Consensus
    review: Answer | None = None


@dataclass(frozen=True)
class ExportedDrawing:
    """A line of the batch, and where its picture is to be copied from.

    Attributes:
        source: The picture that was labelled.
        annotation: Its labels; `image` is the address of the copy, relative to the manifest.
    """

    source: Picture
    annotation: Annotation


def export(outcomes: Iterable[Outcome]) -> list[ExportedDrawing]:
    """The drawings of a batch in the order of its manifest; those that were skipped are left out.

    Args:
        outcomes: Of each task once.

    Raises:
        ExportError: A task is there twice, still needs its review, or its labels cannot be used.
    """
    drawings: dict[str, ExportedDrawing | None] = {}
    for outcome in outcomes:
        task = outcome.task
        if task.task in drawings:
            raise ExportError(f"{task.job}/{task.task}: there twice: export each task once")
        regions = _labels(outcome)
        drawings[task.task] = None if regions is None else _drawing(task, regions)
    return [drawing for _, drawing in sorted(drawings.items()) if drawing is not None]


def batch_manifest(drawings: Sequence[ExportedDrawing]) -> str:
    """The content of `labels/<job>/manifest.jsonl`."""
    return manifest_text([drawing.annotation for drawing in drawings])


def _labels(outcome: Outcome) -> list[Region] | None:
    """The regions that count, or None for a drawing that cannot be labelled."""
    consensus, review, task = outcome.consensus, outcome.review, outcome.task
    for said in (consensus, review):
        if said is not None and (said.job, said.task) != (task.job, task.task):
            raise ExportError(f"{task.job}/{task.task}: its labels are of {said.job}/{said.task}")
    if review is not None:
        return None if review.status == "skipped" else [region.label() for region in review.regions]
    if consensus.needs_review:
        raise ExportError(f"{task.job}/{task.task}: people do not agree: review it first")
    return None if consensus.left_out else [region.label() for region in consensus.regions]


def _drawing(task: Task, regions: Sequence[Region]) -> ExportedDrawing:
    # A drawing is known by its file name in every batch (dataset/split.py), so it keeps it; two may have the same one.
    name = posixpath.basename(task.image.uri)
    try:
        annotation = Annotation.parse(
            {
                "image": f"images/{task.task}/{name}",
                "version_id": None,
                "width": task.image.width,
                "height": task.image.height,
                "regions": [region.model_copy(update={"text": canonical(region.text)}) for region in regions],
            },
            where=f"{task.job}/{task.task}",
        )
    except AnnotationError as error:
        raise ExportError(str(error)) from error
    return ExportedDrawing(task.image, annotation)
