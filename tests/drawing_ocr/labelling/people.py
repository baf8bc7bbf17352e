"""Answers of people for tests."""

from collections.abc import Sequence
from typing import Any

from drawing_ocr.labelling.answer import Answer
from tests.drawing_ocr.labels import rectangle

JOB, TASK = "spring-07", "0123456789abcdef"


def box(column: int = 0, row: int = 0, dx: float = 0.0, dy: float = 0.0) -> tuple[tuple[float, float], ...]:
    """A box of 80 × 20 pixels in a grid, moved a little."""
    return rectangle(20 + 120 * column + dx, 20 + 60 * row + dy, 80, 20)


def said(text: str, points: Sequence[Sequence[float]] = box(), **changes: Any) -> dict[str, Any]:
    """A region as a person leaves it."""
    region = {"id": f"{text}-{points[0][0]:g}-{points[0][1]:g}", "points": points, "text": text}
    return region | {"category": "dimension", "ignore": False, "source": "person", "accepted": True} | changes


def answer(*regions: dict[str, Any], **changes: Any) -> Answer:
    """A person's answer."""
    return Answer.parse({"schema": 1, "job": JOB, "task": TASK, "regions": regions} | changes, where="answer")


def skip(reason: str = "cut off") -> Answer:
    """A person's answer to a drawing that cannot be labelled."""
    return answer(status="skipped", reason=reason)
