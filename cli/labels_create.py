"""A new labelling job: drawings into the bucket, the order last, then the workflow that has them read."""

import hashlib
import json
import mimetypes
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli.environment import Environment, split_uri
from cli.errors import OperatorError
from cli.labels import read_labels
from cli.served_files import SUFFIXES
from cli.upload import DIGEST, PARALLEL, head, picture_names
from drawing_ocr.annotation import Annotation
from drawing_ocr.labelling.job import Drawing, Job, JobError
from drawing_ocr.labelling.task import task_id

JOB_NAME = re.compile(r"[a-z0-9-]{1,48}")


class Ordered(BaseModel):
    """A job that is being prepared."""

    model_config = ConfigDict(frozen=True)

    job: str
    drawings: int
    gold: int
    execution_arn: str


@dataclass(frozen=True)
class Order:
    """What is ordered.

    Attributes:
        job: its name.
        title: what people read.
        annotators: how many people label each drawing.
        priority: a job with a higher one is handed out first.
    """

    job: str
    title: str
    annotators: int
    priority: int


def drawings_in(paths: Sequence[Path]) -> list[Path]:
    """Every drawing that is named or lies in a named folder.

    Raises:
        OperatorError: there is none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES]
        elif path.is_file():
            found.append(path)
        else:
            raise OperatorError(f"{path}: there is no such file or folder")
    if not found:
        raise OperatorError(f"{', '.join(map(str, paths))}: no drawing is there ({', '.join(sorted(SUFFIXES))})")
    return found


def create(
    environment: Environment, order: Order, drawings: Sequence[Path], gold: Path | None, on_picture: Callable[[], None]
) -> Ordered:
    """Orders a job; the same order again goes on where it was cut off.

    Args:
        environment: where.
        order: what.
        drawings: files to label.
        gold: folder with drawings whose labels are known, mixed in to measure people; None for none.
        on_picture: called after each upload.

    Raises:
        OperatorError: the name cannot be used or is taken, or a label of `gold` cannot be used.
    """
    if not JOB_NAME.fullmatch(order.job):
        raise OperatorError(f"{order.job}: a job's name has up to 48 small letters, digits and dashes")
    known = _known_job(environment, order.job)
    annotations = list(read_labels(gold).annotations) if gold else []
    files = [*drawings, *(Path(annotation.image) for annotation in annotations)]
    names = picture_names(files)

    def put(file: Path, name: str) -> Drawing:
        uploaded = _put(environment, file, f"drawings/{order.job}/{name}")
        on_picture()
        return uploaded

    with ThreadPoolExecutor(PARALLEL) as pool:
        uploaded = list(pool.map(put, files, names))
    for annotation, drawing in zip(annotations, uploaded[len(drawings) :], strict=True):
        _put_gold(environment, order.job, annotation, drawing)
    job = _job(environment, order, uploaded, known)
    arn = _start(environment, job.job)
    return Ordered(job=job.job, drawings=len(drawings), gold=len(annotations), execution_arn=arn)


def _known_job(environment: Environment, name: str) -> Job | None:
    key = f"jobs/{name}/job.json"
    if head(environment.client("s3"), environment.names.labelling_bucket, key) is None:
        return None
    return Job.parse(environment.read_object(f"s3://{environment.names.labelling_bucket}/{key}"), where=key)


def _job(environment: Environment, order: Order, drawings: Sequence[Drawing], known: Job | None) -> Job:
    """Writes the order, unless exactly it is there already."""
    try:
        job = Job(
            job=order.job,
            title=order.title,
            created=datetime.now(UTC).replace(microsecond=0),
            created_by=environment.caller,
            annotators=order.annotators,
            priority=order.priority,
            drawings=tuple(drawings),
        )
    except (JobError, ValueError) as error:
        raise OperatorError(f"{order.job}: {error}") from error
    if known is not None:
        if set(known.drawings) != set(job.drawings) or known.annotators != job.annotators:
            raise OperatorError(f"there is a job {order.job} already, of other drawings: choose another name")
        return known
    try:
        environment.client("s3").put_object(
            Bucket=environment.names.labelling_bucket,
            Key=f"jobs/{order.job}/job.json",
            Body=job.to_json().encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        raise OperatorError(f"a job {order.job} appeared meanwhile: somebody else took the name") from error
    return job


def _put(environment: Environment, file: Path, key: str) -> Drawing:
    client, bucket = environment.client("s3"), environment.names.data_bucket
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    there: dict[str, Any] | None = head(client, bucket, key)
    if there is None or there["Metadata"].get(DIGEST) != digest:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        there = client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=kind, Metadata={DIGEST: digest})
    return Drawing(uri=f"s3://{bucket}/{key}", version_id=there.get("VersionId"))


def _put_gold(environment: Environment, job: str, annotation: Annotation, drawing: Drawing) -> None:
    known = annotation.model_copy(update={"image": drawing.uri, "version_id": drawing.version_id})
    bucket, key = split_uri(
        f"s3://{environment.names.labelling_bucket}/jobs/{job}/gold/{task_id(drawing.uri, drawing.version_id)}.json"
    )
    body = known.model_dump_json().encode()
    environment.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")


def _start(environment: Environment, job: str) -> str:
    states, machine = environment.client("stepfunctions"), environment.names.labelling_workflow_arn
    try:
        started = states.start_execution(stateMachineArn=machine, name=job, input=json.dumps({"job": job}))
    except states.exceptions.ExecutionAlreadyExists:
        return machine.replace(":stateMachine:", ":execution:") + f":{job}"
    return str(started["executionArn"])
