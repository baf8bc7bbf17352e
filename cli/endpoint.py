"""Reading through a deployed endpoint."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from cli.environment import Environment
from cli.errors import OperatorError
from drawing_ocr.reading.result import ReadingResult

ATTEMPTS = 4
# One attempt a call: what is repeated, and what counts as failed, is decided here.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=130)
# What may be better a moment later: the container is busy or restarting, or too many calls came at once.
PASSING = {
    "ModelNotReadyException",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalDependencyException",
    "ThrottlingException",
}


@dataclass(frozen=True)
class Endpoint:
    """The reading endpoint of an environment."""

    environment: Environment

    @cached_property
    def _client(self) -> Any:
        reached = self.environment.access
        return reached.session.client("sagemaker-runtime", endpoint_url=reached.endpoint_url, config=ONE_ATTEMPT)

    def read(self, picture: bytes, name: str) -> ReadingResult:
        """Reads one file's bytes, repeating what may pass; OperatorError for what will not, naming the file."""
        attempts = Retrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.5, max=8),
            reraise=True,
        )
        try:
            return attempts(self.read_once, picture)
        except ClientError as error:
            raise OperatorError(f"{name}: {self._reason(error)}") from error

    def read_once(self, picture: bytes) -> ReadingResult:
        """Reads one file's bytes with a single request."""
        answer = self._client.invoke_endpoint(
            EndpointName=self.environment.names.endpoint_name,
            ContentType="application/octet-stream",
            Accept="application/json",
            Body=picture,
        )
        return ReadingResult.model_validate_json(answer["Body"].read())

    def _reason(self, error: ClientError) -> str:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "ModelError":
            return _said_by_the_model(error) or message
        if code == "ValidationError" and "not found" in message:
            return (
                f"there is no endpoint {self.environment.names.endpoint_name}: "
                "approve a version with `drawingops models approve`, or read without --endpoint"
            )
        return f"the endpoint refused it ({code}): {message}"


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, ClientError):
        status = error.response.get("OriginalStatusCode", 0)
        return error.response["Error"]["Code"] in PASSING or status in (429, 502, 503, 504)
    return isinstance(error, (ConnectionError, HTTPClientError))


def _said_by_the_model(error: ClientError) -> str | None:
    """The server's own sentence inside a ModelError: `{"error": {"code", "message"}}`."""
    try:
        said = json.loads(error.response.get("OriginalMessage", ""))
        return str(said["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return None
