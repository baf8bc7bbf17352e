"""SQS queues and SNS topics."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

import json

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type
from emulator.cloudformation.simple import simple

_QUEUE_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


@resource_type
class Queue(ResourceType):
    type_name = "AWS::SQS::Queue"
    immutable = frozenset({"QueueName", "FifoQueue"})

    def create(self, context: Context, properties: Document) -> Made:
        suffix = ".fifo" if properties.get("FifoQueue") else ""
        name = properties.get("QueueName") or context.name(80 - len(suffix)) + suffix
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        answer = context.call(
            "sqs", "create_queue", QueueName=name, Attributes=_queue_attributes(properties), tags=tags
        )
        url = answer["QueueUrl"]
        return Made(url, {"Arn": context.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        context.call("sqs", "set_queue_attributes", QueueUrl=made.physical_id, Attributes=_queue_attributes(new))
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("sqs", "delete_queue", QueueUrl=made.physical_id))


def _queue_attributes(properties: Document) -> dict[str, str]:
    def text(value: object) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return json.dumps(value) if isinstance(value, dict) else str(value)

    return {name: text(properties[name]) for name in _QUEUE_ATTRIBUTES if name in properties}


@resource_type
class QueuePolicy(ResourceType):
    type_name = "AWS::SQS::QueuePolicy"

    def create(self, context: Context, properties: Document) -> Made:
        self._put(context, properties["Queues"], json.dumps(properties["PolicyDocument"]))
        return Made(context.name(80), {"Id": context.logical_id})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._put(context, [queue for queue in old["Queues"] if queue not in new["Queues"]], "")
        self._put(context, new["Queues"], json.dumps(new["PolicyDocument"]))
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: self._put(context, properties["Queues"], ""))

    @staticmethod
    def _put(context: Context, queues: list[str], policy: str) -> None:
        for queue in queues:
            context.call("sqs", "set_queue_attributes", QueueUrl=queue, Attributes={"Policy": policy})


@resource_type
class Topic(ResourceType):
    type_name = "AWS::SNS::Topic"
    immutable = frozenset({"TopicName", "FifoTopic"})
    _attributes = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("TopicName") or context.name(80)
        arn = context.call("sns", "create_topic", Name=name, Tags=properties.get("Tags"))["TopicArn"]
        self._configure(context, arn, {}, properties)
        for each in properties.get("Subscription", []):
            context.call("sns", "subscribe", TopicArn=arn, Protocol=each["Protocol"], Endpoint=each["Endpoint"])
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._configure(context, made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("sns", "delete_topic", TopicArn=made.physical_id))

    def _configure(self, context: Context, arn: str, old: Document, new: Document) -> None:
        for name in self._attributes:
            if new.get(name) != old.get(name):
                value = str(new.get(name, ""))
                context.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName=name, AttributeValue=value)


@resource_type
class TopicPolicy(ResourceType):
    type_name = "AWS::SNS::TopicPolicy"

    def create(self, context: Context, properties: Document) -> Made:
        self._put(context, properties)
        return Made(context.name(80), {"Id": context.logical_id})

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        """SNS has no "no policy": the topic, which goes next, keeps the last one."""

    @staticmethod
    def _put(context: Context, properties: Document) -> None:
        policy = json.dumps(properties["PolicyDocument"])
        for topic in properties["Topics"]:
            context.call("sns", "set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _subscription(_context: Context, properties: Document) -> Document:
    names = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
    attributes = {
        name: json.dumps(properties[name]) if isinstance(properties[name], dict) else str(properties[name]).lower()
        for name in names
        if name in properties
    }
    if "FilterPolicyScope" in properties:
        attributes["FilterPolicyScope"] = properties["FilterPolicyScope"]
    return {**properties, "Attributes": attributes}


simple(
    "AWS::SNS::Subscription",
    "sns",
    create="subscribe",
    prepare=_subscription,
    physical_id=lambda _context, _properties, answer: answer["SubscriptionArn"],
    delete="unsubscribe",
    key=lambda arn, _properties: {"SubscriptionArn": arn},
    attributes=lambda _context, _properties, answer: {"Arn": answer["SubscriptionArn"]},
)
