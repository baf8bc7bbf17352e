"""Event patterns match as EventBridge matches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.events import patterns, schedules, targets

EVENT = {
    "source": "aws.s3",
    "resources": ["arn:one", "arn:two"],
    "detail": {"object": {"key": "labels/a/manifest.jsonl", "size": 7}, "bucket": {"name": "b"}, "empty": None},
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"resources": ["arn:two"]}, True),
        ({"detail": {"bucket": {"name": ["b", "c"]}, "object": {"key": [{"prefix": "labels/"}]}}}, True),
        ({"detail": {"object": {"key": [{"suffix": "/manifest.jsonl"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "labels/*/manifest.jsonl"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "labels/?/manifest.jsonl"}]}}}, False),
        ({"detail": {"object": {"key": [{"anything-but": {"prefix": "labels/"}}]}}}, False),
        ({"detail": {"object": {"key": [{"anything-but": ["x", "y"]}]}}}, True),
        ({"detail": {"object": {"size": [{"numeric": [">", 0, "<=", 7]}]}}}, True),
        ({"detail": {"object": {"size": [{"numeric": ["<", 7]}]}}}, False),
        ({"detail": {"object": {"size": ["7"]}}}, False),
        ({"detail": {"object": {"version": [{"exists": False}]}}}, True),
        ({"detail": {"object": {"key": [{"exists": False}]}}}, False),
        ({"detail": {"empty": [None]}}, True),
        ({"source": [{"equals-ignore-case": "AWS.S3"}]}, True),
        ({"$or": [{"source": ["x"]}, {"detail": {"bucket": {"name": ["b"]}}}]}, True),
    ],
)
def test_a_pattern_accepts_what_it_describes(pattern: dict[str, Any], expected: bool) -> None:
    assert patterns.matches(pattern, EVENT) is expected


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.booleans(), min_size=1))
def test_a_pattern_of_an_events_own_values_accepts_the_event(event: dict[str, Any]) -> None:
    event.pop("$or", None)
    assert patterns.matches({key: [value] for key, value in event.items()}, event)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"key": <key>, "n": <size>}', '{"key": "labels/a/manifest.jsonl", "n": 7}'),
        ('{"text": "size <size> of <key>"}', '{"text": "size 7 of labels/a/manifest.jsonl"}'),
        ('"uploaded: <key>"', '"uploaded: labels/a/manifest.jsonl"'),
        ('{"rule": <aws.events.rule-name>}', '{"rule": "r"}'),
    ],
)
def test_an_input_transformer_fills_its_template(template: str, expected: str) -> None:
    paths = {"key": "$.detail.object.key", "size": "$.detail.object.size"}
    target = {"Arn": "a", "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}
    assert targets.payload(target, EVENT, "arn:aws:events:x:1:rule/r") == expected


def test_a_constant_input_replaces_the_event() -> None:
    assert targets.payload({"Arn": "a", "Input": '{"x": 1}'}, EVENT) == '{"x": 1}'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(5 minutes)", "2026-11-21T07:05:30+00:00"),
        ("cron(0 2 * * ? *)", "2026-11-22T02:00:00+00:00"),
        ("cron(0/15 * ? * SAT *)", "2026-11-21T07:15:00+00:00"),
        ("cron(30 9 1 * ? *)", "2026-12-01T09:30:00+00:00"),
        ("at(2026-11-21T08:00:00)", "2026-11-21T08:00:00+00:00"),
    ],
)
def test_a_schedule_knows_when_it_fires_next(expression: str, expected: str) -> None:
    from datetime import UTC, datetime

    after = datetime(2026, 11, 21, 7, 0, 30, tzinfo=UTC)
    found = schedules.next_time(expression, after)
    assert found is not None
    assert found.isoformat() == expected
