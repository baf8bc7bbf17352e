"""HTTP APIs, Cognito user pools, OpenSearch domains: the control plane; moto has no data plane for them."""

from __future__ import annotations

from emulator.api import Document
from emulator.cloudformation.resource import Context
from emulator.cloudformation.simple import simple


def _of_api(member: str) -> dict[str, object]:
    return {
        "physical_id": lambda _context, _properties, answer: answer[member],
        "key": lambda identity, properties: {"ApiId": properties["ApiId"], member: identity},
        "immutable": frozenset({"ApiId"}),
    }


simple(
    "AWS::ApiGatewayV2::Api",
    "apigatewayv2",
    create="create_api",
    update="update_api",
    delete="delete_api",
    physical_id=lambda _context, _properties, answer: answer["ApiId"],
    key=lambda identity, _properties: {"ApiId": identity},
    attributes=lambda context, _properties, answer: {
        "ApiId": answer["ApiId"],
        "ApiEndpoint": f"https://{answer['ApiId']}.execute-api.{context.region}.amazonaws.com",
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


def _domain(context: Context, properties: Document) -> Document:
    # A domain's name is short and lower case; policies are objects in a template and text in the API.
    name = (properties.get("DomainName") or context.name(28)).lower()[:28].rstrip("-")
    return {**properties, "DomainName": name}


simple(
    "AWS::OpenSearchService::Domain",
    "opensearch",
    create="create_domain",
    update="update_domain_config",
    delete="delete_domain",
    prepare=_domain,
    physical_id=lambda _context, _properties, answer: answer["DomainStatus"]["DomainName"],
    key=lambda name, _properties: {"DomainName": name},
    immutable=frozenset({"DomainName"}),
    attributes=lambda _context, _properties, answer: {
        "Arn": answer["DomainStatus"]["ARN"],
        "DomainArn": answer["DomainStatus"]["ARN"],
        "DomainEndpoint": answer["DomainStatus"].get("Endpoint") or "localhost:9200",
        "Id": answer["DomainStatus"]["DomainId"],
    },
)
