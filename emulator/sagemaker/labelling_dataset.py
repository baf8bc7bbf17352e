"""The objects of a labelling job: what workers may still do, what they said, and how it is written.

No AWS call in here. Sources: SageMaker developer guide, "Use an Input Manifest File", "Output Data", "Custom Labeling
Workflows, Processing data in AWS Lambda"; a limit's number stands where its page says it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

LONGEST_LINE: Final = 100_000  # characters of a manifest line
LONGEST_ATTRIBUTE: Final = 20_000  # characters of one attribute in it
MOST_LINES: Final = 100_000

State = Literal["open", "answered", "labelled", "failed", "unneeded"]


class ManifestError(ValueError):
    """The input manifest cannot be used; AWS's sentence."""


@dataclass
class Response:
    """What one worker submitted: fields of the form, and when he or she began and ended."""

    worker: str
    identity: dict[str, str]
    content: dict[str, str]
    accepted: datetime
    submitted: datetime

    def to_json(self) -> dict[str, Any]:
        """An entry of a worker-response file."""
        return {
            "acceptanceTime": _time(self.accepted),
            "answerContent": self.content,
            "submissionTime": _time(self.submitted),
            "timeSpentInSeconds": round((self.submitted - self.accepted).total_seconds(), 3),
            "workerId": self.worker,
            "workerMetadata": {"identityData": self.identity},
        }


@dataclass
class DataObject:
    """One line of the manifest.

    Attributes:
        id: its number, from 0, as text.
        line: all its attributes.
        task_input: what the function before said.
        state: `answered` when nobody else is asked and the function after has not seen it yet.
        label: what the function after made of it.
        failure: why there is none.
        holders: workers who look at it now, and since when.
        declined: workers who gave it back.
    """

    id: str
    line: dict[str, Any]
    task_input: Any = None
    state: State = "open"
    label: Any = None
    failure: str = ""
    holders: dict[str, datetime] = field(default_factory=dict)
    declined: set[str] = field(default_factory=set)
    responses: list[Response] = field(default_factory=list)

    def asks(self, worker: str, wanted: int) -> bool:
        """Whether it may be handed to `worker`; one that is in their hands already may."""
        if self.state != "open" or self.task_input is None:
            return False
        if worker in self.declined or any(each.worker == worker for each in self.responses):
            return False
        return worker in self.holders or len(self.holders) + len(self.responses) < wanted

    def payload(self) -> dict[str, Any]:
        """As it stands in the file that the function after gets: of the line only where the data is."""
        source = {"s3Uri": self.line["source-ref"]} if "source-ref" in self.line else {"content": self.line["source"]}
        annotations = [
            {"workerId": each.worker, "annotationData": {"content": json.dumps(each.content)}}
            for each in self.responses
        ]
        return {"datasetObjectId": self.id, "dataObject": source, "annotations": annotations}

    def output(self, attribute: str, job: str) -> dict[str, Any]:
        """Its line of the output manifest; all attributes of the input pass through."""
        about = {"type": "groundtruth/custom", "job-name": f"labeling-job/{job}", "human-annotated": "yes"}
        about["creation-date"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        if self.state == "labelled":
            return {**self.line, attribute: self.label, f"{attribute}-metadata": about}
        if self.failure:
            return {**self.line, f"{attribute}-metadata": {**about, "failure-reason": self.failure}}
        return self.line

    def consolidated(self, answer: Any, attribute: str) -> None:
        """Takes what the function after made of it."""
        try:
            label = answer["consolidatedAnnotation"]["content"][attribute]
        except (KeyError, TypeError):
            self.fail(f"The annotation consolidation Lambda function gave no {attribute!r} for this object")
            return
        if len(json.dumps(label)) > LONGEST_ATTRIBUTE:
            self.fail(f"The label has more than {LONGEST_ATTRIBUTE} characters")
            return
        self.label, self.state = label, "labelled"

    def fail(self, reason: str) -> None:
        """Ends without a label."""
        self.failure, self.state = f"ClientError: {reason}", "failed"


def read_manifest(content: str, attribute: str) -> list[DataObject]:
    """The objects of an input manifest that have no label yet.

    Raises:
        ManifestError: a line is too long or of another form.
    """
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        raise ManifestError("The manifest file contains no data objects")
    if len(lines) > MOST_LINES:
        raise ManifestError(f"The manifest file has {len(lines)} lines, at most {MOST_LINES} are allowed")
    found = [DataObject(str(number), _line(line, number + 1)) for number, line in enumerate(lines)]
    for each in found:
        if attribute in each.line:
            each.state, each.label = "labelled", each.line[attribute]
    return found


def _line(text: str, number: int) -> dict[str, Any]:
    if len(text) > LONGEST_LINE:
        raise ManifestError(f"Line {number} of the manifest has more than {LONGEST_LINE} characters")
    try:
        line = json.loads(text)
    except ValueError:
        raise ManifestError(f"Line {number} of the manifest is no valid JSON") from None
    if not isinstance(line, dict) or ("source-ref" in line) == ("source" in line):
        raise ManifestError(f"Line {number} of the manifest must hold either source-ref or source")
    for name, value in line.items():
        if name.startswith("$"):
            raise ManifestError(f"Line {number} of the manifest: the attribute name {name} begins with $")
        if len(value if isinstance(value, str) else json.dumps(value)) > LONGEST_ATTRIBUTE:
            raise ManifestError(f"Line {number}: attribute {name} has more than {LONGEST_ATTRIBUTE} characters")
    return line


def ready(items: Sequence[DataObject]) -> list[DataObject]:
    """What the function after has not seen yet."""
    return [each for each in items if each.state == "answered"]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
