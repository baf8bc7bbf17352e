"""People who sign in as a browser does, and ask the deployed labelling API."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.e2e.account import Account

SECONDS = 30


class Here(requests.adapters.HTTPAdapter):
    """Names below `localhost` are this machine: browsers know that, the C library of some machines does not."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        assert request.url is not None
        parts = urlsplit(request.url)
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(netloc=f"localhost:{parts.port}").geturl()
        return super().send(request, *arguments, **named)


def browser() -> requests.Session:
    """A client that reaches every address of the emulated account."""
    session = requests.Session()
    session.mount("http://", Here())
    return session


@dataclass(frozen=True)
class Answered:
    """Status and body of a response."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass(frozen=True)
class Person:
    """Somebody with an access token for the page."""

    api: str
    token: str

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answered:
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        answer = browser().request(method, f"{self.api}{path}", json=body, headers=headers, timeout=SECONDS, **more)
        return Answered(answer.status_code, answer.json() if answer.content else {})

    def lease(self, **wanted: str) -> dict[str, Any] | None:
        answered = self.ask("POST", "/tasks/lease", wanted)
        assert answered.status in (200, 204), answered.body
        return answered.body if answered.status == 200 else None

    def on(self, work: dict[str, Any], what: str, *, method: str = "POST", **body: Any) -> Answered:
        """A request about work, with its lease."""
        task = work["task"]
        return self.ask(
            method, f"/tasks/{task['job']}/{task['task']}/{what}", {"lease": work["lease"]["token"], **body}
        )


def sign_in(account: Account, name: str, password: str) -> Person:
    """The page's own way: authorization code with PKCE through the sign-in form."""
    return Person(account.names["labelling-api"], tokens(account, name, password)["access_token"])


def tokens(account: Account, name: str, password: str) -> dict[str, str]:
    """What the token endpoint gives to the page."""
    page, client = account.names["labelling-page"], account.names["labelling-client"]
    session, verifier = browser(), secrets.token_urlsafe(48)
    config = session.get(f"{page}config.json", timeout=SECONDS).json()
    openid = session.get(f"{config['authority']}/.well-known/openid-configuration", timeout=SECONDS).json()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": client,
        "redirect_uri": page,
        "response_type": "code",
        "scope": "openid email profile",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    form = session.get(f"{openid['authorization_endpoint']}?{urlencode(query)}", timeout=SECONDS)
    action = re.search(r'action="([^"]+)"', form.text)
    assert action, form.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    sent = {**hidden, "username": name, "password": password}
    back = session.post(action[1].replace("&amp;", "&"), sent, allow_redirects=False, timeout=SECONDS)
    (code,) = parse_qs(urlsplit(back.headers["Location"]).query)["code"]
    answer = session.post(
        openid["token_endpoint"],
        {
            "grant_type": "authorization_code",
            "client_id": client,
            "code": code,
            "redirect_uri": page,
            "code_verifier": verifier,
        },
        timeout=SECONDS,
    )
    issued: dict[str, str] = answer.json()
    return issued
