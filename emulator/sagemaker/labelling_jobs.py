"""Ground Truth's labelling jobs with custom templates, as its documents describe them.

Workers are users of the team's Cognito groups; they work by the routes below `/emulator/labeling-jobs/`, and on a page
(worker_portal.py). Built-in task types, automatic labelling and streaming jobs are refused.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any, Final

from werkzeug.wrappers import Request, Response

from emulator import control
from emulator.api import Caller, Document, ServiceError, operation
from emulator.events import targets
from emulator.functions.invocation import find
from emulator.functions.workers import POOL
from emulator.sagemaker import labelling_dataset as dataset
from emulator.sagemaker import objects, workteams
from emulator.sagemaker.labelling_dataset import DataObject
from emulator.sagemaker.store import Table, as_event, invalid, now, only, page, set_tags

log = logging.getLogger(__name__)

LONGEST_TEMPLATE: Final = 128_000
LONGEST_TASK_SECONDS: Final = 28_800
LONGEST_AVAILABLE_SECONDS: Final = 2_592_000
CONCURRENT_TASKS: Final = 1000
# How many objects the function after gets at once, and how long it waits for more of them.
_BATCH, _BATCH_SECONDS = 10, 1.0
_LOOK_SECONDS = 0.1
_ENDED = ("Completed", "Failed", "Stopped")


class LabelingJob:
    """One job with its objects; a thread watches over it."""

    def __init__(self, caller: Caller, document: Document) -> None:
        self.caller, self.document = caller, document
        self.items: list[DataObject] = []
        self.lock = threading.RLock()
        self.template = ""
        self._stopping = threading.Event()
        self._waiting_since: float | None = None

    @property
    def name(self) -> str:
        return str(self.document["LabelingJobName"])

    @property
    def arn(self) -> str:
        return str(self.document["LabelingJobArn"])

    @property
    def task(self) -> Document:
        task: Document = self.document["HumanTaskConfig"]
        return task

    @property
    def attribute(self) -> str:
        return str(self.document["LabelAttributeName"])

    @property
    def status(self) -> str:
        return str(self.document["LabelingJobStatus"])

    @property
    def folder(self) -> str:
        return f"{self.document['OutputConfig']['S3OutputPath'].rstrip('/')}/{self.name}"

    def start(self) -> None:
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def stop(self) -> None:
        if self.status in _ENDED:
            raise invalid(f"The labeling job {self.name} is in status {self.status} and cannot be stopped.")
        self.set_status("Stopping")
        self._stopping.set()

    def set_status(self, status: str, reason: str = "") -> None:
        self.document |= {"LabelingJobStatus": status, "LastModifiedTime": now()}
        if reason:
            self.document["FailureReason"] = reason[:1024]
        detail = as_event(only(self.document, ["LabelingJobStatus"]))
        targets.send(
            self.caller, "aws.sagemaker", "SageMaker Ground Truth Labeling Job State Change", detail, [self.arn]
        )

    def _run(self) -> None:
        try:
            self._read()
            self.set_status("InProgress")
            self._work()
            self._write_output()
            failed = [each for each in self.items if each.state == "failed"]
            if self._stopping.is_set():
                self.set_status("Stopped")
            elif failed and len(failed) == len(self.items):
                self.set_status("Failed", f"ClientError: All objects failed. {failed[0].failure}")
            else:
                self.set_status("Completed")
        except (dataset.ManifestError, objects.DataError, ServiceError) as error:
            self.set_status("Failed", f"ClientError: {error}")
        except Exception as error:
            log.exception("labeling job %s", self.name)
            self.set_status("Failed", f"InternalServerError: the emulator failed: {error!r}")

    def _read(self) -> None:
        region = self.caller.region
        template = objects.read(self.task["UiConfig"]["UiTemplateS3Uri"], region).decode()
        if len(template) > LONGEST_TEMPLATE:
            raise invalid(f"The worker template has more than {LONGEST_TEMPLATE} characters")
        self.template = template
        source = self.document["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
        items = dataset.read_manifest(objects.read(source, region).decode(), self.attribute)
        for each in items:
            if each.state == "open":
                self._ask_before(each)
        with self.lock:
            self.items = items

    def _ask_before(self, item: DataObject) -> None:
        """Without a function, the template sees the line itself."""
        function = self.task.get("PreHumanTaskLambdaArn")
        if function is None:
            item.task_input = item.line
            return
        event = {"version": "2018-10-16", "labelingJobArn": self.arn, "dataObject": item.line}
        answer, error = self._call(function, event)
        needed = answer.get("isHumanAnnotationRequired", True) if isinstance(answer, dict) else None
        if error or not isinstance(answer, dict) or "taskInput" not in answer:
            item.fail(f"The pre-annotation Lambda function failed: {error or 'it gave no taskInput'}")
        elif not isinstance(needed, bool):
            item.fail(f"isHumanAnnotationRequired must be a boolean, got {needed!r}")
        elif needed:
            item.task_input = answer["taskInput"]
        else:
            item.state = "unneeded"

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self.lock:
                batch = self._batch()
                idle = not batch and not any(each.state in ("open", "answered") for each in self.items)
            if batch:
                self._ask_after(batch)
            elif idle:
                return
            else:
                time.sleep(_LOOK_SECONDS)
        with self.lock:
            left = dataset.ready(self.items)
        self._ask_after(left)

    def _batch(self) -> list[DataObject]:
        ready = dataset.ready(self.items)
        if not ready:
            self._waiting_since = None
            return []
        self._waiting_since = self._waiting_since or time.monotonic()
        nobody_works = not any(each.state == "open" for each in self.items)
        waited = time.monotonic() - self._waiting_since >= _BATCH_SECONDS
        if len(ready) < _BATCH and not nobody_works and not waited:
            return []
        self._waiting_since = None
        return ready[:_BATCH]

    def _ask_after(self, batch: list[DataObject]) -> None:
        if not batch:
            return
        stamp = now().strftime("%Y-%m-%d_%H:%M:%S.%f")
        requests = f"{self.folder}/annotations/consolidated-annotation/consolidation-request/iteration-1/{stamp}.json"
        self._put(requests, [each.payload() for each in batch])
        event = {
            "version": "2018-10-16",
            "labelingJobArn": self.arn,
            "labelCategories": None,
            "labelAttributeName": self.attribute,
            "roleArn": self.document["RoleArn"],
            "outputConfig": self.document["OutputConfig"]["S3OutputPath"],
            "payload": {"s3Uri": requests},
        }
        function = self.task["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"]
        answer, error = self._call(function, event)
        if not error and not isinstance(answer, list):
            error = "it answered with something else than a list"
        with self.lock:
            if error:
                for each in batch:
                    each.fail(f"The annotation consolidation Lambda function failed: {error}")
                return
            self._put(requests.replace("consolidation-request", "consolidation-response"), answer)
            by_id: dict[str, Any] = {}
            for entry in answer:
                by_id.setdefault(str(entry.get("datasetObjectId")), entry)
            for each in batch:
                each.consolidated(by_id.get(each.id), self.attribute)

    def _call(self, function: str, event: Document) -> tuple[Any, str]:
        """The function's answer, and what went wrong."""
        try:
            model = find(function, None, self.caller)
        except ServiceError as error:
            return None, str(error)
        outcome = POOL.invoke(model, event, model.function_arn)
        answer = json.loads(outcome.payload)
        if outcome.error:
            return None, str(answer.get("errorMessage", "it raised an error"))
        return answer, ""

    def _write_output(self) -> None:
        with self.lock:
            lines = [each.output(self.attribute, self.name) for each in self.items]
        content = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        where = f"{self.folder}/manifests/output/output.manifest"
        for uri in (where, f"{self.folder}/manifests/intermediate/1/output.manifest"):
            objects.write(uri, content.encode(), self.caller.region)
        self.document["LabelingJobOutput"] = {"OutputDatasetS3Uri": where}

    def _put(self, uri: str, document: Any) -> None:
        objects.write(uri, json.dumps(document).encode(), self.caller.region, "application/json")

    # --- what workers do

    def next(self, worker: str) -> DataObject | None:
        """The object that `worker` has, or gets now; None when there is none for them."""
        with self.lock:
            wanted = self.task["NumberOfHumanWorkersPerDataObject"]
            offered = list(self._offered(wanted))
            held = [each for each in offered if worker in each.holders]
            for each in held or offered:
                if each.asks(worker, wanted):
                    each.holders.setdefault(worker, now())
                    return each
        return None

    def _offered(self, wanted: int) -> Iterator[DataObject]:
        """Objects of the first tasks that are not finished: others wait until those are."""
        left = self.task.get("MaxConcurrentTaskCount", CONCURRENT_TASKS)
        for each in self.items:
            if each.state == "open" and each.task_input is not None and left > 0:
                left -= wanted
                yield each

    def held(self, worker: str, identity: str) -> DataObject:
        """The object that `worker` has. Raises `ServiceError`: they do not, or the time is over."""
        with self.lock:
            for each in self.items:
                if each.id == identity and worker in each.holders:
                    limit = self.task["TaskTimeLimitInSeconds"]
                    if (now() - each.holders[worker]).total_seconds() > limit:
                        del each.holders[worker]
                        raise ServiceError("TaskExpired", f"the time for task {identity} is over", 410)
                    return each
        raise ServiceError("NotYourTask", f"{worker} does not work on task {identity} of {self.name}", 409)

    def submit(self, worker: str, identity: str, content: dict[str, str], person: Document) -> None:
        """Takes an answer."""
        with self.lock:
            item = self.held(worker, identity)
            provider = f"https://cognito-idp.{self.caller.region}.amazonaws.com/{person['pool']}"
            about = {"identityProviderType": "Cognito", "issuer": provider, "sub": person["sub"]}
            response = dataset.Response(worker, about, content, item.holders.pop(worker), now())
            item.responses.append(response)
            name = response.submitted.strftime("%Y-%m-%d_%H:%M:%S.%f")
            where = f"{self.folder}/annotations/worker-response/iteration-1/{identity}/{name}.json"
            self._put(where, {"answers": [response.to_json()]})
            if len(item.responses) >= self.task["NumberOfHumanWorkersPerDataObject"]:
                item.state = "answered"

    def decline(self, worker: str, identity: str) -> None:
        """Gives a task back; what everybody gives back has expired and is not sent again."""
        with self.lock:
            item = self.held(worker, identity)
            del item.holders[worker]
            item.declined.add(worker)
            team = {worker_id(self.caller, each) for each in workteams.people(self.caller, self.task["WorkteamArn"])}
            if team <= item.declined:
                item.fail("Annotation tasks expired")

    def expire(self) -> None:
        """The availability of all open tasks ends now."""
        with self.lock:
            for each in self.items:
                if each.state == "open":
                    each.holders.clear()
                    if each.responses:
                        each.state = "answered"
                    else:
                        each.fail("Annotation tasks expired")

    def described(self) -> Document:
        with self.lock:
            states = [each.state for each in self.items]
        counters = {
            "TotalLabeled": states.count("labelled"),
            "HumanLabeled": states.count("labelled"),
            "MachineLabeled": 0,
            "FailedNonRetryableError": states.count("failed"),
            "Unlabeled": len(states) - states.count("labelled") - states.count("failed"),
        }
        return {**self.document, "LabelCounters": counters}


