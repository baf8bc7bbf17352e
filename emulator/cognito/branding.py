"""Branding of managed login: kept, and required where AWS requires it, never drawn."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from emulator.api import Caller, Document, ServiceError, operation
from emulator.cognito import pools

_BRANDINGS: dict[tuple[str, str], Document] = {}


def has_branding(pool: Any, client: Any) -> bool:
    return any((of, known["ClientId"]) == (pool.id, client.id) for (of, _), known in _BRANDINGS.items())


def _branding(request: Document) -> Document:
    known = _BRANDINGS.get((request["UserPoolId"], request["ManagedLoginBrandingId"]))
    if known is None:
        message = f"Managed login branding {request['ManagedLoginBrandingId']} does not exist."
        raise ServiceError("ResourceNotFoundException", message)
    return known


def _shown(known: Document) -> Document:
    return {"ManagedLoginBranding": {name: value for name, value in known.items() if name != "ClientId"}}


@operation("cognito-idp", "CreateManagedLoginBranding")
def _create_branding(request: Document, _caller: Caller) -> Document:
    found = pools.of_client(request["ClientId"])
    if found is None or found[0].id != request["UserPoolId"]:
        raise ServiceError("ResourceNotFoundException", f"User pool client {request['ClientId']} does not exist.")
    pool, client = found
    if has_branding(pool, client):
        raise ServiceError(
            "ManagedLoginBrandingExistsException", "Managed login branding already exists for this client."
        )
    made: Document = {
        "ManagedLoginBrandingId": str(uuid.uuid4()),
        "UseCognitoProvidedValues": request.get("UseCognitoProvidedValues", False),
        "CreationDate": datetime.now(UTC),
        "LastModifiedDate": datetime.now(UTC),
        **{name: request[name] for name in ("UserPoolId", "ClientId", "Settings", "Assets") if name in request},
    }
    _BRANDINGS[pool.id, made["ManagedLoginBrandingId"]] = made
    return _shown(made)


@operation("cognito-idp", "DescribeManagedLoginBranding")
def _describe_branding(request: Document, _caller: Caller) -> Document:
    return _shown(_branding(request))


@operation("cognito-idp", "UpdateManagedLoginBranding")
def _update_branding(request: Document, _caller: Caller) -> Document:
    known = _branding(request)
    known |= {name: request[name] for name in ("UseCognitoProvidedValues", "Settings", "Assets") if name in request}
    known["LastModifiedDate"] = datetime.now(UTC)
    return _shown(known)


@operation("cognito-idp", "DeleteManagedLoginBranding")
def _delete_branding(request: Document, _caller: Caller) -> Document:
    _branding(request)
    del _BRANDINGS[request["UserPoolId"], request["ManagedLoginBrandingId"]]
    return {}
