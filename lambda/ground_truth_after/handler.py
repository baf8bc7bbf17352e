"""What workers said, written as the self-hosted backend writes it, and compared by the same module.

An object has one entry in the answer, whatever the number of its workers; its label is a reference, since Ground Truth
ends attributes at 20,000 characters, and holds all there is to say: `<attribute>-metadata` is Ground Truth's own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from drawing_ocr.labelling.answer import Answer, AnswerError
from drawing_ocr.labelling.consensus import reach_consensus, review_task
from drawing_ocr.labelling.task import Task, TaskError
from ground_truth_after import payload
from shared import storage
from shared.errors import PlatformError
from shared.ground_truth import LabelingJob
from shared.labelling_places import Places
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()


class Settings(Variables):
    """Variables of this function."""

    bucket: str
    drawing_env: str
    agreement: float


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> list[dict[str, Any]]:
    """Answers with one consolidated annotation an object; called again with the same it writes the same.

    Raises:
        PlatformError: event or payload are of no known form.
    """
    request, settings = payload.parse(event), Settings.read()
    s3 = boto3.client("s3")
    job = LabelingJob.of(request.labeling_job_arn, settings.drawing_env)
    logger.append_keys(job=job.job, round=job.round)
    desk = Desk(s3, settings, job)
    consolidated = []
    for item in payload.objects(s3, request):
        label = desk.take(item)
        if label is not None:
            annotation = {"content": {request.label_attribute_name: label}}
            consolidated.append({"datasetObjectId": item.id, "consolidatedAnnotation": annotation})
    return consolidated


@dataclass(frozen=True)
class Desk:
    """Takes the answers of one round of one job."""

    s3: Any
    settings: Settings
    job: LabelingJob

    def take(self, item: payload.DataObject) -> dict[str, Any] | None:
        """Keeps all answers to an object and what they come to; its label, or None where no answer can be used."""
        answers: dict[str, Answer] = {}
        for annotation in item.annotations:
            try:
                person = _person(annotation.worker_id)
                answers[person] = self._answer(annotation, item.source.s3_uri)
            except (AnswerError, PlatformError, TaskError) as error:
                # One that cannot be used must not hold up the others of the batch.
                logger.error("answer refused", extra={"object": item.id, "reason": str(error)})
        if not answers:
            return None
        tasks = {answer.task for answer in answers.values()}
        if len(tasks) > 1:
            logger.error("answers to several tasks", extra={"object": item.id, "tasks": sorted(tasks)})
            return None
        for answer in answers.values():
            metrics.add_metric(name="AnswersGiven", unit=MetricUnit.Count, value=1)
            metrics.add_metric(name="AnswerSeconds", unit=MetricUnit.Seconds, value=answer.seconds)
        task = self._task(tasks.pop())
        return self._reviewed(task, answers) if self.job.round == "review" else self._labelled(task, answers)

    def _answer(self, annotation: payload.Annotation, source: str | None) -> Answer:
        text = payload.form_field(annotation.data.text(self.s3), "answer")
        answer = Answer.parse(text, where=f"the answer of {annotation.worker_id}")
        if answer.job != self.job.job:
            raise AnswerError(f"an answer to job {answer.job} was sent to {self.job.job}")
        task = self._task(answer.task)
        # The form says which task it is; the object that Ground Truth gave the worker must be that one's.
        if source is not None and source != task.image.uri:
            raise AnswerError(f"an answer to {answer.task} was sent for {source}")
        task.check(answer)
        return answer

    def _task(self, name: str) -> Task:
        uri = self._uri(Places(self.job.job).task(name))
        return Task.parse(storage.read(self.s3, uri), where=uri)

    def _labelled(self, task: Task, answers: Mapping[str, Answer]) -> dict[str, Any]:
        places = Places(self.job.job)
        for person, answer in answers.items():
            self._write(places.answer(task.task, person), answer.to_json())
        consensus = reach_consensus(answers, sure=self.settings.agreement)
        if consensus.needs_review:
            self._write(places.review(task.task), review_task(task, consensus, answers).to_json())
        uri = self._write(places.consensus(task.task), consensus.to_json())
        if consensus.mean_agreement is not None:
            metrics.add_metric(name="LabelAgreement", unit=MetricUnit.NoUnit, value=consensus.mean_agreement)
        status = "skipped" if consensus.left_out else "labelled"
        return {
            "consensus-ref": uri,
            "status": status,
            "needs-review": consensus.needs_review,
            "people": len(answers),
        }

    def _reviewed(self, task: Task, answers: Mapping[str, Answer]) -> dict[str, Any]:
        (answer, *others) = (answers[person] for person in sorted(answers))
        if others:
            raise PlatformError(f"{task.task}: {len(answers)} reviews, one was asked for")
        uri = self._write(Places(self.job.job).reviewed(task.task), answer.to_json())
        return {"reviewed-ref": uri, "status": answer.status, "needs-review": False, "people": 1}

    def _write(self, key: str, text: str) -> str:
        uri = self._uri(key)
        storage.write(self.s3, uri, text)
        return uri

    def _uri(self, key: str) -> str:
        return f"s3://{self.settings.bucket}/{key}"


def _person(worker: str) -> str:
    """A worker's id (`private.us-east-1.0A1B…`) as it may stand in a key."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", worker)
