"""The routes of the labelling API. API Gateway has verified the token of every request that comes here."""

import json
import time
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError

from labelling_api.answers import Answers
from labelling_api.body import (
    MAX_ANSWER,
    MAX_CROP,
    MAX_ORDER,
    AnswerBody,
    CropBody,
    DraftBody,
    HeldBody,
    LeaseBody,
    OrderBody,
)
from labelling_api.caller import Caller
from labelling_api.desk import Desk
from labelling_api.drafts import Drafts
from labelling_api.jobs import Jobs
from labelling_api.objects import Objects
from labelling_api.reader import Reader
from shared.json_api import respond, text_of
from shared.labelling_table import Conflict, LabellingTable
from shared.refusal import Refused
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()
app = APIGatewayHttpResolver()
TASK = "/tasks/<job>/<task>"
# Signed addresses lead to the bucket's host in its own region, the only one of S3's that the page may talk to. The
# default is the bucket's global host, which sends browsers on.
SIGNING = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


class Settings(Variables):
    """Variables of this function."""

    table: str
    bucket: str
    data_bucket: str
    endpoint_name: str
    workflow: str
    consolidate_function: str
    export_function: str
    lease_seconds: int
    url_seconds: int
    gold_share: float
    annotators: int


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One request.

    Args:
        event: of an HTTP API, payload format 2.0.
        context: of Lambda.

    Returns:
        The HTTP response.
    """
    return app.resolve(event, context)


@app.get("/me")
def me() -> Response[str]:
    """Who asks."""
    caller = _caller()
    return _answer({"person": caller.person, "name": caller.name, "groups": list(caller.groups)})


@app.get("/jobs")
def jobs() -> Response[str]:
    """All jobs."""
    return _answer({"jobs": [job.model_dump(mode="json") for job in _jobs().list(_caller())]})


@app.post("/jobs")
def order() -> Response[str]:
    """A new job."""
    caller = _caller()
    caller.require("manager")
    wanted = OrderBody.read(text_of(app.current_event), limit=MAX_ORDER)
    return _answer(_jobs().order(caller, wanted).model_dump(mode="json"), 202)


@app.get("/jobs/<job>")
def report(job: str) -> Response[str]:
    """One job with its people."""
    return _answer(_jobs().report(_caller(), job))


@app.post("/jobs/<job>/export")
def export(job: str) -> Response[str]:
    """The labels of a job for training."""
    caller = _caller()
    caller.require("manager")
    return _answer(_jobs().export(caller, job).model_dump(mode="json"), 202)


@app.post("/tasks/lease", compress=True)
def lease() -> Response[str]:
    """The next task, or the one that the caller holds."""
    wanted = LeaseBody.read(text_of(app.current_event))
    work = _desk().lease(_caller(), wanted.job, wanted.round)
    return Response(204) if work is None else _answer(work)


@app.get(TASK, compress=True)
def open_task(job: str, task: str) -> Response[str]:
    """A task that the caller holds."""
    return _answer(_desk().open(_caller(), job, task))


@app.post(f"{TASK}/renew")
def renew(job: str, task: str) -> Response[str]:
    """A longer lease."""
    return _answer(_desk().renew(_caller(), job, task, HeldBody.read(text_of(app.current_event)).lease))


@app.put(f"{TASK}/draft")
def save_draft(job: str, task: str) -> Response[str]:
    """What was done so far."""
    body = DraftBody.read(text_of(app.current_event), limit=MAX_ANSWER)
    return _answer({"revision": _drafts().save(_caller(), job, task, body.lease, body.revision, body.answer)})


@app.post(f"{TASK}/answer")
def submit(job: str, task: str) -> Response[str]:
    """A finished answer."""
    body = AnswerBody.read(text_of(app.current_event), limit=MAX_ANSWER)
    answer = _answers().submit(_caller(), job, task, body.lease, body.answer)
    metrics.add_metric(name="AnswersGiven", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="AnswerSeconds", unit=MetricUnit.Seconds, value=answer.seconds)
    return _answer({"status": answer.status})


@app.post(f"{TASK}/return")
def give_back(job: str, task: str) -> Response[str]:
    """A task that the caller does not want."""
    _desk().give_back(_caller(), job, task, HeldBody.read(text_of(app.current_event)).lease)
    return _answer({})


@app.post(f"{TASK}/read")
def read(job: str, task: str) -> Response[str]:
    """One box, read again."""
    body = CropBody.read(text_of(app.current_event), limit=MAX_CROP)
    _table().task(job, task).state.held(_caller().person, body.lease)
    settings = _settings()
    return _answer(Reader(_client("sagemaker-runtime"), settings.endpoint_name).read(body.crop))


@app.exception_handler(Refused)  # type: ignore[untyped-decorator]
def refused(refusal: Refused) -> Response[str]:
    """What was asked for is not given."""
    logger.info("refused", extra={"code": refusal.code, "reason": str(refusal)})
    return _answer({"error": {"code": refusal.code, "message": str(refusal)}, **refusal.details}, refusal.status)


@app.exception_handler(Conflict)  # type: ignore[untyped-decorator]
def busy(_: Conflict) -> Response[str]:
    """Too many change one thing at once."""
    return _answer({"error": {"code": "busy", "message": "many people ask at this moment: try again"}}, 503)


@app.not_found
def not_found(_: NotFoundError) -> Response[str]:
    """No such route."""
    return _answer({"error": {"code": "no_such_route", "message": "there is no such address in this API"}}, 404)


def _answer(content: dict[str, Any], status: int = 200) -> Response[str]:
    return respond(json.dumps(content, ensure_ascii=False), status)


def _caller() -> Caller:
    claims = app.current_event.request_context.authorizer.jwt_claim or {}
    caller = Caller.of(claims)
    logger.append_keys(person=caller.person)
    return caller


@cache
def _settings() -> Settings:
    return Settings.read()


@cache
def _client(service: str) -> Any:
    return boto3.client(service, config=SIGNING if service == "s3" else None)


def _table() -> LabellingTable:
    return LabellingTable(_dynamodb().Table(_settings().table))


@cache
def _dynamodb() -> Any:
    return boto3.resource("dynamodb")


def _objects() -> Objects:
    settings = _settings()
    return Objects(_client("s3"), settings.bucket, settings.url_seconds)


def _drafts() -> Drafts:
    return Drafts(_table(), _objects())


def _desk() -> Desk:
    settings = _settings()
    return Desk(_table(), _objects(), _drafts(), settings.lease_seconds, settings.gold_share, time.time)


def _answers() -> Answers:
    function = _settings().consolidate_function
    return Answers(
        table=_table(),
        objects=_objects(),
        compare=lambda job, task: _invoke(function, {"job": job, "task": task}),
        measure=lambda job, task, person: _invoke(function, {"job": job, "task": task, "person": person}),
        clock=time.time,
    )


def _jobs() -> Jobs:
    settings = _settings()
    return Jobs(
        table=_table(),
        objects=_objects(),
        data_bucket=settings.data_bucket,
        annotators=settings.annotators,
        start=lambda job: _start(settings.workflow, job),
        export_labels=lambda job: _invoke(settings.export_function, {"job": job}),
        clock=time.time,
    )


def _invoke(function: str, event: dict[str, str]) -> None:
    _client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())


def _start(workflow: str, job: str) -> None:
    states = _client("stepfunctions")
    try:
        states.start_execution(stateMachineArn=workflow, name=job, input=json.dumps({"job": job}))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
