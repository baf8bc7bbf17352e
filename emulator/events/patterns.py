"""Event patterns as EventBridge matches them (also Lambda's event filters).

After "Comparison operators for use in event patterns" of the EventBridge User Guide.
"""

from __future__ import annotations

import fnmatch
import operator
from collections.abc import Callable
from typing import Any

_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING = object()


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """True when every field of the pattern accepts the event's value, or one element of it when that is a list."""
    if not isinstance(event, dict):
        return False
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(each, event) for each in wanted):
                return False
        elif isinstance(wanted, dict):
            value = event.get(key, {})
            candidates = value if isinstance(value, list) else [value]
            if not any(matches(wanted, each) for each in candidates):
                return False
        elif not _accepts(wanted, event.get(key, _MISSING)):
            return False
    return True


def _accepts(conditions: list[Any], value: Any) -> bool:
    candidates = value if isinstance(value, list) else [value]
    return any(_one(condition, each) for condition in conditions for each in candidates or [_MISSING])


def _one(condition: Any, value: Any) -> bool:
    if not isinstance(condition, dict):
        return value is not _MISSING and condition == value and isinstance(condition, bool) == isinstance(value, bool)
    (name, operand), *_ = condition.items()
    if name == "exists":
        return bool((value is not _MISSING) == operand)
    if value is _MISSING:
        return False
    if name == "anything-but":
        return _anything_but(operand, value)
    if name == "numeric":
        return _numeric(operand, value)
    if not isinstance(value, str):
        return False
    if name in ("prefix", "suffix"):
        test = str.startswith if name == "prefix" else str.endswith
        if isinstance(operand, dict):
            return bool(test(value.lower(), operand["equals-ignore-case"].lower()))
        return bool(test(value, operand))
    if name == "equals-ignore-case":
        return bool(value.lower() == operand.lower())
    if name == "wildcard":
        escaped = operand.replace("[", "[[]").replace("?", "[?]")
        return fnmatch.fnmatchcase(value, escaped)
    raise ValueError(f"unknown operator '{name}' in an event pattern")


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        (name, inner), *_ = operand.items()
        return not any(_one({name: each}, value) for each in (inner if isinstance(inner, list) else [inner]))
    return value not in (operand if isinstance(operand, list) else [operand])


def _numeric(operand: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return all(_NUMERIC[sign](value, limit) for sign, limit in zip(operand[::2], operand[1::2], strict=True))
