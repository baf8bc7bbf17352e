"""Errors that a person reads."""


class PlatformError(Exception):
    """Something is wrong with an input or with the state of the account; one line with the remedy.

    Name and text become `errorType` and `errorMessage` of the answer: the reason of a failed pipeline step or
    of a failed workflow.
    """
