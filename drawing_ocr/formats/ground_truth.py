"""SageMaker Ground Truth's output: the manifest that a job leaves, and what each worker answered.

A line is `{"source-ref": picture, "<attribute>": label, "<attribute>-metadata": {"type", "job-name", …}}`
(docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html). Read are labels in our own form, boxes of the built-in
bounding-box task (their class is the category; nobody typed their text, so they are ignored), and polygons of four
corners of AWS's sample for text, in which the label is the text. The documentation writes some names in several ways:
all are taken.

What a round trip loses: nothing. Ground Truth itself takes at most 20,000 characters an attribute and 100,000 a line,
which some hundred regions fill: as an *input* manifest such a line is refused, and labels have to go by reference.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drawing_ocr.annotation import Annotation, AnnotationError, Category
from drawing_ocr.formats import FormatError
from drawing_ocr.labelling.answer import Answer, AnswerError

ATTRIBUTE = "labels"
_SOURCES = ("source-ref", "source_ref", "sourceRef")
_METADATA = "-metadata"


@dataclass(frozen=True)
class WorkerAnswer:
    """What one worker submitted.

    Attributes:
        person: The user's id in the workforce's pool, or the worker's id where the file does not name it.
        answer: What was said.
        seconds: That the task was open.
    """

    person: str
    answer: Answer
    seconds: float


def parse_output_manifest(content: str, *, where: str, attribute: str | None = None) -> list[Annotation]:
    """The drawings of an output manifest; lines whose labelling failed are left out.

    Args:
        content: JSON Lines.
        where: Name of the file for errors.
        attribute: The job's label attribute; found by its metadata if None, the last one where jobs were chained.

    Raises:
        FormatError: The first line that cannot be used.
    """
    annotations = []
    for number, line in enumerate(content.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        place = f"{where} line {number}"
        annotation = _annotation(_object(line, place), place, attribute)
        if annotation is not None:
            annotations.append(annotation)
    return annotations


def output_manifest_text(annotations: Iterable[Annotation], *, job: str, created: datetime) -> str:
    """The content of an output manifest with labels in our own form.

    Args:
        annotations: One drawing a line.
        job: Name of the labelling job to state.
        created: When the labels were made, with a time zone.
    """
    lines = []
    for annotation in annotations:
        line = {
            "source-ref": annotation.image,
            ATTRIBUTE: annotation.model_dump(mode="json", exclude={"image"}),
            f"{ATTRIBUTE}{_METADATA}": {
                "type": "groundtruth/custom",
                "job-name": job,
                "human-annotated": "yes",
                "creation-date": created.isoformat(timespec="milliseconds"),
            },
        }
        lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    return "".join(lines)


def parse_worker_response(content: str, *, where: str) -> list[WorkerAnswer]:
    """What workers submitted for one drawing (`annotations/worker-response/iteration-N/…/*.json`).

    Raises:
        FormatError: Not this form, or an answer that is not our template's.
    """
    answers = _object(content, where).get("answers")
    if not isinstance(answers, list):
        raise FormatError(f"{where}: no list `answers`: give a file of annotations/worker-response")
    return [_worker_answer(item, f"{where} answer {index}") for index, item in enumerate(answers, 1)]


def _worker_answer(item: Any, place: str) -> WorkerAnswer:
    if not isinstance(item, Mapping):
        raise FormatError(f"{place}: not an object")
    content = item.get("answerContent")
    submitted = content.get("answer") if isinstance(content, Mapping) else None
    if submitted is None:
        raise FormatError(f"{place}: no field `answer` in answerContent: it was submitted by another template")
    metadata = item.get("workerMetadata")
    identity = metadata.get("identityData") if isinstance(metadata, Mapping) else None
    person = (identity.get("sub") if isinstance(identity, Mapping) else None) or item.get("workerId")
    if not isinstance(person, str) or not person:
        raise FormatError(f"{place}: neither workerMetadata.identityData.sub nor workerId says who answered")
    try:
        answer = Answer.parse(submitted, where=place)
    except AnswerError as error:
        raise FormatError(str(error)) from error
    seconds = item.get("timeSpentInSeconds", 0.0)
    return WorkerAnswer(person, answer, float(seconds) if isinstance(seconds, int | float) else 0.0)


def _annotation(line: Mapping[str, Any], place: str, attribute: str | None) -> Annotation | None:
    source = next((line[name] for name in _SOURCES if name in line), None)
    if not isinstance(source, str):
        raise FormatError(f"{place}: no source-ref: a line names its picture")
    name = attribute or _labelled_attribute(line, place)
    metadata = line.get(f"{name}{_METADATA}")
    if isinstance(metadata, Mapping) and "failure-reason" in metadata:
        return None
    label = line.get(name)
    if not isinstance(label, Mapping):
        raise FormatError(f"{place}: no attribute {name}: name the job's label attribute")
    data = {"image": source} | _labels(label, metadata if isinstance(metadata, Mapping) else {}, f"{place} {name}")
    try:
        return Annotation.parse(data, where=place)
    except AnnotationError as error:
        raise FormatError(str(error)) from error


def _labelled_attribute(line: Mapping[str, Any], place: str) -> str:
    named = [name.removesuffix(_METADATA) for name in line if name.endswith(_METADATA)]
    found = [name for name in named if name in line or "failure-reason" in (line.get(f"{name}{_METADATA}") or {})]
    if not found:
        raise FormatError(f"{place}: no label attribute with its -metadata: give a job's output manifest")
    return found[-1]


def _labels(label: Mapping[str, Any], metadata: Mapping[str, Any], place: str) -> dict[str, Any]:
    if "regions" in label:
        return dict(label)
    if "annotations" in label:
        return _boxes(label, metadata, place)
    if "polygons" in label:
        return _polygons(label, place)
    if "consensus-ref" in label:
        raise FormatError(f"{place}: labels by reference ({label['consensus-ref']}): export the job instead")
    raise FormatError(f"{place}: labels of an unknown task ({', '.join(sorted(label)) or 'empty'})")


def _boxes(label: Mapping[str, Any], metadata: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Of the built-in bounding-box task."""
    classes = metadata.get("class-map") or metadata.get("class_map") or {}
    regions = []
    try:
        size = label["image_size"][0]
        for box in label["annotations"]:
            left, top, right, bottom = (
                box["left"],
                box["top"],
                box["left"] + box["width"],
                box["top"] + box["height"],
            )
            name = classes.get(str(box.get("class_id")), "")
            regions.append(
                {
                    "points": [(left, top), (right, top), (right, bottom), (left, bottom)],
                    "text": "",
                    "category": name if name in set(Category) else Category.TEXT,
                    "ignore": True,
                }
            )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise FormatError(f"{place}: a box is not of the bounding-box task ({error!r})") from error
    return {"width": size["width"], "height": size["height"], "regions": regions}


def _polygons(label: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Of AWS's sample for text (crowd-polygon): the label is the text."""
    try:
        size = label["inputImageProperties"]
        regions = [
            {"points": [(vertex["x"], vertex["y"]) for vertex in polygon["vertices"]], "text": polygon["label"]}
            for polygon in label["polygons"]
        ]
        return {"width": size["width"], "height": size["height"], "regions": regions}
    except (KeyError, TypeError) as error:
        raise FormatError(f"{place}: a polygon is not of the text task ({error!r})") from error


def _object(content: str, place: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(content)
    except json.JSONDecodeError as error:
        raise FormatError(f"{place}: not JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(parsed, dict):
        raise FormatError(f"{place}: not a JSON object")
    return parsed
