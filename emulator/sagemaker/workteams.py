"""Ground Truth's private workforce: one a region, made with its first team, and its teams of Cognito groups."""

from __future__ import annotations

import hashlib
from typing import Any

from botocore.exceptions import ClientError

from emulator.api import Caller, Document, ServiceError, operation
from emulator.clients import client
from emulator.sagemaker.store import Table, drop_tags, invalid, now, only, page, set_tags

WORKFORCE = "private-crowd"
MOST_TEAMS = 25

TEAMS: Table[Document] = Table("workteam")
WORKFORCES: Table[Document] = Table("workforce")


@operation("sagemaker", "CreateWorkteam")
def create_workteam(request: Document, caller: Caller) -> Document:
    name = request["WorkteamName"]
    if TEAMS.find(caller, name):
        raise ServiceError("ResourceInUse", f"A workteam with the name {name} already exists.")
    if len(TEAMS.all(caller)) >= MOST_TEAMS:
        raise ServiceError("ResourceLimitExceeded", f"At most {MOST_TEAMS} workteams are allowed in a region.")
    workforce = _workforce(caller, _members(request["MemberDefinitions"], caller))
    arn = caller.arn("sagemaker", f"workteam/{WORKFORCE}/{name}")
    TEAMS.add(
        caller,
        name,
        {
            **only(
                request,
                [
                    "WorkteamName",
                    "MemberDefinitions",
                    "Description",
                    "NotificationConfiguration",
                    "WorkerAccessConfiguration",
                ],
            ),
            "WorkteamArn": arn,
            "WorkforceArn": workforce["WorkforceArn"],
            "SubDomain": workforce["SubDomain"],
            "CreateDate": now(),
            "LastUpdatedDate": now(),
        },
    )
    set_tags(arn, request.get("Tags"))
    return {"WorkteamArn": arn}


def _members(definitions: list[Document], caller: Caller) -> Document:
    """The pool and client that all groups share. Raises `ServiceError`: they are not there, or differ."""
    found: list[Document] = [each.get("CognitoMemberDefinition", {}) for each in definitions]
    if {} in found:
        raise invalid("the emulated account has workforces of Cognito only, none of an identity provider of your own")
    cognito = client("cognito-idp", caller.region)
    for each in found:
        try:
            cognito.get_group(UserPoolId=each["UserPool"], GroupName=each["UserGroup"])
            described = cognito.describe_user_pool_client(UserPoolId=each["UserPool"], ClientId=each["ClientId"])
        except ClientError as error:
            raise invalid(f"The Cognito member definition is invalid: {error.response['Error']['Message']}") from error
        if not described["UserPoolClient"].get("ClientSecret"):
            raise invalid("The Cognito user pool client must have a client secret.")
    pools = {(each["UserPool"], each["ClientId"]) for each in found}
    if len(pools) != 1:
        raise invalid("All member definitions of a workteam must use the same user pool and client.")
    ((pool, client_id),) = pools
    return {"UserPool": pool, "ClientId": client_id}


def _workforce(caller: Caller, cognito: Document) -> Document:
    """The region's only one; it keeps the pool of its first team."""
    known = WORKFORCES.find(caller, WORKFORCE)
    if known is not None:
        if known["CognitoConfig"] != cognito:
            raise invalid("The user pool and client must be those of the existing private workforce of this region.")
        return known
    digest = hashlib.sha256(f"{caller.account}{caller.region}{cognito['UserPool']}".encode()).hexdigest()[:10]
    return WORKFORCES.add(
        caller,
        WORKFORCE,
        {
            "WorkforceName": WORKFORCE,
            "WorkforceArn": caller.arn("sagemaker", f"workforce/{WORKFORCE}"),
            "SubDomain": f"{digest}.labeling.{caller.region}.sagemaker.aws",
            "CognitoConfig": cognito,
            "CreateDate": now(),
            "LastUpdatedDate": now(),
            "Status": "Active",
        },
    )


def team(caller: Caller, name: str) -> Document:
    """A team by name or ARN. Raises `ServiceError`."""
    found = TEAMS.find(caller, name)
    if found is None:
        raise invalid(f"The workteam {name} does not exist.")
    return found


def people(caller: Caller, arn: str) -> dict[str, Document]:
    """Members of a team by user name: users of its groups."""
    found: dict[str, Document] = {}
    cognito = client("cognito-idp", caller.region)
    for each in team(caller, arn)["MemberDefinitions"]:
        member = each["CognitoMemberDefinition"]
        answer = cognito.list_users_in_group(UserPoolId=member["UserPool"], GroupName=member["UserGroup"])
        for user in answer["Users"]:
            attributes = {item["Name"]: item["Value"] for item in user["Attributes"]}
            found[user["Username"]] = {"pool": member["UserPool"], "sub": attributes.get("sub", user["Username"])}
    return found


@operation("sagemaker", "DescribeWorkteam")
def describe_workteam(request: Document, caller: Caller) -> Document:
    return {"Workteam": team(caller, request["WorkteamName"])}


@operation("sagemaker", "UpdateWorkteam")
def update_workteam(request: Document, caller: Caller) -> Document:
    found = team(caller, request["WorkteamName"])
    if "MemberDefinitions" in request:
        _workforce(caller, _members(request["MemberDefinitions"], caller))
    changed = ["MemberDefinitions", "Description", "NotificationConfiguration", "WorkerAccessConfiguration"]
    found |= {**only(request, changed), "LastUpdatedDate": now()}
    return {"Workteam": found}


@operation("sagemaker", "DeleteWorkteam")
def delete_workteam(request: Document, caller: Caller) -> Document:
    found = TEAMS.find(caller, request["WorkteamName"])
    if found is not None:
        TEAMS.remove(caller, request["WorkteamName"])
        drop_tags(found["WorkteamArn"])
        if not TEAMS.all(caller):  # the workforce goes with its last team
            WORKFORCES.remove(caller, WORKFORCE)
    return {"Success": True}


@operation("sagemaker", "ListWorkteams")
def list_workteams(request: Document, caller: Caller) -> Document:
    return page(request, TEAMS.all(caller), "Workteams", name="WorkteamName", created="CreateDate")


@operation("sagemaker", "DescribeWorkforce")
def describe_workforce(request: Document, caller: Caller) -> Document:
    found = WORKFORCES.find(caller, request["WorkforceName"])
    if found is None:
        raise invalid(f"The workforce {request['WorkforceName']} does not exist.")
    return {"Workforce": found}


@operation("sagemaker", "ListWorkforces")
def list_workforces(request: Document, caller: Caller) -> Document:
    found: dict[str, Any] = page(
        request, WORKFORCES.all(caller), "Workforces", name="WorkforceName", created="CreateDate"
    )
    return found
