"""Processes that run functions: kept warm, one invocation at a time each."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator import children, logs
from emulator.api import Caller
from emulator.functions import bundles, mounts

_RUNTIME = Path(__file__).with_name("runtime.py")
_WORKERS_PER_FUNCTION = 4
_IDLE_SECONDS = 300.0
_OUTPUT_SECONDS = 2.0


@dataclass(frozen=True)
class Outcome:
    """What one invocation gave: the payload, whether it is an error, and its log lines."""

    payload: bytes
    error: bool
    log: str


@dataclass(frozen=True)
class Function:
    """One version of a function, as far as running it goes. Two equal ones can share their processes."""

    arn: str
    name: str
    version: str
    handler: str
    runtime: str
    digest: str
    timeout: float
    memory: int
    log_group: str
    environment: tuple[tuple[str, str], ...]
    layers: tuple[str, ...]
    mounts: tuple[tuple[str, str], ...]
    concurrency: int

    @classmethod
    def of(cls, model: Any) -> Function:
        """From moto's model of the function."""
        return cls(
            arn=model.function_arn,
            name=model.function_name,
            version=str(model.version),
            handler=model.handler or "",
            runtime=model.run_time or "",
            digest=model.code_sha_256,
            timeout=float(model.timeout),
            memory=int(model.memory_size),
            log_group=model.logs_group_name,
            environment=tuple(sorted((name, str(value)) for name, value in model.environment_vars.items())),
            layers=tuple(layer["Arn"] for layer in model.layers),
            mounts=tuple((each["Arn"], each["LocalMountPath"]) for each in getattr(model, "file_systems", [])),
            concurrency=int(model.reserved_concurrency or _WORKERS_PER_FUNCTION),
        )

    @property
    def caller(self) -> Caller:
        parts = self.arn.split(":")
        return Caller(parts[4], parts[3])


