"""Types whose properties are the API's own parameters: each is one entry of a table."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, register

Answer = Mapping[str, Any]
Attributes = Callable[[Context, Document, Answer], Document]


def simple(
    type_name: str,
    service: str,
    *,
    create: str,
    physical_id: Callable[[Context, Document, Answer], str],
    name: str | None = None,
    longest: int = 64,
    update: str | None = None,
    delete: str | None = None,
    key: Callable[[str, Document], Document],
    attributes: Attributes = lambda _context, _properties, _answer: {},
    prepare: Callable[[Context, Document], Document] = lambda _context, properties: properties,
    immutable: frozenset[str] = frozenset(),
) -> None:
    """Declares a type.

    `create`, `update`, `delete`: operations in snake case; without `update` a change makes a new resource.
    `key`: physical id and properties -> the parameters by which update and delete find the resource.
    `prepare`: properties -> API parameters where they differ. `name`: the property that names the resource.
    """

    class Simple(ResourceType):
        def create(self, context: Context, properties: Document) -> Made:
            wanted = dict(properties)
            if name and not wanted.get(name):
                wanted[name] = context.name(longest)
            answer = context.call(service, create, **prepare(context, dict(wanted)))
            return Made(physical_id(context, wanted, answer), attributes(context, wanted, answer))

        def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
            assert update is not None
            wanted = {**prepare(context, dict(new)), **key(made.physical_id, new)}
            context.call(service, update, **wanted)
            return made

        def replaces(self, old: Document, new: Document) -> bool:
            frozen = immutable | ({name} if name else frozenset())
            return update is None or any(old.get(each) != new.get(each) for each in frozen)

        def delete(self, context: Context, made: Made, properties: Document) -> None:
            if delete:
                ignore_missing(lambda: context.call(service, delete, **key(made.physical_id, properties)))

    register(type_name, Simple())
