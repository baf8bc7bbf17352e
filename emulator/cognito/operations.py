"""Cognito's API where moto's differs: signing in, revoking, domains, deletion."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from moto.cognitoidp.models import CognitoIdpUserPoolDomain, cognitoidp_backends
from moto.core.exceptions import JsonRESTError

from emulator.api import Caller, Document, ServiceError, operation
from emulator.cognito import pools, tokens, users
from emulator.cognito.tokens import SignIn

_FLOWS = {
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
    "ADMIN_USER_PASSWORD_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH",
    "REFRESH_TOKEN": "ALLOW_REFRESH_TOKEN_AUTH",
}
# What a client that names no flows has (Cognito developer guide, "Authentication flows").
_FLOWS_OF_SILENCE = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_CUSTOM_AUTH")
_RESERVED = ("aws", "amazon", "cognito")


def _pool_and_client(request: Document) -> tuple[Any, Any]:
    client_id = request["ClientId"]
    found = pools.of_client(client_id)
    if found is None or request.get("UserPoolId", found[0].id) != found[0].id:
        raise ServiceError("ResourceNotFoundException", f"User pool client {client_id} does not exist.")
    return found


def _result(issued: tokens.Tokens) -> Document:
    made = {"AccessToken": issued.access, "ExpiresIn": issued.expires_in, "TokenType": "Bearer"}
    made |= {"IdToken": issued.identity} if issued.identity else {}
    made |= {"RefreshToken": issued.refresh} if issued.refresh else {}
    return {"ChallengeParameters": {}, "AuthenticationResult": made}


def _refuse_without_secret(client: Any, username: str, given: str | None) -> None:
    if client.generate_secret:
        digest = hmac.digest(client.secret.encode(), (username + client.id).encode(), hashlib.sha256)
        if base64.b64encode(digest).decode() != given:
            message = f"Unable to verify secret hash for client {client.id}"
            raise ServiceError("NotAuthorizedException", message)


def _initiate(request: Document) -> Document:
    pool, client = _pool_and_client(request)
    flow, given = request["AuthFlow"], request.get("AuthParameters", {})
    if flow not in _FLOWS:
        message = f"the emulated account does not have {flow}, but {', '.join(_FLOWS)} (docs/emulator.md)"
        raise ServiceError("InvalidParameterException", message)
    allowed = client.extended_config.get("ExplicitAuthFlows") or _FLOWS_OF_SILENCE
    if _FLOWS[flow] not in allowed and flow not in allowed:
        raise ServiceError("InvalidParameterException", f"{flow} flow not enabled for this client")
    if flow.startswith("REFRESH"):
        try:
            return _result(tokens.renew(pool, client, given.get("REFRESH_TOKEN", "")))
        except tokens.Revoked as error:
            raise ServiceError("NotAuthorizedException", str(error)) from error
    if missing := [name for name in ("USERNAME", "PASSWORD") if not given.get(name)]:
        raise ServiceError("InvalidParameterException", f"Missing required parameter {missing[0]}")
    _refuse_without_secret(client, given["USERNAME"], given.get("SECRET_HASH"))
    user = users.checked(pool, client, given["USERNAME"], given["PASSWORD"])
    if users.must_change_password(user):
        return {
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": users.remember(pool, client, user),
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": "[]",
                "userAttributes": "{}",
            },
        }
    return _result(tokens.issue(pool, client, SignIn(client.id, user.username)))


@operation("cognito-idp", "InitiateAuth")
def _initiate_auth(request: Document, _caller: Caller) -> Document:
    if request["AuthFlow"].startswith("ADMIN"):
        raise ServiceError("InvalidParameterException", "Initiate Auth method not supported")
    return _initiate(request)


@operation("cognito-idp", "AdminInitiateAuth")
def _admin_initiate_auth(request: Document, _caller: Caller) -> Document:
    return _initiate(request)


def _respond(request: Document) -> Document:
    pool, client = _pool_and_client(request)
    if request["ChallengeName"] != "NEW_PASSWORD_REQUIRED":
        message = f"the emulated account never asks for {request['ChallengeName']} (docs/emulator.md)"
        raise ServiceError("InvalidParameterException", message)
    given = request.get("ChallengeResponses", {})
    _refuse_without_secret(client, given.get("USERNAME", ""), given.get("SECRET_HASH"))
    try:
        user = users.choose_password(client, request.get("Session", ""), given.get("NEW_PASSWORD", ""))
    except JsonRESTError as error:
        raise ServiceError(error.error_type, error.message) from error
    return _result(tokens.issue(pool, client, SignIn(client.id, user.username)))


@operation("cognito-idp", "RespondToAuthChallenge")
def _respond_to_challenge(request: Document, _caller: Caller) -> Document:
    return _respond(request)


@operation("cognito-idp", "AdminRespondToAuthChallenge")
def _admin_respond(request: Document, _caller: Caller) -> Document:
    return _respond(request)


@operation("cognito-idp", "RevokeToken")
def _revoke(request: Document, _caller: Caller) -> Document:
    pool, client = _pool_and_client(request)
    if client.generate_secret and request.get("ClientSecret") != client.secret:
        raise ServiceError("UnauthorizedException", "Client is not authorized")
    if not tokens.is_refresh_token(request["Token"]):
        raise ServiceError("UnsupportedTokenTypeException", "Unsupported token type")
    tokens.revoke(pool, request["Token"])
    return {}


@operation("cognito-idp", "DeleteUserPool")
def _delete_pool(request: Document, _caller: Caller) -> Document:
    pool = pools.known(request["UserPoolId"])
    if pool.extended_config.get("DeletionProtection") == "ACTIVE":
        message = "The user pool cannot be deleted because deletion protection is activated. Deletion protection must"
        raise ServiceError("InvalidParameterException", f"{message} be inactivated first.")
    if pool.domain:
        message = "User pool cannot be deleted. It has a domain configured that should be deleted first."
        raise ServiceError("InvalidParameterException", message)
    pools.backend_of(pool).delete_user_pool(pool.id)
    return {}


# --- domains, with the version of their sign-in page


@operation("cognito-idp", "CreateUserPoolDomain")
def _create_domain(request: Document, _caller: Caller) -> Document:
    pool, name = pools.known(request["UserPoolId"]), request["Domain"]
    backend = pools.backend_of(pool)
    if word := next((word for word in _RESERVED if word in name and "." not in name), None):
        raise ServiceError("InvalidParameterException", f"Domain cannot contain reserved word: {word}")
    if name in backend.user_pool_domains:
        message = "Domain already associated with another user pool."
        raise ServiceError("InvalidParameterException", message)
    if pool.domain:
        raise ServiceError(
            "InvalidParameterException", f"User pool already has a domain configured: {pool.domain.domain}"
        )
    domain: Any = CognitoIdpUserPoolDomain(pool.id, name, request.get("CustomDomainConfig"))
    domain.managed_login_version = request.get("ManagedLoginVersion", 1)
    backend.user_pool_domains[name] = domain
    return {"ManagedLoginVersion": domain.managed_login_version}


@operation("cognito-idp", "UpdateUserPoolDomain")
def _update_domain(request: Document, _caller: Caller) -> Document:
    pool = pools.known(request["UserPoolId"])
    domain = pool.domain
    if domain is None or domain.domain != request["Domain"]:
        raise ServiceError("ResourceNotFoundException", f"domain {request['Domain']} does not exist")
    domain.custom_domain_config = request.get("CustomDomainConfig", domain.custom_domain_config)
    domain.managed_login_version = request.get("ManagedLoginVersion", domain.managed_login_version)
    return {"ManagedLoginVersion": domain.managed_login_version}


@operation("cognito-idp", "DescribeUserPoolDomain")
def _describe_domain(request: Document, caller: Caller) -> Document:
    domain: Any = cognitoidp_backends[caller.account][caller.region].user_pool_domains.get(request["Domain"])
    if domain is None:
        return {"DomainDescription": {}}
    return {
        "DomainDescription": {
            "UserPoolId": domain.user_pool_id,
            "AWSAccountId": caller.account,
            "Domain": domain.domain,
            "Status": "ACTIVE",
            "ManagedLoginVersion": domain.managed_login_version,
        }
    }
