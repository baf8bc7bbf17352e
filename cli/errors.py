"""Everything that may go wrong, said in one line: what is wrong with which input, and what to do about it."""

from collections.abc import Callable

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)
from pydantic import ValidationError

EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


class OperatorError(Exception):
    """A mistake or a state that the operator can mend; its text is the one line that is shown."""


def one_line(error: BaseException) -> str:
    """`error` as one line for the operator; the type's name leads where the text alone would not be understood."""
    for kind, say in _SENTENCES:
        if isinstance(error, kind):
            return _flat(say(error))
    return _flat(f"{type(error).__name__}: {error} (run again with --debug to see where)")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _client_error(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", str(error))
    if code in EXPIRED:
        return f"the AWS credentials are not valid any more ({code}): sign in again, or choose others with --profile"
    if code in DENIED:
        return f"these credentials may not do {error.operation_name}: {message}"
    return f"{error.operation_name} was refused ({code}): {message}"


def _validation_error(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{error.title}: {where}: {first['msg']} (got {first.get('input')!r:.80})"


def _plain(error: BaseException) -> str:
    return str(error)


_SENTENCES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[..., str]], ...] = (
    (OperatorError, _plain),
    (
        (NoCredentialsError, PartialCredentialsError),
        lambda _: "no AWS credentials: sign in, or choose a profile with --profile",
    ),
    (NoRegionError, lambda _: "no AWS region: set AWS_REGION, or choose a profile that names one with --profile"),
    (ProfileNotFound, lambda error: f"{error}: see `aws configure list-profiles`"),
    (
        (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError),
        lambda error: (
            f"AWS does not answer at {error.kwargs.get('endpoint_url')}: check the network; "
            "for --env local run `drawingops local up`"
        ),
    ),
    (ClientError, _client_error),
    (BotoCoreError, _plain),
    (ValidationError, _validation_error),
    (FileNotFoundError, lambda error: f"{error.filename or error}: there is no such file"),
    (PermissionError, lambda error: f"{error.filename or error}: permission denied"),
    ((ValueError, OSError), _plain),
)
