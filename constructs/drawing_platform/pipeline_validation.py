"""Says what SageMaker would refuse in a pipeline definition, without asking it.

The arguments of each job are held against botocore's model of CreateTrainingJob and CreateProcessingJob (types,
required fields, enumerations, patterns, limits); references, property files and operators against the definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

Json = dict[str, Any]

# https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps.html and the definition's JSON schema.
STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
MAX_DEFINITION_BYTES = 100_000  # a longer one must lie in S3
OPERATORS = frozenset(
    {
        "Equals",
        "GreaterThan",
        "GreaterThanOrEqualTo",
        "In",
        "LessThan",
        "LessThanOrEqualTo",
        "Not",
        "Or",
    }
)
PARAMETER_TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}
EXECUTION_FACTS = frozenset(
    {
        "CurrentDateTime",
        "PipelineArn",
        "PipelineExecutionArn",
        "PipelineExecutionId",
        "PipelineName",
        "StartDateTime",
    }
)
OPERATIONS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
}
KEYS = {
    "Processing": {"Arguments", "PropertyFiles", "RetryPolicies", "CacheConfig"},
    "Training": {"Arguments", "RetryPolicies", "CacheConfig"},
    "Lambda": {"Arguments", "FunctionArn", "OutputParameters", "CacheConfig"},
    "Condition": {"Arguments"},
    "Fail": {"Arguments"},
}
RETRIED = frozenset(
    {
        "Step.SERVICE_FAULT",
        "Step.THROTTLING",
        "SageMaker.JOB_INTERNAL_ERROR",
        "SageMaker.CAPACITY_ERROR",
        "SageMaker.RESOURCE_LIMIT",
    }
)
VARIABLES = ("Get", "Std:Join", "Std:JsonGet")


def findings(definition: Json) -> list[str]:
    """Everything that is wrong, one line each that names the step; empty for a definition that would be taken."""
    return list(_Definition(definition).findings())


@dataclass(frozen=True)
class _Definition:
    content: Json

    def findings(self) -> Iterator[str]:
        if self.content.get("Version") != "2020-12-01":
            yield f"Version {self.content.get('Version')!r} is unknown: write 2020-12-01"
        yield from self._parameters()
        yield from self._names()
        for step, before in self._steps_in_order():
            yield from (f"{step.get('Name')}: {finding}" for finding in self._step(step, before))

    def _parameters(self) -> Iterator[str]:
        seen: set[str] = set()
        for parameter in self.content.get("Parameters", []):
            name, kind = parameter.get("Name"), parameter.get("Type")
            if name in seen:
                yield f"parameter {name}: declared twice"
            seen.add(name)
            if kind not in PARAMETER_TYPES:
                yield f"parameter {name}: type {kind!r} is unknown"
                continue
            default = parameter.get("DefaultValue")
            if default is not None and (
                not isinstance(default, PARAMETER_TYPES[kind]) or (isinstance(default, bool) and kind != "Boolean")
            ):
                yield f"parameter {name}: default {default!r} is no {kind}"

    def _names(self) -> Iterator[str]:
        seen: set[str] = set()
        for step in self._steps():
            name = str(step.get("Name"))
            if not STEP_NAME.fullmatch(name):
                yield f"{name}: a step's name has 1 to 64 letters, digits, '-' and '_'"
            if name in seen:
                yield f"{name}: two steps have this name"
            seen.add(name)

    def _steps(self) -> list[Json]:
        return [step for step, _ in self._steps_in_order()]

    def _steps_in_order(self) -> Iterator[tuple[Json, dict[str, Json]]]:
        """Each step with the steps that it may refer to: those above it, in its own branch."""
        yield from _walk(self.content.get("Steps", []), {})

    def _step(self, step: Json, before: dict[str, Json]) -> Iterator[str]:
        kind = str(step.get("Type"))
        if kind not in KEYS:
            yield f"type {kind!r} is unknown"
            return
        for key in sorted(set(step) - KEYS[kind] - {"Name", "Type", "DependsOn", "DisplayName", "Description"}):
            yield f"a step of type {kind} has no field {key}"
        for name in step.get("DependsOn", []):
            if name not in before:
                yield f"depends on {name}, which is no step before it"
        if kind in OPERATIONS:
            yield from _job(kind, step["Arguments"])
        if kind == "Processing":
            yield from _property_files(step)
        if kind == "Condition":
            yield from self._conditions(step)
        yield from _retries(step)
        own = {key: value for key, value in step.items() if key != "Arguments"}
        arguments = dict(step.get("Arguments", {}))
        if kind == "Condition":  # its branches are looked at by themselves
            arguments = {"Conditions": arguments.get("Conditions", [])}
        yield from self._variables([own, arguments], before)

    def _conditions(self, step: Json) -> Iterator[str]:
        for condition in step["Arguments"].get("Conditions", []):
            if condition.get("Type") not in OPERATORS:
                yield f"operator {condition.get('Type')!r} is unknown"
            for side in ("LeftValue", "RightValue"):
                if condition.get("Type") not in ("Not", "Or", "In") and side not in condition:
                    yield f"a condition lacks its {side}"

    def _variables(self, value: Any, before: dict[str, Json]) -> Iterator[str]:
        if isinstance(value, list):
            for part in value:
                yield from self._variables(part, before)
            return
        if not isinstance(value, dict):
            return
        if set(value) == {"Get"}:
            yield from self._reference(str(value["Get"]), before)
            return
        if "Std:JsonGet" in value:
            yield from _json_get(value["Std:JsonGet"], before)
            return
        for part in value.values():
            yield from self._variables(part, before)

    def _reference(self, path: str, before: dict[str, Json]) -> Iterator[str]:
        root, _, rest = path.partition(".")
        if root == "Parameters":
            if rest not in {parameter.get("Name") for parameter in self.content.get("Parameters", [])}:
                yield f"refers to parameter {rest}, which is not declared"
        elif root == "Execution":
            if rest not in EXECUTION_FACTS:
                yield f"refers to Execution.{rest}, which no execution has"
        elif root == "Steps":
            name, _, attribute = rest.partition(".")
            if name not in before:
                yield f"refers to step {name}, which is no step before it"
            elif not _has_property(before[name], attribute):
                yield f"refers to {attribute} of step {name}, which it does not have"
        else:
            yield f"refers to {path}, which is neither Parameters, Steps nor Execution"


def _walk(steps: list[Json], before: dict[str, Json]) -> Iterator[tuple[Json, dict[str, Json]]]:
    seen = dict(before)
    for step in steps:
        yield step, dict(seen)
        seen[str(step.get("Name"))] = step
        if step.get("Type") == "Condition":
            for branch in ("IfSteps", "ElseSteps"):
                yield from _walk(step["Arguments"].get(branch, []), seen)


def _has_property(step: Json, path: str) -> bool:
    """Whether what a step leaves behind has that path: the answer of DescribeTrainingJob, a declared output."""
    kind = step.get("Type")
    if kind == "Lambda":
        declared = {item["OutputName"] for item in step.get("OutputParameters", [])}
        return path in {f"OutputParameters['{name}']" for name in declared}
    if kind == "Processing":
        found = re.fullmatch(r"ProcessingOutputConfig\.Outputs\['([^']+)'\]\.S3Output\.S3Uri", path)
        if found:
            outputs = step["Arguments"].get("ProcessingOutputConfig", {}).get("Outputs", [])
            return found[1] in {output["OutputName"] for output in outputs}
    if kind in OPERATIONS:
        shape: Shape | None = _sagemaker().operation_model(f"Describe{kind}Job").output_shape
        for name in path.split("."):
            members = getattr(shape, "members", {})
            if name not in members:
                return False
            shape = members[name]
        return True
    return False


def _property_files(step: Json) -> Iterator[str]:
    outputs = {item["OutputName"] for item in step["Arguments"].get("ProcessingOutputConfig", {}).get("Outputs", [])}
    for file in step.get("PropertyFiles", []):
        name, output = file["PropertyFileName"], file["OutputName"]
        if output not in outputs:
            yield f"property file {name} lies in output {output}, which it does not have"


def _json_get(value: Json, before: dict[str, Json]) -> Iterator[str]:
    path = value.get("Path")
    if not isinstance(path, str) or not path:
        yield "JsonGet needs a Path that is written out: it cannot be a parameter"
    reference = value.get("PropertyFile")
    if not isinstance(reference, dict) or set(reference) != {"Get"}:
        yield "JsonGet needs a PropertyFile of the form {'Get': 'Steps.X.PropertyFiles.Y'}"
        return
    found = re.fullmatch(r"Steps\.([\w-]+)\.PropertyFiles\.([\w-]+)", str(reference["Get"]))
    step = before.get(found[1]) if found else None
    declared = {file["PropertyFileName"] for file in step.get("PropertyFiles", [])} if step else set()
    if not found or found[2] not in declared:
        yield f"reads {reference['Get']}, which no step before it declares"


def _retries(step: Json) -> Iterator[str]:
    for policy in step.get("RetryPolicies", []):
        for name in policy.get("ExceptionType", []):
            if name not in RETRIED:
                yield f"retries after {name!r}, which is no exception of SageMaker's"


@cache
def _sagemaker() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")


def _job(kind: str, arguments: Json) -> Iterator[str]:
    operation, name = OPERATIONS[kind]
    shape = _sagemaker().operation_model(operation).input_shape
    if name in arguments:
        yield f"{name} is given by SageMaker itself"
    filled = {**_without_variables(arguments, shape), name: "name"}
    report = ParamValidator().validate(filled, shape)
    if report.has_errors():
        yield from report.generate_report().splitlines()
    yield from _limits(filled, shape, operation)


def _without_variables(value: Any, shape: Shape) -> Any:
    """`value` with a valid stand-in for everything that is known only when the pipeline runs."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in VARIABLES:
        return _stand_in(shape)
    match shape.type_name, value:
        case "structure", dict():
            members = shape.members
            return {
                key: _without_variables(part, members[key]) if key in members else part for key, part in value.items()
            }
        case "list", list():
            return [_without_variables(part, shape.member) for part in value]
        case "map", dict():
            return {key: _without_variables(part, shape.value) for key, part in value.items()}
    return value


