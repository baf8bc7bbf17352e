"""Metric math on single periods: arithmetic, comparisons, FILL, IF, and sums over several metrics.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping

Value = float | None
"""Of one period; None where nothing was measured."""

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


class UnknownExpression(ValueError):
    """An expression that the emulated account cannot compute; the text names the part."""


def check(expression: str, known: Mapping[str, object]) -> None:
    """Raises `UnknownExpression`. `known`: the ids that the expression may name."""
    evaluate(expression, dict.fromkeys(known, 1.0))


def evaluate(expression: str, values: Mapping[str, Value]) -> Value:
    """The expression's value in one period.

    A missing operand makes the result missing, except inside FILL; a division by zero gives none either.
    Raises `UnknownExpression`.
    """
    try:
        # CloudWatch's operators are Python's but for these two.
        tree = ast.parse(expression.replace("&&", " and ").replace("||", " or ").strip(), mode="eval")
    except SyntaxError as error:
        raise UnknownExpression(f"the metric math '{expression}' cannot be read: {error.msg}") from error
    try:
        return _value(tree.body, values)
    except ZeroDivisionError:
        return None


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            if name not in values:
                raise UnknownExpression(f"the metric math names '{name}', which is no id of the alarm")
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            found = _value(inner, values)
            return None if found is None else -found
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, left, right, values)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _binary(op, left, right, values)
        case ast.BoolOp(op=op, values=parts):
            found_parts = [_value(part, values) for part in parts]
            if any(part is None for part in found_parts):
                return None
            joined = all(found_parts) if isinstance(op, ast.And) else any(found_parts)
            return float(joined)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(name.upper(), arguments, values)
    raise UnknownExpression(f"the emulated account's metric math has no '{ast.unparse(node)}'")


def _binary(op: ast.AST, left: ast.expr, right: ast.expr, values: Mapping[str, Value]) -> Value:
    if type(op) not in _OPERATORS:
        raise UnknownExpression(f"the emulated account's metric math has no operator {type(op).__name__}")
    first, second = _value(left, values), _value(right, values)
    if first is None or second is None:
        return None
    return float(_OPERATORS[type(op)](first, second))


def _call(name: str, arguments: list[ast.expr], values: Mapping[str, Value]) -> Value:
    match name, arguments:
        case "FILL", [inner, filling]:
            found = _value(inner, values)
            return _value(filling, values) if found is None else found
        case "IF", [condition, yes, no]:
            found = _value(condition, values)
            return None if found is None else _value(yes if found else no, values)
        case _, [ast.List(elts=elements)] if name in _AGGREGATES:
            return _aggregate(name, [_value(each, values) for each in elements])
        case _, [ast.Call(func=ast.Name(id="METRICS"), args=[])] if name in _AGGREGATES:
            return _aggregate(name, list(values.values()))
        case _, [inner] if name in _FUNCTIONS:
            found = _value(inner, values)
            return None if found is None else float(_FUNCTIONS[name](found))
    raise UnknownExpression(f"the emulated account's metric math has no {name} of {len(arguments)} arguments")


def _aggregate(name: str, found: list[Value]) -> Value:
    there = [each for each in found if each is not None]
    return float(_AGGREGATES[name](there)) if there else None
