"""API Gateway's control plane where moto's differs: the address of an API, and changing a stage."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from moto.apigatewayv2.models import Api, apigatewayv2_backends
from moto.core.exceptions import JsonRESTError

from emulator import ACCOUNT, settings
from emulator.api import Caller, Document, ServiceError
from emulator.control import rest_operation
from emulator.patching import replace

_created = Api.__init__


def _create(self: Any, *arguments: Any, **named: Any) -> None:
    _created(self, *arguments, **named)
    self.api_endpoint = settings.current().address(self.api_id, "execute-api")


replace(Api, "__init__", _create)


def find(api_id: str) -> tuple[Caller, Any] | None:
    """An API by its id, with account and region, or None."""
    for region, backend in list(apigatewayv2_backends[ACCOUNT].items()):
        if api_id in backend.apis:
            return Caller(ACCOUNT, region), backend.apis[api_id]
    return None


# The answer's names are botocore's, the request's documents moto's: `accessLogSettings` and `AccessLogSettings`.
_MEMBERS = {
    "AccessLogSettings": "access_log_settings",
    "AutoDeploy": "auto_deploy",
    "DefaultRouteSettings": "default_route_settings",
    "Description": "description",
    "RouteSettings": "route_settings",
    "StageVariables": "stage_variables",
}


@rest_operation("apigatewayv2", "UpdateStage")
def _update_stage(request: Document, caller: Caller) -> Document:
    """moto cannot change a stage."""
    try:
        stage = apigatewayv2_backends[caller.account][caller.region].get_stage(request["ApiId"], request["StageName"])
    except JsonRESTError as error:
        raise ServiceError("NotFoundException", error.message, 404) from error
    for member, attribute in _MEMBERS.items():
        if member in request:
            value = request[member]
            # Route keys and variables are the user's own words, settings are the API's.
            own = member in ("StageVariables", "RouteSettings")
            setattr(stage, attribute, value if own or not isinstance(value, dict) else _lower(value))
    stage.updated = datetime.now()
    return {
        "StageName": stage.name,
        "CreatedDate": stage.created.astimezone(UTC),
        "LastUpdatedDate": stage.updated.astimezone(UTC),
        **{name: request[name] for name in _MEMBERS if name in request},
    }


def _lower(document: Document) -> Document:
    return {re.sub(r"^[A-Z]", lambda first: first[0].lower(), name): value for name, value in document.items()}
