"""Stacks: made, changed, rolled back and deleted, with the events that the CDK command line shows."""

from __future__ import annotations

import itertools
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.api import Caller, Document, ServiceError
from emulator.clients import client
from emulator.cloudformation import resource as resources
from emulator.cloudformation import template as templates
from emulator.cloudformation.resource import Context, Made, ResourceType

log = logging.getLogger(__name__)

# A request is answered when the work is done, or after this long while it goes on: `cdk deploy` polls every few
# seconds, so answering late is what makes it fast.
_ANSWER_AFTER_SECONDS = 45.0

_IGNORED_TYPES = ("AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Event:
    """One line of `DescribeStackEvents`."""

    logical_id: str
    physical_id: str
    type_name: str
    status: str
    reason: str | None
    time: datetime = field(default_factory=now)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Resource:
    """A resource of a stack with the properties that it was last made with."""

    logical_id: str
    type_name: str
    made: Made
    properties: Document
    deletion_policy: str
    status: str
    reason: str | None = None
    time: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Output:
    key: str
    value: str
    description: str | None
    export: str | None


@dataclass(frozen=True)
class Request:
    """What the user asked for: a template with its parameters."""

    body: str
    parameters: dict[str, str]
    tags: list[dict[str, str]] = field(default_factory=list)


class Failed(Exception):
    """A resource could not be made; the event has been written."""


class Stack:
    """One stack. All changes happen in one worker thread at a time."""

    def __init__(self, name: str, caller: Caller, account: Account) -> None:
        self.name, self.caller, self.account = name, caller, account
        self.id = caller.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}")
        self.created = now()
        self.updated: datetime | None = None
        self.deleted: datetime | None = None
        self.status = "REVIEW_IN_PROGRESS"
        self.status_reason: str | None = None
        self.request = Request('{"Resources": {"None": {}}}', {})
        self.template: Document = {"Resources": {}}
        self.parameters: dict[str, Any] = {}
        self.resources: dict[str, Resource] = {}
        self.outputs: list[Output] = []
        self.events: list[Event] = []
        self.termination_protection = False
        self.role_arn: str | None = None
        self._worker: threading.Thread | None = None

    # --- what the API starts

    def create(self, request: Request) -> None:
        template, parameters = self._checked(request)
        self._run("CREATE", lambda: self._create(request, template, parameters))

    def update(self, request: Request) -> None:
        if not self.status.endswith("_COMPLETE") or self.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
            raise ServiceError("ValidationError", f"Stack:{self.id} is in {self.status} state and can not be updated.")
        template, parameters = self._checked(request)
        if template == self.template and parameters == self.parameters and request.tags == self.request.tags:
            raise ServiceError("ValidationError", "No updates are to be performed.")
        self._run("UPDATE", lambda: self._update(request, template, parameters))

    def delete(self) -> None:
        if self.termination_protection:
            raise ServiceError(
                "ValidationError", f"Stack [{self.name}] cannot be deleted while TerminationProtection is enabled"
            )
        for output in self.outputs:
            if output.export and (users := self.account.importers(output.export) - {self.name}):
                message = f"Export {output.export} cannot be deleted as it is in use by {', '.join(sorted(users))}"
                self._event(self.name, self.id, "AWS::CloudFormation::Stack", "DELETE_FAILED", message)
                self.status, self.status_reason = "DELETE_FAILED", message
                return
        self._run("DELETE", self._delete)

    def scope(self, template: Document, parameters: dict[str, Any]) -> templates.Scope:
        pseudo = {
            "AWS::AccountId": self.caller.account,
            "AWS::Region": self.caller.region,
            "AWS::StackName": self.name,
            "AWS::StackId": self.id,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::Partition": "aws",
        }
        made = {name: (each.made.physical_id, each.made.attributes) for name, each in self.resources.items()}
        return templates.Scope(template, parameters, pseudo, self.account.exported, made)

    def _checked(self, request: Request) -> tuple[Document, dict[str, Any]]:
        """Everything that AWS refuses before it starts: unknown types and parameters, circles."""
        template = templates.parse(request.body)
        for each in template["Resources"].values():
            if each["Type"] not in _IGNORED_TYPES:
                resources.find(each["Type"])
        templates.in_order(template)
        return template, self._parameter_values(template, request.parameters)

    def _parameter_values(self, template: Document, given: dict[str, str]) -> dict[str, Any]:
        declared = template.get("Parameters", {})
        if unknown := given.keys() - declared.keys():
            raise ServiceError(
                "ValidationError", f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template"
            )
        values: dict[str, Any] = {}
        for name, declaration in declared.items():
            if name not in given and "Default" not in declaration:
                raise ServiceError("ValidationError", f"Parameters: [{name}] must have values")
            value = given.get(name, declaration.get("Default"))
            kind = declaration["Type"]
            if kind.startswith("AWS::SSM::Parameter::Value"):
                try:
                    found = client("ssm", self.caller.region).get_parameter(Name=value, WithDecryption=True)
                except ClientError as error:
                    message = f"Unable to fetch parameters [{value}] from parameter store for this account."
                    raise ServiceError("ValidationError", message) from error
                value = found["Parameter"]["Value"]
            if kind == "CommaDelimitedList" or kind.startswith("List<"):
                value = [each.strip() for each in str(value).split(",")] if isinstance(value, str) else value
            allowed = declaration.get("AllowedValues")
            if allowed and str(value) not in map(str, allowed):
                raise ServiceError("ValidationError", f"Parameter '{name}' must be one of AllowedValues")
            values[name] = value
        return values

    # --- the worker

    def _run(self, action: str, work: Callable[[], None]) -> None:
        self._set_status(f"{action}_IN_PROGRESS", "User Initiated")

        def guarded() -> None:
            try:
                work()
            except Exception as error:  # a mistake in the emulator must end the stack's operation, not hang it
                log.exception("stack %s: %s failed", self.name, action)
                self._set_status(f"{action}_FAILED", f"the emulator failed: {error!r}")

        self._worker = threading.Thread(target=guarded, name=f"stack {self.name}", daemon=True)
        self._worker.start()
        self._worker.join(_ANSWER_AFTER_SECONDS)

    def _create(self, request: Request, template: Document, parameters: dict[str, Any]) -> None:
        self.request, self.template, self.parameters = request, template, parameters
        try:
            self._make_all(template, parameters, {})
            self.outputs = self._evaluate_outputs(template, parameters)
        except (Failed, ServiceError) as error:
            self._set_status("ROLLBACK_IN_PROGRESS", f"{error}. Rollback requested by user.")
            self._delete_resources(list(self.resources), keep_retained=False)
            self._set_status("ROLLBACK_COMPLETE")
            return
        self._set_status("CREATE_COMPLETE")

    def _update(self, request: Request, template: Document, parameters: dict[str, Any]) -> None:
        before = dict(self.resources)
        old_template, old_parameters = self.template, self.parameters
        try:
            replaced = self._make_all(template, parameters, before)
            outputs = self._evaluate_outputs(template, parameters)
            self._refuse_to_drop_exports_in_use(outputs)
        except (Failed, ServiceError) as error:
            self._set_status("UPDATE_ROLLBACK_IN_PROGRESS", str(error))
            self._roll_back(before, old_template, old_parameters)
            return
        self.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"  # no event: botocore's shape of events lacks this status
        gone = [name for name in before if name not in self._wanted(template, parameters)]
        for resource in replaced:
            self._delete_one(resource)
        self._delete_resources(gone, keep_retained=True)
        self.request, self.template, self.parameters, self.outputs = request, template, parameters, outputs
        self.updated = now()
        self._set_status("UPDATE_COMPLETE")

    def _delete(self) -> None:
        if self._delete_resources(list(self.resources), keep_retained=True):
            self.deleted = now()
            self.outputs = []
            self._set_status("DELETE_COMPLETE")
        else:
            failed = [name for name, each in self.resources.items() if each.status == "DELETE_FAILED"]
            self._set_status("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}].")

    def _wanted(self, template: Document, parameters: dict[str, Any]) -> list[str]:
        scope = self.scope(template, parameters)
        return [
            name
            for name in templates.in_order(template)
            if (declared := template["Resources"][name])["Type"] not in _IGNORED_TYPES
            and ("Condition" not in declared or scope.condition(declared["Condition"]))
        ]

    def _make_all(self, template: Document, parameters: dict[str, Any], before: dict[str, Resource]) -> list[Resource]:
        """Makes and changes resources in order; returns those that were replaced and wait to be deleted."""
        replaced = []
        for name in self._wanted(template, parameters):
            old = before.get(name)
            try:
                self._make_one(name, template["Resources"][name], template, parameters, old)
            except Failed:
                raise
            except Exception as error:
                action = "UPDATE" if old else "CREATE"
                reason = describe(error)
                kind = template["Resources"][name]["Type"]
                self._event(name, old.made.physical_id if old else "", kind, f"{action}_FAILED", reason)
                raise Failed(f"The following resource(s) failed to {action.lower()}: [{name}]: {reason}") from error
            if old and self.resources[name].made.physical_id != old.made.physical_id:
                replaced.append(old)
        return replaced

    def _make_one(
        self, name: str, declared: Document, template: Document, parameters: dict[str, Any], old: Resource | None
    ) -> None:
        kind = declared["Type"]
        properties = self.scope(template, parameters).resolve(declared.get("Properties", {}))
        policy = declared.get("DeletionPolicy", "Delete")
        type_ = resources.find(kind)
        if old and old.type_name == kind:
            if old.properties == properties:
                old.deletion_policy = policy
                return
            self._event(name, old.made.physical_id, kind, "UPDATE_IN_PROGRESS")
            made = self._changed(type_, self._context(name, kind), old, properties)
            action = "UPDATE"
        else:
            self._event(name, "", kind, "CREATE_IN_PROGRESS")
            made = type_.create(self._context(name, kind), properties)
            action = "CREATE"
        self.resources[name] = Resource(name, kind, made, properties, policy, f"{action}_COMPLETE")
        self._event(name, made.physical_id, kind, f"{action}_COMPLETE")

    @staticmethod
    def _changed(type_: ResourceType, context: Context, old: Resource, properties: Document) -> Made:
        if type_.replaces(old.properties, properties):
            return type_.create(context, properties)
        return type_.update(context, old.made, old.properties, properties)

    def _roll_back(self, before: dict[str, Resource], template: Document, parameters: dict[str, Any]) -> None:
        added = [name for name in self.resources if name not in before]
        replacements = [
            each
            for name, each in self.resources.items()
            if name in before and each.made.physical_id != before[name].made.physical_id
        ]
        changed = [
            name
            for name, each in self.resources.items()
            if name in before
            and each.properties != before[name].properties
            and each.made.physical_id == before[name].made.physical_id
        ]
        for name in changed:
            was, is_ = before[name], self.resources[name]
            try:
                resources.find(was.type_name).update(
                    self._context(name, was.type_name), is_.made, is_.properties, was.properties
                )
            except Exception as error:
                self._event(name, was.made.physical_id, was.type_name, "UPDATE_FAILED", describe(error))
                self._set_status("UPDATE_ROLLBACK_FAILED", describe(error))
                return
        for resource in replacements:
            self._delete_one(resource)
        self._delete_resources(added, keep_retained=False)
        self.resources = dict(before)
        self.template, self.parameters = template, parameters
        self._set_status("UPDATE_ROLLBACK_COMPLETE")

    def _delete_resources(self, names: list[str], *, keep_retained: bool) -> bool:
        """Deletes in reverse order of making; true when all are gone."""
        order = {name: index for index, name in enumerate(self.resources)}
        done = True
        for name in sorted(names, key=lambda each: order.get(each, 0), reverse=True):
            resource = self.resources.get(name)
            if resource is None:
                continue
            if keep_retained and resource.deletion_policy in ("Retain", "RetainExceptOnCreate"):
                self._event(name, resource.made.physical_id, resource.type_name, "DELETE_SKIPPED")
                del self.resources[name]
            elif self._delete_one(resource):
                del self.resources[name]
            else:
                done = False
        return done

    def _delete_one(self, resource: Resource) -> bool:
        identity = (resource.logical_id, resource.made.physical_id, resource.type_name)
        self._event(*identity, "DELETE_IN_PROGRESS")
        try:
            context = self._context(resource.logical_id, resource.type_name)
            resources.find(resource.type_name).delete(context, resource.made, resource.properties)
        except Exception as error:
            log.warning("stack %s: %s could not be deleted", self.name, resource.logical_id, exc_info=True)
            resource.status, resource.reason = "DELETE_FAILED", describe(error)
            self._event(*identity, "DELETE_FAILED", describe(error))
            return False
        self._event(*identity, "DELETE_COMPLETE")
        return True

    # --- outputs and events

    def _evaluate_outputs(self, template: Document, parameters: dict[str, Any]) -> list[Output]:
        scope = self.scope(template, parameters)
        found = []
        for key, declared in template.get("Outputs", {}).items():
            if "Condition" in declared and not scope.condition(declared["Condition"]):
                continue
            export = scope.resolve(declared["Export"]["Name"]) if "Export" in declared else None
            value = scope.resolve(declared["Value"])
            text = ",".join(value) if isinstance(value, list) else str(value)
            found.append(Output(key, text, declared.get("Description"), export))
        for output in found:
            owner = self.account.exporter(output.export) if output.export else None
            if owner and owner is not self:
                raise ServiceError(
                    "ValidationError", f"Export with name {output.export} is already exported by stack {owner.name}"
                )
        return found

    def _refuse_to_drop_exports_in_use(self, outputs: list[Output]) -> None:
        kept = {(each.export, each.value) for each in outputs}
        for old in self.outputs:
            if old.export and (old.export, old.value) not in kept:
                users = self.account.importers(old.export) - {self.name}
                if users:
                    message = f"Export {old.export} cannot be updated as it is in use by {', '.join(sorted(users))}"
                    raise ServiceError("ValidationError", message)

    def _context(self, logical_id: str, type_name: str) -> Context:
        return Context(self.caller.account, self.caller.region, self.name, self.id, logical_id, type_name)

    def _set_status(self, status: str, reason: str | None = None) -> None:
        self.status, self.status_reason = status, reason
        self._event(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def _event(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str | None = None) -> None:
        self.events.append(Event(logical_id, physical_id, kind, status, reason))


class Account:
    """All stacks of one account and region."""

    def __init__(self) -> None:
        self.stacks: list[Stack] = []

    def find(self, name_or_id: str) -> Stack:
        """A living stack by name, any stack by id. Raises `ServiceError` as AWS does when there is none."""
        for stack in reversed(self.stacks):
            if stack.id == name_or_id or (stack.name == name_or_id and stack.status != "DELETE_COMPLETE"):
                return stack
        raise ServiceError("ValidationError", f"Stack with id {name_or_id} does not exist")

    def alive(self) -> Iterator[Stack]:
        return (stack for stack in self.stacks if stack.status != "DELETE_COMPLETE")

    def exporter(self, name: str) -> Stack | None:
        return next((stack for stack in self.alive() if any(each.export == name for each in stack.outputs)), None)

    def exported(self, name: str) -> str:
        for output in itertools.chain.from_iterable(stack.outputs for stack in self.alive()):
            if output.export == name:
                return output.value
        raise ServiceError("ValidationError", f"No export named {name} found.")

    def importers(self, export: str) -> set[str]:
        def imports(value: Any, scope: templates.Scope) -> bool:
            if isinstance(value, list):
                return any(imports(each, scope) for each in value)
            if isinstance(value, dict):
                if "Fn::ImportValue" in value:
                    return bool(scope.resolve(value["Fn::ImportValue"]) == export)
                return any(imports(each, scope) for each in value.values())
            return False

        return {
            stack.name
            for stack in self.alive()
            if stack.resources and imports(stack.template["Resources"], stack.scope(stack.template, stack.parameters))
        }


def describe(error: Exception) -> str:
    """One line for an event, in AWS's manner where the error came from an API call."""
    if isinstance(error, ClientError):
        detail = error.response["Error"]
        return f"{detail.get('Message', '')} (Service: {error.operation_name}, Code: {detail.get('Code')})"
    if isinstance(error, ServiceError | BotoCoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"
