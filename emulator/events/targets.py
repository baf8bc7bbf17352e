"""Rules find their events, targets get them."""

from __future__ import annotations

import json
import logging
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule, events_backends

from emulator.api import Caller, Document
from emulator.clients import client
from emulator.events import patterns
from emulator.patching import replace

log = logging.getLogger(__name__)

# Delivery is asynchronous in AWS; what sends an event must not wait for who receives it.
_delivery = ThreadPoolExecutor(8, thread_name_prefix="event")
_PLACEHOLDER = re.compile(r'"?<([\w.\-]+)>"?')


def send(
    caller: Caller, source: str, detail_type: str, detail: Document, resources: list[str], bus: str = "default"
) -> None:
    """An event of an AWS service on the default bus."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": caller.account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": caller.region,
        "resources": resources,
        "detail": detail,
    }
    _to_rules(events_backends[caller.account][caller.region], bus, event)


def _to_rules(backend: Any, bus: str, event: Document) -> None:
    for rule in list(backend.describe_event_bus(bus).rules.values()):
        if rule.state != "DISABLED" and _matches(rule, event):
            for target in list(rule.targets):
                _delivery.submit(deliver, target, event, rule.arn)


def _matches(rule: Any, event: Document) -> bool:
    pattern = rule.event_pattern.get_pattern()
    # A rule with a schedule alone has no pattern; moto would let it match everything.
    return bool(pattern) and patterns.matches(pattern, event)


def deliver(target: Document, event: Document, rule_arn: str) -> None:
    """Sends one event to one target, in the form that the target asks for."""
    try:
        _deliver(target, payload(target, event, rule_arn))
    except Exception:
        log.exception("target %s of %s", target["Arn"], rule_arn)
        if dead := target.get("DeadLetterConfig", {}).get("Arn"):
            _to_queue(dead, json.dumps(event), {})


def payload(target: Document, event: Document, rule_arn: str = "") -> str:
    """The text that a target gets: the event, a part of it, a constant, or a filled template."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(event, target["InputPath"]))
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], event, rule_arn)
    return json.dumps(event)


def _transformed(transformer: Document, event: Document, rule_arn: str) -> str:
    values = {name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    own = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event": event,
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event.get("time"),
    }

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values and name not in own:
            return match[0]
        value = values.get(name, own.get(name))
        quoted = match[0].startswith('"') and match[0].endswith('"')
        if isinstance(value, str):
            # Within a longer text only the value itself, as a value of its own a JSON string.
            return json.dumps(value) if quoted or _stands_alone(match) else _kept_quotes(match, json.dumps(value)[1:-1])
        text = json.dumps(value)
        return text if quoted or _stands_alone(match) else _kept_quotes(match, json.dumps(text)[1:-1])

    return _PLACEHOLDER.sub(filled, transformer["InputTemplate"])


def _stands_alone(match: re.Match[str]) -> bool:
    """True for `{"a": <x>}`, false within a string such as `"about <x>"`."""
    if match[0].startswith('"') or match[0].endswith('"'):
        return False
    before = match.string[: match.start()]
    return before.count('"') % 2 == 0


def _kept_quotes(match: re.Match[str], text: str) -> str:
    before = '"' if match[0].startswith('"') else ""
    after = '"' if match[0].endswith('"') else ""
    return before + text + after


def _at(event: Any, path: str) -> Any:
    """A JSON path of the simple kind: `$.detail.bucket.name`, `$.resources[0]`; None where nothing is."""
    value = event
    for name, index in re.findall(r"\.([\w\-]+)|\[(\d+)\]", path.removeprefix("$")):
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value


def _deliver(target: Document, text: str) -> None:
    arn = target["Arn"]
    service, region, account = arn.split(":")[2:5]
    if service == "lambda":
        from emulator.functions.invocation import find, invoke_later

        invoke_later(find(arn, None, Caller(account, region)), json.loads(text))
    elif service == "sqs":
        _to_queue(arn, text, target.get("SqsParameters", {}))
    elif service == "sns":
        client("sns", region).publish(TopicArn=arn, Message=text)
    elif service == "states":
        client("stepfunctions", region).start_execution(stateMachineArn=arn, name=str(uuid.uuid4()), input=text)
    elif service == "sagemaker":
        parameters = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
        client("sagemaker", region).start_pipeline_execution(
            PipelineName=arn.rpartition("/")[2], PipelineParameters=parameters, ClientRequestToken=uuid.uuid4().hex
        )
    elif service == "logs":
        from emulator import logs

        group = arn.split(":log-group:")[1].removesuffix(":*")
        logs.write(Caller(account, region), group, str(uuid.uuid4()), [text])
    elif service == "events" and ":event-bus/" in arn:
        event = json.loads(text)
        _to_rules(events_backends[account][region], arn.rpartition("/")[2], event)
    else:
        raise NotImplementedError(f"EventBridge targets of {service} do not exist in the emulated account")


def _to_queue(arn: str, text: str, parameters: Document) -> None:
    region, name = arn.split(":")[3], arn.rpartition(":")[2]
    sqs = client("sqs", region)
    group = {"MessageGroupId": parameters["MessageGroupId"]} if parameters.get("MessageGroupId") else {}
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=text, **group)


def _send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:  # noqa: ARG001
    """moto's own entry: `PutEvents` calls it for each rule, matching or not."""
    event = dict(original_event)
    event.pop("ingestion-time", None)
    if not isinstance(event.get("time"), str):
        event["time"] = datetime.fromtimestamp(float(event["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if self.state != "DISABLED" and _matches(self, event):
        for target in list(self.targets):
            _delivery.submit(deliver, target, event, self.arn)


replace(Rule, "send_to_targets", _send_to_targets)
