"""What CloudFront keeps: each thing has an id, its configuration and an ETag that changes with it."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from emulator.api import Document, ServiceError

_LETTERS = string.ascii_uppercase + string.digits


def _identity() -> str:
    return "E" + "".join(secrets.choice(_LETTERS) for _ in range(13))


@dataclass
class Record:
    """One thing, with its configuration in the API's shape."""

    config: Document
    id: str = field(default_factory=_identity)
    etag: str = field(default_factory=_identity)
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


class Records:
    """All things of one kind. `name`: the kind as the codes of its errors write it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._known: dict[str, Record] = {}
        self._users: list[Callable[[str], bool]] = []

    def used_by(self, uses: Callable[[str], bool]) -> None:
        """`uses`: whether somebody refers to an id, which can then not be removed."""
        self._users.append(uses)

    def all(self) -> list[Record]:
        return list(self._known.values())

    def get(self, identity: str) -> Record:
        """Raises `ServiceError` (`NoSuch…`) when there is none."""
        if identity not in self._known:
            raise ServiceError(f"NoSuch{self.name}", f"The specified {self.name} {identity} does not exist.", 404)
        return self._known[identity]

    def add(self, config: Document, unique: str) -> Record:
        """`unique`: the member of the configuration that no other may have. Raises `ServiceError`."""
        if any(each.config[unique] == config[unique] for each in self._known.values()):
            message = f"A {self.name} with the {unique} {config[unique]} already exists."
            raise ServiceError(f"{self.name}AlreadyExists", message, 409)
        made = Record(config)
        self._known[made.id] = made
        return made

    def change(self, identity: str, etag: str | None, config: Document) -> Record:
        """Raises `ServiceError` when the caller has not seen the newest configuration."""
        known = self.fresh(identity, etag)
        known.config, known.etag, known.modified = config, _identity(), datetime.now(UTC)
        return known

    def remove(self, identity: str, etag: str | None) -> None:
        self.fresh(identity, etag)
        if any(uses(identity) for uses in self._users):
            raise ServiceError(f"{self.name}InUse", f"The {self.name} {identity} is used by a distribution.", 409)
        del self._known[identity]

    def fresh(self, identity: str, etag: str | None) -> Record:
        known = self.get(identity)
        if not etag:
            raise ServiceError("InvalidIfMatchVersion", "The If-Match version is missing or not valid.")
        if etag != known.etag:
            message = "The precondition in one or more of the request fields evaluated to false."
            raise ServiceError("PreconditionFailed", message, 412)
        return known
