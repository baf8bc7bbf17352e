"""Which route a request takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from emulator.http_api import routes

KEYS = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "ANY /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "GET /",
    "$default",
]


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/dog/a%2Fb", "GET /pets/dog/{id}", {"id": "a/b"}),
        ("PUT", "/pets/dog/2", "ANY /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1/toys", "GET /pets/{proxy+}", {"proxy": "cat/1/toys"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("GET", "/pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog"}),
        ("GET", "/", "GET /", {}),
        ("PUT", "/", "$default", {}),
    ],
)
def test_the_most_specific_route_takes_the_request(
    method: str, path: str, key: str, parameters: dict[str, str]
) -> None:
    taken = routes.take([SimpleNamespace(route_key=each) for each in KEYS], method, path)
    assert taken
    assert (taken.route.route_key, taken.parameters) == (key, parameters)


def test_without_a_default_route_nothing_takes_what_fits_nowhere() -> None:
    assert routes.take([SimpleNamespace(route_key="GET /a/{b}")], "GET", "/a") is None
    assert routes.take([SimpleNamespace(route_key="GET /a/{b}")], "GET", "/a/b/c") is None
    assert routes.take([SimpleNamespace(route_key="GET /a/{b}")], "POST", "/a/b") is None
