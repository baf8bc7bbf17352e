"""The two roles through which a version is promoted, and taking them one after the other."""

import re

import boto3
from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from cli.environment import Access, Environment, environment_of
from cli.errors import OperatorError

PARAMETER = "promotion-roles"
# What RoleSessionName takes; it stands in CloudTrail beside everything that the role does.
SESSION_NAME = re.compile(r"[^\w+=,.@-]")
MAX_SESSION_NAME = 64


class Target(BaseModel):
    """The promotion role of one target environment, and what it must be told."""

    model_config = ConfigDict(frozen=True)

    role_arn: str
    external_id: str


class PromotionRoles(BaseModel):
    """What the source's stacks left in SSM (constructs/drawing_platform/promotion.py)."""

    model_config = ConfigDict(frozen=True)

    promoter_arn: str
    targets: dict[str, Target]


def enter(source: Environment, target: str) -> Environment:
    """The environment `target` as its promotion role sees it.

    Raises:
        OperatorError: the source is not promoted to `target`, or one of the roles may not be taken.
    """
    roles = _roles(source)
    if target not in roles.targets:
        known = ", ".join(sorted(roles.targets))
        raise OperatorError(f"{source.name} is not promoted to {target}: config/{source.name}.toml names {known}")
    chosen = roles.targets[target]
    promoter = _take(source.access, roles.promoter_arn, source.caller)
    return environment_of(target, _take(promoter, chosen.role_arn, source.caller, ExternalId=chosen.external_id))


def _roles(source: Environment) -> PromotionRoles:
    client = source.client("ssm")
    try:
        found = client.get_parameter(Name=f"/drawing-platform/{source.name}/{PARAMETER}")
    except client.exceptions.ParameterNotFound:
        raise OperatorError(
            f"{source.name} is promoted nowhere: name its targets in config/{source.name}.toml below [promotion] "
            f"and run `make deploy ENV={source.name}`"
        ) from None
    return PromotionRoles.model_validate_json(found["Parameter"]["Value"])


def _take(access: Access, role_arn: str, caller: str, **more: str) -> Access:
    name = SESSION_NAME.sub("-", caller)[-MAX_SESSION_NAME:]
    try:
        answer = access.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=name, **more)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        raise OperatorError(
            f"{role_arn} may not be taken: is its environment deployed with the other one in [promotion], "
            "and may you take the promoter role?"
        ) from error
    credentials = answer["Credentials"]
    session = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=access.session.region_name,
    )
    return Access(session, access.endpoint_url)
