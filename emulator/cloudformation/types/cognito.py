"""Cognito user pools with their clients, domains, groups and branding."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type
from emulator.cloudformation.simple import simple
from emulator.cognito import pools


@resource_type
class UserPool(ResourceType):
    type_name = "AWS::Cognito::UserPool"
    immutable = frozenset({"AliasAttributes", "UsernameAttributes", "UsernameConfiguration"})

    def create(self, context: Context, properties: Document) -> Made:
        wanted = {**properties, "PoolName": properties.get("UserPoolName") or context.name(128)}
        identity = context.call("cognito-idp", "create_user_pool", **wanted)["UserPool"]["Id"]
        self._second_factors(context, identity, properties)
        attributes = {
            "Arn": context.arn("cognito-idp", f"userpool/{identity}"),
            "ProviderName": pools.issuer(identity).partition("://")[2],
            "ProviderURL": pools.issuer(identity),
            "UserPoolId": identity,
        }
        return Made(identity, attributes)

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        context.call("cognito-idp", "update_user_pool", **{**new, "UserPoolId": made.physical_id})
        self._second_factors(context, made.physical_id, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("cognito-idp", "delete_user_pool", UserPoolId=made.physical_id))

    @staticmethod
    def _second_factors(context: Context, identity: str, properties: Document) -> None:
        if "SOFTWARE_TOKEN_MFA" in properties.get("EnabledMfas", []):
            context.call(
                "cognito-idp",
                "set_user_pool_mfa_config",
                UserPoolId=identity,
                SoftwareTokenMfaConfiguration={"Enabled": True},
                MfaConfiguration=properties.get("MfaConfiguration", "OFF"),
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
    immutable=frozenset({"UserPoolId", "GenerateSecret"}),
    attributes=lambda _context, _properties, answer: {
        "ClientId": answer["UserPoolClient"]["ClientId"],
        "Name": answer["UserPoolClient"]["ClientName"],
        **(
            {"ClientSecret": answer["UserPoolClient"]["ClientSecret"]}
            if "ClientSecret" in answer["UserPoolClient"]
            else {}
        ),
    },
)
simple(
    "AWS::Cognito::UserPoolDomain",
    "cognito-idp",
    create="create_user_pool_domain",
    update="update_user_pool_domain",
    delete="delete_user_pool_domain",
    physical_id=lambda _context, properties, _answer: properties["Domain"],
    key=lambda domain, properties: {"Domain": domain, "UserPoolId": properties["UserPoolId"]},
    immutable=frozenset({"Domain", "UserPoolId"}),
    attributes=lambda _context, properties, _answer: {"Id": properties["Domain"]},
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
    immutable=frozenset({"UserPoolId"}),
)
simple(
    "AWS::Cognito::ManagedLoginBranding",
    "cognito-idp",
    create="create_managed_login_branding",
    update="update_managed_login_branding",
    delete="delete_managed_login_branding",
    physical_id=lambda _context, _properties, answer: answer["ManagedLoginBranding"]["ManagedLoginBrandingId"],
    key=lambda identity, properties: {"ManagedLoginBrandingId": identity, "UserPoolId": properties["UserPoolId"]},
    immutable=frozenset({"UserPoolId", "ClientId"}),
    attributes=lambda _context, _properties, answer: {
        "ManagedLoginBrandingId": answer["ManagedLoginBranding"]["ManagedLoginBrandingId"]
    },
)