class Worker:
    """One process with one function loaded."""

    def __init__(self, function: Function, code: bytes, layers: list[dict[str, Any]]) -> None:
        self.function = function
        today = datetime.now(UTC).strftime("%Y/%m/%d")
        self.stream = f"{today}/[{function.version}]{uuid.uuid4().hex}"
        root = bundles.unpacked(code, function.digest)
        folders = [root, *bundles.layer_folders(layers, function.caller.account, function.caller.region)]
        folders.append(bundles.runtime_folder())
        read_end, write_end = os.pipe()
        self._process = children.start(
            # Isolated and without site-packages: what the bundle lacks is missing here as it is in AWS.
            [sys.executable, "-I", "-S", "-u", str(_RUNTIME), function.handler, str(write_end), *map(str, folders)],
            env=self._environment(root),
            cwd=root,
            stdin=subprocess.PIPE,
            pass_fds=(write_end,),
        )
        os.close(write_end)
        self._results = os.fdopen(read_end)
        self._output: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read_output, daemon=True).start()
        self.last_used = time.monotonic()

    def _environment(self, root: Path) -> dict[str, str]:
        function = self.function
        account = children.base_environment(function.caller.region)
        return {
            **{name: value for name, value in account.items() if not name.startswith(("CDK_", "JSII_", "NODE_"))},
            "HOME": "/tmp",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(root),
            "_HANDLER": function.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            # There is no X-Ray daemon here.
            "AWS_XRAY_SDK_ENABLED": "false",
            "POWERTOOLS_TRACE_DISABLED": "true",
            **mounts.translated(dict(function.environment), function.mounts, function.caller),
        }

    def _read_output(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            self._output.put(None if raw == b"\0\n" else raw.decode(errors="replace").rstrip("\n"))

    def invoke(self, event: Any, invoked_arn: str) -> Outcome:
        """Runs one invocation; a worker that failed to answer is dead afterwards."""
        request = str(uuid.uuid4())
        started = time.monotonic()
        deadline = time.time() + self.function.timeout
        body = json.dumps({"id": request, "event": event, "arn": invoked_arn, "deadline": deadline})
        answer = self._exchange(body)
        milliseconds = (time.monotonic() - started) * 1000
        lines = self._collect(ended=answer is not None)
        if answer is None:
            answer = {"answer": None, "error": self._broken(request, milliseconds / 1000)}
            lines.append(answer["error"]["errorMessage"])
        text = [
            f"START RequestId: {request} Version: {self.function.version}",
            *lines,
            f"END RequestId: {request}",
            f"REPORT RequestId: {request}\tDuration: {milliseconds:.2f} ms\tMemory Size: {self.function.memory} MB",
        ]
        caller, dimensions = self.function.caller, {"FunctionName": self.function.name}
        logs.write(caller, self.function.log_group, self.stream, text)
        logs.put_metric(caller, "AWS/Lambda", "Invocations", 1, "Count", dimensions)
        logs.put_metric(caller, "AWS/Lambda", "Errors", float(bool(answer["error"])), "Count", dimensions)
        logs.put_metric(caller, "AWS/Lambda", "Duration", milliseconds, "Milliseconds", dimensions)
        self.last_used = time.monotonic()
        payload = json.dumps(answer["error"]) if answer["error"] else answer["answer"]
        return Outcome(payload.encode(), bool(answer["error"]), "\n".join(text))

    def _exchange(self, body: str) -> dict[str, Any] | None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(body.encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError):
            return None
        # The result pipe is read with a time limit: a handler may hang, or end the process.
        ready, _, _ = select.select([self._results], [], [], self.function.timeout)
        line = self._results.readline() if ready else ""
        return json.loads(line) if line else None

    def _collect(self, *, ended: bool) -> list[str]:
        lines: list[str] = []
        deadline = time.monotonic() + (_OUTPUT_SECONDS if ended else 0.2)
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                line = self._output.get(timeout=0.05)
                if line is None:
                    break
                lines.append(line)
        return lines

    def _broken(self, request: str, seconds: float) -> dict[str, Any]:
        status = self._process.poll()
        if status is None and seconds >= self.function.timeout:
            when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            message = f"{when} {request} Task timed out after {self.function.timeout:.2f} seconds"
            kind = "Sandbox.Timedout"
        else:
            message = f"RequestId: {request} Error: Runtime exited with error: exit status {status}"
            kind = "Runtime.ExitError"
        self.stop()
        return {"errorMessage": message, "errorType": kind}

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        children.stop(self._process, grace=0.2)


class Pool:
    """Warm workers of all functions."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._idle: dict[Function, list[Worker]] = {}
        self._busy: dict[str, int] = {}

    def invoke(self, model: Any, event: Any, invoked_arn: str) -> Outcome:
        """Waits while the function's concurrency is used up, as an asynchronous queue would."""
        function = Function.of(model)
        with self._lock:
            while self._busy.get(function.arn, 0) >= max(1, function.concurrency):
                self._lock.wait(1.0)
            self._busy[function.arn] = self._busy.get(function.arn, 0) + 1
            idle = self._idle.get(function, [])
            worker = idle.pop() if idle else None
        try:
            if worker is None or not worker.alive:
                self._stop_old_versions(function)
                worker = Worker(function, model.code_bytes, model.layers)
            outcome = worker.invoke(event, invoked_arn)
        finally:
            with self._lock:
                self._busy[function.arn] -= 1
                if worker is not None and worker.alive:
                    self._idle.setdefault(function, []).append(worker)
                self._lock.notify_all()
        return outcome

    def _stop_old_versions(self, function: Function) -> None:
        """After an update of code or settings the processes of before are of no use."""
        with self._lock:
            old = [known for known in self._idle if known.arn == function.arn and known != function]
            workers = [worker for known in old for worker in self._idle.pop(known)]
        for worker in workers:
            worker.stop()

    def stop_idle(self, arns: set[str]) -> None:
        """Stops workers that waited long, and those whose function is gone."""
        now = time.monotonic()
        with self._lock:
            stopped = []
            for function, workers in list(self._idle.items()):
                kept = [w for w in workers if function.arn in arns and now - w.last_used < _IDLE_SECONDS and w.alive]
                stopped += [worker for worker in workers if worker not in kept]
                self._idle[function] = kept
                if not kept:
                    del self._idle[function]
        for worker in stopped:
            worker.stop()


POOL = Pool()
