"""Rules with a schedule, and EventBridge Scheduler: `rate(…)`, `cron(…)` and `at(…)` really fire."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends
from werkzeug.wrappers import Request, Response

from emulator import ACCOUNT, control
from emulator.api import Caller, ServiceError
from emulator.clients import client
from emulator.events import targets

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_next: dict[tuple[str, str], datetime | None] = {}


def start() -> None:
    threading.Thread(target=_loop, name="schedules", daemon=True).start()


def next_time(expression: str, after: datetime, zone: str = "UTC") -> datetime | None:
    """When a schedule fires next, strictly after a moment; None for never. Raises `ValueError` for bad syntax."""
    if match := _RATE.fullmatch(expression):
        return after + timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    if expression.startswith("at("):
        moment = datetime.fromisoformat(expression[3:-1]).replace(tzinfo=ZoneInfo(zone))
        return moment if moment > after else None
    if expression.startswith("cron("):
        return _next_cron(expression[5:-1], after.astimezone(ZoneInfo(zone)))
    raise ValueError(f"'{expression}' is not rate(…), cron(…) or at(…)")


def _next_cron(fields: str, after: datetime) -> datetime | None:
    minutes, hours, days, months, weekdays, years = fields.split()
    minute_set, hour_set = _values(minutes, 0, 59, []), _values(hours, 0, 23, [])
    day_set, month_set = _values(days, 1, 31, []), _values(months, 1, 12, _MONTHS)
    weekday_set, year_set = _values(weekdays, 1, 7, _DAYS), _values(years, 1970, 2199, [])
    moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for _ in range(366 * 5):
        weekday = (moment.weekday() + 1) % 7 + 1  # Sunday is 1
        if moment.month in month_set and moment.day in day_set and weekday in weekday_set and moment.year in year_set:
            while True:
                if moment.hour in hour_set and moment.minute in minute_set:
                    return moment
                following = moment + timedelta(minutes=1)
                if following.date() != moment.date():
                    moment = following
                    break
                moment = following
        else:
            moment = (moment + timedelta(days=1)).replace(hour=0, minute=0)
    return None


def _values(field: str, low: int, high: int, names: list[str]) -> set[int]:
    for index, name in enumerate(names):
        field = field.replace(name, str(index + 1))
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        elif "-" in span:
            first, last = map(int, span.split("-"))
        else:
            first, last = int(span), high if step else int(span)
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def _loop() -> None:
    while True:
        try:
            _look(datetime.now(UTC))
        except Exception:
            log.exception("schedules")
        time.sleep(_LOOK_SECONDS)


def _look(now: datetime) -> None:
    known: set[tuple[str, str]] = set()
    for backend in list(events_backends[ACCOUNT].values()):
        for bus in list(backend.event_buses.values()):
            for rule in list(bus.rules.values()):
                if rule.scheduled_expression and rule.state != "DISABLED":
                    key = (rule.arn, rule.scheduled_expression)
                    known.add(key)
                    if _due(key, rule.scheduled_expression, now, "UTC"):
                        _fire_rule(rule)
    for region, scheduler in list(scheduler_backends[ACCOUNT].items()):
        for group in list(scheduler.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state != "DISABLED":
                    key = (schedule.arn, schedule.schedule_expression)
                    known.add(key)
                    if _due(key, schedule.schedule_expression, now, schedule.schedule_expression_timezone or "UTC"):
                        _fire_schedule(schedule, region)
    for gone in _next.keys() - known:
        del _next[gone]


def _due(key: tuple[str, str], expression: str, now: datetime, zone: str) -> bool:
    if key not in _next:
        _next[key] = next_time(expression, now, zone)
        return False
    planned = _next[key]
    if planned is None or planned > now:
        return False
    _next[key] = next_time(expression, now, zone)
    return True


def _fire_rule(rule: Any) -> None:
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
    for target in list(rule.targets):
        targets._delivery.submit(targets.deliver, target, event, rule.arn)


def _fire_schedule(schedule: Any, region: str) -> None:
    target = dict(schedule.target)
    text = target.get("Input", "{}")
    for name, value in {
        "<aws.scheduler.schedule-arn>": schedule.arn,
        "<aws.scheduler.scheduled-time>": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "<aws.scheduler.execution-id>": str(uuid.uuid4()),
        "<aws.scheduler.attempt-number>": "1",
    }.items():
        text = text.replace(name, value)
    target["Input"] = text
    if target["Arn"].startswith("arn:aws:scheduler:::aws-sdk:"):
        targets._delivery.submit(_universal_target, target["Arn"], text, region)
    else:
        targets._delivery.submit(targets.deliver, target, {}, schedule.arn)


def _universal_target(arn: str, text: str, region: str) -> None:
    """`arn:aws:scheduler:::aws-sdk:SERVICE:operation`."""
    service, operation = arn.split(":")[6:8]
    api = client({"sfn": "stepfunctions", "eventbridge": "events"}.get(service, service), region)
    names = {name.lower(): method for method, name in api.meta.method_to_api_mapping.items()}
    try:
        getattr(api, names[operation.lower()])(**json.loads(text))
    except Exception:
        log.exception("schedule target %s", arn)


@control.route("POST", "/emulator/fire/(?P<name>.+)")
def _fire_route(_request: Request, _caller: Caller, match: re.Match[str]) -> Response:
    """Only here: fires a scheduled rule or schedule at once."""
    if not fire_now(match["name"]):
        raise ServiceError("ResourceNotFoundException", f"there is no rule or schedule named {match['name']}", 404)
    return control.json_response({})


def fire_now(name: str) -> bool:
    """Fires a rule or schedule at once; for tests that cannot wait a minute. False when there is none of that name."""
    for backend in list(events_backends[ACCOUNT].values()):
        for bus in list(backend.event_buses.values()):
            if name in bus.rules:
                _fire_rule(bus.rules[name])
                return True
    for region, scheduler in list(scheduler_backends[ACCOUNT].items()):
        for group in list(scheduler.schedule_groups.values()):
            with contextlib.suppress(KeyError):
                _fire_schedule(group.schedules[name], region)
                return True
    return False
