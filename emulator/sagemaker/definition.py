"""A pipeline's definition: checked when it is stored, its references resolved when it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.api import Document
from emulator.sagemaker.store import invalid

STEP_TYPES = ("Processing", "Training", "Lambda", "Condition", "Fail", "RegisterModel", "Model")
_PARAMETER_TYPES: dict[str, tuple[type, Callable[[str], Any]]] = {
    "String": (str, str),
    "Integer": (int, int),
    "Float": (float, float),
    "Boolean": (bool, lambda text: {"true": True, "false": False}[text.lower()]),
}
_FUNCTIONS = ("Get", "Std:Join", "Std:JsonGet")
_PART = re.compile(r"\.?([\w-]+)|\[['\"]([^'\"]+)['\"]\]|\[(\d+)\]")
CONDITIONS = (
    "Equals",
    "GreaterThan",
    "GreaterThanOrEqualTo",
    "LessThan",
    "LessThanOrEqualTo",
    "In",
    "Not",
    "Or",
)


@dataclass(frozen=True)
class Definition:
    """A definition that passed the check."""

    text: str
    parameters: dict[str, Document]
    steps: list[Document]

    def all_steps(self) -> Iterator[Document]:
        yield from nested(self.steps)


def nested(steps: list[Document]) -> Iterator[Document]:
    """Steps with those inside conditions."""
    for step in steps:
        yield step
        if step["Type"] == "Condition":
            yield from nested(step["Arguments"].get("IfSteps", []))
            yield from nested(step["Arguments"].get("ElseSteps", []))


def parse(text: str) -> Definition:
    """Raises `ValidationException` naming the step and what is wrong with it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise invalid(f"Unable to parse pipeline definition: it is not JSON ({error})") from error
    if not isinstance(document, dict) or document.get("Version") != "2020-12-01" or not document.get("Steps"):
        raise invalid("Unable to parse pipeline definition: Version '2020-12-01' and Steps are required")
    parameters = {each["Name"]: each for each in document.get("Parameters", [])}
    for name, each in parameters.items():
        if each.get("Type") not in _PARAMETER_TYPES:
            raise invalid(
                f"Unable to parse pipeline definition: parameter {name} has the unknown type {each.get('Type')}"
            )
    definition = Definition(text, parameters, document["Steps"])
    _check_steps(definition)
    return definition


def _check_steps(definition: Definition) -> None:
    steps = list(definition.all_steps())
    names = [step.get("Name", "") for step in steps]
    if twice := {name for name in names if names.count(name) > 1}:
        raise invalid(f"Unable to parse pipeline definition: step names must be unique: {', '.join(sorted(twice))}")
    for step in steps:
        name, kind = step.get("Name", ""), step.get("Type")
        if not re.fullmatch(r"[A-Za-z0-9\-_]{1,64}", name):
            raise invalid(f"Unable to parse pipeline definition: '{name}' is not a step name")
        if kind not in STEP_TYPES:
            known = ", ".join(STEP_TYPES)
            raise invalid(f"Unable to parse pipeline definition: step {name} is of type {kind}; known here are {known}")
        for other in [*references(step), *step.get("DependsOn", [])]:
            if other not in names:
                raise invalid(
                    f"Unable to parse pipeline definition: step {name} refers to step {other}, which does not exist"
                )
        for parameter in _parameters_used(step):
            if parameter not in definition.parameters:
                message = f"step {name} refers to parameter {parameter}, which is not declared"
                raise invalid(f"Unable to parse pipeline definition: {message}")
        for condition in step.get("Arguments", {}).get("Conditions", []) if kind == "Condition" else []:
            if condition.get("Type") not in CONDITIONS:
                message = f"step {name} has the unknown condition {condition.get('Type')}"
                raise invalid(f"Unable to parse pipeline definition: {message}")
    _order(definition.steps)


def _order(steps: list[Document]) -> None:
    waiting = {step["Name"]: needs(step) & {each["Name"] for each in steps} for step in steps}
    while waiting:
        ready = [name for name, wanted in waiting.items() if not wanted & waiting.keys()]
        if not ready:
            raise invalid(
                f"Unable to parse pipeline definition: circular dependency between steps {', '.join(waiting)}"
            )
        for name in ready:
            del waiting[name]


def _own(step: Document) -> Document:
    """A step without the steps inside it."""
    if step["Type"] != "Condition":
        return step
    return {**step, "Arguments": {"Conditions": step["Arguments"].get("Conditions", [])}}


def _gets(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("Get"), str) and len(value) == 1:
            yield value["Get"]
        for member in value.values():
            yield from _gets(member)
    elif isinstance(value, list):
        for member in value:
            yield from _gets(member)


def references(step: Document) -> set[str]:
    """Names of the steps whose results a step uses."""
    return {path.split(".")[1] for path in _gets(_own(step)) if path.startswith("Steps.")}


def _parameters_used(step: Document) -> set[str]:
    return {path.split(".", 1)[1] for path in _gets(_own(step)) if path.startswith("Parameters.")}


def needs(step: Document) -> set[str]:
    """Names of the steps that must have succeeded before a step; a condition also waits for what its branches use."""
    found = references(step) | set(step.get("DependsOn", []))
    if step["Type"] == "Condition":
        inside = list(nested([*step["Arguments"].get("IfSteps", []), *step["Arguments"].get("ElseSteps", [])]))
        own = {each["Name"] for each in inside}
        for each in inside:
            found |= (references(each) | set(each.get("DependsOn", []))) - own
    return found - {step["Name"]}


