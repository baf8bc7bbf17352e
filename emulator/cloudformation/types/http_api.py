"""HTTP APIs with their stages, routes, integrations and authorizers."""

from __future__ import annotations

from emulator import settings
from emulator.cloudformation.simple import simple


def _of_api(member: str) -> dict[str, object]:
    return {
        "physical_id": lambda _context, _properties, answer: answer[member],
        "key": lambda identity, properties: {"ApiId": properties["ApiId"], member: identity},
        "immutable": frozenset({"ApiId"}),
        "attributes": lambda _context, _properties, answer: {member: answer[member]},
    }


simple(
    "AWS::ApiGatewayV2::Api",
    "apigatewayv2",
    create="create_api",
    update="update_api",
    delete="delete_api",
    physical_id=lambda _context, _properties, answer: answer["ApiId"],
    key=lambda identity, _properties: {"ApiId": identity},
    immutable=frozenset({"ProtocolType"}),
    attributes=lambda _context, _properties, answer: {
        "ApiId": answer["ApiId"],
        "ApiEndpoint": settings.current().address(answer["ApiId"], "execute-api"),
    },
)
simple(
    "AWS::ApiGatewayV2::Stage",
    "apigatewayv2",
    create="create_stage",
    update="update_stage",
    delete="delete_stage",
    physical_id=lambda _context, properties, _answer: properties["StageName"],
    key=lambda name, properties: {"ApiId": properties["ApiId"], "StageName": name},
    immutable=frozenset({"ApiId", "StageName"}),
)
for _name, _operation, _member in (
    ("Integration", "integration", "IntegrationId"),
    ("Route", "route", "RouteId"),
    ("Authorizer", "authorizer", "AuthorizerId"),
):
    simple(
        f"AWS::ApiGatewayV2::{_name}",
        "apigatewayv2",
        create=f"create_{_operation}",
        update=f"update_{_operation}",
        delete=f"delete_{_operation}",
        **_of_api(_member),  # type: ignore[arg-type]
    )
