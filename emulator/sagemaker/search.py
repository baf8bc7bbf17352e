"""SageMaker Search over the registry, jobs, endpoints and pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.utils import get_service_model

from emulator.api import Caller, Document, operation
from emulator.sagemaker import endpoints, pipelines, registry, training
from emulator.sagemaker.store import invalid, known_to, page

_SOURCES: dict[str, Callable[[Caller], list[Document]]] = {
    "ModelPackage": registry.PACKAGES.all,
    "ModelPackageGroup": registry.GROUPS.all,
    "TrainingJob": lambda caller: [job.document for job in training.TRAINING.all(caller)],
    "Endpoint": lambda caller: [each.describe() for each in endpoints.ENDPOINTS.all(caller)],
    "Pipeline": lambda caller: [each.document for each in pipelines.PIPELINES.all(caller)],
    "PipelineExecution": lambda caller: [
        execution.document for each in pipelines.PIPELINES.all(caller) for execution in each.executions
    ],
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda left, right: str(left) == right,
    "NotEquals": lambda left, right: str(left) != right,
    "Contains": lambda left, right: right in str(left),
    "In": lambda left, right: str(left) in right.split(","),
    "GreaterThan": lambda left, right: float(left) > float(right),
    "GreaterThanOrEqualTo": lambda left, right: float(left) >= float(right),
    "LessThan": lambda left, right: float(left) < float(right),
    "LessThanOrEqualTo": lambda left, right: float(left) <= float(right),
}


@operation("sagemaker", "Search")
def search(request: Document, caller: Caller) -> Document:
    kind = request["Resource"]
    if kind not in _SOURCES:
        raise invalid(f"the emulated account cannot search for {kind}, only for {', '.join(_SOURCES)}")
    record = get_service_model("sagemaker").shape_for("SearchRecord").members[kind]
    found = [known_to(each, record) for each in _SOURCES[kind](caller)]
    if "SearchExpression" in request:
        found = [each for each in found if _fits(request["SearchExpression"], each)]
    by = request.get("SortBy", "CreationTime")
    wanted = {key: value for key, value in request.items() if key in ("MaxResults", "NextToken", "SortOrder")}
    return page(wanted, found, "Results", name=by, created=by, summary=lambda item: {kind: item})


def _fits(expression: Document, document: Document) -> bool:
    decided = [_compare(each, document) for each in expression.get("Filters", [])]
    decided += [_fits(each, document) for each in expression.get("SubExpressions", [])]
    if not decided:
        return True
    return any(decided) if expression.get("Operator", "And") == "Or" else all(decided)


def _compare(condition: Document, document: Document) -> bool:
    value: Any = document
    for part in condition["Name"].split("."):
        value = value.get(part) if isinstance(value, dict) else None
    name = condition.get("Operator", "Equals")
    if name in ("Exists", "NotExists"):
        return bool((value is not None) == (name == "Exists"))
    if name not in _COMPARISONS:
        raise invalid(f"the emulated account does not know the search operator {name}")
    try:
        return value is not None and _COMPARISONS[name](value, condition.get("Value", ""))
    except ValueError:
        return False
