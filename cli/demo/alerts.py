"""A subscriber to the alerts topic, as a person's mailbox would be."""

import json
import time
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel

from cli.environment import Environment


class Alert(BaseModel):
    """One message that arrived."""

    subject: str
    message: str


@dataclass(frozen=True)
class Mailbox:
    """A queue that every alert of an environment is delivered to."""

    client: Any
    url: str

    @classmethod
    def subscribe(cls, environment: Environment) -> Self:
        """Makes the queue and subscribes it."""
        queues = environment.client("sqs")
        url = queues.create_queue(QueueName=f"drawing-demo-alerts-{environment.name}")["QueueUrl"]
        attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        environment.client("sns").subscribe(
            TopicArn=environment.names.alerts_topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"]
        )
        return cls(queues, url)

    def wait(self, patience: float) -> list[Alert]:
        """Every alert that is there, waiting up to `patience` seconds for the first."""
        deadline = time.monotonic() + patience
        alerts: list[Alert] = []
        while not alerts and time.monotonic() < deadline:
            alerts = self._receive()
        return alerts

    def _receive(self) -> list[Alert]:
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        alerts = []
        for message in answer.get("Messages", []):
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            envelope = json.loads(message["Body"])
            alerts.append(Alert(subject=envelope.get("Subject") or "", message=envelope["Message"]))
        return alerts
