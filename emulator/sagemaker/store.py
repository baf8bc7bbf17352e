"""Named things of the account, listings in pages, tags."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.api import Caller, Document, ServiceError, operation

T = TypeVar("T")
_PAGE = 100


def now() -> datetime:
    return datetime.now(UTC)


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


class Table(Generic[T]):
    """Things of one kind by account, region and name; `kind` is the word for messages and ARNs."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._lock = threading.RLock()
        self._items: dict[tuple[Caller, str], T] = {}

    def arn(self, caller: Caller, name: str) -> str:
        return caller.arn("sagemaker", f"{self.kind}/{name.lower() if self.kind == 'pipeline' else name}")

    def add(self, caller: Caller, name: str, item: T) -> T:
        """Raises `ServiceError` when the name is taken."""
        with self._lock:
            if (caller, name) in self._items:
                raise invalid(f'Cannot create already existing {self.kind} "{self.arn(caller, name)}".')
            self._items[caller, name] = item
            return item

    def get(self, caller: Caller, name: str) -> T:
        """By name or ARN. Raises `ServiceError` when there is none."""
        item = self.find(caller, name)
        if item is None:
            raise invalid(
                f'Could not find {self.kind} "{name if name.startswith("arn:") else self.arn(caller, name)}".'
            )
        return item

    def find(self, caller: Caller, name: str) -> T | None:
        with self._lock:
            return self._items.get((caller, name.rpartition("/")[2] if name.startswith("arn:") else name))

    def remove(self, caller: Caller, name: str) -> None:
        with self._lock:
            self._items.pop((caller, name.rpartition("/")[2] if name.startswith("arn:") else name), None)

    def all(self, caller: Caller) -> list[T]:
        with self._lock:
            return [item for (of, _name), item in self._items.items() if of == caller]


def page(
    request: Document,
    items: Iterable[Document],
    member: str,
    *,
    name: str,
    status: str | None = None,
    created: str = "CreationTime",
    summary: Callable[[Document], Document] = lambda item: item,
) -> Document:
    """One page of a List… answer, with the filters and orders that all of them share.

    `name`, `status`, `created`: the items' members that NameContains, StatusEquals and the time filters look at.
    """
    found = list(items)
    if "NameContains" in request:
        found = [item for item in found if request["NameContains"].lower() in item[name].lower()]
    if status and "StatusEquals" in request:
        found = [item for item in found if item[status] == request["StatusEquals"]]
    if "CreationTimeAfter" in request:
        found = [item for item in found if item[created] >= _aware(request["CreationTimeAfter"])]
    if "CreationTimeBefore" in request:
        found = [item for item in found if item[created] <= _aware(request["CreationTimeBefore"])]
    key = name if request.get("SortBy") == "Name" else created
    found.sort(key=lambda item: item[key], reverse=request.get("SortOrder", "Descending") == "Descending")
    try:
        start = int(request.get("NextToken", 0))
    except ValueError:
        raise invalid("Invalid pagination token") from None
    end = start + int(request.get("MaxResults", _PAGE))
    answer: Document = {member: [summary(item) for item in found[start:end]]}
    if end < len(found):
        answer["NextToken"] = str(end)
    return answer


def _aware(moment: Any) -> datetime:
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(moment), UTC)


def only(document: Document, members: Iterable[str]) -> Document:
    """The named members, those that are there."""
    return {member: document[member] for member in members if document.get(member) is not None}


def known_to(document: Any, shape: Shape) -> Any:
    """`document` without what the shape lacks; for answers that are made from a larger document."""
    if isinstance(shape, StructureShape) and isinstance(document, dict):
        return {k: known_to(v, shape.members[k]) for k, v in document.items() if k in shape.members and v is not None}
    if isinstance(shape, ListShape) and isinstance(document, list):
        return [known_to(each, shape.member) for each in document]
    if isinstance(shape, MapShape) and isinstance(document, dict):
        return {key: known_to(value, shape.value) for key, value in document.items()}
    return document


def as_event(value: Any) -> Any:
    """A document as EventBridge carries it: times in milliseconds."""
    if isinstance(value, dict):
        return {key: as_event(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_event(each) for each in value]
    return int(value.timestamp() * 1000) if isinstance(value, datetime) else value


# --- tags of any SageMaker resource

_TAGS: dict[str, dict[str, str]] = {}


def set_tags(arn: str, tags: list[Document] | None) -> None:
    if tags:
        _TAGS.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags})


def drop_tags(arn: str) -> None:
    _TAGS.pop(arn, None)


@operation("sagemaker", "AddTags")
def add_tags(request: Document, _caller: Caller) -> Document:
    set_tags(request["ResourceArn"], request["Tags"])
    return _tags(request["ResourceArn"])


@operation("sagemaker", "ListTags")
def list_tags(request: Document, _caller: Caller) -> Document:
    return _tags(request["ResourceArn"])


@operation("sagemaker", "DeleteTags")
def delete_tags(request: Document, _caller: Caller) -> None:
    for key in request["TagKeys"]:
        _TAGS.get(request["ResourceArn"], {}).pop(key, None)


def _tags(arn: str) -> Document:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _TAGS.get(arn, {}).items()]}
