"""Errors that a person reads: one line, what is wrong with which input and what to do."""

from __future__ import annotations

from botocore.exceptions import ClientError


class PlatformError(Exception):
    """The base of every error that a function raises on purpose."""


class BadRequest(PlatformError):
    """The caller asked for something that cannot be done; asking again does not help."""


def error_code(error: ClientError) -> str:
    """AWS's name of the error, for example `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that the thing asked for is not there; SageMaker says so in words only."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    return error_code(error) in ("ResourceNotFound", "ResourceNotFoundException", "NoSuchKey", "404") or (
        error_code(error) == "ValidationException"
        and any(words in message for words in ("Could not find", "does not exist", "not found"))
    )
