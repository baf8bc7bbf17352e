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


def _pool(context: Context, properties: Document) -> Document:
    return {**properties, "PoolName": properties.get("UserPoolName") or context.name(128)}


simple(
    "AWS::Cognito::UserPool",
    "cognito-idp",
    create="create_user_pool",
    update="update_user_pool",
    delete="delete_user_pool",
    prepare=_pool,
    physical_id=lambda _context, _properties, answer: answer["UserPool"]["Id"],
    key=lambda identity, _properties: {"UserPoolId": identity},
    immutable=frozenset({"UserPoolName"}),
    attributes=lambda context, _properties, answer: {
        "Arn": context.arn("cognito-idp", f"userpool/{answer['UserPool']['Id']}"),
        "ProviderName": f"cognito-idp.{context.region}.amazonaws.com/{answer['UserPool']['Id']}",
        "ProviderURL": f"https://cognito-idp.{context.region}.amazonaws.com/{answer['UserPool']['Id']}",
        "UserPoolId": answer["UserPool"]["Id"],
    },
)
simple(
    "AWS::Cognito::UserPoolClient",
    "cognito-idp",
    create="create_user_pool_client",
    update="update_user_pool_client",
    delete="delete_user_pool_client",
    name="ClientName",
    physical_id=lambda _context, _properties, answer: answer["UserPoolClient"]["ClientId"],
    key=lambda identity, properties: {"ClientId": identity, "UserPoolId": properties["UserPoolId"]},
    attributes=lambda _context, _properties, answer: {"ClientId": answer["UserPoolClient"]["ClientId"]},
)
simple(
    "AWS::Cognito::UserPoolDomain",
    "cognito-idp",
    create="create_user_pool_domain",
    delete="delete_user_pool_domain",
    physical_id=lambda _context, properties, _answer: properties["Domain"],
    key=lambda domain, properties: {"Domain": domain, "UserPoolId": properties["UserPoolId"]},
)
simple(
    "AWS::Cognito::UserPoolGroup",
    "cognito-idp",
    create="create_group",
    update="update_group",
    delete="delete_group",
    name="GroupName",
    physical_id=lambda _context, properties, _answer: properties["GroupName"],
    key=lambda name, properties: {"GroupName": name, "UserPoolId": properties["UserPoolId"]},
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
