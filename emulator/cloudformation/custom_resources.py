"""Custom resources.

Providers that the CDK brings along are JavaScript; what the product's stacks need of them is done here with the same
API calls. A provider written in Python is run as in AWS: its function is invoked and answers to the response URL.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import control, settings
from emulator.api import Caller, Document, ServiceError
from emulator.cloudformation import bucket_deployment
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing
from emulator.cloudformation.types.s3 import empty_bucket

_PROVIDER_SECONDS = 300.0


class CustomResource(ResourceType):
    """`Custom::…` and `AWS::CloudFormation::CustomResource`."""

    type_name = "Custom::"
    immutable = frozenset({"ServiceToken"})

    def create(self, context: Context, properties: Document) -> Made:
        return self._request(context, "Create", properties, None, None)

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        return self._request(context, "Update", new, made, old)

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        self._request(context, "Delete", properties, made, None)

    def _request(
        self, context: Context, action: str, properties: Document, made: Made | None, old: Document | None
    ) -> Made:
        if context.type_name == "Custom::CDKBucketDeployment":
            return bucket_deployment.deploy(context, action, properties, made, old)
        own = _OWN.get(context.type_name)
        if own:
            return own(context, action, properties, made)
        return _provider(context, action, properties, made, old)


def _bucket_notifications(context: Context, action: str, properties: Document, made: Made | None) -> Made:
    configuration = {} if action == "Delete" else properties["NotificationConfiguration"]
    bucket = properties["BucketName"]

    def put() -> None:
        context.call(
            "s3", "put_bucket_notification_configuration", Bucket=bucket, NotificationConfiguration=configuration
        )

    if action == "Delete":
        ignore_missing(put)
    else:
        put()
    return made or Made(context.name(64))


def _auto_delete_objects(context: Context, action: str, properties: Document, made: Made | None) -> Made:
    if action == "Delete":
        empty_bucket(context, properties["BucketName"])
    return made or Made(context.name(64))


def _log_retention(context: Context, action: str, properties: Document, made: Made | None) -> Made:
    group = properties["LogGroupName"]
    if action != "Delete":
        groups = context.call("logs", "describe_log_groups", logGroupNamePrefix=group)["logGroups"]
        if not any(each["logGroupName"] == group for each in groups):
            context.call("logs", "create_log_group", logGroupName=group)
        if days := properties.get("RetentionInDays"):
            context.call("logs", "put_retention_policy", logGroupName=group, retentionInDays=days)
    elif properties.get("RemovalPolicy") == "destroy":
        ignore_missing(lambda: context.call("logs", "delete_log_group", logGroupName=group))
    return made or Made(group, {"LogGroupName": group})


def _restrict_default_security_group(context: Context, action: str, properties: Document, made: Made | None) -> Made:
    group = properties["DefaultSecurityGroupId"]
    if action == "Create":
        found = context.call("ec2", "describe_security_groups", GroupIds=[group])["SecurityGroups"][0]
        if found["IpPermissions"]:
            context.call("ec2", "revoke_security_group_ingress", GroupId=group, IpPermissions=found["IpPermissions"])
        if found["IpPermissionsEgress"]:
            context.call(
                "ec2", "revoke_security_group_egress", GroupId=group, IpPermissions=found["IpPermissionsEgress"]
            )
    return made or Made(context.name(64))


_OWN: dict[str, Callable[[Context, str, Document, Made | None], Made]] = {
    "Custom::S3BucketNotifications": _bucket_notifications,
    "Custom::S3AutoDeleteObjects": _auto_delete_objects,
    "Custom::LogRetention": _log_retention,
    "Custom::VpcRestrictDefaultSG": _restrict_default_security_group,
}


# --- providers that are functions of the stack


class _Answer:
    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.document: Document = {}


_WAITING: dict[str, _Answer] = {}


@control.route("PUT", r"/emulator/cloudformation/(?P<token>[0-9a-f]+)")
def _response_url(request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    waiting = _WAITING.get(match["token"])
    if waiting is None:
        raise ServiceError("NoSuchKey", "nobody waits for this answer", 404)
    waiting.document = json.loads(request.get_data())
    waiting.arrived.set()
    return Response("", 200)


def _provider(context: Context, action: str, properties: Document, made: Made | None, old: Document | None) -> Made:
    function = properties["ServiceToken"]
    runtime = context.call("lambda", "get_function_configuration", FunctionName=function).get("Runtime", "")
    if not runtime.startswith("python"):
        raise ServiceError(
            "ValidationError",
            f"the emulated account cannot run the provider of {context.type_name}: its runtime is "
            f"'{runtime or 'an image'}', only Python runs here (docs/emulator.md)",
        )
    token, waiting = uuid.uuid4().hex, _Answer()
    _WAITING[token] = waiting
    event: dict[str, Any] = {
        "RequestType": action,
        "ServiceToken": function,
        "ResponseURL": f"http://localhost:{settings.current().port}/emulator/cloudformation/{token}",
        "StackId": context.stack_id,
        "RequestId": str(uuid.uuid4()),
        "LogicalResourceId": context.logical_id,
        "ResourceType": context.type_name,
        "ResourceProperties": properties,
    }
    if made:
        event["PhysicalResourceId"] = made.physical_id
    if old is not None:
        event["OldResourceProperties"] = old
    try:
        context.call("lambda", "invoke", FunctionName=function, InvocationType="Event", Payload=json.dumps(event))
        if not waiting.arrived.wait(_PROVIDER_SECONDS):
            raise ServiceError("NotStabilized", f"the provider of {context.type_name} did not answer")
    finally:
        del _WAITING[token]
    answer = waiting.document
    if answer.get("Status") != "SUCCESS":
        raise ServiceError("GeneralServiceException", answer.get("Reason") or "the provider gave no reason")
    physical = answer.get("PhysicalResourceId") or (made.physical_id if made else context.name(64))
    return Made(physical, answer.get("Data") or {})
