"""What training, processing and transform jobs have in common: a machine, a container, stopping, time limits."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from emulator import settings
from emulator.api import Caller, Document, ServiceError
from emulator.events import targets
from emulator.sagemaker import container, objects
from emulator.sagemaker.container import Container
from emulator.sagemaker.output import Output
from emulator.sagemaker.store import as_event, invalid, now

log = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 120.0
SUPPORTED_SOURCES = ("S3Prefix", "ManifestFile")
_FAILURE_CHARACTERS = 1024
_FINISHED = ("Completed", "Failed", "Stopped")


class Job(ABC):
    """One job. `kind` is the word in its members' names, such as TrainingJobStatus."""

    kind: str

    def __init__(self, caller: Caller, document: Document, name: str) -> None:
        self.caller, self.document, self.name = caller, document, name
        self.machine = container.Machine(settings.current().state_dir / "jobs" / f"{self.kind}-{name}")
        shutil.rmtree(self.machine.root, ignore_errors=True)
        self.machine.ml.mkdir(parents=True)
        self.metrics: list[Document] = []
        self._container: Container | None = None
        self._stopping = threading.Event()
        self._timed_out = False
        self.finished = threading.Event()

    @property
    def status(self) -> str:
        return str(self.document[f"{self.kind}JobStatus"])

    @property
    def arn(self) -> str:
        return str(self.document[f"{self.kind}JobArn"])

    @property
    def log_group(self) -> str:
        return f"/aws/sagemaker/{self.kind}Jobs"

    @property
    def stream(self) -> str:
        return f"{self.name}/algo-1-{int(self.document['CreationTime'].timestamp())}"

    def start(self) -> None:
        threading.Thread(target=self._run_guarded, name=self.name, daemon=True).start()

    def stop(self) -> None:
        if self.status in _FINISHED:
            raise invalid(f"The request was rejected because the {self.kind.lower()} job is in status {self.status}.")
        self.set_status("Stopping")
        self._stopping.set()
        self.terminate()

    def terminate(self) -> None:
        """SIGTERM to what runs now, later SIGKILL."""
        running = self._container
        if running is not None and running.running():
            running.terminate()

            def kill() -> None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(STOP_GRACE_SECONDS)
                running.kill()

            threading.Thread(target=kill, daemon=True).start()

    def _run_guarded(self) -> None:
        try:
            self.run()
        except (objects.DataError, container.CannotStart, ServiceError) as error:
            self.fail(f"ClientError: {error}")
        except Exception as error:
            log.exception("%s job %s", self.kind, self.name)
            self.fail(f"InternalServerError: the emulator failed: {error!r}")
        finally:
            if self.status not in _FINISHED:
                self.set_status("Stopped" if self._stopping.is_set() or self._timed_out else "Failed")
            self.finished.set()

    @abstractmethod
    def run(self) -> None:
        """The whole job; what it raises is its failure."""

    def execute(
        self,
        image: str,
        arguments: Sequence[str],
        environment: dict[str, str],
        limit: float,
        *,
        entrypoint: Sequence[str] = (),
        metrics: Sequence[Document] = (),
    ) -> int:
        """Runs the image to its end and returns its exit status; output goes to the job's log stream."""
        if self._stopping.is_set():
            return 0
        region = self.caller.region
        running = container.start(self.machine, image, arguments, environment, region=region, entrypoint=entrypoint)
        self._container = running
        if self._stopping.is_set():
            self.terminate()
        output = Output(self.caller, self.log_group, self.stream, metrics, {f"{self.kind}JobName": self.name})
        reader = threading.Thread(target=output.read, args=(running.stdout,), daemon=True)
        reader.start()
        try:
            status = running.wait(limit)
        except subprocess.TimeoutExpired:
            self._timed_out = True
            status = running.stop(STOP_GRACE_SECONDS)
        # Workers that the job left behind would hold the pipe, and a machine, for ever.
        running.stop()
        reader.join(5.0)
        self.metrics = output.final_metrics()
        return status

    def fail(self, reason: str) -> None:
        self.document["FailureReason"] = reason[:_FAILURE_CHARACTERS]
        self.set_status("Failed")

    def set_status(self, status: str) -> None:
        self.document[f"{self.kind}JobStatus"] = status
        self.document["LastModifiedTime"] = now()
        if status in _FINISHED:
            self.document[f"{self.kind}EndTime"] = now()
        kind = f"SageMaker {self.kind} Job State Change"
        targets.send(self.caller, "aws.sagemaker", kind, as_event(self.document), [self.arn])

    def text_of(self, name: str) -> str:
        """A file that the job wrote below `/opt/ml/output`, or nothing."""
        with contextlib.suppress(OSError):
            return (self.machine.ml / "output" / name).read_text(errors="replace").strip()[:_FAILURE_CHARACTERS]
        return ""

    def variables(self, more: dict[str, str]) -> dict[str, str]:
        """The environment of its container: who it is, and `more`."""
        return {
            "AWS_REGION": self.caller.region,
            f"{self.kind.upper()}_JOB_NAME": self.name,
            f"{self.kind.upper()}_JOB_ARN": self.arn,
            **more,
        }


def download_source(source: Document, target: Path, region: str) -> None:
    """What an S3 data source names, S3Prefix or ManifestFile, in a folder. Raises `DataError`."""
    if source.get("S3DataType", "S3Prefix") == "S3Prefix":
        objects.download(source["S3Uri"], target, region)
        return
    prefix, names = read_manifest(source["S3Uri"], region)
    for name in names:
        objects.download(f"{prefix}{name}", (target / name).parent, region)


def read_manifest(uri: str, region: str) -> tuple[str, list[str]]:
    """Prefix and names of a manifest file: `[{"prefix": "s3://bucket/folder/"}, "name", …]`. Raises `DataError`."""
    try:
        head, *names = json.loads(objects.read(uri, region))
        prefix = str(head["prefix"])
        if not all(isinstance(name, str) for name in names):
            raise TypeError("its names are not texts")
    except (ValueError, TypeError, KeyError) as error:
        raise objects.DataError(f"The manifest file {uri} is not a valid manifest: {error}") from error
    return prefix, names


def wait(finished: threading.Event, stop: threading.Event, on_stop: Callable[[], Any]) -> None:
    """Waits for a job, passing a stop on."""
    while not finished.wait(0.1):
        if stop.is_set():
            with contextlib.suppress(ServiceError):
                on_stop()
            finished.wait(STOP_GRACE_SECONDS + 30)
            return
