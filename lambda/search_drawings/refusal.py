"""What is asked for and not given."""


class Refused(Exception):
    """A request that is answered with a reason.

    Attributes:
        status: of HTTP.
        code: for programs.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
