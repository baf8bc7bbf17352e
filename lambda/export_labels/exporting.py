"""Exporting a job: pictures first, the manifest last, since its appearance starts training; never written twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from drawing_ocr.labelling.answer import Answer
from drawing_ocr.labelling.consensus_record import Consensus
from drawing_ocr.labelling.export import ExportedDrawing, ExportError, Outcome, batch_manifest, export
from drawing_ocr.labelling.task import Task
from shared import storage
from shared.errors import PlatformError
from shared.labelling_places import Places
from shared.labelling_state import TaskState
from shared.labelling_table import LabellingTable

PARALLEL = 16  # requests at once
MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchVersion"})


@dataclass(frozen=True)
class Exporting:
    """Exports jobs.

    Attributes:
        table: of labelling.
        s3: client.
        bucket: of labelling.
        data_bucket: where training looks for labels.
    """

    table: LabellingTable
    s3: Any
    bucket: str
    data_bucket: str

    def run(self, job: str) -> str:
        """Exports a job and gives the address of its manifest; a second time nothing changes.

        Raises:
            PlatformError: people are still at it, nothing was labelled, or a picture is gone.
        """
        item = self.table.job(job)
        if item["state"] == "exported":
            return str(item["manifest"])
        try:
            drawings = export(self._outcomes(job))
        except ExportError as error:
            raise PlatformError(str(error)) from None
        if not drawings:
            raise PlatformError(f"job {job}: every drawing was skipped, so there is nothing to learn from")
        root = f"labels/{job}/"
        with ThreadPoolExecutor(PARALLEL) as pool:
            for _ in pool.map(lambda drawing: self._copy(drawing, root), drawings):
                pass
        manifest = self._put_manifest(f"{root}manifest.jsonl", batch_manifest(drawings))
        self.table.update_job(job, state="exported", manifest=manifest)
        return manifest

    def _outcomes(self, job: str) -> Iterator[Outcome]:
        states = [state for state in self.table.tasks(job) if not state.gold]
        unfinished = sum(state.stage != "done" for state in states)
        if unfinished:
            raise PlatformError(f"job {job}: {unfinished} tasks are not finished: label or review them first")
        # What was skipped is left out; what could not be shown any more was never compared.
        told = [state for state in states if state.outcome != "skipped"]
        with ThreadPoolExecutor(PARALLEL) as pool:
            yield from pool.map(self._outcome, told)

    def _outcome(self, state: TaskState) -> Outcome:
        places = Places(state.job)
        task, consensus = places.task(state.task), places.consensus(state.task)
        return Outcome(
            task=Task.parse(self._read(task), where=task),
            consensus=Consensus.parse(self._read(consensus), where=consensus),
            review=self._review(places, state),
        )

    def _review(self, places: Places, state: TaskState) -> Answer | None:
        if state.review is None:
            return None
        key = places.reviewed(state.task)
        return Answer.parse(self._read(key, state.review.version_id), where=key)

    def _read(self, key: str, version_id: str = "") -> bytes:
        version = {"VersionId": version_id} if version_id else {}
        try:
            return bytes(self.s3.get_object(Bucket=self.bucket, Key=key, **version)["Body"].read())
        except ClientError as error:
            raise PlatformError(
                f"s3://{self.bucket}/{key}: cannot be read ({error.response['Error']['Code']})"
            ) from error

    def _copy(self, drawing: ExportedDrawing, root: str) -> None:
        key = f"{root}{drawing.annotation.image}"
        if self._is_there(key):
            return  # an export before this one was cut off; pictures are named after their tasks
        bucket, source = storage.split_uri(drawing.source.uri)
        if bucket not in (self.bucket, self.data_bucket):
            raise PlatformError(f"{drawing.source.uri}: a picture of another bucket, which no export may copy")
        version = {"VersionId": drawing.source.version_id} if drawing.source.version_id else {}
        try:
            self.s3.copy_object(
                Bucket=self.data_bucket, Key=key, CopySource={"Bucket": bucket, "Key": source, **version}
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            raise PlatformError(
                f"{drawing.source.uri}: the picture is not there any more: put it back, or skip its task in a review"
            ) from error

    def _is_there(self, key: str) -> bool:
        try:
            self.s3.head_object(Bucket=self.data_bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise
        return True

    def _put_manifest(self, key: str, text: str) -> str:
        uri = f"s3://{self.data_bucket}/{key}"
        try:
            self.s3.put_object(
                Bucket=self.data_bucket,
                Key=key,
                Body=text.encode(),
                ContentType="application/jsonlines",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            if self.s3.get_object(Bucket=self.data_bucket, Key=key)["Body"].read() != text.encode():
                raise PlatformError(
                    f"{uri} is another batch's, and a batch is never changed: name the job anew"
                ) from None
        return uri
