"""Runs an Amazon States Language definition step by step in this process, so that a test decides what happens between.

Only what the release workflow uses (a test holds that): Task with Parameters, ResultSelector, ResultPath, OutputPath,
Retry and Catch; Choice; Wait, which takes no time; Succeed; Fail. JSONPath in its simple form `$.a.b`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Invoke = Callable[[str, Any], Any]
RUNNING, SUCCEEDED, FAILED = "RUNNING", "SUCCEEDED", "FAILED"


@dataclass
class Execution:
    """One execution.

    Attributes:
        definition: the parsed definition.
        context: `$$`.
        data: the input, and later the state's data.
        invoke: calls the function of a Task by the state's name; what it raises is the Task's error.
    """

    definition: dict[str, Any]
    context: dict[str, Any]
    data: Any
    invoke: Invoke
    status: str = RUNNING
    cause: str = ""
    entered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = self.definition["StartAt"]
        self.data_at_start = self.data
        self._tries: dict[int, int] = {}

    def step(self) -> None:
        """Enters the next state and leaves it again, or tries it once more."""
        assert self.status == RUNNING
        state = self.definition["States"][self.state]
        self.entered.append(self.state)
        match state["Type"]:
            case "Task":
                self._task(state)
            case "Choice":
                self._go(next((rule["Next"] for rule in state["Choices"] if self._holds(rule)), state["Default"]))
            case "Wait":
                self._go(state["Next"])
            case "Succeed":
                self.status = SUCCEEDED
            case "Fail":
                self.status, self.cause = FAILED, str(self._at(state["CausePath"]))
            case other:
                raise AssertionError(f"{self.state}: a state of type {other} is not known here")

    def run(self, most: int = 500) -> Execution:
        """Until it ends; fails the test where that takes more than `most` steps."""
        for _ in range(most):
            if self.status != RUNNING:
                return self
            self.step()
        raise AssertionError(f"still running after {most} steps: {self.entered[-10:]}")

    def _task(self, state: dict[str, Any]) -> None:
        given = self._fill(state["Parameters"]["Payload"]) if "Payload" in state["Parameters"] else None
        if "Payload.$" in state["Parameters"]:
            given = self._at(state["Parameters"]["Payload.$"])
        try:
            answer = self.invoke(self.state, copy.deepcopy(given))
        except Exception as error:
            self._failed(state, error)
            return
        json.dumps(answer)  # functions answer JSON
        result: Any = {"Payload": answer}
        if "ResultSelector" in state:
            result = self._fill(state["ResultSelector"], result)
        self.data = self._put(state.get("ResultPath", "$"), result)
        self.data = self._at(state.get("OutputPath", "$"))
        self._go(state["Next"])

    def _failed(self, state: dict[str, Any], error: Exception) -> None:
        name = type(error).__name__
        for index, retry in enumerate(state.get("Retry", [])):
            if _covers(retry["ErrorEquals"], name):
                self._tries[index] = self._tries.get(index, 0) + 1
                if self._tries[index] <= retry["MaxAttempts"]:
                    return  # the state is entered again
        for catch in state.get("Catch", []):
            if _covers(catch["ErrorEquals"], name):
                cause = json.dumps({"errorType": name, "errorMessage": str(error)})
                self.data = self._put(catch["ResultPath"], {"Error": name, "Cause": cause})
                self._go(catch["Next"])
                return
        self.status, self.cause = FAILED, str(error)

    def _go(self, state: str) -> None:
        self.state = state
        self._tries = {}

    def _holds(self, rule: dict[str, Any]) -> bool:
        return bool(self._at(rule["Variable"]) == rule["StringEquals"])

    def _fill(self, template: Any, data: Any = None) -> Any:
        if isinstance(template, dict):
            return {
                name.removesuffix(".$"): self._at(value, data) if name.endswith(".$") else self._fill(value, data)
                for name, value in template.items()
            }
        return template

    def _at(self, path: str, data: Any = None) -> Any:
        found = self.context if path.startswith("$$") else self.data if data is None else data
        for name in path.split(".")[1:]:
            found = found[name]
        return found

    def _put(self, path: str, value: Any) -> Any:
        if path == "$":
            return value
        name = path.removeprefix("$.")
        assert "." not in name
        return {**self.data, name: value}


def definition_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The definition in the template's state machine, with references left as the word `aws`."""
    parts = resource["Properties"]["DefinitionString"]["Fn::Join"][1]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "aws" for part in parts))
    return found


def _covers(errors: list[str], name: str) -> bool:
    return bool({name, "States.ALL", "States.TaskFailed"}.intersection(errors))
