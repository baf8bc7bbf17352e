"""The message of each kind of report."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from drawing_ocr.validation import first_reason
from notify.run_report import RunReports
from shared.errors import BadRequest

MAX_SUBJECT = 100  # SNS: ASCII, no line breaks, fewer than this
MAX_BODY = 200_000  # SNS takes 256 KB


class Message(BaseModel):
    """What is published. `about` names the thing that happened: the same thing is told once."""

    model_config = ConfigDict(frozen=True)

    about: str
    subject: str
    body: str

    @property
    def ascii_subject(self) -> str:
        """The subject as SNS takes it."""
        plain = unicodedata.normalize("NFKD", self.subject).encode("ascii", "ignore").decode()
        plain = " ".join(plain.split())
        return plain if len(plain) <= MAX_SUBJECT else plain[: MAX_SUBJECT - 3] + "..."


class GateRefused(BaseModel):
    """The arguments of the pipeline's step Alert."""

    kind: Literal["gate_refused"]
    run_id: str
    execution_arn: str
    evaluation: str

    def message(self, reports: RunReports) -> Message:
        lines = reports.gate(self.evaluation)
        return Message(
            about=f"run {self.execution_arn}",
            subject=f"Training run {self.run_id} was refused by the gate",
            body="\n".join(
                [
                    f"Training run {self.run_id} was refused by the gate; nothing was registered.",
                    *lines,
                    f"Report: {self.evaluation}/report.html",
                    f"Execution: {self.execution_arn}",
                ]
            ),
        )


class ReleaseNotice(BaseModel):
    """What the release workflow hands over at its end."""

    kind: Literal["release"]
    endpoint: str
    deployment: str
    status: Literal["SUCCEEDED", "FAILED", "ROLLED_BACK"]
    from_version: str = ""
    to_version: str = ""
    requested_by: str = ""
    reason: str = ""
    message_text: str = Field(default="", alias="message")

    def message(self, reports: RunReports) -> Message:  # noqa: ARG002
        what = f"version {self.to_version}" if self.to_version else "a version"
        ended = {"SUCCEEDED": "was released", "FAILED": "was not released", "ROLLED_BACK": "was rolled back"}
        before = f"version {self.from_version}" if self.from_version else "nothing"
        return Message(
            about=f"release {self.endpoint} {self.deployment}",
            subject=f"{self.endpoint}: {what} {ended[self.status]}",
            body="\n".join(
                [
                    f"{what[0].upper()}{what[1:]} {ended[self.status]} on {self.endpoint} (before: {before}).",
                    self.message_text,
                    f"Requested by {self.requested_by or 'unknown'}: {self.reason or 'no reason given'}",
                    f"History entry: {self.deployment}",
                ]
            ),
        )


class RunFailedDetail(BaseModel):
    """The part of EventBridge's event that matters."""

    execution_arn: str = Field(alias="pipelineExecutionArn")


class RunFailed(BaseModel):
    """EventBridge: SageMaker Model Building Pipeline Execution Status Change, Failed."""

    detail: RunFailedDetail

    def message(self, reports: RunReports) -> Message:
        arn = self.detail.execution_arn
        failed = reports.failure(arn)
        return Message(
            # The same as for a refusal: the execution that the gate ends is Failed too, and is told once.
            about=f"run {arn}",
            subject=f"Training run {failed.name} failed in step {failed.step}",
            body="\n".join(
                [
                    f"Training run {failed.name} failed in step {failed.step}; nothing was registered.",
                    f"Reason: {failed.reason}",
                    "Its labels are not trained on again by themselves: correct them and upload a new batch,"
                    " or start a run by hand with `drawingops train start`.",
                    f"Execution: {arn}",
                ]
            ),
        )


def _kind(event: Any) -> str:
    return str(event.get("kind", "run_failed")) if isinstance(event, dict) else "run_failed"


Report = Annotated[
    Annotated[GateRefused, Tag("gate_refused")]
    | Annotated[ReleaseNotice, Tag("release")]
    | Annotated[RunFailed, Tag("run_failed")],
    Discriminator(_kind),
]
_REPORT: TypeAdapter[GateRefused | ReleaseNotice | RunFailed] = TypeAdapter(Report)


def compose(event: dict[str, Any], reports: RunReports) -> Message:
    """The message about what `event` reports.

    Raises:
        BadRequest: it reports nothing that is known here.
    """
    try:
        report = _REPORT.validate_python(event)
    except ValidationError as error:
        raise BadRequest(f"notify: {first_reason(error)}") from error
    message = report.message(reports)
    return message.model_copy(update={"body": message.body[:MAX_BODY]})
