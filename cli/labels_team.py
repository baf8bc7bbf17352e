"""Who labels: people of the user pool and their groups."""

import secrets
import string
from typing import Any, Literal, get_args

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli.environment import Environment
from cli.errors import OperatorError

Group = Literal["annotator", "reviewer", "manager"]
GROUPS: tuple[Group, ...] = get_args(Group)
# One character of each kind that the pool asks for, and as many more that guessing is hopeless.
KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.+!")
PASSWORD_LENGTH = 16


class Member(BaseModel):
    """One person of the team; `state` is Cognito's: FORCE_CHANGE_PASSWORD until the first sign-in, then CONFIRMED."""

    model_config = ConfigDict(frozen=True)

    name: str
    groups: tuple[Group, ...]
    email: str | None
    state: str
    enabled: bool


class Added(BaseModel):
    """Somebody new, with the password for the first sign-in; None for one who was there already."""

    model_config = ConfigDict(frozen=True)

    name: str
    groups: tuple[Group, ...]
    password: str | None


def members(environment: Environment) -> list[Member]:
    """Everybody in the pool, by name."""
    cognito, pool = environment.client("cognito-idp"), environment.names.labelling_pool
    groups: dict[str, list[Group]] = {}
    for group in GROUPS:
        for user in _pages(cognito, "list_users_in_group", "Users", UserPoolId=pool, GroupName=group):
            groups.setdefault(user["Username"], []).append(group)
    found = [
        Member(
            name=user["Username"],
            groups=tuple(groups.get(user["Username"], ())),
            email=next((each["Value"] for each in user.get("Attributes", []) if each["Name"] == "email"), None),
            state=user["UserStatus"],
            enabled=user["Enabled"],
        )
        for user in _pages(cognito, "list_users", "Users", UserPoolId=pool)
    ]
    return sorted(found, key=lambda member: member.name)


def add(environment: Environment, name: str, group: Group, email: str | None) -> Added:
    """Puts a person into a group; somebody new gets a password for the first sign-in.

    Args:
        environment: where.
        name: what they sign in with.
        group: theirs.
        email: for a forgotten password; it counts as verified, since whoever adds them vouches for it.
    """
    cognito, pool = environment.client("cognito-idp"), environment.names.labelling_pool
    password: str | None = _password()
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}] if email else []
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=name,
            UserAttributes=attributes,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",  # the password is shown once, here
        )
    except cognito.exceptions.UsernameExistsException:
        password = None
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    return Added(name=name, groups=_groups(cognito, pool, name), password=password)


def ready(environment: Environment, name: str, group: Group, password: str) -> None:
    """A person whose first sign-in asks for no new password; for the account on this machine."""
    cognito, pool = environment.client("cognito-idp"), environment.names.labelling_pool
    add(environment, name, group, None)
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)


def remove(environment: Environment, name: str, group: Group | None) -> None:
    """Takes a person out of a group, or out of the pool; what they labelled stays.

    Raises:
        OperatorError: there is no such person.
    """
    cognito, pool = environment.client("cognito-idp"), environment.names.labelling_pool
    try:
        if group:
            cognito.admin_remove_user_from_group(UserPoolId=pool, Username=name, GroupName=group)
        else:
            # Tokens that are out already work for an hour at most; new ones there are none.
            cognito.admin_user_global_sign_out(UserPoolId=pool, Username=name)
            cognito.admin_delete_user(UserPoolId=pool, Username=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "UserNotFoundException":
            raise
        raise OperatorError(f"{name}: nobody of the team is called so; `drawingops labels team list`") from error


def _groups(cognito: Any, pool: str, name: str) -> tuple[Group, ...]:
    named = {each["GroupName"] for each in cognito.admin_list_groups_for_user(UserPoolId=pool, Username=name)["Groups"]}
    return tuple(group for group in GROUPS if group in named)


def _pages(cognito: Any, operation: str, member: str, **arguments: Any) -> list[dict[str, Any]]:
    return [item for page in cognito.get_paginator(operation).paginate(**arguments) for item in page[member]]


def _password() -> str:
    rest = PASSWORD_LENGTH - len(KINDS)
    characters = [secrets.choice(kind) for kind in KINDS] + [secrets.choice("".join(KINDS)) for _ in range(rest)]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
