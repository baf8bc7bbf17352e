"""Errors are one line that names the input and the remedy."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError, ProfileNotFound

from cli.errors import OperatorError, one_line


def client_error(code: str, message: str = "the token\nis old") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeEndpoint")


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (OperatorError("v9: no such version"), "v9: no such version"),
        (client_error("ExpiredTokenException"), "sign in again"),
        (client_error("AccessDeniedException"), "may not do DescribeEndpoint"),
        (client_error("ThrottlingException"), "DescribeEndpoint was refused (ThrottlingException)"),
        (NoCredentialsError(), "--profile"),
        (NoRegionError(), "AWS_REGION"),
        (ProfileNotFound(profile="x"), "list-profiles"),
        (EndpointConnectionError(endpoint_url="http://localhost:1"), "http://localhost:1"),
        (FileNotFoundError(2, "No such file", "a.png"), "a.png: there is no such file"),
        (ValueError("a.png: not a picture"), "a.png: not a picture"),
        (KeyError("x"), "--debug"),
    ],
)
def test_an_error_is_one_line_with_its_remedy(error: Exception, part: str) -> None:
    line = one_line(error)
    assert part in line
    assert "\n" not in line
