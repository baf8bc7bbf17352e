"""What follows when an alarm changes its state: an event, messages to SNS topics, functions."""

from __future__ import annotations

import json
import logging
from typing import Any

from emulator.api import Caller, Document
from emulator.clients import client
from emulator.events import targets

log = logging.getLogger(__name__)

_PLACES = {
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "us-east-1": "US East (N. Virginia)",
    "us-west-2": "US West (Oregon)",
}
_SUBJECT_CHARACTERS = 100
_TIME = "%Y-%m-%dT%H:%M:%S.000+0000"


def tell(caller: Caller, alarm: Any, previous: Document) -> None:
    """After a change. `alarm`: moto's, in its new state; `previous`: the old one, as events carry it."""
    event = {
        "alarmName": alarm.name,
        "state": {
            "value": alarm.state_value,
            "reason": alarm.state_reason,
            "reasonData": alarm.state_reason_data,
            "timestamp": alarm.state_updated_timestamp.strftime(_TIME),
        },
        "previousState": previous,
        "configuration": {"description": alarm.description, "metrics": _configuration(alarm)},
    }
    targets.send(caller, "aws.cloudwatch", "CloudWatch Alarm State Change", event, [alarm.alarm_arn])
    if not alarm.actions_enabled:
        return
    chosen = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    for arn in chosen[alarm.state_value] or []:
        try:
            _act(caller, alarm, str(previous["value"]), arn, event)
        except Exception as error:
            log.warning("alarm %s: action %s failed: %s", alarm.name, arn, error)


def _configuration(alarm: Any) -> list[Document]:
    if alarm.metric_data_queries:
        found = []
        for each in alarm.metric_data_queries:
            line: Document = {"id": each.id, "returnData": str(each.return_data).lower() != "false"}
            if each.metric_stat is None:
                line["expression"] = each.expression
            else:
                stat = each.metric_stat
                line["metricStat"] = _stat(stat.metric, stat.period, stat.stat)
            found.append(line)
        return found
    stat = _stat(alarm, alarm.period, alarm.statistic or alarm.extended_statistic)
    return [{"id": "m1", "metricStat": stat, "returnData": True}]


def _stat(metric: Any, period: Any, statistic: str) -> Document:
    dimensions = {each.name: each.value for each in metric.dimensions}
    named = {"namespace": metric.namespace, "name": metric.metric_name, "dimensions": dimensions}
    return {"metric": named, "period": int(period), "stat": statistic}


def _act(caller: Caller, alarm: Any, before: str, arn: str, event: Document) -> None:
    service, region = arn.split(":")[2:4]
    if service == "sns":
        place = _PLACES.get(caller.region, caller.region)
        subject = f'{alarm.state_value}: "{alarm.name}" in {place}'[:_SUBJECT_CHARACTERS]
        message = json.dumps(_notification(caller, alarm, before))
        client("sns", region).publish(TopicArn=arn, Subject=subject, Message=message)
    elif service == "lambda":
        from emulator.functions.invocation import find, invoke_later

        payload = {
            "source": "aws.cloudwatch",
            "alarmArn": alarm.alarm_arn,
            "accountId": caller.account,
            "time": event["state"]["timestamp"],
            "region": caller.region,
            "alarmData": event,
        }
        invoke_later(find(arn, None, caller), payload)
    else:
        # Scaling policies are records here: their alarms are seen to fire, capacity does not change.
        log.info("alarm %s: actions of %s do nothing in the emulated account", alarm.name, service)


def _notification(caller: Caller, alarm: Any, before: str) -> Document:
    """The message as SNS subscribers get it."""
    trigger: Document = {
        "EvaluationPeriods": int(alarm.evaluation_periods),
        "DatapointsToAlarm": int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": float(alarm.threshold),
        "TreatMissingData": alarm.treat_missing_data or "missing",
    }
    if alarm.metric_data_queries:
        trigger["Metrics"] = _configuration(alarm)
    else:
        trigger |= {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic" if alarm.statistic else "ExtendedStatistic",
            "Statistic": alarm.statistic.upper() if alarm.statistic else alarm.extended_statistic,
            "Unit": alarm.unit,
            "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
            "Period": int(alarm.period),
        }
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": caller.account,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp.strftime(_TIME),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": alarm.state_updated_timestamp.strftime(_TIME),
        "Region": _PLACES.get(caller.region, caller.region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions or [],
        "AlarmActions": alarm.alarm_actions or [],
        "InsufficientDataActions": alarm.insufficient_data_actions or [],
        "Trigger": trigger,
    }
