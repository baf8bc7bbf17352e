"""Requests and answers of our own operations are held to botocore's shapes."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import ACCOUNT, REGION, api

CALLER = api.Caller(ACCOUNT, REGION)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes ListTags answer with a given document."""

    def with_document(document: dict[str, Any]) -> dict[str, Any]:
        monkeypatch.setitem(api._HANDLERS, ("sagemaker", "ListTags"), lambda _request, _caller: document)
        return api.call(
            "sagemaker", "ListTags", {"ResourceArn": "arn:aws:sagemaker:eu-central-1:123456789012:model/m"}, CALLER
        )

    return with_document


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"Tag": []}, "Tag: no such member"),
        ({"Tags": [{"Key": "a"}]}, "Value: required member is missing"),
        ({"Tags": [{"Key": "a", "Value": 1}]}, "int instead of string"),
        ({"Tags": {}}, "dict instead of a list"),
    ],
)
def test_an_answer_that_aws_would_not_send_is_a_mistake_of_ours(answer: Any, document: Any, problem: str) -> None:
    with pytest.raises(api.InvalidAnswer, match=problem):
        answer(document)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({}, "Missing required parameter"),
        ({"ResourceArn": 1}, "Invalid type for parameter ResourceArn"),
        ({"ResourceArn": "no arn"}, "failed to satisfy regular expression"),
        (
            {"ResourceArn": "arn:aws:sagemaker:eu-central-1:123456789012:model/m", "MaxResults": "many"},
            "Invalid type for parameter MaxResults",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_refused_before_its_handler(
    answer: Any, request_: dict[str, Any], problem: str
) -> None:
    answer({"Tags": []})
    with pytest.raises(api.ServiceError, match=problem):
        api.call("sagemaker", "ListTags", request_, CALLER)


def test_an_operation_that_the_service_does_not_have_cannot_be_registered() -> None:
    with pytest.raises(Exception, match="CreateNothing"):
        api.operation("sagemaker", "CreateNothing")(lambda _request, _caller: {})
