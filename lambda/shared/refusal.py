"""What is asked for and not given, and why."""

from typing import Any


class Refused(Exception):
    """A request that is answered with an error; one line that says what to do.

    Attributes:
        status: of HTTP.
        code: what a program tells it by.
        details: what the answer carries beside the error.
    """

    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details