JOBS: Table[LabelingJob] = Table("labeling-job")

_KEPT = (
    "LabelingJobName",
    "LabelAttributeName",
    "InputConfig",
    "OutputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "HumanTaskConfig",
)


def worker_id(caller: Caller, user: str) -> str:
    """The id under which a user's answers are told."""
    return f"private.{caller.region}.{hashlib.sha256(user.encode()).hexdigest()[:16].upper()}"


@operation("sagemaker", "CreateLabelingJob")
def create_labeling_job(request: Document, caller: Caller) -> Document:
    name = request["LabelingJobName"]
    if JOBS.find(caller, name):
        raise ServiceError("ResourceInUse", f"Labeling job {name} already exists.")
    _check(request, caller)
    arn = JOBS.arn(caller, name)
    document = {
        **only(request, _KEPT),
        "LabelingJobArn": arn,
        "LabelingJobStatus": "Initializing",
        "JobReferenceCode": uuid.uuid4().hex[:12],
        "CreationTime": now(),
        "LastModifiedTime": now(),
    }
    job = JOBS.add(caller, name, LabelingJob(caller, document))
    set_tags(arn, request.get("Tags"))
    job.set_status("Initializing")
    job.start()
    return {"LabelingJobArn": arn}


def _check(request: Document, caller: Caller) -> None:
    attribute, task = request["LabelAttributeName"], request["HumanTaskConfig"]
    if attribute.endswith(("-metadata", "-ref")):
        raise invalid(f"LabelAttributeName {attribute} of a custom task must end neither with -metadata nor with -ref")
    if "S3DataSource" not in request["InputConfig"]["DataSource"] or "LabelingJobAlgorithmsConfig" in request:
        raise invalid("the emulated account has no streaming labeling jobs and no automated labeling")
    if "UiTemplateS3Uri" not in task["UiConfig"] or "AnnotationConsolidationConfig" not in task:
        raise invalid("the emulated account has custom templates with AnnotationConsolidationConfig only")
    for member, most in {
        "TaskTimeLimitInSeconds": LONGEST_TASK_SECONDS,
        "TaskAvailabilityLifetimeInSeconds": LONGEST_AVAILABLE_SECONDS,
    }.items():
        if task.get(member, 0) > most:
            raise invalid(f"{member} must be at most {most}, got {task[member]}")
    workteams.team(caller, task["WorkteamArn"])


