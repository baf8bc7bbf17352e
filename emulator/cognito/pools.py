"""User pools: where they are, who their users are, and a signing key of each one's own."""

from __future__ import annotations

from typing import Any

from joserfc import jwk
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUserPool, CognitoIdpUserPoolClient, cognitoidp_backends

from emulator import ACCOUNT, settings
from emulator.api import ServiceError
from emulator.patching import replace

# What the paths of a pool begin with; names of buckets have no underscore.
PATH = r"/(?P<pool>[\w-]+_[0-9a-zA-Z]+)"

_create = CognitoIdpUserPool.__init__


def _with_own_key(self: Any, account_id: str, region: str, name: str, extended_config: dict[str, Any]) -> None:
    """moto signs for all pools with one key: the token of another pool would have a good signature."""
    _create(self, account_id, region, name, extended_config)
    self.json_web_key = jwk.RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


replace(CognitoIdpUserPool, "__init__", _with_own_key)


def issuer(pool_id: str) -> str:
    """The pool's `ProviderURL` and the `iss` of its tokens; all its OpenID addresses begin so."""
    return f"{settings.current().address()}/{pool_id}"


def aws_issuer(pool_id: str) -> str:
    """The address that the pool would have in AWS, which the CDK writes into authorizers by itself."""
    return f"https://cognito-idp.{pool_id.partition('_')[0]}.amazonaws.com/{pool_id}"


def find(pool_id: str) -> Any | None:
    """moto's model of a pool, or None."""
    backend = cognitoidp_backends[ACCOUNT][pool_id.rpartition("_")[0]] if "_" in pool_id else None
    return backend.user_pools.get(pool_id) if backend else None


def known(pool_id: str) -> Any:
    """moto's model of a pool. Raises `ServiceError` when there is none."""
    pool = find(pool_id)
    if pool is None:
        raise ServiceError("ResourceNotFoundException", f"User pool {pool_id} does not exist.")
    return pool


def of_client(client_id: str) -> tuple[Any, Any] | None:
    """Pool and client of a client id, or None."""
    for backend in list(cognitoidp_backends[ACCOUNT].values()):
        for pool in list(backend.user_pools.values()):
            if client_id in pool.clients:
                return pool, pool.clients[client_id]
    return None


def backend_of(pool: Any) -> Any:
    return cognitoidp_backends[pool.account_id][pool.region]


def groups_of(user: Any) -> list[str]:
    """Names of a user's groups, the one with the lowest precedence first as in AWS's tokens."""
    most = 2**31
    ordered = sorted(
        user.groups, key=lambda group: (most if group.precedence is None else group.precedence, group.group_name)
    )
    return [group.group_name for group in ordered]


def _user_of_name_or_alias(self: Any, username: str) -> Any:
    """moto knows e-mail addresses as names only where they replace names (`UsernameAttributes`), not as aliases."""
    insensitive = not self.extended_config.get("UsernameConfiguration", {}).get("CaseSensitive", False)

    def same(one: str, other: str) -> bool:
        return one.lower() == other.lower() if insensitive else one == other

    for user in self.users.values():
        if same(user.username, username):
            return user
    names = [*self.extended_config.get("UsernameAttributes", []), *self.extended_config.get("AliasAttributes", [])]
    for user in self.users.values():
        if any(same(user.attribute_lookup.get(name, ""), username) for name in names):
            return user
    return None


replace(CognitoIdpUserPool, "_get_user", _user_of_name_or_alias)


def _update_client(self: Any, user_pool_id: str, client_id: str, extended_config: dict[str, Any]) -> Any:
    """moto keeps what the request does not name; in AWS that goes back to its default."""
    client = self.describe_user_pool_client(user_pool_id, client_id)
    name = {"ClientName": client.extended_config.get("ClientName")}
    client.extended_config = CognitoIdpUserPoolClient(user_pool_id, False, {**name, **extended_config}).extended_config
    return client


replace(CognitoIdpBackend, "update_user_pool_client", _update_client)
