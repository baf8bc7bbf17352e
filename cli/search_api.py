"""The search API of an environment, asked with the operator's own credentials."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from cli.environment import Environment
from cli.errors import OperatorError

SERVICE = "execute-api"
# The API itself gives up after 30 seconds.
TIMEOUT_SECONDS = 35


@dataclass(frozen=True)
class SearchApi:
    """The API; its contract is its own OpenAPI document, `/openapi.json`."""

    environment: Environment

    def search(self, body: dict[str, Any]) -> dict[str, Any]:
        """A page of hits; OperatorError with the API's own reason where it refuses."""
        return self._ask("POST", "/search", json.dumps(body).encode())

    def drawing(self, drawing_id: str) -> dict[str, Any] | None:
        """What is known of one drawing; None where it is not indexed."""
        try:
            return self._ask("GET", f"/drawings?{urlencode({'id': drawing_id})}", b"")
        except NotIndexedError:
            return None

    def fetch(self, address: str) -> bytes | None:
        """What lies at a signed address; None where nothing does."""
        answer = _send(AWSRequest("GET", address), None)
        return bytes(answer.content) if answer.status_code == 200 else None

    def send(self, method: str, path: str, body: bytes) -> AWSResponse:
        """The API's answer as it is; OperatorError where there is none."""
        session = self.environment.access.session
        request = AWSRequest(method, f"{self.environment.names.search_api}{path}", data=body)
        request.headers["Content-Type"] = "application/json"
        return _send(request, SigV4Auth(session.get_credentials(), SERVICE, self.environment.names.region))

    def _ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        answer = self.send(method, path, body)
        try:
            document: dict[str, Any] = json.loads(answer.content)
        except ValueError as error:
            raise OperatorError(f"the search API answers with {answer.status_code} and no JSON") from error
        if answer.status_code == 200:
            return document
        refused = document.get("error") or {"code": "refused", "message": document.get("message", "no reason")}
        kind = NotIndexedError if refused["code"] == "not_indexed" else OperatorError
        raise kind(f"the search API answers with {answer.status_code} ({refused['code']}): {refused['message']}")


class NotIndexedError(OperatorError):
    """No index has this drawing."""


def _send(request: AWSRequest, signer: SigV4Auth | None) -> AWSResponse:
    _reach(request)
    if signer:
        signer.add_auth(request)
    try:
        return URLLib3Session(timeout=TIMEOUT_SECONDS).send(request.prepare())
    except HTTPClientError as error:
        raise OperatorError(f"{urlsplit(request.url).netloc} does not answer: {error}") from error


def _reach(request: AWSRequest) -> None:
    """Hosts of the account on this machine are names below `localhost`, which not every resolver knows."""
    parts = urlsplit(request.url)
    if (parts.hostname or "").endswith(".localhost"):
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(netloc=f"localhost:{parts.port}").geturl()
