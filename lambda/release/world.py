"""The account as the steps see it."""

import time
from typing import Any

import boto3
from botocore.config import Config

from release.artefacts import Remover
from release.endpoint import Endpoint
from release.history import History
from release.lock import Lock
from release.settings import Settings
from release.shadow import Shadow
from shared import registry

# A request to a model is never repeated here: one that fails is what the check looks for.
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=60)


class World:
    """Clients are made when a step needs them: a function starts quicker without those that it does not use."""

    def __init__(self) -> None:
        self.settings = Settings.read()
        wanted = self.settings.endpoint_settings
        self.name = wanted.endpoint_name
        self.sagemaker: Any = boto3.client("sagemaker")
        self.endpoint = Endpoint(self.sagemaker, wanted)
        dynamodb, table = boto3.client("dynamodb"), self.settings.history_table
        self.history = History(dynamodb, table, self.name, clock=time.time)
        self.lock = Lock(dynamodb, table, self.name, self.settings.lease_seconds, clock=time.time)

    def versions(self) -> list[registry.ModelVersion]:
        """Every version of the group, the newest first."""
        return list(registry.newest_first(self.sagemaker, self.settings.group, approved_only=False))

    def shadow(self) -> Shadow:
        """The check before traffic."""
        return Shadow(self.endpoint, boto3.client("sagemaker-runtime", config=ONCE))

    def remover(self) -> Remover:
        """Deletes versions."""
        return Remover(self.sagemaker, boto3.client("s3"), self.endpoint)

    def autoscaling(self) -> Any:
        """Client of Application Auto Scaling."""
        return boto3.client("application-autoscaling")

    def alarms_in_alarm(self) -> list[str]:
        """The guardrails that are in the ALARM state, each with what CloudWatch says of it."""
        names = list(self.endpoint.settings.alarm_names)
        if not names:
            return []
        found = boto3.client("cloudwatch").describe_alarms(
            AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"], StateValue="ALARM"
        )
        alarms = [*found.get("MetricAlarms", []), *found.get("CompositeAlarms", [])]
        return [f"{alarm['AlarmName']}: {alarm.get('StateReason', 'in alarm')}" for alarm in alarms]
