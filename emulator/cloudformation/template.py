"""A CloudFormation template: parsing, intrinsic functions, conditions, parameters, and the order of its resources.

Written after the template reference of the AWS CloudFormation User Guide.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.api import Document, ServiceError

_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")
_NO_VALUE = object()


class TemplateError(ServiceError):
    """The template cannot be used; the message is what AWS would say."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", f"Template error: {message}")


def parse(body: str) -> Document:
    """A template from JSON or YAML with CloudFormation's short tags."""
    try:
        document = json.loads(body)
    except ValueError:
        from moto.cloudformation.models import Stack

        document = Stack.parse_template(body)
    if not isinstance(document, dict) or not document.get("Resources"):
        raise TemplateError("At least one Resources member must be defined")
    return document


@dataclass
class Scope:
    """What the functions of one template may refer to."""

    template: Document
    parameters: dict[str, Any]
    pseudo: dict[str, str]
    imports: Callable[[str], str]
    # logical id -> (physical id, attributes); filled while the stack is being made
    resources: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    _conditions: dict[str, bool] = field(default_factory=dict)

    def condition(self, name: str) -> bool:
        if name not in self._conditions:
            try:
                definition = self.template["Conditions"][name]
            except KeyError:
                raise TemplateError(f"condition {name} is not defined") from None
            self._conditions[name] = self._decide(definition)
        return self._conditions[name]

    def _decide(self, definition: Any) -> bool:
        if isinstance(definition, bool):
            return definition
        (function, operand), *_ = definition.items()
        if function == "Condition":
            return self.condition(operand)
        if function == "Fn::Equals":
            left, right = (self.resolve(side) for side in operand)
            return str(left) == str(right)
        if function == "Fn::Not":
            return not self._decide(operand[0])
        if function == "Fn::And":
            return all(self._decide(each) for each in operand)
        if function == "Fn::Or":
            return any(self._decide(each) for each in operand)
        raise TemplateError(f"{function} cannot be used in a condition")

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function replaced; members of `AWS::NoValue` are left out."""
        resolved = self._resolve(value)
        return None if resolved is _NO_VALUE else resolved

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(self._resolve, value) if each is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, operand), *_ = value.items()
            if function == "Ref":
                return self._ref(operand)
            if function in _FUNCTIONS:
                return _FUNCTIONS[function](self, operand)
            if function.startswith("Fn::"):
                raise TemplateError(f"the emulator does not know the function {function}")
        return {key: each for key, member in value.items() if (each := self._resolve(member)) is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        if name in self.resources:
            return self.resources[name][0]
        raise TemplateError(f"unresolved reference to {name}")

    def attribute(self, resource: str, name: str) -> Any:
        if resource not in self.resources:
            raise TemplateError(f"instance of Fn::GetAtt references undefined resource {resource}")
        attributes = self.resources[resource][1]
        if name in attributes:
            return attributes[name]
        value: Any = attributes
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise TemplateError(f"resource {resource} does not support attribute {name} in Fn::GetAtt")
            value = value[part]
        return value


def _get_att(scope: Scope, operand: Any) -> Any:
    resource, _, name = operand.partition(".") if isinstance(operand, str) else (operand[0], ".", operand[1])
    return scope.attribute(resource, scope.resolve(name))


def _sub(scope: Scope, operand: Any) -> str:
    text, own = (operand, {}) if isinstance(operand, str) else (operand[0], scope.resolve(operand[1]))

    def replaced(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return "${" + name + "}"
        if name in own:
            return str(own[name])
        value = (
            scope.resolve({"Fn::GetAtt": name}) if "." in name and "::" not in name else scope.resolve({"Ref": name})
        )
        return str(value)

    return _SUBSTITUTION.sub(replaced, text)


def _find_in_map(scope: Scope, operand: list[Any]) -> Any:
    name, *keys = (scope.resolve(each) for each in operand[:3])
    value = scope.template.get("Mappings", {}).get(name)
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise TemplateError(f"unable to get mapping for {name}::{'::'.join(map(str, keys))}")
        value = value[key]
    return value


def _cidr(scope: Scope, operand: list[Any]) -> list[str]:
    block, count, *bits = (scope.resolve(each) for each in operand)
    network = ipaddress.ip_network(block)
    prefix = network.max_prefixlen - int(bits[0] if bits else 8)
    subnets = network.subnets(new_prefix=prefix)
    return [str(next(subnets)) for _ in range(int(count))]


def _if(scope: Scope, operand: list[Any]) -> Any:
    return scope._resolve(operand[1] if scope.condition(operand[0]) else operand[2])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::FindInMap": _find_in_map,
    "Fn::Cidr": _cidr,
    "Fn::If": _if,
    "Fn::Join": lambda scope, operand: operand[0].join(_text(each) for each in scope.resolve(operand[1])),
    "Fn::Split": lambda scope, operand: scope.resolve(operand[1]).split(operand[0]),
    "Fn::Select": lambda scope, operand: scope.resolve(operand[1])[int(scope.resolve(operand[0]))],
    "Fn::ImportValue": lambda scope, operand: scope.imports(scope.resolve(operand)),
    "Fn::GetAZs": lambda scope, operand: [f"{scope.resolve(operand) or scope.pseudo['AWS::Region']}{z}" for z in "abc"],
    "Fn::Base64": lambda scope, operand: base64.b64encode(scope.resolve(operand).encode()).decode(),
    "Fn::ToJsonString": lambda scope, operand: json.dumps(scope.resolve(operand)),
    "Fn::Length": lambda scope, operand: len(scope.resolve(operand)),
}


def references(value: Any) -> Iterator[str]:
    """Logical ids (and parameter names) that `value` refers to."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key == "Ref" and isinstance(member, str):
                yield member
            elif key == "Fn::GetAtt":
                yield member.partition(".")[0] if isinstance(member, str) else member[0]
            elif key == "Fn::Sub":
                text, own = (member, {}) if isinstance(member, str) else member
                for literal, name in _SUBSTITUTION.findall(text):
                    if not literal and name not in own:
                        yield name.partition(".")[0]
                yield from references(own)
            else:
                yield from references(member)


def dependencies(template: Document) -> dict[str, set[str]]:
    """Logical id -> logical ids that must exist before it."""
    resources = template["Resources"]
    found = {}
    for name, resource in resources.items():
        depends = resource.get("DependsOn", [])
        explicit = {depends} if isinstance(depends, str) else set(depends)
        found[name] = ({*references(resource.get("Properties", {})), *explicit} & resources.keys()) - {name}
    return found


def in_order(template: Document) -> list[str]:
    """Logical ids, each after what it depends on. Raises `TemplateError` for a circle."""
    waiting = dependencies(template)
    order: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if needs.issubset(order)]
        if not ready:
            raise ServiceError("ValidationError", f"Circular dependency between resources: [{', '.join(waiting)}]")
        order += ready
        for name in ready:
            del waiting[name]
    return order