def parameter_values(definition: Definition, given: list[Document]) -> dict[str, Any]:
    """Typed values of all parameters. Raises `ValidationException` worded as AWS words it."""
    values: dict[str, Any] = {}
    sent = {each["Name"]: each["Value"] for each in given}
    if unknown := sent.keys() - definition.parameters.keys():
        raise invalid(f"Unknown parameters: [{', '.join(sorted(unknown))}] are not in the pipeline definition")
    for name, declared in definition.parameters.items():
        kind, convert = _PARAMETER_TYPES[declared["Type"]]
        if name in sent:
            try:
                values[name] = convert(sent[name])
            except (ValueError, KeyError):
                message = f"Invalid value for parameter {name}: '{sent[name]}' is not of type {declared['Type']}"
                raise invalid(message) from None
        elif "DefaultValue" in declared:
            default = declared["DefaultValue"]
            values[name] = float(default) if kind is float else default
        else:
            raise invalid(f"Following pipeline parameters have no default value and must be given: [{name}]")
        allowed = declared.get("EnumValues")
        if allowed and values[name] not in allowed:
            raise invalid(
                f"Invalid value for parameter {name}: '{values[name]}' is not one of {', '.join(map(str, allowed))}"
            )
    return values


class Unresolved(Exception):
    """A reference leads to nothing; the text is the step's failure reason."""


@dataclass
class Results:
    """What references may lead to while a pipeline runs."""

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    read_json: Callable[[str], Any]
    steps: dict[str, Document] = field(default_factory=dict)
    property_files: dict[tuple[str, str], str] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """`value` with every Get, Std:Join and Std:JsonGet replaced. Raises `Unresolved`."""
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, operand), *_ = value.items()
            if name == "Get":
                return self._get(operand)
            if name == "Std:Join":
                return operand["On"].join(as_text(self.resolve(each)) for each in operand["Values"])
            if name == "Std:JsonGet":
                return self._json_get(operand)
        return {key: self.resolve(member) for key, member in value.items()}

    def _get(self, path: str) -> Any:
        room, _, rest = path.partition(".")
        if room == "Parameters":
            return self.parameters[rest]
        if room == "Execution":
            if rest not in self.execution:
                raise Unresolved(f"{path} does not exist")
            return self.execution[rest]
        if room != "Steps":
            raise Unresolved(f"{path} is not a reference")
        name, _, inner = rest.partition(".")
        if name not in self.steps:
            raise Unresolved(f"{path}: step {name} has no result")
        return follow(self.steps[name], inner, path)

    def _json_get(self, operand: Document) -> Any:
        if "PropertyFile" in operand:
            match = re.fullmatch(r"Steps\.([\w-]+)\.PropertyFiles\.([\w-]+)", operand["PropertyFile"]["Get"])
            uri = self.property_files.get((match[1], match[2])) if match else None
            if uri is None:
                raise Unresolved(f"{operand['PropertyFile']['Get']} is not a property file of a finished step")
        else:
            uri = self.resolve(operand["S3Uri"])
        return follow(self.read_json(uri), operand["Path"].removeprefix("$"), f"{uri} {operand['Path']}")


def follow(value: Any, path: str, whole: str) -> Any:
    """A member by a path such as `a.b[0]` or `Outputs['train'].S3Output`; named list entries are found by their name.

    Raises `Unresolved` with the whole path when there is nothing.
    """
    for name, quoted, index in _PART.findall(path):
        key = name or quoted
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif key and isinstance(value, Mapping) and key in value:
            value = value[key]
        elif key and isinstance(value, list):
            named = [
                each
                for each in value
                if key
                in (each.get("OutputName"), each.get("InputName"), each.get("ChannelName"), each.get("MetricName"))
            ]
            if not named:
                raise Unresolved(f"{whole}: there is no '{key}'")
            value = named[0]
        else:
            raise Unresolved(f"{whole}: there is no '{key or index}'")
    return value


def as_text(value: Any) -> str:
    """A value in a place that takes text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def fitted(value: Any, shape: Shape) -> Any:
    """Resolved arguments in the types of the API: numbers become text where text is wanted, and the other way round."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            key: fitted(member, shape.members[key]) if key in shape.members else member for key, member in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [fitted(each, shape.member) for each in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: fitted(member, shape.value) for key, member in value.items()}
    if shape.type_name == "string" and isinstance(value, bool | int | float):
        return as_text(value)
    if shape.type_name in ("integer", "long") and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value


def holds(condition: Document, results: Results) -> bool:
    """Decides one condition. Raises `Unresolved`, also for values that cannot be compared."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Expression"], results)
    if kind == "Or":
        return any(holds(each, results) for each in condition["Conditions"])
    if kind == "In":
        return results.resolve(condition["QueryValue"]) in [results.resolve(each) for each in condition["Values"]]
    left, right = results.resolve(condition["LeftValue"]), results.resolve(condition["RightValue"])
    if kind == "Equals":
        return bool(left == right)
    try:
        left, right = float(left), float(right)
    except (TypeError, ValueError):
        raise Unresolved(f"{kind}: {left!r} and {right!r} cannot be compared") from None
    return {
        "GreaterThan": left > right,
        "GreaterThanOrEqualTo": left >= right,
        "LessThan": left < right,
        "LessThanOrEqualTo": left <= right,
    }[kind]
