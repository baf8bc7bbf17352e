"""The CloudFormation API."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlparse

from emulator.api import Caller, Document, ServiceError, operation
from emulator.clients import client
from emulator.cloudformation import stack as stacks
from emulator.cloudformation import template as templates
from emulator.cloudformation.stack import Account, Request, Stack

_ACCOUNTS: dict[Caller, Account] = defaultdict(Account)

_NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass
class ChangeSet:
    id: str
    name: str
    stack: Stack
    kind: str
    request: Request
    changes: list[Document]
    status: str
    reason: str | None = None
    execution: str = "AVAILABLE"
    created: datetime = field(default_factory=stacks.now)


_CHANGE_SETS: dict[str, ChangeSet] = {}


def _body(request: Document, caller: Caller, current: Stack | None = None) -> str:
    if request.get("UsePreviousTemplate") and current:
        return current.request.body
    if "TemplateBody" in request:
        return str(request["TemplateBody"])
    if "TemplateURL" not in request:
        raise ServiceError("ValidationError", "Either Template URL or Template Body must be specified.")
    # Path style, as every client of this account uses: http://localhost:PORT/BUCKET/KEY
    bucket, _, key = unquote(urlparse(request["TemplateURL"]).path).lstrip("/").partition("/")
    try:
        found = client("s3", caller.region).get_object(Bucket=bucket, Key=key)
    except Exception as error:
        raise ServiceError("ValidationError", f"S3 error: {bucket}/{key} cannot be read: {error}") from error
    return str(found["Body"].read().decode())


def _request(request: Document, caller: Caller, current: Stack | None = None) -> Request:
    parameters = {}
    known = current.request.parameters if current else {}
    for each in request.get("Parameters", []):
        name = each["ParameterKey"]
        if not each.get("UsePreviousValue"):
            parameters[name] = each.get("ParameterValue", "")
        elif name in known:
            parameters[name] = known[name]
        # else: the previous value was the template's default, which stays
    return Request(
        _body(request, caller, current), parameters, request.get("Tags", current.request.tags if current else [])
    )


@operation("cloudformation", "CreateStack")
def create_stack(request: Document, caller: Caller) -> Document:
    account = _ACCOUNTS[caller]
    if any(stack.name == request["StackName"] for stack in account.alive()):
        raise ServiceError("AlreadyExistsException", f"Stack [{request['StackName']}] already exists")
    stack = Stack(request["StackName"], caller, account)
    stack.termination_protection = request.get("EnableTerminationProtection", False)
    stack.role_arn = request.get("RoleARN")
    wanted = _request(request, caller)
    account.stacks.append(stack)
    try:
        stack.create(wanted)
    except ServiceError:
        account.stacks.remove(stack)
        raise
    return {"StackId": stack.id}


@operation("cloudformation", "UpdateStack")
def update_stack(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    stack.update(_request(request, caller, stack))
    return {"StackId": stack.id}


@operation("cloudformation", "DeleteStack")
def delete_stack(request: Document, caller: Caller) -> None:
    try:
        stack = _ACCOUNTS[caller].find(request["StackName"])
    except ServiceError:
        return  # as AWS: deleting what is not there succeeds
    if stack.status != "DELETE_COMPLETE":
        stack.delete()


@operation("cloudformation", "UpdateTerminationProtection")
def update_termination_protection(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    stack.termination_protection = request["EnableTerminationProtection"]
    return {"StackId": stack.id}


@operation("cloudformation", "DescribeStacks")
def describe_stacks(request: Document, caller: Caller) -> Document:
    account = _ACCOUNTS[caller]
    found = [account.find(request["StackName"])] if "StackName" in request else list(account.alive())
    return {"Stacks": [_stack(stack) for stack in found]}


def _stack(stack: Stack) -> Document:
    described = {
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": stack.template.get("Description"),
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "RoleARN": stack.role_arn,
        "DisableRollback": False,
        "NotificationARNs": [],
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "EnableTerminationProtection": stack.termination_protection,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": stack.request.parameters.get(name, _as_text(value))}
            for name, value in stack.parameters.items()
        ],
        "Outputs": [
            {
                k: v
                for k, v in {
                    "OutputKey": each.key,
                    "OutputValue": each.value,
                    "Description": each.description,
                    "ExportName": each.export,
                }.items()
                if v is not None
            }
            for each in stack.outputs
        ],
        "Tags": stack.request.tags,
    }
    return {key: value for key, value in described.items() if value is not None}


def _as_text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


@operation("cloudformation", "ListStacks")
def list_stacks(request: Document, caller: Caller) -> Document:
    wanted = request.get("StackStatusFilter")
    return {
        "StackSummaries": [
            {"StackId": each.id, "StackName": each.name, "CreationTime": each.created, "StackStatus": each.status}
            for each in _ACCOUNTS[caller].stacks
            if not wanted or each.status in wanted
        ]
    }


@operation("cloudformation", "DescribeStackEvents")
def describe_stack_events(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    events = [
        {
            "StackId": stack.id,
            "EventId": each.id,
            "StackName": stack.name,
            "LogicalResourceId": each.logical_id,
            "PhysicalResourceId": each.physical_id,
            "ResourceType": each.type_name,
            "Timestamp": each.time,
            "ResourceStatus": each.status,
            **({"ResourceStatusReason": each.reason} if each.reason else {}),
        }
        for each in reversed(stack.events)
    ]
    return {"StackEvents": events}


@operation("cloudformation", "DescribeStackResources")
def describe_stack_resources(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    wanted = request.get("LogicalResourceId")
    return {
        "StackResources": [
            {
                "StackName": stack.name,
                "StackId": stack.id,
                "LogicalResourceId": each.logical_id,
                "PhysicalResourceId": each.made.physical_id,
                "ResourceType": each.type_name,
                "Timestamp": each.time,
                "ResourceStatus": each.status,
            }
            for each in stack.resources.values()
            if wanted in (None, each.logical_id)
        ]
    }


@operation("cloudformation", "DescribeStackResource")
def describe_stack_resource(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    each = stack.resources.get(request["LogicalResourceId"])
    if each is None:
        message = f"Resource {request['LogicalResourceId']} does not exist for stack {stack.name}"
        raise ServiceError("ValidationError", message)
    return {
        "StackResourceDetail": {
            "StackName": stack.name,
            "StackId": stack.id,
            "LogicalResourceId": each.logical_id,
            "PhysicalResourceId": each.made.physical_id,
            "ResourceType": each.type_name,
            "LastUpdatedTimestamp": each.time,
            "ResourceStatus": each.status,
        }
    }


@operation("cloudformation", "ListStackResources")
def list_stack_resources(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    return {
        "StackResourceSummaries": [
            {
                "LogicalResourceId": each.logical_id,
                "PhysicalResourceId": each.made.physical_id,
                "ResourceType": each.type_name,
                "LastUpdatedTimestamp": each.time,
                "ResourceStatus": each.status,
            }
            for each in stack.resources.values()
        ]
    }


@operation("cloudformation", "GetTemplate")
def get_template(request: Document, caller: Caller) -> Document:
    if "ChangeSetName" in request and "StackName" not in request:
        body = _change_set(request, caller).request.body
    else:
        body = _ACCOUNTS[caller].find(request["StackName"]).request.body
    return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}


@operation("cloudformation", "GetTemplateSummary")
def get_template_summary(request: Document, caller: Caller) -> Document:
    current = _ACCOUNTS[caller].find(request["StackName"]) if "StackName" in request else None
    body = current.request.body if current else _body(request, caller)
    template = templates.parse(body)
    return {
        "Parameters": [
            {"ParameterKey": name, "ParameterType": each["Type"], "NoEcho": bool(each.get("NoEcho", False))}
            for name, each in template.get("Parameters", {}).items()
        ],
        "ResourceTypes": sorted({each["Type"] for each in template["Resources"].values()}),
    }


@operation("cloudformation", "ValidateTemplate")
def validate_template(request: Document, caller: Caller) -> Document:
    template = templates.parse(_body(request, caller))
    templates.in_order(template)
    return {"Parameters": [{"ParameterKey": name} for name in template.get("Parameters", {})]}


@operation("cloudformation", "ListExports")
def list_exports(_request: Document, caller: Caller) -> Document:
    return {
        "Exports": [
            {"ExportingStackId": stack.id, "Name": each.export, "Value": each.value}
            for stack in _ACCOUNTS[caller].alive()
            for each in stack.outputs
            if each.export
        ]
    }


@operation("cloudformation", "ListImports")
def list_imports(request: Document, caller: Caller) -> Document:
    return {"Imports": sorted(_ACCOUNTS[caller].importers(request["ExportName"]))}


@operation("cloudformation", "CreateChangeSet")
def create_change_set(request: Document, caller: Caller) -> Document:
    account = _ACCOUNTS[caller]
    kind = request.get("ChangeSetType", "UPDATE")
    if kind == "CREATE":
        waiting = [each for each in account.alive() if each.name == request["StackName"]]
        if waiting and waiting[0].status != "REVIEW_IN_PROGRESS":
            raise ServiceError("AlreadyExistsException", f"Stack [{request['StackName']}] already exists")
        stack = waiting[0] if waiting else Stack(request["StackName"], caller, account)
        wanted = _request(request, caller)
        if not waiting:
            account.stacks.append(stack)
    else:
        stack = account.find(request["StackName"])
        wanted = _request(request, caller, stack)
    changes = _changes(stack, wanted)
    same = kind == "UPDATE" and not changes and templates.parse(wanted.body) == stack.template
    created = ChangeSet(
        id=caller.arn("cloudformation", f"changeSet/{request['ChangeSetName']}/{uuid.uuid4()}"),
        name=request["ChangeSetName"],
        stack=stack,
        kind=kind,
        request=wanted,
        changes=changes,
        status="FAILED" if same else "CREATE_COMPLETE",
        reason=_NO_CHANGES if same else None,
        execution="UNAVAILABLE" if same else "AVAILABLE",
    )
    _CHANGE_SETS[created.id] = created
    return {"Id": created.id, "StackId": stack.id}


def _changes(stack: Stack, wanted: Request) -> list[Document]:
    old = stack.template["Resources"] if stack.resources else {}
    new = templates.parse(wanted.body)["Resources"]
    same_parameters = wanted.parameters == stack.request.parameters
    found = []
    for name in {**new, **old}:
        if name not in new:
            action, kind = "Remove", old[name]["Type"]
        elif name not in old:
            action, kind = "Add", new[name]["Type"]
        elif old[name] != new[name] or not same_parameters:
            action, kind = "Modify", new[name]["Type"]
        else:
            continue
        found.append(
            {
                "Type": "Resource",
                "ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": kind},
            }
        )
    return found


def _change_set(request: Document, caller: Caller) -> ChangeSet:
    wanted = request["ChangeSetName"]
    for each in reversed(_CHANGE_SETS.values()):
        if each.id == wanted or (
            each.name == wanted
            and each.stack.caller == caller
            and request.get("StackName") in (None, each.stack.name, each.stack.id)
        ):
            return each
    raise ServiceError("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", 404)


@operation("cloudformation", "DescribeChangeSet")
def describe_change_set(request: Document, caller: Caller) -> Document:
    each = _change_set(request, caller)
    return {
        "ChangeSetName": each.name,
        "ChangeSetId": each.id,
        "StackId": each.stack.id,
        "StackName": each.stack.name,
        "CreationTime": each.created,
        "ExecutionStatus": each.execution,
        "Status": each.status,
        "Changes": each.changes,
        "Capabilities": [],
        "Tags": each.request.tags,
        "NotificationARNs": [],
        **({"StatusReason": each.reason} if each.reason else {}),
    }


@operation("cloudformation", "ExecuteChangeSet")
def execute_change_set(request: Document, caller: Caller) -> Document:
    each = _change_set(request, caller)
    if each.execution != "AVAILABLE":
        raise ServiceError("InvalidChangeSetStatus", f"ChangeSet [{each.id}] cannot be executed in its current status")
    each.execution = "EXECUTE_COMPLETE"
    if each.kind == "CREATE":
        each.stack.create(each.request)
    else:
        each.stack.update(each.request)
    return {}


@operation("cloudformation", "DeleteChangeSet")
def delete_change_set(request: Document, caller: Caller) -> Document:
    try:
        del _CHANGE_SETS[_change_set(request, caller).id]
    except ServiceError:
        return {}
    return {}


@operation("cloudformation", "ListChangeSets")
def list_change_sets(request: Document, caller: Caller) -> Document:
    stack = _ACCOUNTS[caller].find(request["StackName"])
    return {
        "Summaries": [
            {"ChangeSetId": each.id, "ChangeSetName": each.name, "Status": each.status, "StackName": stack.name}
            for each in _CHANGE_SETS.values()
            if each.stack is stack
        ]
    }