def _stand_in(shape: Shape) -> Any:
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "s3://bucket/key"
    return {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True}.get(shape.type_name, {})


def _limits(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """What botocore's own validator does not look at: enumerations, patterns, upper limits."""
    match shape.type_name, value:
        case "structure", dict():
            for key, part in value.items():
                if key in shape.members:
                    yield from _limits(part, shape.members[key], f"{path}.{key}")
        case "list", list():
            yield from _length(len(value), shape, path, "items")
            for index, part in enumerate(value):
                yield from _limits(part, shape.member, f"{path}[{index}]")
        case "map", dict():
            yield from _length(len(value), shape, path, "entries")
            for key, part in value.items():
                yield from _limits(part, shape.value, f"{path}.{key}")
        case "string", str():
            yield from _text(value, shape, path)
        case (("integer" | "long"), int()):
            if value > shape.metadata.get("max", value):
                yield f"{path}: {value} is more than {shape.metadata['max']}"


def _length(count: int, shape: Shape, path: str, unit: str) -> Iterator[str]:
    if count > shape.metadata.get("max", count):
        yield f"{path}: {count} {unit}, at most {shape.metadata['max']}"


def _text(value: str, shape: Shape, path: str) -> Iterator[str]:
    yield from _length(len(value), shape, path, "characters")
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {len(shape.enum)} known values"
    pattern = shape.metadata.get("pattern")
    # Java's character classes, which Python does not know, stand in free texts only.
    if pattern and "\\p{" not in pattern and not re.fullmatch(pattern, value):
        yield f"{path}: {value!r} does not have the form {pattern}"
