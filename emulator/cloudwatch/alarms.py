"""Alarms change their state by themselves: the metric's last periods against the threshold, minute by minute."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from emulator import settings
from emulator.api import Caller, Document
from emulator.cloudwatch import actions, expressions, metrics, statistics
from emulator.cloudwatch.evaluation import MORE_PERIODS, Rule, evaluate, supported
from emulator.cloudwatch.metrics import Metric
from emulator.patching import replace

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
# Metrics of the minute that has just ended may still be on their way.
_LATE_SECONDS = 0.5
_EVALUATION_SECONDS = 60


@dataclass(frozen=True)
class _Query:
    """One line of an alarm: a statistic of a metric, or an expression over other lines."""

    id: str
    returned: bool
    metric: Metric | None = None
    statistic: str = ""
    period: int = 0
    unit: str | None = None
    expression: str = ""


def _queries(alarm: Alarm) -> list[_Query]:
    if not alarm.metric_data_queries:
        metric = Metric.of(alarm.namespace, alarm.metric_name, _dimensions(alarm))
        chosen = alarm.statistic or alarm.extended_statistic or ""
        return [_Query("m1", True, metric, chosen, int(alarm.period), alarm.unit)]
    found = []
    for each in alarm.metric_data_queries:
        returned = str(each.return_data).lower() != "false"
        if each.metric_stat is None:
            found.append(_Query(each.id, returned, period=int(each.period or 0), expression=each.expression or ""))
            continue
        stat = each.metric_stat
        metric = Metric.of(stat.metric.namespace, stat.metric.metric_name, _dimensions(stat.metric))
        found.append(_Query(each.id, returned, metric, stat.stat, int(stat.period), stat.unit))
    return found


def _dimensions(of: Any) -> dict[str, str]:
    return {each.name: each.value for each in of.dimensions}


def _period(alarm: Alarm) -> int:
    return max(query.period for query in _queries(alarm))


def _rule(alarm: Alarm) -> Rule:
    periods = int(alarm.evaluation_periods)
    return Rule(
        alarm.comparison_operator,
        float(alarm.threshold),
        periods,
        int(alarm.datapoints_to_alarm or periods),
        alarm.treat_missing_data or "missing",
    )


def _values(caller: Caller, alarm: Alarm, end: float) -> list[float | None]:
    """What the alarm watches in its last periods up to `end`, oldest first."""
    queries, length = _queries(alarm), settings.current().real(_period(alarm))
    found = []
    for back in range(int(alarm.evaluation_periods) + MORE_PERIODS, 0, -1):
        start = end - back * length
        values: dict[str, float | None] = {}
        for query in queries:
            if query.metric is not None:
                samples = metrics.between(caller, query.metric, start, start + length, query.unit)
                values[query.id] = statistics.statistic(query.statistic, samples)
        for query in queries:
            if query.expression:
                values[query.id] = expressions.evaluate(query.expression, values)
        found.append(values[next(query.id for query in queries if query.returned)])
    return found


def _check(alarm: Alarm) -> None:
    """Raises what moto answers with when the alarm cannot be evaluated here."""
    queries = _queries(alarm)
    try:
        if not supported(alarm.comparison_operator):
            raise ValueError(f"the emulated account has no comparison {alarm.comparison_operator}")
        if sum(query.returned for query in queries) != 1:
            raise ValueError("exactly one metric of an alarm must return data")
        known: dict[str, object] = {query.id: 0 for query in queries if query.metric is not None}
        for query in queries:
            if query.metric is not None:
                statistics.check(query.statistic)
            else:
                expressions.check(query.expression, known)
                known[query.id] = 0
    except ValueError as error:
        raise ValidationError(f"alarm {alarm.name}: {error}") from error


# --- states


def change(caller: Caller, alarm: Alarm, state: str, reason: str, data: Document) -> None:
    """Gives an alarm another state: history, event, actions."""
    previous = {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "reasonData": alarm.state_reason_data,
        "timestamp": alarm.state_updated_timestamp.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
    }
    _update_state(alarm, reason, json.dumps(data), state)
    log.info("alarm %s: %s -> %s: %s", alarm.name, previous["value"], state, reason)
    actions.tell(caller, alarm, previous)


_update_state = Alarm.update_state
_put_metric_alarm = CloudWatchBackend.put_metric_alarm


def _put(self: Any, name: str, *arguments: Any, **named: Any) -> Alarm:
    before = self.alarms.get(name)
    alarm: Alarm = _put_metric_alarm(self, name, *arguments, **named)
    try:
        _check(alarm)
    except ValidationError:
        self.alarms.pop(name)
        if before is not None:
            self.alarms[name] = before
        raise
    if before is not None:  # another threshold, the same state until the next evaluation
        alarm.state_value, alarm.state_updated_timestamp = before.state_value, before.state_updated_timestamp
        alarm.state_reason, alarm.state_reason_data = before.state_reason, before.state_reason_data
        alarm.history = before.history
    else:
        alarm.state_value = "INSUFFICIENT_DATA"
    return alarm


def _set_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
    """SetAlarmState: actions follow as for any other change, and the next evaluation may undo it."""
    before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else None
    if before == state_value:
        _moto_set_state(self, alarm_name, reason, reason_data, state_value)
        return
    if alarm_name in self.alarms and state_value in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        caller = Caller(self.account_id, self.region_name)
        change(caller, self.alarms[alarm_name], state_value, reason, json.loads(reason_data or "{}"))
        return
    _moto_set_state(self, alarm_name, reason, reason_data, state_value)


def _describe(self: Any) -> ActionResult:
    """moto obeys only one filter of a request."""
    names, state = self._get_param("AlarmNames", []), self._get_param("StateValue")
    prefix, action = self._get_param("AlarmNamePrefix", ""), self._get_param("ActionPrefix", "")
    found = [
        alarm
        for alarm in self.cloudwatch_backend.describe_alarms()
        if (not names or alarm.name in names)
        and alarm.name.startswith(prefix)
        and state in (None, alarm.state_value)
        and (not action or any(each.startswith(action) for each in alarm.alarm_actions or []))
        and "MetricAlarm" in (self._get_param("AlarmTypes", []) or ["MetricAlarm"])
    ]
    return ActionResult({"MetricAlarms": found, "CompositeAlarms": []})


_moto_set_state = CloudWatchBackend.set_alarm_state
replace(CloudWatchResponse, "describe_alarms", _describe)
replace(CloudWatchBackend, "put_metric_alarm", _put)
replace(CloudWatchBackend, "set_alarm_state", _set_state)


# --- the clock


def _evaluate(caller: Caller, alarm: Alarm, end: float) -> None:
    verdict = evaluate(_rule(alarm), _values(caller, alarm, end))
    if verdict.state is None or verdict.state == alarm.state_value:
        return
    moment = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    data = {
        "version": "1.0",
        "queryDate": moment,
        "statistic": alarm.statistic or alarm.extended_statistic,
        "period": _period(alarm),
        "recentDatapoints": list(verdict.considered),
        "threshold": float(alarm.threshold),
    }
    change(
        caller, alarm, verdict.state, verdict.reason, {key: value for key, value in data.items() if value is not None}
    )


def _evaluate_all() -> None:
    """Each alarm at the end of every minute, or of its period where that is shorter."""
    done: dict[str, float] = {}
    while True:
        time.sleep(_LOOK_SECONDS)
        late = min(_LATE_SECONDS, settings.current().real(1))
        for account, regions in list(cloudwatch_backends.items()):
            for region, backend in list(regions.items()):
                for alarm in list(backend.alarms.values()):
                    step = settings.current().real(min(_EVALUATION_SECONDS, _period(alarm)))
                    end = (time.time() - late) // step * step
                    if done.get(alarm.alarm_arn) == end:
                        continue
                    done[alarm.alarm_arn] = end
                    try:
                        _evaluate(Caller(account, region), alarm, end)
                    except Exception:
                        log.exception("alarm %s", alarm.name)


def start() -> None:
    threading.Thread(target=_evaluate_all, name="alarms", daemon=True).start()
