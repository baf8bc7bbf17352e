"""A custom resource: the sign-in client of a private workforce learns where its workers come back to.

Only the team knows that address, and only after it was made: its `SubDomain`. UpdateUserPoolClient forgets what it is
not told again, so all of the client's settings are sent.
"""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.custom_resource import answer

logger = Logger()
tracer = Tracer()

# What DescribeUserPoolClient tells and UpdateUserPoolClient does not take.
_TOLD_ONLY = ("ClientSecret", "LastModifiedDate", "CreationDate")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Handles an event of CloudFormation and answers it, whatever happens.

    Args:
        event: its `ResourceProperties` are `TeamName`, `UserPoolId` and `ClientId`.
    """
    status = answer(event, name="callbacks", log_stream=context.log_stream_name, work=_let_come_back)
    logger.info("answered", extra={"status": status})


def _let_come_back(event: dict[str, Any]) -> dict[str, str]:
    if event["RequestType"] == "Delete":  # the client goes with its stack
        return {}
    return {"Portal": let_workers_come_back(event["ResourceProperties"])}


def let_workers_come_back(properties: dict[str, str]) -> str:
    """Sets the client's addresses and gives that of the workers' portal."""
    team = boto3.client("sagemaker").describe_workteam(WorkteamName=properties["TeamName"])["Workteam"]
    portal = f"https://{team['SubDomain']}"
    cognito = boto3.client("cognito-idp")
    pool, client = properties["UserPoolId"], properties["ClientId"]
    known = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
    wanted = {
        **{name: value for name, value in known.items() if name not in _TOLD_ONLY},
        "CallbackURLs": [f"{portal}/oauth2/idpresponse"],
        "LogoutURLs": [f"{portal}/logout"],
        "AllowedOAuthFlows": ["code", "implicit"],
        "AllowedOAuthScopes": ["email", "openid", "profile"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "SupportedIdentityProviders": ["COGNITO"],
    }
    cognito.update_user_pool_client(**wanted)
    return portal