def find_job(caller: Caller, name: str) -> LabelingJob:
    """Raises `ServiceError`: there is none."""
    job = JOBS.find(caller, name)
    if job is None:
        raise ServiceError("ResourceNotFound", f"Labeling job {name} does not exist.")
    return job


@operation("sagemaker", "DescribeLabelingJob")
def describe_labeling_job(request: Document, caller: Caller) -> Document:
    return find_job(caller, request["LabelingJobName"]).described()


@operation("sagemaker", "StopLabelingJob")
def stop_labeling_job(request: Document, caller: Caller) -> None:
    find_job(caller, request["LabelingJobName"]).stop()


@operation("sagemaker", "ListLabelingJobs")
def list_labeling_jobs(request: Document, caller: Caller) -> Document:
    members = (
        "LabelingJobName",
        "LabelingJobArn",
        "CreationTime",
        "LastModifiedTime",
        "LabelingJobStatus",
        "LabelCounters",
        "FailureReason",
        "LabelingJobOutput",
        "InputConfig",
    )

    def summary(item: Document) -> Document:
        task = item["HumanTaskConfig"]
        found = only(item, members) | only(task, ["WorkteamArn", "PreHumanTaskLambdaArn"])
        after = task["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"]
        return found | {"AnnotationConsolidationLambdaArn": after}

    return page(
        request,
        [job.described() for job in JOBS.all(caller)],
        "LabelingJobSummaryList",
        name="LabelingJobName",
        status="LabelingJobStatus",
        summary=summary,
    )


