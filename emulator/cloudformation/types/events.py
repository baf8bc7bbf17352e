"""EventBridge rules and buses, Scheduler schedules, Step Functions."""

from __future__ import annotations

import json

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type
from emulator.cloudformation.simple import simple


@resource_type
class Rule(ResourceType):
    type_name = "AWS::Events::Rule"
    immutable = frozenset({"Name", "EventBusName"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("Name") or context.name(64)
        arn = self._put(context, name, properties)
        return Made(name, {"Arn": arn})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        kept = {target["Id"] for target in new.get("Targets", [])}
        self._remove(context, made.physical_id, old, [t["Id"] for t in old.get("Targets", []) if t["Id"] not in kept])
        self._put(context, made.physical_id, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        def delete() -> None:
            self._remove(context, made.physical_id, properties, [each["Id"] for each in properties.get("Targets", [])])
            context.call("events", "delete_rule", Name=made.physical_id, EventBusName=_bus(properties))

        ignore_missing(delete)

    @staticmethod
    def _put(context: Context, name: str, properties: Document) -> str:
        pattern = properties.get("EventPattern")
        arn = context.call(
            "events",
            "put_rule",
            Name=name,
            EventBusName=_bus(properties),
            EventPattern=json.dumps(pattern) if pattern else None,
            ScheduleExpression=properties.get("ScheduleExpression"),
            State=properties.get("State"),
            Description=properties.get("Description"),
            RoleArn=properties.get("RoleArn"),
        )["RuleArn"]
        if properties.get("Targets"):
            context.call(
                "events", "put_targets", Rule=name, EventBusName=_bus(properties), Targets=properties["Targets"]
            )
        return str(arn)

    @staticmethod
    def _remove(context: Context, name: str, properties: Document, ids: list[str]) -> None:
        if ids:
            context.call("events", "remove_targets", Rule=name, EventBusName=_bus(properties), Ids=ids)


def _bus(properties: Document) -> str:
    return str(properties.get("EventBusName", "default")).rpartition("/")[2]


simple(
    "AWS::Events::EventBus",
    "events",
    create="create_event_bus",
    delete="delete_event_bus",
    name="Name",
    physical_id=lambda _context, properties, _answer: properties["Name"],
    key=lambda name, _properties: {"Name": name},
    attributes=lambda _context, properties, answer: {"Arn": answer["EventBusArn"], "Name": properties["Name"]},
)
simple(
    "AWS::Scheduler::ScheduleGroup",
    "scheduler",
    create="create_schedule_group",
    delete="delete_schedule_group",
    name="Name",
    physical_id=lambda _context, properties, _answer: properties["Name"],
    key=lambda name, _properties: {"Name": name},
    attributes=lambda _context, _properties, answer: {"Arn": answer["ScheduleGroupArn"]},
)
simple(
    "AWS::Scheduler::Schedule",
    "scheduler",
    create="create_schedule",
    update="update_schedule",
    delete="delete_schedule",
    name="Name",
    physical_id=lambda _context, properties, _answer: properties["Name"],
    key=lambda name, properties: {
        "Name": name,
        **({"GroupName": properties["GroupName"]} if "GroupName" in properties else {}),
    },
    immutable=frozenset({"GroupName"}),
    attributes=lambda _context, _properties, answer: {"Arn": answer["ScheduleArn"]},
)


def _state_machine(_context: Context, properties: Document) -> Document:
    definition = properties.pop("DefinitionString", None) or json.dumps(properties.pop("Definition", None))
    for key, value in properties.pop("DefinitionSubstitutions", {}).items():
        definition = definition.replace("${" + key + "}", str(value))
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.pop("Tags", [])]
    lowered = {key[0].lower() + key[1:]: _lower_keys(value) for key, value in properties.items()}
    return {
        **lowered,
        "name": properties["StateMachineName"],
        "definition": definition,
        "type": properties.get("StateMachineType", "STANDARD"),
        "tags": tags,
    }


def _lower_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower_keys(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_lower_keys(each) for each in value]
    return value


simple(
    "AWS::StepFunctions::StateMachine",
    "stepfunctions",
    create="create_state_machine",
    update="update_state_machine",
    delete="delete_state_machine",
    name="StateMachineName",
    longest=80,
    prepare=lambda context, properties: _state_machine(
        context, {"StateMachineName": properties.get("StateMachineName", "unchanged"), **properties}
    ),
    physical_id=lambda _context, _properties, answer: answer["stateMachineArn"],
    key=lambda arn, _properties: {"stateMachineArn": arn},
    immutable=frozenset({"StateMachineType"}),
    attributes=lambda _context, properties, answer: {
        "Arn": answer["stateMachineArn"],
        "Name": properties["StateMachineName"],
    },
)
