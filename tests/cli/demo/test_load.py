"""The witness of a release: it counts what was answered and what was not, and repeats nothing."""

import itertools
import time
from collections.abc import Callable
from typing import cast

import pytest

from cli.demo import load
from cli.demo.load import Load
from cli.endpoint import Endpoint
from drawing_ocr.reading.result import ModelName, ReadingResult


class Answers:
    """An endpoint that does something else with every request."""

    def __init__(self, answer: Callable[[int], str]) -> None:
        self.count = itertools.count()
        self.answer = answer

    def read_once(self, _: bytes) -> ReadingResult:
        version = self.answer(next(self.count))
        return ReadingResult(width=1, height=1, model=ModelName(name="m", version=version))


def send(answer: Callable[[int], str], monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.setattr(load, "PAUSE_SECONDS", 0.001)
    answers = Answers(answer)
    with Load(cast(Endpoint, answers), b"png") as sent:
        deadline = time.monotonic() + 10
        while sent.answered + len(sent.failures) < 6 and time.monotonic() < deadline:
            time.sleep(0.005)
    return sent


def test_both_versions_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = send(lambda number: "1" if number < 3 else "2", monkeypatch)
    assert sent.versions["1"] == 3
    assert sent.versions["2"] >= 3
    assert sent.failures == []


def test_a_failed_request_counts_though_the_next_one_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_the_second(number: int) -> str:
        if number == 1:
            raise ConnectionError("connection reset")
        return "1"

    sent = send(lose_the_second, monkeypatch)
    assert len(sent.failures) == 1
    assert "connection reset" in sent.failures[0]
    assert sent.answered >= 5
