"""One-line reasons out of pydantic's many-line errors."""

from pydantic import ValidationError

_SHOWN_VALUE = 60  # characters of an offending value that a message repeats


def first_reason(error: ValidationError) -> str:
    """What is wrong first, in one line: ``regions[2].category: unknown category 'foo': use one of …``.

    Args:
        error: As raised by a pydantic model.

    Returns:
        Location and message of the first error, and how many more there are.
    """
    first, *others = error.errors(include_url=False)
    place = ""
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    message = " ".join(first["msg"].removeprefix("Value error, ").split())
    if first["type"] not in {"value_error", "missing", "json_invalid"}:
        shown = " ".join(repr(first["input"]).split())
        message += f" (got {shown if len(shown) <= _SHOWN_VALUE else shown[: _SHOWN_VALUE - 1] + '…'})"
    if others:
        message += f" (and {len(others)} more)"
    return f"{place.lstrip('.')}: {message}" if place else message