# --- only here: what workers do in their portal

_PLACE = r"/emulator/labeling-jobs/(?P<job>[^/]+)"


def worker(job: LabelingJob, user: str | None) -> tuple[str, Document]:
    """Id and identity of a member of the job's team. Raises `ServiceError`: nobody of that name is in it."""
    people = workteams.people(job.caller, job.task["WorkteamArn"])
    if not user or user not in people:
        raise ServiceError("AccessDenied", f"{user!r} is not in the workteam of {job.name}", 403)
    return worker_id(job.caller, user), people[user]


@control.route("GET", rf"{_PLACE}/next")
def _next(request: Request, caller: Caller, match: Any) -> Response:
    """`?worker=<user name>`: the task that the user gets; 204 when there is none."""
    job = find_job(caller, match["job"])
    item = job.next(worker(job, request.args.get("worker"))[0])
    if item is None:
        return Response(status=204)
    return control.json_response({"task": item.id, "input": item.task_input})


@control.route("POST", rf"{_PLACE}/tasks/(?P<task>\d+)/submit")
def _submit(request: Request, caller: Caller, match: Any) -> Response:
    """`{"worker", "fields": {name: text}}`: an answer, as `crowd-form` sends it."""
    job, said = find_job(caller, match["job"]), json.loads(request.get_data())
    identity, person = worker(job, said.get("worker"))
    job.submit(identity, match["task"], dict(said["fields"]), person)
    return Response(status=204)


@control.route("POST", rf"{_PLACE}/tasks/(?P<task>\d+)/decline")
def _decline(request: Request, caller: Caller, match: Any) -> Response:
    """`{"worker"}`: the user gives the task back."""
    job, said = find_job(caller, match["job"]), json.loads(request.get_data())
    job.decline(worker(job, said.get("worker"))[0], match["task"])
    return Response(status=204)


@control.route("POST", rf"{_PLACE}/expire")
def _expire(_request: Request, caller: Caller, match: Any) -> Response:
    """The time in which workers may take tasks of the job ends now."""
    find_job(caller, match["job"]).expire()
    return Response(status=204)
