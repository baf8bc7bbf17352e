"""A custom resource: the sign-in client of a private workforce learns where its workers come back to.

Only the team knows that address, and only after it was made: its `SubDomain`. UpdateUserPoolClient forgets what it is
not told again, so all of the client's settings are sent.
"""

import json
import urllib.request
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()

_TIMEOUT_SECONDS = 30
# What DescribeUserPoolClient tells and UpdateUserPoolClient does not take.
_TOLD_ONLY = ("ClientSecret", "LastModifiedDate", "CreationDate")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Handles an event of CloudFormation and answers it, whatever happens: a stack would wait for hours otherwise.

    Args:
        event: its `ResourceProperties` are `TeamName`, `UserPoolId` and `ClientId`.
    """
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": event.get("PhysicalResourceId") or f"{event['LogicalResourceId']}-callbacks",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    try:
        if event["RequestType"] != "Delete":  # the client goes with its stack
            answer["Data"] = {"Portal": let_workers_come_back(event["ResourceProperties"])}
    except Exception as error:
        logger.exception("failed")
        answer |= {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error} ({context.log_stream_name})"}
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
        logger.info("answered", extra={"status": answer["Status"]})


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
