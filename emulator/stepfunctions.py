"""Step Functions: moto's interpreter, with names of executions, their metrics and their events."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from moto.stepfunctions.exceptions import InvalidName
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from emulator import logs, stepfunctions_jobs
from emulator.api import Caller
from emulator.events import targets
from emulator.patching import replace

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_NAME = re.compile(r'[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}')
_METRICS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}

# What lets a path find several values: wildcards, slices, unions, filters, descent.
_SEVERAL = re.compile(r"\*|\.\.|\[[^\]'\"]*[:,?]")

_ask_service: Any = StateTaskServiceAwsSdk._eval_service_task
_start_execution: Any = StepFunctionsParserBackend.start_execution
_start: Any = Execution.start
_reflect: Any = BaseExecutionWorkerCommunication._reflect_execution_status


def _named(self: Any, state_machine_arn: str, name: str | None = None, *arguments: Any, **named: Any) -> Any:
    """moto takes a missing name for a name, and gives every further execution without one the first one's result."""
    if name is not None and not _NAME.fullmatch(name):
        raise InvalidName(f"Invalid Name: '{name}'")
    return _start_execution(self, state_machine_arn, name or str(uuid.uuid4()), *arguments, **named)


def _started(self: Any) -> None:
    _start(self)
    _measure(self, "ExecutionsStarted", 1.0, "Count")
    _tell(self)


def _ended(self: Any) -> None:
    _reflect(self)
    execution = self.execution
    _measure(execution, _METRICS[execution.exec_status.value], 1.0, "Count")
    milliseconds = (execution.stop_date - execution.start_date).total_seconds() * 1000
    _measure(execution, "ExecutionTime", milliseconds, "Milliseconds")
    _tell(execution)


def _ask_service_for_json(self: Any, env: Any, *arguments: Any, **named: Any) -> None:
    """What a service answers is JSON from here on, its times as ISO 8601; moto keeps boto3's objects."""
    _ask_service(self, env, *arguments, **named)
    env.stack.append(json.loads(to_json_str(env.stack.pop())))


def _finds_one(path: str) -> bool:
    """moto hands a list to what asks for `$.list[0].name`; Step Functions hands over the value."""
    return _SEVERAL.search(path) is None


def _caller(execution: Any) -> Caller:
    return Caller(execution.account_id, execution.region_name)


def _measure(execution: Any, name: str, value: float, unit: str) -> None:
    dimensions = {"StateMachineArn": execution.state_machine.arn}
    logs.put_metric(_caller(execution), "AWS/States", name, value, unit, dimensions)


def _tell(execution: Any) -> None:
    stopped = execution.stop_date
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.exec_status.value,
        "startDate": int(execution.start_date.timestamp() * 1000),
        "stopDate": int(stopped.timestamp() * 1000) if stopped else None,
        "input": json.dumps(execution.input_data),
        "output": json.dumps(execution.output) if execution.exec_status.value == "SUCCEEDED" else None,
        "error": execution.error,
        "cause": execution.cause,
    }
    kind = "Step Functions Execution Status Change"
    targets.send(_caller(execution), "aws.states", kind, detail, [execution.exec_arn])


replace(StepFunctionsParserBackend, "start_execution", _named)
replace(Execution, "start", _started)
replace(BaseExecutionWorkerCommunication, "_reflect_execution_status", _ended)
replace(StateTaskServiceAwsSdk, "_eval_service_task", _ask_service_for_json)
replace(json_path, "_is_singleton_array_access", _finds_one)
stepfunctions_jobs.install()
