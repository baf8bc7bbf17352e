"""What a resource type is, and the registry of those that exist.

A type is a class with `create`, `update` and `delete`; it talks to the account through its public API, exactly as a
person with boto3 would, so what a stack makes is what an API call makes.
"""

from __future__ import annotations

import functools
import json
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.api import Document, ServiceError
from emulator.clients import client


@dataclass(frozen=True)
class Made:
    """A resource that exists: its physical id (what `Ref` gives) and attributes (what `Fn::GetAtt` gives)."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """Where a resource is made."""

    account: str
    region: str
    stack_name: str
    stack_id: str
    logical_id: str
    type_name: str

    def name(self, longest: int = 64, lower: bool = False) -> str:
        """A physical name as CloudFormation makes them: stack, logical id and twelve random characters."""
        suffix = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))
        keep = longest - len(suffix) - 1
        stack = self.stack_name[: max(keep - len(self.logical_id) - 1, keep // 2)]
        name = f"{f'{stack}-{self.logical_id}'[:keep]}-{suffix}"
        return name.lower() if lower else name

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        """One API call; `operation` in snake case. Values take the API's scalar types (CloudFormation's are text)."""
        api = client(service, self.region)
        shape = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation]).input_shape
        return getattr(api, operation)(**fit({k: v for k, v in parameters.items() if v is not None}, shape))


def fit(value: Any, shape: Shape) -> Any:
    """CloudFormation properties as API parameters: unknown members left out, scalars in the API's types."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {k: fit(v, shape.members[k]) for k, v in value.items() if k in shape.members and v is not None}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [fit(each, shape.member) for each in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {k: fit(v, shape.value) for k, v in value.items()}
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name in ("float", "double"):
        return float(value)
    if shape.type_name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if shape.type_name == "string" and not isinstance(value, str):
        return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)
    return value


class ResourceType:
    """Base of all types. `immutable`: properties whose change makes a new resource, as the type's AWS page says."""

    type_name: ClassVar[str]
    immutable: ClassVar[frozenset[str]] = frozenset()

    def create(self, context: Context, properties: Document) -> Made:
        raise NotImplementedError

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        raise NotImplementedError

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        raise NotImplementedError

    def replaces(self, old: Document, new: Document) -> bool:
        return any(old.get(name) != new.get(name) for name in self.immutable)


_TYPES: dict[str, ResourceType] = {}


def register(type_name: str, type_: ResourceType) -> None:
    _TYPES[type_name] = type_


def resource_type(cls: type[ResourceType]) -> type[ResourceType]:
    """Registers a class as its type."""
    register(cls.type_name, cls())
    return cls


def find(type_name: str) -> ResourceType:
    """Raises `ServiceError` naming the type when the emulator does not have it; a stack that uses it cannot be made."""
    _load_types()
    if type_name.startswith("Custom::") or type_name == "AWS::CloudFormation::CustomResource":
        from emulator.cloudformation.custom_resources import CustomResource

        return CustomResource()
    if type_name not in _TYPES:
        raise ServiceError(
            "ValidationError",
            f"Template format error: Unrecognized resource types: [{type_name}]. "
            "The emulated account does not have it: see the list in docs/emulator.md",
        )
    return _TYPES[type_name]


def known_types() -> list[str]:
    _load_types()
    return sorted(_TYPES)


@functools.cache
def _load_types() -> None:
    import importlib
    import pkgutil

    from emulator.cloudformation import types

    for module in pkgutil.iter_modules(types.__path__):
        importlib.import_module(f"{types.__name__}.{module.name}")


def ignore_missing(action: Callable[[], Any]) -> None:
    """Runs a deletion; that the thing is gone already is fine."""
    try:
        action()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        message = error.response["Error"].get("Message", "")
        gone = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "NonExistentQueue", "Unknown")
        if not any(word in code for word in gone) and not any(
            word in message for word in ("does not exist", "not found", "Could not find")
        ):
            raise


def tags_as_map(properties: Document) -> dict[str, str]:
    tags = properties.get("Tags") or {}
    return dict(tags) if isinstance(tags, dict) else {tag["Key"]: str(tag["Value"]) for tag in tags}
